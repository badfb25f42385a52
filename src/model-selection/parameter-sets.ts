import { ParameterError, show } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import { CounterRng, DEFAULT_SEED } from "../base/rng.js";
import { isConditional, SearchSpace, type ParamDistributions } from "./search-space.js";

/** Parameters of one trial. */
export type ParamSet = Readonly<Record<string, unknown>>;

/** Values to try, by parameter; pipelines take `step__param`. */
export type ParamGrid = Readonly<Record<string, readonly unknown[]>>;

/**
 * Every combination of a grid's values, or of several grids one after another, in scikit-learn's order: parameters
 * sorted by name, the last varying fastest. Not a list: a combination is made when it is asked for.
 *
 * @example
 * ```ts
 * [...new ParameterGrid({ alpha: [1, 2], fitIntercept: [true, false] })].length; // 4
 * ```
 */
export class ParameterGrid implements Iterable<ParamSet> {
  readonly length: number;
  readonly #grids: readonly {
    readonly names: readonly string[];
    readonly values: readonly (readonly unknown[])[];
    readonly size: number;
  }[];

  /** @throws ParameterError for a grid without values */
  constructor(grid: ParamGrid | readonly ParamGrid[]) {
    const grids = Array.isArray(grid) ? (grid as readonly ParamGrid[]) : [grid as ParamGrid];
    if (grids.length === 0)
      throw new ParameterError(
        "ParameterGrid: the list of grids is empty. Pass at least one, for example { alpha: [1, 10] }.",
      );
    this.#grids = grids.map((one) => {
      if (!isPlainObject(one))
        throw new ParameterError(`ParameterGrid: a grid must be a record of lists; got ${show(one)}.`);
      const names = Object.keys(one).sort();
      const values = names.map((name) => {
        const list = (one as ParamGrid)[name];
        if (isConditional(list))
          throw new ParameterError(
            `ParameterGrid: ${name} has a condition, which a grid cannot have. Pass a list of grids instead, one for each case.`,
          );
        if (!Array.isArray(list) || list.length === 0) {
          throw new ParameterError(
            `ParameterGrid: ${name} must be a list of at least one value; got ${show(list)}. Write [value] for a single one.`,
          );
        }
        return list as readonly unknown[];
      });
      return { names, values, size: values.reduce((product, list) => product * list.length, 1) };
    });
    this.length = this.#grids.reduce((sum, { size }) => sum + size, 0);
  }

  /** Combination number `index`. @throws ParameterError outside 0 to length - 1 */
  at(index: number): ParamSet {
    let rest = index;
    for (const { names, values, size } of this.#grids) {
      if (rest >= size || rest < 0) {
        rest -= size;
        continue;
      }
      const set: Record<string, unknown> = {};
      for (let k = names.length - 1; k >= 0; k--) {
        const list = values[k] as readonly unknown[];
        set[names[k] as string] = list[rest % list.length];
        rest = Math.floor(rest / list.length);
      }
      return Object.fromEntries(names.map((name) => [name, set[name]]));
    }
    throw new ParameterError(`ParameterGrid: index must be in [0, ${this.length}); got ${show(index)}.`);
  }

  *[Symbol.iterator](): Iterator<ParamSet> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }
}

/**
 * Parameter sets drawn at random, the same for the same seed. Lists alone are drawn without replacement (all of them
 * when there are no more than `nIter`); with a distribution or a condition among them, each draw is independent. Of
 * several records, each draw takes one.
 *
 * @throws ParameterError for an empty record or list, or a number of draws below 1
 */
export function sampleParameters(
  distributions: ParamDistributions | readonly ParamDistributions[],
  nIter: number,
  randomState = DEFAULT_SEED,
): ParamSet[] {
  const owner = "ParameterSampler";
  if (!Number.isSafeInteger(nIter) || nIter < 1)
    throw new ParameterError(`${owner}: nIter must be an integer >= 1; got ${show(nIter)}.`);
  const space = new SearchSpace(owner, distributions);
  if (space.isGrid) {
    const grid = new ParameterGrid(distributions as ParamGrid | readonly ParamGrid[]);
    return withoutReplacement(grid, nIter, new CounterRng(randomState, `${owner}/grid`));
  }
  return Array.from({ length: nIter }, (_, i) => drawnAt(space, i, randomState).params);
}

/** Draw number `index` of a space: its record, the uniform numbers behind it by parameter, and the parameters. */
export function drawnAt(
  space: SearchSpace,
  index: number,
  randomState: number,
): { readonly record: number; readonly u: ReadonlyMap<string, number>; readonly params: ParamSet } {
  const owner = "ParameterSampler";
  const record = new CounterRng(randomState, `${owner}/record`).integer(index, space.records.length);
  const u = new Map<string, number>();
  const params = space.at(record, (name) => {
    const value = new CounterRng(randomState, `${owner}/${name}`).uniform(index);
    u.set(name, value);
    return value;
  });
  return { record, u, params };
}

function withoutReplacement(grid: ParameterGrid, nIter: number, rng: CounterRng): ParamSet[] {
  if (nIter >= grid.length) return [...grid];
  const seen = new Set<number>();
  for (let draw = 0; seen.size < nIter; draw++) seen.add(rng.integer(draw, grid.length));
  return [...seen].map((index) => grid.at(index));
}
