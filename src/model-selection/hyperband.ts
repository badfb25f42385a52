import { ParameterError } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import { CounterRng, DEFAULT_SEED } from "../base/rng.js";
import { BracketSearch, type BracketSearchParams } from "./bracket-search.js";
import { budgetTable, halvingRungs, hyperbandBrackets, type Bracket, type BudgetTable } from "./budget-table.js";
import { baseSearchShape } from "./grid-search.js";
import {
  ParameterGrid,
  sampleParameters,
  type ParamDistributions,
  type ParamGrid,
  type ParamSet,
} from "./parameter-sets.js";

/** Parameters of {@link HyperbandSearchCV}. */
export interface HyperbandParams extends BracketSearchParams {
  paramDistributions: ParamDistributions | readonly ParamDistributions[];
  maxIter: number;
  aggressiveness: number;
}

/** Parameters of {@link SuccessiveHalvingSearchCV}. */
export interface SuccessiveHalvingParams extends HyperbandParams {
  nInitialParameters: number | "grid";
  nInitialIter: number;
}

/** Parameters of {@link HalvingGridSearchCV}. */
export interface HalvingGridParams extends BracketSearchParams {
  paramGrid: ParamGrid | readonly ParamGrid[];
  factor: number;
  minResources: number | "exhaust";
  maxResources?: number | undefined;
}

/** Fewer rows say nothing about a model, and may lack a class. */
const FEWEST_ROWS = 20;

const isRecord = (value: unknown): boolean => typeof value === "object" && value !== null;
const RESOURCE = 'what trials spend: "partialFit" calls, train rows ("nSamples"), or the name of an integer parameter';

const HYPERBAND_TABLE = new ParamTable<HyperbandParams>("HyperbandSearchCV", (z) =>
  z.object({
    ...baseSearchShape(z),
    paramDistributions: z
      .custom(isRecord, "must be a record of lists and distributions")
      .describe("what to draw from by parameter"),
    maxIter: z
      .int()
      .min(1)
      .default(81)
      .describe("most of the resource for one trial; with nSamples the unit that stands for all train rows"),
    aggressiveness: z.int().min(2).default(3).describe("of so many trials one goes on"),
    resource: z.string().min(1).default("partialFit").describe(RESOURCE),
    randomState: z.int().optional().describe("the seed of draws, split and order of rows"),
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

const GRID_TABLE = new ParamTable<HalvingGridParams>("HalvingGridSearchCV", (z) =>
  z.object({
    ...baseSearchShape(z),
    paramGrid: z
      .custom(isRecord, "must be a record of lists, or a list of such records")
      .describe("values to try by parameter"),
    factor: z.int().min(2).default(3).describe("of so many trials one goes on, with so many times the resource"),
    resource: z.string().min(1).default("nSamples").describe(RESOURCE),
    minResources: z
      .union([z.int().min(1), z.literal("exhaust")])
      .default("exhaust")
      .describe("the resource of the first rung; exhaust makes the last rung use all"),
    maxResources: z
      .int()
      .min(1)
      .optional()
      .describe("the resource of the last rung; the train rows unless given, for nSamples"),
    randomState: z.int().optional().describe("the seed of the rows"),
  }),
);

/**
 * Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar, JMLR 2018): brackets of successive halving, from many
 * trials with little of a resource to few with all of it. `metadata` says before the run how many models and how much
 * of
 * the resource that will be: maxIter 81 with aggressiveness 3 is 143 models and 1,581 calls.
 *
 * The resource is `partialFit` calls (each sees the train rows of one partition; models go on where they were, and the
 * best of them, trained on the train side, is `bestEstimator`), train rows (`"nSamples"`; maxIter stands for all of
 * them), or an integer parameter such as `"maxIter"`; for the last two every rung is a new fit, and the best is
 * refitted
 * to all rows. Trials are scored on one split (a fifth of the rows) unless `cv` is given. The best is the best of the
 * trials that their brackets kept to the end.
 *
 * Differs from Dask-ML: the table is in integers (maxIter 243 has its six brackets and 415 models); any estimator can
 * be
 * tuned; a trial that fails is recorded and drops out; there is no `patience`. Lists with fewer combinations than a
 * bracket
 * has trials make it smaller.
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
export class HyperbandSearchCV extends BracketSearch<HyperbandParams> {
  static readonly table = HYPERBAND_TABLE;

  /** @throws ParameterError on an unknown parameter, a value out of range, or an estimator without the resource */
  constructor(params: Partial<HyperbandParams> & Pick<HyperbandParams, "estimator" | "paramDistributions">) {
    super(HYPERBAND_TABLE, params);
    this.candidates();
  }

  /** Models and resource of every bracket, before anything runs. */
  get metadata(): BudgetTable {
    return budgetTable(this.brackets());
  }

  protected brackets(): Bracket[] {
    return hyperbandBrackets(this.params.maxIter, this.params.aggressiveness);
  }

  protected largest(): number {
    return this.params.maxIter;
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
 * resource; of `aggressiveness` trials the best goes on with `aggressiveness` times as much, up to `maxIter`.
 * Resources,
 * scores and the best as in {@link HyperbandSearchCV}.
 */
export class SuccessiveHalvingSearchCV extends BracketSearch<SuccessiveHalvingParams> {
  static readonly table = SUCCESSIVE_TABLE;

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

  /** Models and resource, before anything runs. */
  get metadata(): BudgetTable {
    return budgetTable(this.brackets());
  }

  protected brackets(): Bracket[] {
    const { nInitialIter, aggressiveness, maxIter } = this.params;
    return [{ bracket: 0, rungs: halvingRungs(this.sets()[0]?.length ?? 0, nInitialIter, aggressiveness, maxIter) }];
  }

  protected largest(): number {
    return this.params.maxIter;
  }

  protected sets(): ParamSet[][] {
    const { nInitialParameters, paramDistributions, randomState } = this.params;
    if (nInitialParameters === "grid")
      return [[...new ParameterGrid(paramDistributions as ParamGrid | readonly ParamGrid[])]];
    return [sampleParameters(paramDistributions, nInitialParameters, randomState)];
  }
}

/**
 * Successive halving over every combination of a grid: rung k gives ⌈n / factor^k⌉ trials `minResources`·factor^k of
 * the
 * resource. With `minResources: "exhaust"` the last rung uses `maxResources`, or nearly,
 * and the first no fewer than 20 rows. The best is the best of the last
 * rung, refitted to all rows.
 *
 * Differs from scikit-learn: rows are drawn from the train side alone and all trials are scored on whole test sides, so
 * that their scores compare; one split (a fifth of the rows) is tested unless `cv` is given; no aggressive elimination.
 *
 * @throws ParameterError without `maxResources` for another resource than rows
 */
export class HalvingGridSearchCV extends BracketSearch<HalvingGridParams> {
  static readonly table = GRID_TABLE;

  constructor(params: Partial<HalvingGridParams> & Pick<HalvingGridParams, "estimator" | "paramGrid">) {
    super(GRID_TABLE, params);
    if (this.params.resource !== "nSamples" && this.params.maxResources === undefined) {
      throw new ParameterError(
        `${this.kind}: maxResources is needed for the resource ${JSON.stringify(this.params.resource)}. Pass the largest amount.`,
      );
    }
    this.candidates();
  }

  protected brackets(rows: number): Bracket[] {
    const { factor, minResources, maxResources } = this.params;
    const most = Math.min(maxResources ?? rows, this.params.resource === "nSamples" ? rows : Infinity);
    const n = this.sets()[0]?.length ?? 0;
    let needed = 1;
    let power = 1;
    while (power * factor <= n) {
      power *= factor;
      needed++;
    }
    const least = this.params.resource === "nSamples" ? FEWEST_ROWS : 1;
    const first = Math.min(most, minResources === "exhaust" ? Math.max(least, Math.floor(most / power)) : minResources);
    const rungs: Bracket["rungs"][number][] = [];
    for (let k = 0, models = n, resource = first; k < needed && resource <= most; k++) {
      rungs.push({ models, resource });
      models = Math.ceil(models / factor);
      resource *= factor;
    }
    return [{ bracket: 0, rungs }];
  }

  protected largest(rows: number): number {
    return rows;
  }

  protected sets(): ParamSet[][] {
    return [[...new ParameterGrid(this.params.paramGrid)]];
  }
}
