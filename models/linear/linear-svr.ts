import { ParamTable } from "../../src/base/params.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { requireTarget, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { LinearModel, type LinearState } from "./linear-model.js";
import { fitMargin } from "./margin-fit.js";
import { warnMargin } from "./margin-warning.js";
import { targetScale } from "./target-scale.js";

/** Parameters of {@link LinearSVR}. */
export interface LinearSVRParams {
  epsilon: number;
  loss: "epsilon_insensitive" | "squared_epsilon_insensitive";
  C: number;
  fitIntercept: boolean;
  tol: number;
  maxIter: number;
}

interface LinearSVRState extends LinearState {
  readonly nIter: number;
  readonly objective: number;
  readonly dualGap: number;
  readonly converged: boolean;
}

const TABLE = new ParamTable<LinearSVRParams>("LinearSVR", (z) =>
  z.object({
    epsilon: z.number().min(0).default(0).describe("residual without a loss, in the units of y"),
    loss: z
      .enum(["epsilon_insensitive", "squared_epsilon_insensitive"])
      .default("epsilon_insensitive")
      .describe("loss of a residual above epsilon"),
    C: z.number().positive().default(1).describe("inverse strength of the penalty; smaller is stronger"),
    fitIntercept: z.boolean().default(true).describe("estimate a constant term, which is never penalised"),
    tol: z
      .number()
      .positive()
      .max(0.1)
      .default(1e-6)
      .describe("stops when the duality gap is at most this share of the objective"),
    maxIter: z.int().min(1).default(200).describe("most Newton steps"),
  }),
);

/**
 * Linear support vector regression: minimises `½ |coef|² + C Σ w max(0, |y − η| − epsilon)`, or with the squared loss
 * `… max(0, |y − η| − epsilon)²`, with `η = x·coef + intercept`; the intercept is not penalised (Drucker et al. 1997).
 *
 * Solver, passes and what travels: as {@link LinearSVC}, with one more pass for the size of y.
 *
 * X: `(nRows, nFeatures)`, dense or CSR (rows with curvature are made dense), f64 or f32; y: `(nRows)`. NaN and infinities are an
 * error that names column, partition and row. Not converging is a `ConvergenceWarning` and `converged === false`.
 *
 * Differs from scikit-learn: the intercept is free, as in its `SVR(kernel="linear")`; `tol` bounds the duality gap.
 *
 * @example
 * ```ts
 * const model = await new LinearSVR({ C: 100 }).fit([[-1], [0], [1]], [-1, 1, 3]);
 * console.log(model.coef[0]?.toFixed(2), model.intercept.toFixed(2)); // "2.00", "1.00"
 * ```
 */
export class LinearSVR extends LinearModel<LinearSVRParams, LinearSVRState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<LinearSVRParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): LinearSVR {
    return new LinearSVR().restore(json);
  }

  /** @throws DataError for NaN, infinities or lengths that differ; FitError when all weights are zero */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = "LinearSVR.fit";
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    const { loss, epsilon, C, fitIntercept, tol, maxIter } = this.params;
    const scale = await targetScale(design);
    const { iterations, ...solution } = await fitMargin(design, {
      squared: loss === "squared_epsilon_insensitive",
      positive: -1,
      weightPositive: 1,
      weightNegative: 1,
      penalty: "l2",
      epsilon,
      scale,
      C,
      fitIntercept,
      tol,
      maxIter,
    });
    const state = { ...solution, nIter: iterations };
    design.onProgress?.({ stage: owner, done: maxIter, total: maxIter, detail: { objective: state.objective } });
    if (!state.converged) warnMargin("LinearSVR", state);
    this.setState({
      ...design.columns,
      ...state,
    });
    return this;
  }

  /** Newton steps. */
  get nIter(): number {
    return this.state.nIter;
  }

  /** Value of the objective. */
  get objective(): number {
    return this.state.objective;
  }

  /** Upper bound of how far {@link objective} is from its minimum. */
  get dualGap(): number {
    return this.state.dualGap;
  }

  /** Whether the duality gap reached its tolerance. */
  get converged(): boolean {
    return this.state.converged;
  }
}

registerEstimator("LinearSVR", LinearSVR);
