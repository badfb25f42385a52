import { DataError, ParameterError } from "../base/errors.js";
import type { ParamTable } from "../base/params.js";
import { DEFAULT_SEED } from "../base/rng.js";
import type { RowChoice } from "../collections/row-choice.js";
import { noRows } from "../estimator/no-rows.js";
import { knownRows, lengthOf, type SplitRunOptions } from "./aligned-rows.js";
import { RowSelection, setWhere, type RowCounts, type Split } from "./row-selection.js";
import { assertSplittable, isDistributed, type Splittable } from "./splittable.js";
import { stratumCodes, type StratumCodes } from "./stratum-codes.js";

/** What a splitter splits by; see {@link Splitter.split}. */
export interface SplitInput {
  readonly n: number;
  readonly y: Splittable | undefined;
  readonly groups: Splittable | undefined;
  readonly options: SplitRunOptions;
  readonly counts: RowCounts;
}

const completeFolds = new WeakSet<readonly Split[]>();

/** True for splits of which every row is tested once and trained on by all others. */
export function areFolds(splits: readonly Split[]): boolean {
  return completeFolds.has(splits);
}

/** Makes train and test rows. Parameters are checked when it is made; equal seeds give equal splits. */
export abstract class Splitter<P extends object = object> {
  readonly params: Readonly<P>;
  protected readonly owner: string;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  protected constructor(table: ParamTable<P>, params: Partial<P>) {
    this.owner = table.owner;
    this.params = table.parse(params);
  }

  /** Splits, where that does not depend on the data. */
  abstract get nSplits(): number | undefined;

  /**
   * The splits of n rows. Rows are given by collections that hold them: distributed arrays, frames, series and local
   * lists,
   * in any mixture; each side of a split takes its rows from any of them. Nothing is copied, and the same rows come
   * for any
   * partitioning. Row counts that are not known are counted in one pass; labels and groups are read in one pass each,
   * by
   * splitters that use them.
   *
   * @param X any collection with the rows @param y labels, for stratified splitters @param groups for splitters by
   *   group
   * @throws DataError when lengths differ, or the data do not allow these splits
   */
  async split(X: Splittable, y?: Splittable, groups?: Splittable, options: SplitRunOptions = {}): Promise<Split[]> {
    const given = [
      ["X", X],
      ["y", y],
      ["groups", groups],
    ] as const;
    const present = given.filter(([name, value]) => name === "X" || (value !== undefined && value !== null));
    for (const [name, value] of present) assertSplittable(this.owner, name, value);
    const collections = present.map(([, value]) => value as Splittable);
    const counted = await knownRows(this.owner, collections, options);
    const names = present.map(([name]) => name);
    const n = lengthOf(this.owner, names, collections, counted);
    const counts = new Map<unknown, readonly number[]>();
    collections.forEach((value, k) => {
      const rows = counted[k];
      if (isDistributed(value) && rows) counts.set(value, rows);
    });
    return this.splits({ n, y: y ?? undefined, groups: groups ?? undefined, options, counts });
  }

  protected abstract splits(input: SplitInput): Promise<Split[]> | Split[];

  /** Labels as numbers. @throws DataError when they are not given */
  protected async codesOf(name: "y" | "groups", input: SplitInput): Promise<StratumCodes> {
    const values = input[name];
    if (values === undefined) {
      throw new DataError(
        `${this.owner}: ${name} is missing. Pass it to split(${name === "y" ? "X, y" : "X, y, groups"}).`,
      );
    }
    return stratumCodes(this.owner, name, values, input.options);
  }

  /** One split a fold, from the fold in which each row is tested; rows of fold -1 are never tested. */
  protected foldSplits(input: SplitInput, foldOf: ArrayLike<number>, folds: number): Split[] {
    const sizes = new Array<number>(folds).fill(0);
    for (let i = 0; i < input.n; i++) {
      const fold = foldOf[i] as number;
      if (fold >= 0) sizes[fold] = (sizes[fold] as number) + 1;
    }
    const splits = sizes.map((size, fold) => ({
      train: this.side(input, input.n - size, () => setWhere(input.n, (i) => foldOf[i] !== fold)),
      test: this.side(input, size, () => setWhere(input.n, (i) => foldOf[i] === fold)),
    }));
    if (sizes.reduce((sum, size) => sum + size, 0) === input.n) completeFolds.add(splits);
    return splits;
  }

  protected side(input: SplitInput, size: number, make: () => RowChoice): RowSelection {
    return new RowSelection(this.owner, input.n, size, make, input.counts);
  }

  /** @throws DataError for more folds than rows */
  protected requireRows(n: number, folds: number): void {
    if (n === 0) throw noRows(this.owner);
    if (n < folds) {
      throw new DataError(`${this.owner}: ${folds} folds need at least as many rows; there are ${n}. Lower nSplits.`);
    }
  }
}

/** The seed of a splitter that shuffles. @throws ParameterError for a seed that nothing would use */
export function seedOf(owner: string, shuffle: boolean, randomState: number | undefined): number {
  if (!shuffle && randomState !== undefined) {
    throw new ParameterError(
      `${owner}: randomState has no effect without shuffle. Pass shuffle: true, or leave it out.`,
    );
  }
  return randomState ?? DEFAULT_SEED;
}
