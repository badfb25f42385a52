import { DataError, ParameterError, closest, show } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import { CounterRng, DEFAULT_SEED } from "../base/rng.js";
import type { RunOptions } from "../collections/plan-run.js";
import type { RowChoice } from "../collections/row-choice.js";
import { RowSet } from "../collections/row-set.js";
import type { Engine } from "../engine/engine.js";
import { knownRows, lengthOf, stratifiedSets } from "./aligned-rows.js";
import { checkSizes, splitShares, splitSizes, type AskedSizes } from "./split-sizes.js";
import { assertSplittable, isDistributed, takeFrom, type SplitOf, type Splittable } from "./splittable.js";
import { stratumCodes } from "./stratum-codes.js";

export type { SplitOf, Splittable } from "./splittable.js";

/** Options of {@link trainTestSplit}. */
export interface SplitOptions extends RunOptions {
  /** Share in (0, 1), or number of rows, of the test side. 0.25 unless `trainSize` is given. */
  readonly testSize?: number;
  /** Share in (0, 1), or number of rows, of the train side; the rest unless given. */
  readonly trainSize?: number;
  /** The seed: equal seeds give equal splits. 0 unless given. */
  readonly randomState?: number;
  /** Rows at random (true unless given); false takes the head for training and the rows after it for testing. */
  readonly shuffle?: boolean;
  /** Labels of the rows: both sides get each label in proportion, exactly. One pass over the labels. */
  readonly stratify?: Splittable;
  /** Split within each partition, at its size times the share: needs no row counts, but depends on the partitioning. */
  readonly blockwise?: boolean;
  /** The engine for the pass that counts rows or reads labels, where there is one. */
  readonly engine?: Engine;
}

const OWNER = "trainTestSplit";
const OPTION_NAMES = [
  "testSize",
  "trainSize",
  "randomState",
  "shuffle",
  "stratify",
  "blockwise",
  "engine",
  "signal",
  "onProgress",
];

/** Collections by name. */
type Named = Readonly<Record<string, Splittable | undefined>>;

/** Both sides of a split of named collections. */
export interface NamedSplit<T extends Named> {
  readonly train: { readonly [K in keyof T]: SplitOf<T[K]> };
  readonly test: { readonly [K in keyof T]: SplitOf<T[K]> };
}

/**
 * Splits collections of equal length into train and test rows, the same rows of each: distributed arrays (dense and
 * sparse), frames, series, and local arrays of rows or labels, in any mixture.
 *
 * Exact over all rows: `round(testSize * n)` rows are drawn, all choices equally likely, by a counter-based generator from
 * the seed and the global row number, so that the same rows come for any partitioning. With `stratify` each label gets its
 * share by largest remainders. Distributed results are lazy, keep the partitions and their order, and know their row
 * counts. Rows stay in their order on both sides (scikit-learn shuffles them, which models here do not depend on), and
 * fractions are rounded to the nearest row (scikit-learn rounds the test side up).
 *
 * A frame is split whole: select the columns you need first, because columns dropped after the split have been read.
 *
 * Cost: nothing is read where row counts are known, except `stratify`'s labels; collections of unknown length are counted
 * in one pass (or use `blockwise`). The choice takes about 70 ns a row here and two bits a row of memory.
 *
 * @param collections a record, whose split is `{ train, test }` of the same names; or one to four collections one by one,
 *   whose split is flat: `[XTrain, XTest, yTrain, yTest]`
 * @throws DataError when lengths differ, a side would be empty, or a label occurs once only; ParameterError for options
 *   that do not fit
 *
 * @example
 * ```ts
 * const { train, test } = await trainTestSplit({ X, y, sampleWeight }, { testSize: 0.2, stratify: y });
 * await model.fit(train.X, train.y, { sampleWeight: train.sampleWeight });
 *
 * const [XTrain, XTest, yTrain, yTest] = await trainTestSplit(X, y, { testSize: 1000, randomState: 42 });
 * ```
 */
export function trainTestSplit<A extends Splittable>(a: A, options?: SplitOptions): Promise<[SplitOf<A>, SplitOf<A>]>;
export function trainTestSplit<A extends Splittable, B extends Splittable>(
  a: A,
  b: B,
  options?: SplitOptions,
): Promise<[SplitOf<A>, SplitOf<A>, SplitOf<B>, SplitOf<B>]>;
export function trainTestSplit<A extends Splittable, B extends Splittable, C extends Splittable>(
  a: A,
  b: B,
  c: C,
  options?: SplitOptions,
): Promise<[SplitOf<A>, SplitOf<A>, SplitOf<B>, SplitOf<B>, SplitOf<C>, SplitOf<C>]>;
export function trainTestSplit<A extends Splittable, B extends Splittable, C extends Splittable, D extends Splittable>(
  a: A,
  b: B,
  c: C,
  d: D,
  options?: SplitOptions,
): Promise<[SplitOf<A>, SplitOf<A>, SplitOf<B>, SplitOf<B>, SplitOf<C>, SplitOf<C>, SplitOf<D>, SplitOf<D>]>;
export function trainTestSplit<T extends Named>(collections: T, options?: SplitOptions): Promise<NamedSplit<T>>;
export async function trainTestSplit(...given: unknown[]): Promise<unknown> {
  const [first] = given;
  if (isPlainObject(first)) {
    const names = Object.keys(first).filter((name) => first[name] !== undefined);
    const sides = await split(
      names,
      names.map((name) => first[name]),
      given[1] ?? {},
    );
    const side = (which: "train" | "test"): object =>
      Object.fromEntries(names.map((name, k) => [name, sides[k]?.[which]]));
    return { train: side("train"), test: side("test") };
  }
  const last = given.at(-1);
  const options = isPlainObject(last) ? last : {};
  const values = (isPlainObject(last) ? given.slice(0, -1) : given).filter((value) => value !== undefined);
  const sides = await split(
    values.map((_, k) => `argument ${k}`),
    values,
    options,
  );
  return sides.flatMap(({ train, test }) => [train, test]);
}

interface Sides {
  readonly train: Splittable;
  readonly test: Splittable;
}

async function split(names: readonly string[], values: readonly unknown[], given: unknown): Promise<Sides[]> {
  const options = checkOptions(given);
  const collections = values.map((value, k) => {
    assertSplittable(OWNER, names[k] ?? "", value);
    return value;
  });
  if (collections.length === 0) throw new ParameterError(`${OWNER}: nothing to split. Pass at least one collection.`);
  const counts = options.blockwise ? blockRows(names, collections) : await knownRows(OWNER, collections, options);
  const choices = options.blockwise
    ? blockChoices(options)
    : await exactChoices(lengthOf(OWNER, names, collections, counts), options);
  return collections.map((value, k) => ({
    train: takeFrom(OWNER, value, choices.train, counts[k]),
    test: takeFrom(OWNER, value, choices.test, counts[k]),
  }));
}

function checkOptions(given: unknown): SplitOptions {
  if (!isPlainObject(given)) throw new ParameterError(`${OWNER}: options must be an object; got ${show(given)}.`);
  for (const name of Object.keys(given)) {
    if (OPTION_NAMES.includes(name)) continue;
    const near = closest(name, OPTION_NAMES);
    throw new ParameterError(
      `${OWNER}: unknown option ${show(name)}. ${near ? `Did you mean ${show(near)}? ` : ""}It takes: ${OPTION_NAMES.join(", ")}.`,
    );
  }
  const options = given as SplitOptions;
  checkSizes(OWNER, options, options.blockwise === true);
  if (options.randomState !== undefined && !Number.isSafeInteger(options.randomState)) {
    throw new ParameterError(`${OWNER}: randomState must be an integer; got ${show(options.randomState)}.`);
  }
  for (const name of ["shuffle", "blockwise"] as const) {
    if (options[name] !== undefined && typeof options[name] !== "boolean")
      throw new ParameterError(`${OWNER}: ${name} must be true or false; got ${show(options[name])}.`);
  }
  if (options.stratify !== undefined && options.shuffle === false) {
    throw new ParameterError(
      `${OWNER}: stratify needs shuffle: true; head and tail cannot be stratified. Leave one of them out.`,
    );
  }
  if (options.stratify !== undefined && options.blockwise) {
    throw new ParameterError(
      `${OWNER}: stratify is exact over all rows, so it cannot go with blockwise: true. Leave one of them out.`,
    );
  }
  return options;
}

async function exactChoices(n: number, options: SplitOptions): Promise<{ train: RowChoice; test: RowChoice }> {
  const sizes = splitSizes(OWNER, n, options as AskedSizes);
  if (options.shuffle === false) {
    return {
      train: { kind: "range", from: 0, to: sizes.train },
      test: { kind: "range", from: sizes.train, to: sizes.train + sizes.test },
    };
  }
  const rng = new CounterRng(options.randomState ?? DEFAULT_SEED, OWNER);
  const sets =
    options.stratify === undefined
      ? RowSet.draw(rng, n, sizes.train, sizes.test)
      : stratifiedSets(
          OWNER,
          "stratify",
          rng,
          n,
          sizes,
          await stratumCodes(OWNER, "stratify", options.stratify, options),
        );
  return { train: { kind: "set", set: sets.train }, test: { kind: "set", set: sets.test } };
}

function blockRows(names: readonly string[], collections: readonly Splittable[]): (readonly number[] | undefined)[] {
  let first: readonly number[] | undefined;
  return collections.map((value, k) => {
    if (!isDistributed(value)) {
      throw new ParameterError(
        `${OWNER}: ${names[k]} is local and has no partitions, which blockwise: true needs. Leave blockwise out.`,
      );
    }
    const partitions = (collections[0] as { partitions: number }).partitions;
    first ??= value.partitionRows;
    if (
      value.partitions !== partitions ||
      (value.partitionRows && first && value.partitionRows.join() !== first.join())
    ) {
      throw new DataError(
        `${OWNER}: ${names[0]} and ${names[k]} are partitioned differently (${partitions} and ${value.partitions} partitions), so blockwise: true would tear rows apart. ` +
          "Repartition one like the other, or leave blockwise out.",
      );
    }
    return value.partitionRows;
  });
}

function blockChoices(options: SplitOptions): { train: RowChoice; test: RowChoice } {
  const shares = splitShares(options as AskedSizes);
  const seed = options.shuffle === false ? null : (options.randomState ?? DEFAULT_SEED);
  return {
    train: { kind: "block", side: "train", ...shares, seed },
    test: { kind: "block", side: "test", ...shares, seed },
  };
}
