import { Design, type FitOptions } from "../../src/estimator/design.js";
import { requireTarget, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import { solveElasticNet, type ElasticNetFit } from "../../src/numeric/elastic-net-path.js";
import { normalSystem } from "../../src/numeric/normal-system.js";
import { LinearModel, type LinearState } from "./linear-model.js";
import { momentsOfDesign } from "./moments-of-design.js";

/** Parameters that Lasso and ElasticNet share. */
export interface CoordinateDescentParams {
  alpha: number;
  fitIntercept: boolean;
  positive: boolean;
  warmStart: boolean;
  tol: number;
  maxIter: number;
}

/** Fitted state of Lasso and ElasticNet. */
export interface ElasticNetState extends LinearState {
  readonly dualGap: number;
  readonly nIter: number;
  readonly converged: boolean;
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
    const system = normalSystem(await momentsOfDesign(design), fitIntercept);
    const before = warmStart ? this.stateIfFitted?.coef : undefined;
    // A sign constraint that is new since that fit must not start outside of its own bounds.
    const start =
      before?.length === system.p ? before.map((value) => (positive ? Math.max(0, value) : value)) : undefined;
    const fit = solveElasticNet(
      system,
      { alpha, l1Ratio: this.l1Share, positive, tol, maxIter },
      start && { coef: start },
    );
    if (!fit.converged) warnGap(this.kind, fit, "");
    this.setState({
      nFeatures: design.nFeatures,
      ...(design.names ? { featureNames: design.names } : {}),
      ...fit,
    });
    return this;
  }

  /** Upper bound of how far the objective is from its minimum. */
  get dualGap(): number {
    return this.state.dualGap;
  }

  /** Sweeps of coordinate descent; 0 where the solution is a closed form. */
  get nIter(): number {
    return this.state.nIter;
  }

  /** Whether the duality gap reached its tolerance. */
  get converged(): boolean {
    return this.state.converged;
  }
}

/** Tells that coordinate descent stopped before its tolerance; a `ConvergenceWarning` of the process. */
export function warnGap(owner: string, fit: Pick<ElasticNetFit, "nIter" | "dualGap">, where: string): void {
  process.emitWarning(
    `${owner}: not converged after ${fit.nIter} sweeps${where} (duality gap ${fit.dualGap.toExponential(2)}). Raise maxIter, tol or alpha, or scale X (StandardScaler).`,
    "ConvergenceWarning",
  );
}
