import { ParamTable } from "../../src/base/params.js";
import { FitError } from "../../src/base/errors.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import type { LabelInput, MatrixInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { classFactors, openClassDesign, type ClassWeight, classWeightField } from "../../src/estimator/class-design.js";
import { LinearClassifier, type LinearClassifierState } from "./linear-classifier.js";
import { fitMargin, type MarginProblem, type MarginSolution } from "./margin-fit.js";
import { warnMargin } from "./margin-warning.js";

/** Parameters of {@link LinearSVC}. */
export interface LinearSVCParams {
  penalty: "l2" | "l1";
  loss: "hinge" | "squared_hinge";
  C: number;
  fitIntercept: boolean;
  classWeight: ClassWeight;
  tol: number;
  maxIter: number;
}

interface LinearSVCState extends LinearClassifierState {
  readonly nIter: number;
  readonly objective: number;
  readonly dualGap: number;
  readonly converged: boolean;
}

const TABLE = new ParamTable<LinearSVCParams>("LinearSVC", (z) =>
  z.object({
    penalty: z
      .enum(["l2", "l1"])
      .default("l2")
      .describe('penalty of the coefficients; "l1" needs loss "squared_hinge"'),
    loss: z.enum(["hinge", "squared_hinge"]).default("squared_hinge").describe("loss of a row within the margin"),
    C: z.number().positive().default(1).describe("inverse strength of the penalty; smaller is stronger"),
    fitIntercept: z.boolean().default(true).describe("estimate a constant term, which is never penalised"),
    classWeight: classWeightField(
      z,
      'factors of C by label, 1 for labels left out; "balanced" gives every class the same total',
    ),
    tol: z
      .number()
      .positive()
      .max(0.1)
      .default(1e-6)
      .describe(
        "stops when the duality gap is at most this share of the objective; rounding allows 1e-8 or so with the hinge",
      ),
    maxIter: z.int().min(1).default(200).describe("most Newton steps of a one-vs-rest model"),
  }),
);

/**
 * A linear support vector machine: minimises `½ |coef|² + C Σ w max(0, 1 − yη)` or, with squared_hinge, `… max(0, 1 − yη)²`, with
 * `η = x·coef + intercept` and y in {−1, 1}; penalty l1 has `|coef|₁` in place of `½ |coef|²`. The intercept is not penalised. More
 * than two classes: one such model of each against the rest (Cortes and Vapnik 1995).
 *
 * Solver: the squared hinge is smooth, and Newton's method ends after few steps (Keerthi and DeCoste 2005; L-BFGS above 400
 * columns). The hinge's corner is rounded and made sharper until the duality gap is small; only rows at the corner have
 * curvature, so that steps get cheap (L-BFGS above 1500 columns, where that may stop short of `tol`). With l1, proximal Newton
 * by coordinate descent. X is held during the fit; each step is a pass over memory that sends at most `(nFeatures + 1)²` doubles a
 * partition, and the models of several classes follow one another.
 *
 * X: `(nRows, nFeatures)`, dense or CSR (rows with curvature are made dense), f64 or f32; y: two labels or more of one type. NaN
 * and infinities are an error that names column, partition and row. Not converging is a `ConvergenceWarning` and
 * `converged === false`.
 *
 * Differs from scikit-learn: there the intercept is penalised like a coefficient of a column `interceptScaling`, here it is free,
 * as in its `SVC(kernel="linear")` and in the limit of a large `intercept_scaling`; `tol` bounds the duality gap; the answer does
 * not depend on a seed; no `dual`, no `multi_class: "crammer_singer"`.
 *
 * @example
 * ```ts
 * const model = await new LinearSVC().fit([[-2], [-1], [1], [2]], ["no", "no", "yes", "yes"]);
 * console.log(await model.predict([[-3], [3]])); // ["no", "yes"]
 * ```
 */
export class LinearSVC extends LinearClassifier<LinearSVCParams, LinearSVCState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<LinearSVCParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): LinearSVC {
    return new LinearSVC().restore(json);
  }

  /** @throws DataError for NaN, infinities or lengths that differ; FitError for one class only, or penalty l1 with the hinge */
  async fit(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "LinearSVC.fit";
    const { penalty, loss, C, fitIntercept, classWeight, tol, maxIter } = this.params;
    if (penalty === "l1" && loss === "hinge") {
      throw new FitError(
        `${owner}: penalty "l1" goes with loss "squared_hinge" only; got "hinge". Pass one of the others.`,
      );
    }
    using data = await openClassDesign(owner, X, y, options);
    const { design, classes } = data;
    const factors = classFactors(owner, classWeight, classes, data.weights);
    const [negative = 1, positive = 1] = factors;
    const shared = { squared: loss === "squared_hinge", epsilon: 0, scale: 1, C, penalty, fitIntercept, tol, maxIter };
    const problems: MarginProblem[] =
      classes.length > 2
        ? classes.map((_, k) => ({ ...shared, positive: k, weightPositive: factors[k] ?? 1, weightNegative: 1 }))
        : [{ ...shared, positive: 1, weightPositive: positive, weightNegative: negative }];
    const solutions: MarginSolution[] = [];
    for (const problem of problems) solutions.push(await fitMargin(design, problem));
    const total = (of: (solution: MarginSolution) => number): number =>
      solutions.reduce((sum, solution) => sum + of(solution), 0);
    const nIter = Math.max(...solutions.map(({ iterations }) => iterations));
    const converged = solutions.every((solution) => solution.converged);
    const state = { nIter, objective: total((s) => s.objective), dualGap: total((s) => s.dualGap), converged };
    design.onProgress?.({ stage: owner, done: maxIter, total: maxIter, detail: { objective: state.objective } });
    if (!converged) warnMargin("LinearSVC", state);
    this.setState({
      ...design.columns,
      coef: Float64Array.from(solutions.flatMap(({ coef }) => Array.from(coef))),
      intercepts: Float64Array.from(solutions, ({ intercept }) => intercept),
      classes,
      ...state,
    });
    return this;
  }

  /** Newton steps; the most of all one-vs-rest models. */
  get nIter(): number {
    return this.state.nIter;
  }

  /** Value of the objective; the sum of all one-vs-rest models. */
  get objective(): number {
    return this.state.objective;
  }

  /** Upper bound of how far {@link objective} is from its minimum. */
  get dualGap(): number {
    return this.state.dualGap;
  }

  /** Whether the duality gap of every model reached its tolerance. */
  get converged(): boolean {
    return this.state.converged;
  }
}

registerEstimator("LinearSVC", LinearSVC);
