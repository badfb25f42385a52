import { Pipeline } from "../compose/pipeline.js";
import { PrefixCache } from "../compose/prefix-cache.js";
import type { TrialEstimator } from "./trial-estimator.js";

/**
 * A pipeline that keeps its fitted steps for the call, so that candidates which differ in later steps alone do not fit the
 * first ones again; other estimators, and pipelines with a cache of their own, as they are.
 */
export function withSharedSteps(estimator: TrialEstimator): TrialEstimator {
  if (!(estimator instanceof Pipeline) || estimator.getParams().memory !== null || estimator.steps.length < 2)
    return estimator;
  return estimator.clone().setParams({ memory: new PrefixCache() });
}

/** The best estimator with the cache that the caller's has: what a call has kept ends with it. */
export function withoutSharedSteps(best: TrialEstimator, own: TrialEstimator): TrialEstimator {
  if (best instanceof Pipeline && own instanceof Pipeline) best.setParams({ memory: own.getParams().memory });
  return best;
}
