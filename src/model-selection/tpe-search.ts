import { ParamTable } from "../base/params.js";
import { DEFAULT_SEED } from "../base/rng.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import { registerEstimator } from "../estimator/registry.js";
import { BaseSearch, paramsFromJSON } from "./base-search.js";
import type { BaseSearchParams, SearchPlan } from "./search-plan.js";
import type { FoldSettings } from "./fold-runner.js";
import { baseSearchShape } from "./grid-search.js";
import { drawnAt, type ParamSet } from "./parameter-sets.js";
import { fitTrainer } from "./fit-trainer.js";
import { distributionsShape } from "./resource-shape.js";
import { SearchSpace, type ParamDistributions } from "./search-space.js";
import { TpePolicy } from "./tpe-policy.js";
import type { TrialEstimator } from "./trial-estimator.js";

/** Parameters of {@link TPESearchCV}. */
export interface TPESearchParams extends BaseSearchParams {
  paramDistributions: ParamDistributions | readonly ParamDistributions[];
  nIter: number;
  nStartup: number;
  nCandidates: number;
  goodShare: number;
  randomState?: number | undefined;
}

const TABLE = new ParamTable<TPESearchParams>("TPESearchCV", (z) =>
  z.object({
    ...baseSearchShape(z),
    ...distributionsShape(z),
    nIter: z.int().min(1).default(50).describe("trials"),
    nStartup: z.int().min(1).default(10).describe("trials drawn at random before anything is learnt"),
    nCandidates: z.int().min(1).default(24).describe("points of which each proposal is the most promising"),
    goodShare: z.number().positive().max(0.5).default(0.2).describe("share of the trials that count as good"),
    randomState: z.int().optional().describe("the seed"),
  }),
);

/** Draws that stand for the space when its parameters are checked before anything is fitted. */
const CHECKED = 32;

/**
 * A search that learns where good parameters are: the tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011) with
 * kernels over all parameters together (Falkner, Klein and Hutter, ICML 2018), in conditional spaces too. After `nStartup`
 * random trials each new one is, of `nCandidates` points drawn near the good trials, the one that is most typical of good
 * and least of other trials. Every trial is fitted and scored on every split as in `RandomizedSearchCV`.
 *
 * Results depend on the seed and on `parallelTrials`, not on which trial ends first: a proposal knows the outcomes of all
 * but the last `parallelTrials - 1` trials, and keeps away from those.
 *
 * @example
 * ```ts
 * const search = new TPESearchCV({
 *   estimator: new LogisticRegression(),
 *   paramDistributions: { C: logUniform(1e-4, 1e4), penalty: ["l1", "l2"] },
 *   nIter: 40,
 * });
 * ```
 */
export class TPESearchCV extends BaseSearch<TPESearchParams> {
  static readonly table = TABLE;

  static fromJSON(json: EstimatorJson): TPESearchCV {
    return new TPESearchCV(paramsFromJSON(json)).restore(json);
  }

  /** @throws ParameterError on an unknown parameter, a value out of range, or an empty list */
  constructor(params: Partial<TPESearchParams> & Pick<TPESearchParams, "estimator" | "paramDistributions">) {
    super(TABLE, params);
    this.candidates();
  }

  protected override get dependsOnParallel(): boolean {
    return true;
  }

  protected candidates(): ParamSet[] {
    const space = this.#space();
    const { nIter, randomState = DEFAULT_SEED } = this.params;
    return Array.from({ length: Math.min(nIter, CHECKED) }, (_, k) => drawnAt(space, k, randomState).params);
  }

  protected plan(settings: FoldSettings, estimator: TrialEstimator): SearchPlan {
    const { nIter, nStartup, nCandidates, goodShare, parallelTrials, randomState = DEFAULT_SEED } = this.params;
    const options = { startup: nStartup, candidates: nCandidates, goodShare, randomState };
    return {
      policy: new TpePolicy(this.#space(), nIter, parallelTrials, options),
      trainer: fitTrainer(settings, estimator),
      byResource: false,
    };
  }

  #space(): SearchSpace {
    return new SearchSpace(this.kind, this.params.paramDistributions);
  }
}

registerEstimator("TPESearchCV", TPESearchCV);
