import type { FitOptions } from "../../src/estimator/design.js";
import type { TableInput } from "../../src/estimator/table.js";
import type { LabelInput, MatrixInput, VectorInput } from "../../src/estimator/inputs.js";
import type { IterationReport } from "./boosting-rounds.js";
import type { EvalMetricInput } from "./eval-metrics.js";
import type { CheckpointOptions } from "./checkpoint.js";

/** Rows that a fit measures after each round. */
export interface EvalSet {
  readonly X: TableInput;
  readonly y: VectorInput | LabelInput;
  readonly sampleWeight?: VectorInput;
  /** Of a ranker. */
  readonly groups?: VectorInput;
  /** `eval0`, `eval1`, ... unless given. */
  readonly name?: string;
}

/** An {@link EvalSet} with codes in the place of texts. */
export type CodedEvalSet = Omit<EvalSet, "X"> & { readonly X: MatrixInput };

/** Options of `fit` of boosted trees. */
export interface BoostingFitOptions<Model = unknown> extends FitOptions {
  /**
   * Margin that each row starts at, cut like X (XGBoost's base margin, LightGBM's initial score): rows start there and not at
   * a baseline. For one output. Predictions do not hold it: add it to their margins.
   */
  readonly baseMargin?: VectorInput;
  /** A fitted model of the same class and columns, whose trees come first; `maxIter` trees are grown on top. */
  readonly initModel?: Model;
  /**
   * Sets to measure after each round: `evalsResult` has their scores. With early stopping the first set is what the fit stops
   * by, and no rows are held out.
   */
  readonly evalSets?: readonly EvalSet[];
  /**
   * What is measured, of the sets or else of the rows held out (or trained on): the first one is what the fit stops by.
   * `"loss"` (unless given), scorers by name or from `makeScorer`, or functions of margins: see `EvalMetric`. Rows come to this
   * process for all but the loss.
   */
  readonly evalMetric?: EvalMetricInput | readonly EvalMetricInput[];
  /** Called after each round with its scores; false (or a promise of it) ends the fit, which keeps the trees so far. */
  readonly onIteration?: (report: IterationReport) => unknown;
  /**
   * A file that holds the trees so far. A fit of the same data and parameters goes on from it and ends in the same model,
   * bit for bit. Another's file is refused.
   */
  readonly checkpoint?: CheckpointOptions;
}

/** Options of `refit` of boosted trees. */
export interface RefitOptions extends FitOptions {
  /** What the old value of a leaf counts, 0 to 1; the new one counts the rest. 0.9 unless given. */
  readonly decay?: number;
}
