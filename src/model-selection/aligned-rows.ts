import { DataError, show } from "../base/errors.js";
import type { CounterRng } from "../base/rng.js";
import type { RunOptions } from "../collections/plan-run.js";
import { countRowsOf } from "../collections/row-choice.js";
import { RowSet } from "../collections/row-set.js";
import type { Engine } from "../engine/engine.js";
import { largestRemainder, type SplitSizes } from "./split-sizes.js";
import { isDistributed, type Splittable } from "./splittable.js";
import type { StratumCodes } from "./stratum-codes.js";

/** How a pass over labels or row counts runs. */
export interface SplitRunOptions extends RunOptions {
  readonly engine?: Engine;
}

/**
 * Rows of each partition of each collection; those that are not known are counted, all with as many partitions in one
 * pass.
 */
export async function knownRows(
  owner: string,
  collections: readonly Splittable[],
  options: SplitRunOptions,
): Promise<(readonly number[] | undefined)[]> {
  const rows = collections.map((value) => (isDistributed(value) ? value.partitionRows : undefined));
  const unknown = new Map<number, number[]>();
  collections.forEach((value, k) => {
    if (!isDistributed(value) || rows[k]) return;
    unknown.set(value.partitions, [...(unknown.get(value.partitions) ?? []), k]);
  });
  for (const group of unknown.values()) {
    const plans = group.flatMap((k) => {
      const value = collections[k];
      return isDistributed(value) ? [value.plan] : [];
    });
    const counted = await countRowsOf(`${owner}.countRows`, plans, options);
    group.forEach((k, i) => {
      rows[k] = counted[i];
    });
  }
  return rows;
}

/** The rows that all collections have. @throws DataError when they differ */
export function lengthOf(
  owner: string,
  names: readonly string[],
  collections: readonly Splittable[],
  counts: readonly (readonly number[] | undefined)[],
): number {
  const lengths = collections.map((value, k) =>
    isDistributed(value) ? (counts[k] ?? []).reduce((sum, rows) => sum + rows, 0) : value.length,
  );
  const n = lengths[0] ?? 0;
  const other = lengths.findIndex((length) => length !== n);
  if (other >= 0) {
    throw new DataError(
      `${owner}: ${names[0]} has ${n} rows but ${names[other]} has ${lengths[other]}. All collections need the same rows.`,
    );
  }
  return n;
}

/**
 * Train and test rows with each label in proportion, exactly.
 * @param name the argument that the labels came from, @throws DataError for a label that occurs once, or too small a
 *   side
 */
export function stratifiedSets(
  owner: string,
  name: string,
  rng: CounterRng,
  n: number,
  sizes: SplitSizes,
  { labels, codes }: StratumCodes,
): { train: RowSet; test: RowSet } {
  if (codes.length !== n)
    throw new DataError(
      `${owner}: ${name} has ${codes.length} rows but the collections have ${n}. Pass the labels of these rows.`,
    );
  const rows = labels.map(() => 0);
  for (const code of codes) rows[code] = (rows[code] ?? 0) + 1;
  const rare = rows.findIndex((count) => count < 2);
  if (rare >= 0) {
    throw new DataError(
      `${owner}: the label ${show(labels[rare])} of ${name} occurs once only, and both sides need one. Drop that row, or leave ${name} out.`,
    );
  }
  for (const side of ["test", "train"] as const) {
    if (sizes[side] < labels.length) {
      throw new DataError(
        `${owner}: ${name} has ${labels.length} labels, but the ${side} side gets ${sizes[side]} rows. Give it at least one a label.`,
      );
    }
  }
  const test = largestRemainder(rows, sizes.test);
  const rest = rows.map((count, g) => count - (test[g] ?? 0));
  const train = largestRemainder(rest, sizes.train);
  return RowSet.drawGroups(
    rng,
    n,
    codes,
    rows.map((count, g) => ({ rows: count, train: train[g] ?? 0, test: test[g] ?? 0 })),
  );
}
