import { DataError, ParameterError, show } from "../../base/errors.js";
import { evenRows, startsOf } from "./sources.js";

/** Rows [from, to) of a partition, or that fraction of them. */
export interface PieceOf {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** How new partitions are put together from old ones. */
export interface PieceLayout {
  readonly pieces: readonly (readonly PieceOf[])[];
  readonly unit: "row" | "fraction";
  readonly partitionRows: readonly number[] | undefined;
}

/** `to` partitions out of `from`: equal row counts where they are known, else equal shares of the old partitions. */
export function repartitionPieces(partitionRows: readonly number[] | undefined, from: number, to: number): PieceLayout {
  if (!Number.isInteger(to) || to < 1)
    throw new ParameterError(`repartition: partitions must be an integer >= 1; got ${show(to)}.`);
  if (partitionRows) {
    const rows = partitionRows.reduce((sum, n) => sum + n, 0);
    return alignedPieces(partitionRows, evenRows(rows, to));
  }
  const pieces = Array.from({ length: to }, (_, j) => {
    // Integer arithmetic on a common grid of from * to cells, so that edges meet exactly.
    const list: PieceOf[] = [];
    for (let p = Math.floor((j * from) / to); p < from && p * to < (j + 1) * from; p++) {
      const start = Math.max(0, (j * from - p * to) / to);
      const end = Math.min(1, ((j + 1) * from - p * to) / to);
      if (end > start) list.push({ partition: p, from: start, to: end });
    }
    return list;
  });
  return { pieces, unit: "fraction", partitionRows: undefined };
}

/** Pieces that turn partitions of `old` rows into partitions of `wanted` rows; both sum to the same. */
export function alignedPieces(old: readonly number[], wanted: readonly number[]): PieceLayout {
  const total = (rows: readonly number[]): number => rows.reduce((sum, n) => sum + n, 0);
  if (total(old) !== total(wanted)) {
    throw new DataError(`repartition: ${total(wanted)} rows are asked for, but there are ${total(old)}.`);
  }
  const starts = startsOf(old);
  const pieces = startsOf(wanted).map((begin, i) => {
    const end = begin + (wanted[i] ?? 0);
    const list: PieceOf[] = [];
    old.forEach((rows, p) => {
      const start = starts[p] ?? 0;
      const from = Math.max(begin, start);
      const to = Math.min(end, start + rows);
      if (to > from) list.push({ partition: p, from: from - start, to: to - start });
    });
    // An empty partition still needs a width and a dtype: an empty piece of the first one.
    return list.length > 0 || old.length === 0 ? list : [{ partition: 0, from: 0, to: 0 }];
  });
  return { pieces, unit: "row", partitionRows: [...wanted] };
}
