import { ParameterError, show } from "../../base/errors.js";
import { isPlainObject } from "../../base/plain.js";
import type { AnyEstimator } from "../../estimator/registry.js";
import type { BaseSearch } from "../../model-selection/base-search.js";
import type { BaseSearchParams } from "../../model-selection/search-plan.js";
import { AshaSearchCV } from "../../model-selection/asha-search.js";
import {
  logNormal,
  logUniform,
  normal,
  randint,
  uniform,
  type Distribution,
} from "../../model-selection/distributions.js";
import { GridSearchCV, RandomizedSearchCV } from "../../model-selection/grid-search.js";
import { HalvingGridSearchCV, HalvingRandomSearchCV } from "../../model-selection/halving-search.js";
import { HyperbandSearchCV } from "../../model-selection/hyperband.js";
import { TPESearchCV } from "../../model-selection/tpe-search.js";
import type { SearchJob } from "./job.js";

const DISTRIBUTIONS: Readonly<Record<string, (low: number, high: number) => Distribution>> = {
  uniform,
  logUniform,
  randint,
  normal,
  logNormal,
};

/** The searches by the name of their method in a job. */
const SEARCHES: Readonly<Record<SearchJob["method"], new (params: never) => unknown>> = {
  grid: GridSearchCV,
  random: RandomizedSearchCV,
  halving: HalvingGridSearchCV,
  halvingRandom: HalvingRandomSearchCV,
  hyperband: HyperbandSearchCV,
  asha: AshaSearchCV,
  tpe: TPESearchCV,
};

/** The search that a job describes. @throws ParameterError of the search, which names what it does not take */
export function buildSearch(estimator: AnyEstimator, search: SearchJob): BaseSearch<BaseSearchParams> {
  const grid = search.method === "grid" || search.method === "halving";
  const space = Object.fromEntries(
    Object.entries(search.space).map(([name, values]) => [name, valuesOf(name, values, grid)]),
  );
  const params = {
    estimator,
    [grid ? "paramGrid" : "paramDistributions"]: space,
    ...(search.scoring === undefined ? {} : { scoring: search.scoring }),
    ...search.options,
  } as never;
  return new SEARCHES[search.method](params) as BaseSearch<BaseSearchParams>;
}

function valuesOf(name: string, values: unknown, grid: boolean): unknown {
  if (Array.isArray(values)) return values;
  const entries = isPlainObject(values) ? Object.entries(values) : [];
  const [[kind, range] = []] = entries;
  const make = kind === undefined ? undefined : DISTRIBUTIONS[kind];
  const [low, high] = Array.isArray(range) ? (range as unknown[]) : [];
  if (entries.length !== 1 || !make || typeof low !== "number" || typeof high !== "number")
    throw new ParameterError(
      `search: search.space.${name} must be a list of values, or { uniform | logUniform | randint: [low, high] } or { normal | logNormal: [mean, deviation] }; got ${show(values)}.`,
    );
  if (grid)
    throw new ParameterError(
      `search: search.space.${name} is a range, and this method tries every value. List the values, or use random, halvingRandom, hyperband, asha or tpe.`,
    );
  return make(low, high);
}
