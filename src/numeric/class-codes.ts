import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { CompensatedSum } from "./compensated-sum.js";

/** Codes of a column beyond this look like something else (an id, a price), and would take memory for nothing. */
const MOST_CODES = 1_000_000;

/** Weight of each code of each column within each class: columns one after the other, `sizes[j]` codes of column j. */
export interface CodeCounts {
  readonly sizes: Int32Array;
  readonly first: Float64Array[];
}

/**
 * Counts the codes 0, 1, 2, ... of each column by class. A column has `least` codes or as many as its largest asks for;
 * what is not finite makes the column's first count NaN, so that it is seen in the sums.
 * @param members row numbers of each class
 * @throws DataError naming column, partition and row of a value that is no code
 */
export function countCodes(
  context: TaskContext,
  { owner, least }: { readonly owner: string; readonly least: number },
  columns: readonly ArrayLike<number | bigint>[],
  members: readonly (readonly number[])[],
  weightOf: (row: number) => number,
): CodeCounts {
  const sizes = new Int32Array(columns.length).fill(least);
  columns.forEach((column, j) => {
    for (const own of members) {
      for (const row of own) {
        const code = Number(column[row]);
        if (!Number.isFinite(code)) continue;
        if (!isCode(code) || code >= MOST_CODES)
          throw notACode(owner, code, { column: j, partition: context.partition?.index ?? 0, row });
        if (code >= (sizes[j] as number)) sizes[j] = code + 1;
      }
    }
  });
  const starts = startsOf(sizes);
  const first = members.map((own) => {
    const counts = Array.from({ length: starts.at(-1) as number }, () => new CompensatedSum());
    columns.forEach((column, j) => {
      for (const row of own) {
        const code = Number(column[row]);
        counts[(starts[j] as number) + (Number.isFinite(code) ? code : 0)]?.add(
          Number.isFinite(code) ? weightOf(row) : NaN,
        );
      }
    });
    return Float64Array.from(counts, (sum) => sum.value);
  });
  return { sizes, first };
}

/** Whether a value can be a code. */
export function isCode(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

/** Where each column's codes start, and after them all codes together. */
export function startsOf(sizes: Int32Array): Int32Array {
  const starts = new Int32Array(sizes.length + 1);
  sizes.forEach((size, j) => (starts[j + 1] = (starts[j] as number) + size));
  return starts;
}

/** Codes that both have room for: the larger number of each column. */
export function largerSizes(a: Int32Array, b: Int32Array): Int32Array {
  return a.map((size, j) => Math.max(size, b[j] as number));
}

/** Counts of a class with room for more codes. */
export function widened(counts: Float64Array, from: Int32Array, to: Int32Array): Float64Array {
  const [old, wide] = [startsOf(from), startsOf(to)];
  const out = new Float64Array(wide.at(-1) as number);
  from.forEach((_, j) => out.set(counts.subarray(old[j], old[j + 1]), wide[j]));
  return out;
}

/** The error for a value that is no code. */
export function notACode(
  owner: string,
  value: number,
  place: { readonly column: number; readonly partition: number; readonly row: number },
): DataError {
  const { column, partition, row } = place;
  return new DataError(
    `${owner}: X must hold category codes 0, 1, 2, ... (below ${MOST_CODES}); got ${value} in column ${column}, partition ${partition}, row ${row}. Make codes with OrdinalEncoder or KBinsDiscretizer({ encode: "ordinal" }).`,
    { details: { column, partition, row } },
  );
}
