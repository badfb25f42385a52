import { ParameterError, show } from "../../base/errors.js";
import { isPlainObject } from "../../base/plain.js";
import type { AnyEstimator } from "../../estimator/registry.js";
import type { BaseSearch, BaseSearchParams } from "../../model-selection/base-search.js";
import { logUniform, randint, uniform, type Distribution } from "../../model-selection/distributions.js";
import { GridSearchCV, RandomizedSearchCV } from "../../model-selection/grid-search.js";
import { HalvingGridSearchCV } from "../../model-selection/halving-search.js";
import { HyperbandSearchCV } from "../../model-selection/hyperband.js";
import type { SearchJob } from "./job.js";

const DISTRIBUTIONS: Readonly<Record<string, (low: number, high: number) => Distribution>> = {
  uniform,
  logUniform,
  randint,
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
  const classes = {
    grid: GridSearchCV,
    random: RandomizedSearchCV,
    halving: HalvingGridSearchCV,
    hyperband: HyperbandSearchCV,
  } as const;
  return new classes[search.method](params) as unknown as BaseSearch<BaseSearchParams>;
}

function valuesOf(name: string, values: unknown, grid: boolean): unknown {
  if (Array.isArray(values)) return values;
  const entries = isPlainObject(values) ? Object.entries(values) : [];
  const [[kind, range] = []] = entries;
  const make = kind === undefined ? undefined : DISTRIBUTIONS[kind];
  const [low, high] = Array.isArray(range) ? (range as unknown[]) : [];
  if (entries.length !== 1 || !make || typeof low !== "number" || typeof high !== "number")
    throw new ParameterError(
      `search: search.space.${name} must be a list of values, or { uniform | logUniform | randint: [low, high] }; got ${show(values)}.`,
    );
  if (grid)
    throw new ParameterError(
      `search: search.space.${name} is a range, and this method tries every value. List the values, or use random or hyperband.`,
    );
  return make(low, high);
}
