import { ParameterError } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import { registerEstimator } from "../estimator/registry.js";
import { AshaPolicy } from "./asha-policy.js";
import { paramsFromJSON } from "./base-search.js";
import { baseSearchShape } from "./grid-search.js";
import { sampleParameters, type ParamSet } from "./parameter-sets.js";
import { ResourceSearch, type ResourceSearchParams } from "./resource-search.js";
import { distributionsShape, resourceShape } from "./resource-shape.js";
import type { ParamDistributions } from "./search-space.js";
import type { TrialPolicy } from "./trial-policy.js";

/** Parameters of {@link AshaSearchCV}. */
export interface AshaParams extends ResourceSearchParams {
  paramDistributions: ParamDistributions | readonly ParamDistributions[];
  nIter: number;
  minIter: number;
  maxIter: number;
  aggressiveness: number;
}

const TABLE = new ParamTable<AshaParams>("AshaSearchCV", (z) =>
  z.object({
    ...baseSearchShape(z),
    ...distributionsShape(z),
    nIter: z.int().min(1).default(50).describe("trials that are started"),
    minIter: z.int().min(1).default(1).describe("the resource of the first rung"),
    maxIter: z
      .int()
      .min(1)
      .default(81)
      .describe("most of the resource for one trial; with nSamples the unit that stands for all train rows"),
    aggressiveness: z.int().min(2).default(3).describe("of so many trials of a rung one goes on"),
    ...resourceShape(z, "partialFit"),
  }),
);

/**
 * Asynchronous successive halving (Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020): a free
 * place promotes the best trial among the first `1 / aggressiveness` of its rung so far, or else starts one of `nIter`
 * draws; nothing waits for the slowest trial of a rung. Rungs are at `minIter`·aggressiveness^k up to `maxIter`. Resources
 * and the best as in `HyperbandSearchCV`: the best of those that got furthest.
 *
 * With one trial at a time the result depends on the seed alone. With several, which trials are promoted depends on the
 * order in which they end; a journal goes on in the order that it has recorded.
 *
 * @example
 * ```ts
 * const search = new AshaSearchCV({
 *   estimator: new SGDClassifier(),
 *   paramDistributions: { alpha: logUniform(1e-6, 1e-1) },
 *   nIter: 100,
 *   maxIter: 81,
 * });
 * ```
 */
export class AshaSearchCV extends ResourceSearch<AshaParams> {
  static readonly table = TABLE;

  static fromJSON(json: EstimatorJson): AshaSearchCV {
    return new AshaSearchCV(paramsFromJSON(json)).restore(json);
  }

  /** @throws ParameterError on an unknown parameter, a value out of range, or an estimator without the resource */
  constructor(params: Partial<AshaParams> & Pick<AshaParams, "estimator" | "paramDistributions">) {
    super(TABLE, params);
    const { minIter, maxIter } = this.params;
    if (minIter > maxIter)
      throw new ParameterError(`${this.kind}: minIter must be <= maxIter (${maxIter}); got ${minIter}.`);
    this.candidates();
  }

  protected override get dependsOnParallel(): boolean {
    return true;
  }

  protected tried(): ParamSet[] {
    const { paramDistributions, nIter, randomState } = this.params;
    return sampleParameters(paramDistributions, nIter, randomState);
  }

  protected policy(): TrialPolicy {
    const { minIter, maxIter, aggressiveness } = this.params;
    const sets = this.tried();
    const size = { trials: sets.length, minimum: minIter, maximum: maxIter, eta: aggressiveness };
    return new AshaPolicy(size, (trial) => sets[trial] as ParamSet);
  }

  protected largest(): number {
    return this.params.maxIter;
  }
}

registerEstimator("AshaSearchCV", AshaSearchCV);
