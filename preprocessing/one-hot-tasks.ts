import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { addCellStep, denseRow, type RowValue, type SparseRow } from "../src/estimator/row-steps.js";
import type { Column, CsrChunk, DenseChunk } from "../src/memory/column.js";
import { matchColumns, rowPositions, type CodeTable, type MatchedColumn } from "./code-table.js";

interface OneHotArgs extends CodeTable {
  /** Output column of each category from its feature's first, -1 for none. */
  readonly slots: readonly Int32Array[];
  /** The same for categories that fit has not seen. */
  readonly unknown: readonly number[];
  readonly widths: readonly number[];
  readonly dtype: "f64" | "f32";
}

/** Output column of each distinct value of each feature, -1 for none. */
function targetsOf(args: OneHotArgs, columns: readonly MatchedColumn[]): Int32Array[] {
  let first = 0;
  return columns.map(({ positions }, j) => {
    const start = first;
    first += args.widths[j] ?? 0;
    return positions.map((position) => {
      const slot = (position < 0 ? args.unknown[j] : args.slots[j]?.[position]) ?? -1;
      return slot < 0 ? -1 : start + slot;
    });
  });
}

/** One partition in compressed rows. */
export function oneHotCsr(context: TaskContext, args: OneHotArgs, value: unknown): CsrChunk {
  const { rows, columns } = matchColumns(context, args, value);
  const targets = targetsOf(args, columns);
  const cols = args.widths.reduce((sum, width) => sum + width, 0);
  const k = columns.length;
  if (targets.every((target) => !target.includes(-1))) {
    // The common case: every row has one entry in each feature.
    const out = context.memory.csr(rows, cols, rows * k);
    context.memory.view(out.values).fill(1);
    const indptr = context.memory.view(out.indptr);
    for (let i = 0; i <= rows; i++) indptr[i] = i * k;
    const indices = context.memory.view(out.indices);
    columns.forEach(({ codes }, j) => {
      const target = targets[j] as Int32Array;
      for (let i = 0, at = j; i < rows; i++, at += k) indices[at] = target[codes[i] as number] as number;
    });
    return out;
  }
  let entries = 0;
  columns.forEach(({ codes }, j) => {
    const target = targets[j] as Int32Array;
    for (let i = 0; i < rows; i++) entries += (target[codes[i] as number] as number) < 0 ? 0 : 1;
  });
  const out = context.memory.csr(rows, cols, entries);
  context.memory.view(out.values).fill(1);
  const indptr = context.memory.view(out.indptr);
  const indices = context.memory.view(out.indices);
  let at = 0;
  for (let i = 0; i < rows; i++) {
    indptr[i] = at;
    for (let j = 0; j < k; j++) {
      const to = (targets[j] as Int32Array)[(columns[j] as MatchedColumn).codes[i] as number] as number;
      if (to >= 0) indices[at++] = to;
    }
  }
  indptr[rows] = at;
  return out;
}

/** One partition, dense. */
export function oneHotDense(context: TaskContext, args: OneHotArgs, value: unknown): DenseChunk {
  const { rows, columns } = matchColumns(context, args, value);
  const targets = targetsOf(args, columns);
  const width = args.widths.reduce((sum, own) => sum + own, 0);
  const out = context.memory.dense(args.dtype, rows, width);
  const views = out.columns.map(
    (column) => context.memory.view(column as Column<"f64" | "f32">).fill(0) as Float64Array,
  );
  columns.forEach(({ codes }, j) => {
    const target = targets[j] as Int32Array;
    for (let i = 0; i < rows; i++) {
      const to = target[codes[i] as number] as number;
      if (to >= 0) (views[to] as Float64Array)[i] = 1;
    }
  });
  return out;
}

/** The ones of one row. */
function rowOnes(args: OneHotArgs): (row: RowValue) => SparseRow | undefined {
  const positionsOf = rowPositions(args);
  const width = args.widths.reduce((sum, own) => sum + own, 0);
  return (row) => {
    const positions = positionsOf(row);
    if (!positions) return undefined;
    const indices: number[] = [];
    let first = 0;
    positions.forEach((position, j) => {
      const slot = (position < 0 ? args.unknown[j] : args.slots[j]?.[position]) ?? -1;
      if (slot >= 0) indices.push(first + slot);
      first += args.widths[j] ?? 0;
    });
    return { width, indices, values: indices.map(() => 1) };
  };
}

addCellStep<OneHotArgs>(fnRef(import.meta.url, "oneHotCsr"), (args) => {
  const onesOf = rowOnes(args);
  return (row) => onesOf(row as RowValue);
});

addCellStep<OneHotArgs>(fnRef(import.meta.url, "oneHotDense"), (args) => {
  const onesOf = rowOnes(args);
  return (row) => {
    const ones = onesOf(row as RowValue);
    return ones && denseRow(ones);
  };
});
