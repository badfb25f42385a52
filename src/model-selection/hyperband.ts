import { ParameterError } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import { CounterRng, DEFAULT_SEED } from "../base/rng.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import { registerEstimator } from "../estimator/registry.js";
import type { BracketOptions } from "./bracket-policy.js";
import { BracketSearch, type SearchMetadata } from "./bracket-search.js";
import { halvingRungs, hyperbandBrackets, type Bracket } from "./budget-table.js";
import { paramsFromJSON } from "./base-search.js";
import { baseSearchShape } from "./grid-search.js";
import { ParameterGrid, sampleParameters, type ParamGrid, type ParamSet } from "./parameter-sets.js";
import type { ResourceSearchParams } from "./resource-search.js";
import { distributionsShape, patienceOf, patienceShape, resourceShape } from "./resource-shape.js";
import type { ParamDistributions } from "./search-space.js";

/** Parameters of {@link HyperbandSearchCV}. */
export interface HyperbandParams extends ResourceSearchParams {
  paramDistributions: ParamDistributions | readonly ParamDistributions[];
  maxIter: number;
  aggressiveness: number;
  patience: boolean | number;
  tol: number;
}

/** Parameters of {@link SuccessiveHalvingSearchCV}. */
export interface SuccessiveHalvingParams extends HyperbandParams {
  nInitialParameters: number | "grid";
  nInitialIter: number;
}

const HYPERBAND_TABLE = new ParamTable<HyperbandParams>("HyperbandSearchCV", (z) =>
  z.object({
    ...baseSearchShape(z),
    ...distributionsShape(z),
    maxIter: z
      .int()
      .min(1)
      .default(81)
      .describe("most of the resource for one trial; with nSamples the unit that stands for all train rows"),
    aggressiveness: z.int().min(2).default(3).describe("of so many trials one goes on"),
    ...patienceShape(z),
    ...resourceShape(z, "partialFit"),
  }),
);

const SUCCESSIVE_TABLE = new ParamTable<SuccessiveHalvingParams>("SuccessiveHalvingSearchCV", (z) =>
  z.object({
    ...HYPERBAND_TABLE.schema.shape,
    nInitialParameters: z
      .union([z.int().min(1), z.literal("grid")])
      .default(10)
      .describe('number of draws; "grid" for every combination of lists'),
    nInitialIter: z.int().min(1).default(9).describe("the resource of the first rung"),
  }),
);

/** Brackets up to `maxIter`, with patience. */
abstract class HalvingBrackets<P extends HyperbandParams> extends BracketSearch<P> {
  /** Models and resource of every bracket, before anything runs; seconds once the first fits have shown them. */
  get metadata(): SearchMetadata {
    return this.tableOf(this.brackets());
  }

  protected abstract override brackets(): Bracket[];

  protected largest(): number {
    return this.params.maxIter;
  }

  protected override stopping(): BracketOptions {
    const { maxIter, aggressiveness, tol } = this.params;
    const patience = patienceOf(this.params.patience, Math.max(1, Math.floor(maxIter / aggressiveness)));
    if (patience === undefined) return {};
    return { patience, tol, scoreEvery: Math.max(1, Math.floor(patience / 3)) };
  }
}

/**
 * Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar, JMLR 2018): brackets of successive halving, from many
 * trials with little of a resource to few with all of it. `metadata` says before the run how many models and how much of
 * the resource that will be: maxIter 81 with aggressiveness 3 is 143 models and 1,581 calls.
 *
 * The resource is `partialFit` calls (each sees the train rows of one partition; models go on where they were, and the
 * best of them, trained on the train side, is `bestEstimator`), seconds in such calls, train rows (`"nSamples"`; maxIter
 * stands for all of them), or an integer parameter such as `"maxIter"`; for the last two every rung is a new fit (with
 * `warmStart` a parameter's fits go on), and the best is refitted to all rows. Trials are scored on one split (a fifth of
 * the rows) unless `cv` is given. The best is the best of the trials that their brackets kept to the end.
 *
 * All brackets run at once, trials with better scores first. With `patience` a trial is scored three times in so much of
 * the resource, and trained no further when no score was above the first of them by more than `tol`; true is a part
 * `1 / aggressiveness` of maxIter.
 *
 * Differs from Dask-ML: the table is in integers (maxIter 243 has its six brackets and 415 models); any estimator can be
 * tuned; a trial that fails is recorded and drops out. Lists with fewer combinations than a bracket has trials make it
 * smaller.
 *
 * @example
 * ```ts
 * const search = new HyperbandSearchCV({
 *   estimator: new LogisticRegression(),
 *   paramDistributions: { C: logUniform(1e-3, 1e3) },
 *   resource: "nSamples",
 *   maxIter: 27,
 * });
 * console.log(search.metadata.nModels); // 49
 * await search.fit(X, y);
 * ```
 */
export class HyperbandSearchCV extends HalvingBrackets<HyperbandParams> {
  static readonly table = HYPERBAND_TABLE;

  static fromJSON(json: EstimatorJson): HyperbandSearchCV {
    return new HyperbandSearchCV(paramsFromJSON(json)).restore(json);
  }

  /** @throws ParameterError on an unknown parameter, a value out of range, or an estimator without the resource */
  constructor(params: Partial<HyperbandParams> & Pick<HyperbandParams, "estimator" | "paramDistributions">) {
    super(HYPERBAND_TABLE, params);
    this.candidates();
  }

  protected brackets(): Bracket[] {
    return hyperbandBrackets(this.params.maxIter, this.params.aggressiveness);
  }

  protected sets(): ParamSet[][] {
    const { paramDistributions, randomState } = this.params;
    const seeds = new CounterRng(randomState ?? DEFAULT_SEED, "hyperband");
    return this.brackets().map(({ bracket, rungs }) =>
      sampleParameters(paramDistributions, rungs[0]?.models ?? 1, seeds.uint32(bracket)),
    );
  }
}

/**
 * Successive halving (Jamieson and Talwalkar, AISTATS 2016): `nInitialParameters` trials with `nInitialIter` of the
 * resource; of `aggressiveness` trials the best goes on with `aggressiveness` times as much, up to `maxIter`. Resources,
 * scores, patience and the best as in {@link HyperbandSearchCV}.
 */
export class SuccessiveHalvingSearchCV extends HalvingBrackets<SuccessiveHalvingParams> {
  static readonly table = SUCCESSIVE_TABLE;

  static fromJSON(json: EstimatorJson): SuccessiveHalvingSearchCV {
    return new SuccessiveHalvingSearchCV(paramsFromJSON(json)).restore(json);
  }

  /** @throws ParameterError as {@link HyperbandSearchCV}, and when nInitialIter is above maxIter */
  constructor(
    params: Partial<SuccessiveHalvingParams> & Pick<SuccessiveHalvingParams, "estimator" | "paramDistributions">,
  ) {
    super(SUCCESSIVE_TABLE, params);
    const { nInitialIter, maxIter } = this.params;
    if (nInitialIter > maxIter) {
      throw new ParameterError(`${this.kind}: nInitialIter must be <= maxIter (${maxIter}); got ${nInitialIter}.`);
    }
    this.candidates();
  }

  protected brackets(): Bracket[] {
    const { nInitialIter, aggressiveness, maxIter } = this.params;
    return [{ bracket: 0, rungs: halvingRungs(this.sets()[0]?.length ?? 0, nInitialIter, aggressiveness, maxIter) }];
  }

  protected sets(): ParamSet[][] {
    const { nInitialParameters, paramDistributions, randomState } = this.params;
    if (nInitialParameters === "grid")
      return [[...new ParameterGrid(paramDistributions as ParamGrid | readonly ParamGrid[])]];
    return [sampleParameters(paramDistributions, nInitialParameters, randomState)];
  }
}

registerEstimator("HyperbandSearchCV", HyperbandSearchCV);

registerEstimator("SuccessiveHalvingSearchCV", SuccessiveHalvingSearchCV);
