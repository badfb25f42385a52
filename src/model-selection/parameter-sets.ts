import { ParameterError, show } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import { CounterRng, DEFAULT_SEED } from "../base/rng.js";
import { isDistribution, type Distribution } from "./distributions.js";

/** Parameters of one trial. */
export type ParamSet = Readonly<Record<string, unknown>>;

/** Values to try, by parameter; pipelines take `step__param`. */
export type ParamGrid = Readonly<Record<string, readonly unknown[]>>;

/** Values or distributions to draw from, by parameter. */
export type ParamDistributions = Readonly<Record<string, readonly unknown[] | Distribution>>;

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
 * when there are no more than `nIter`); with a distribution among them, each draw is independent. Of several records,
 * each
 * draw takes one.
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
  const records = Array.isArray(distributions)
    ? (distributions as readonly ParamDistributions[])
    : [distributions as ParamDistributions];
  if (records.length === 0)
    throw new ParameterError(`${owner}: the list of distributions is empty. Pass at least one record.`);
  for (const record of records) {
    if (!isPlainObject(record))
      throw new ParameterError(
        `${owner}: distributions must be a record of lists and distributions; got ${show(record)}.`,
      );
    for (const [name, values] of Object.entries(record)) {
      if (isDistribution(values) || (Array.isArray(values) && values.length > 0)) continue;
      throw new ParameterError(
        `${owner}: ${name} must be a distribution or a list of at least one value; got ${show(values)}. Use uniform, logUniform, randint or choice.`,
      );
    }
  }
  const rng = (purpose: string): CounterRng => new CounterRng(randomState, `${owner}/${purpose}`);
  if (records.every((record) => Object.values(record).every((values) => Array.isArray(values)))) {
    return withoutReplacement(new ParameterGrid(records as readonly ParamGrid[]), nIter, rng("grid"));
  }
  const pick = rng("record");
  return Array.from({ length: nIter }, (_, i) => {
    const record = records[pick.integer(i, records.length)] as ParamDistributions;
    return Object.fromEntries(
      Object.keys(record)
        .sort()
        .map((name) => {
          const values = record[name] as readonly unknown[] | Distribution;
          const u = rng(name).uniform(i);
          return [name, isDistribution(values) ? values.sample(u) : values[Math.floor(u * values.length)]];
        }),
    );
  });
}

function withoutReplacement(grid: ParameterGrid, nIter: number, rng: CounterRng): ParamSet[] {
  if (nIter >= grid.length) return [...grid];
  const seen = new Set<number>();
  for (let draw = 0; seen.size < nIter; draw++) seen.add(rng.integer(draw, grid.length));
  return [...seen].map((index) => grid.at(index));
}
