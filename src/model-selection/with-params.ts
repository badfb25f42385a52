import type { ParamSet } from "./parameter-sets.js";
import type { TrialEstimator } from "./trial-estimator.js";

/**
 * A clone with these parameters; estimators among their values are cloned too.
 * @throws ParameterError as the estimator's own
 */
export function withParams(estimator: TrialEstimator, params: ParamSet): TrialEstimator {
  const model = estimator.clone();
  const own = Object.entries(params).map(
    ([name, value]) => [name, isEstimator(value) ? value.clone() : value] as const,
  );
  if (own.length > 0) model.setParams(Object.fromEntries(own));
  return model;
}

function isEstimator(value: unknown): value is TrialEstimator {
  return (
    typeof value === "object" &&
    value !== null &&
    "fit" in value &&
    "clone" in value &&
    typeof value.clone === "function"
  );
}
