import type { FitOptions } from "./design.js";
import type { LabelInput, VectorInput } from "./inputs.js";
import type { TableInput } from "./table.js";

/**
 * An estimator of which several, that differ in some parameters, can be fitted to the same rows together, sharing the
 * passes over them. Each ends as `fit` would leave it, up to rounding.
 */
export interface JointFitting {
  /** Equal for estimators that can be fitted together; undefined for one that cannot. */
  readonly jointKey: string | undefined;
  /**
   * Fits estimators of one key to the same rows.
   * @throws what `fit` would throw for the rows; nothing is fitted then, or some are: callers fit one by one to know which
   */
  fitJointly(models: readonly this[], X: TableInput, y: LabelInput | VectorInput, options: FitOptions): Promise<void>;
}

/** The estimator, if it can be fitted together with others. */
export function jointFittingOf(estimator: unknown): JointFitting | undefined {
  return typeof estimator === "object" && estimator !== null && "fitJointly" in estimator
    ? (estimator as JointFitting)
    : undefined;
}
