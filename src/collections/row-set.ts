import type { CounterRng } from "../base/rng.js";

/** A set of rows 0 to n - 1, one bit each: what a split ships to its tasks. */
export class RowSet {
  readonly rows: number;
  readonly bits: Uint8Array;

  /** @param bits the set as {@link part} gives it; empty unless given */
  constructor(rows: number, bits: Uint8Array = new Uint8Array(Math.ceil(rows / 8))) {
    this.rows = rows;
    this.bits = bits;
  }

  /**
   * Draws exactly `test` rows and `train` others, all such choices equally likely: each row in turn is taken with
   * probability needed / left. A row's number comes from its index alone. `groupOf` draws within groups that have their
   * own sizes.
   */
  static draw(rng: CounterRng, rows: number, train: number, test: number): { train: RowSet; test: RowSet } {
    return RowSet.drawGroups(rng, rows, undefined, [{ rows, train, test }]);
  }

  /** As {@link draw}, exactly in every group: `groupOf[i]` is the group of row i. */
  static drawGroups(
    rng: CounterRng,
    rows: number,
    groupOf: ArrayLike<number> | undefined,
    groups: readonly { readonly rows: number; readonly train: number; readonly test: number }[],
  ): { train: RowSet; test: RowSet } {
    const sets = { train: new RowSet(rows), test: new RowSet(rows) };
    const left = groups.map((group) => group.rows);
    const needTrain = groups.map((group) => group.train);
    const needTest = groups.map((group) => group.test);
    for (let i = 0; i < rows; i++) {
      const g = groupOf?.[i] ?? 0;
      const u = rng.uniform(i) * (left[g] as number);
      const test = needTest[g] as number;
      if (u < test) {
        sets.test.add(i);
        needTest[g] = test - 1;
      } else if (u < test + (needTrain[g] as number)) {
        sets.train.add(i);
        needTrain[g] = (needTrain[g] as number) - 1;
      }
      left[g] = (left[g] as number) - 1;
    }
    return sets;
  }

  add(row: number): void {
    this.bits[row >> 3] = (this.bits[row >> 3] ?? 0) | (1 << (row & 7));
  }

  has(row: number): boolean {
    return (((this.bits[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
  }

  get size(): number {
    return this.count(0, this.rows);
  }

  /** Rows of the set in [from, to). */
  count(from: number, to: number): number {
    let count = 0;
    for (let i = from; i < to; i++) if (this.has(i)) count += 1;
    return count;
  }

  /** The bits of rows [from, to), as the set of a partition. */
  part(from: number, to: number): Uint8Array {
    const part = new RowSet(to - from);
    for (let i = from; i < to; i++) if (this.has(i)) part.add(i - from);
    return part.bits;
  }

  /** One byte a row, 0 or 1. */
  toMask(): Uint8Array {
    const mask = new Uint8Array(this.rows);
    for (let i = 0; i < mask.length; i++) mask[i] = ((this.bits[i >> 3] as number) >> (i & 7)) & 1;
    return mask;
  }

  /** The rows in ascending order. */
  toIndices(): number[] {
    const indices: number[] = [];
    for (let i = 0; i < this.rows; i++) if (this.has(i)) indices.push(i);
    return indices;
  }
}
