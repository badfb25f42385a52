import type * as Zod from "zod";
import type { ZodNamespace } from "../../src/base/params.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import { requireTarget, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import { solveElasticNet, type ElasticNetFit } from "../../src/numeric/elastic-net-path.js";
import { normalSystem } from "../../src/numeric/normal-system.js";
import { LinearModel, type LinearState } from "./linear-model.js";
import { fistaElasticNet } from "./elastic-net-fista.js";
import { momentsOfDesign } from "./moments-of-design.js";
import type { SolverExplanation } from "./solver-explanation.js";

/** Solvers of the elastic net. */
export type ElasticNetSolver = "coordinate" | "fista";

/** The products of this many columns with each other take 128 MB a partition; beyond, vectors have to do. */
const MAX_PAIRS = 4000;

/** Parameters that Lasso and ElasticNet share. */
export interface CoordinateDescentParams {
  alpha: number;
  fitIntercept: boolean;
  positive: boolean;
  solver: "auto" | ElasticNetSolver;
  warmStart: boolean;
  tol: number;
  maxIter: number;
}

/** The fields of Lasso and ElasticNet but for their penalties. */
export function coordinateDescentFields(
  z: ZodNamespace,
): Record<Exclude<keyof CoordinateDescentParams, "alpha">, Zod.ZodType> {
  return {
    fitIntercept: z.boolean().default(true).describe("estimate a constant term, which is never penalised"),
    positive: z.boolean().default(false).describe("hold every coefficient at or above 0"),
    solver: z
      .enum(["auto", "coordinate", "fista"])
      .default("auto")
      .describe(
        '"coordinate" takes one pass, "fista" one a step but no matrix of pairs; "auto" goes by the columns, see explain()',
      ),
    warmStart: z.boolean().default(false).describe("start at the coefficients of the fit before"),
    tol: gapField(z),
    maxIter: z.int().min(1).default(10_000).describe("most sweeps over the coefficients, or proximal steps"),
  };
}

/** The duality gap at which coordinate descent stops. */
export function gapField(z: ZodNamespace): Zod.ZodType {
  return z
    .number()
    .positive()
    .max(0.1)
    .default(1e-8)
    .describe("stops when the duality gap is at most tol times the sum of squares of y");
}

/** Fitted state of Lasso and ElasticNet. */
export interface ElasticNetState extends LinearState {
  readonly dualGap: number;
  readonly nIter: number;
  readonly converged: boolean;
  /** Missing from files that were written before there was a choice. */
  readonly explanation?: SolverExplanation<ElasticNetSolver>;
}

/** What Lasso and ElasticNet have in common. */
export abstract class ElasticNetModel<P extends CoordinateDescentParams> extends LinearModel<P, ElasticNetState> {
  /** Share of the L1 penalty. */
  protected abstract get l1Share(): number;

  /** @throws DataError for NaN, infinities or lengths that differ; FitError when all weights are zero */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    const { alpha, fitIntercept, positive, tol, maxIter, warmStart } = this.params;
    const { solver, reason } = chooseSolver(this.params.solver, design.nFeatures);
    const before = warmStart ? this.stateIfFitted?.coef : undefined;
    // A sign constraint that is new since that fit must not start outside of its own bounds.
    const start =
      before?.length === design.nFeatures ? before.map((value) => (positive ? Math.max(0, value) : value)) : undefined;
    const problem = { alpha, l1Ratio: this.l1Share, positive, tol, maxIter };
    const { passes, ...fit } =
      solver === "fista"
        ? await fistaElasticNet(design, problem, fitIntercept, start)
        : {
            ...solveElasticNet(
              normalSystem(await momentsOfDesign(design), fitIntercept),
              problem,
              start && { coef: start },
            ),
            passes: 1,
          };
    if (!fit.converged) warnGap(this.kind, fit, "");
    this.setState({
      ...design.columns,
      ...fit,
      explanation: { solver, reason, passes },
    });
    return this;
  }

  /** The solver of the last fit, why it was taken, and its passes over the rows. */
  explain(): SolverExplanation<ElasticNetSolver> {
    return this.state.explanation ?? { solver: "coordinate", reason: "There was no other.", passes: 1 };
  }

  /** Upper bound of how far the objective is from its minimum. */
  get dualGap(): number {
    return this.state.dualGap;
  }

  /** Sweeps of coordinate descent, 0 where the solution is a closed form; or proximal gradient steps. */
  get nIter(): number {
    return this.state.nIter;
  }

  /** Whether the duality gap reached its tolerance. */
  get converged(): boolean {
    return this.state.converged;
  }
}

function chooseSolver(
  asked: "auto" | ElasticNetSolver,
  columns: number,
): { readonly solver: ElasticNetSolver; readonly reason: string } {
  if (asked !== "auto") return { solver: asked, reason: 'It was asked for by the parameter "solver".' };
  return columns <= MAX_PAIRS
    ? {
        solver: "coordinate",
        reason: `The products of ${columns} columns with each other take one pass over the rows and little memory; coordinate descent then needs no other.`,
      }
    : {
        solver: "fista",
        reason: `The products of ${columns} columns with each other would take ${Math.round((8 * columns ** 2) / 2 ** 20)} MB a partition: accelerated proximal gradient steps need vectors only, and a pass each.`,
      };
}

/** Tells that a solver stopped before its tolerance; a `ConvergenceWarning` of the process. */
export function warnGap(owner: string, fit: Pick<ElasticNetFit, "nIter" | "dualGap">, where: string): void {
  process.emitWarning(
    `${owner}: not converged after ${fit.nIter} steps${where} (duality gap ${fit.dualGap.toExponential(2)}). Raise maxIter, tol or alpha, or scale X (StandardScaler).`,
    "ConvergenceWarning",
  );
}
