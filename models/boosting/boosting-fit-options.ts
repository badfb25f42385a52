import type { FitOptions } from "../../src/estimator/design.js";
import type { VectorInput } from "../../src/estimator/inputs.js";
import type { IterationReport } from "./boosting-rounds.js";
import type { CheckpointOptions } from "./checkpoint.js";

/** Options of `fit` of boosted trees. */
export interface BoostingFitOptions<Model = unknown> extends FitOptions {
  /**
   * Margin that each row starts at, cut like X (XGBoost's base margin, LightGBM's initial score): rows start there and not at
   * a baseline. For one output. Predictions do not hold it: add it to their margins.
   */
  readonly baseMargin?: VectorInput;
  /** A fitted model of the same class and columns, whose trees come first; `maxIter` trees are grown on top. */
  readonly initModel?: Model;
  /** Called after each round with its scores; false (or a promise of it) ends the fit, which keeps the trees so far. */
  readonly onIteration?: (report: IterationReport) => unknown;
  /**
   * A file that holds the trees so far. A fit of the same data and parameters goes on from it and ends in the same model,
   * bit for bit. Another's file is refused.
   */
  readonly checkpoint?: CheckpointOptions;
}
