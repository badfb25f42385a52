import { DataError } from "../base/errors.js";
import type { RowChoice } from "../collections/row-choice.js";
import { RowSet } from "../collections/row-set.js";
import { assertSplittable, isDistributed, takeFrom, type SplitOf, type Splittable } from "./splittable.js";

/** The partitions' row counts of collections that had to be counted. */
export type RowCounts = ReadonlyMap<unknown, readonly number[]>;

/** Some rows of a collection and of all that are aligned with it: one side of a split. A bit a row, no copy of data. */
export class RowSelection {
  /** Rows of the whole collection. */
  readonly rows: number;
  /** Rows that are selected. */
  readonly size: number;
  readonly #owner: string;
  readonly #make: () => RowChoice;
  readonly #counts: RowCounts;
  #choice: RowChoice | undefined;
  // The same rows are the same collection, so that what is known of it (fitted steps, say) is found again.
  readonly #taken = new WeakMap<object, unknown>();

  /** @param make the choice, made when it is first needed */
  constructor(owner: string, rows: number, size: number, make: () => RowChoice, counts: RowCounts) {
    this.#owner = owner;
    this.rows = rows;
    this.size = size;
    this.#make = make;
    this.#counts = counts;
  }

  /** The choice as collections take it. */
  get choice(): RowChoice {
    this.#choice ??= this.#make();
    return this.#choice;
  }

  /**
   * These rows of a collection, in their order: lazily for distributed ones, which keep their partitions.
   * @throws DataError when it has another number of rows, or nobody has counted them
   */
  take<T extends Splittable>(collection: T): SplitOf<T> {
    if (isDistributed(collection)) {
      const known = this.#taken.get(collection);
      if (known !== undefined) return known as SplitOf<T>;
      const taken = this.#take(collection);
      this.#taken.set(collection, taken);
      return taken;
    }
    return this.#take(collection);
  }

  #take<T extends Splittable>(collection: T): SplitOf<T> {
    assertSplittable(this.#owner, "the collection", collection);
    let counts: readonly number[] | undefined;
    if (isDistributed(collection)) {
      counts = collection.partitionRows ?? this.#counts.get(collection);
      if (!counts) {
        throw new DataError(
          `${this.#owner}: the row counts of this collection are not known. Pass this very collection to split(), which counts them.`,
        );
      }
    }
    const rows = counts ? counts.reduce((sum, count) => sum + count, 0) : (collection as { length: number }).length;
    if (rows !== this.rows) {
      throw new DataError(
        `${this.#owner}: the collection has ${rows} rows, but ${this.rows} were split. Take from collections of the same rows.`,
      );
    }
    return takeFrom(this.#owner, collection, this.choice, counts) as SplitOf<T>;
  }

  /** Another selection of the same collection. */
  with(owner: string, size: number, make: () => RowChoice): RowSelection {
    return new RowSelection(owner, this.rows, size, make, this.#counts);
  }

  /** The selected rows in ascending order. */
  toIndices(): number[] {
    const { choice } = this;
    if (choice.kind === "set") return choice.set.toIndices();
    if (choice.kind === "range") return Array.from({ length: choice.to - choice.from }, (_, i) => choice.from + i);
    throw new TypeError("A draw within partitions has no global rows.");
  }
}

/** Both sides of one split; together they need not be all rows. */
export interface Split {
  readonly train: RowSelection;
  readonly test: RowSelection;
}

/** The rows for which `has` is true. */
export function setWhere(rows: number, has: (row: number) => boolean): RowChoice {
  const set = new RowSet(rows);
  for (let row = 0; row < rows; row++) if (has(row)) set.add(row);
  return { kind: "set", set };
}
