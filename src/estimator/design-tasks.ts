import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { Workspace } from "../kernels/workspace.js";
import type { Column, CsrChunk, DenseChunk, MatrixChunk } from "../memory/column.js";
import { chunkWidth } from "../memory/column.js";
import type { DesignChunk } from "../numeric/design-chunk.js";

/** What {@link zipDesign} is told. */
export interface ZipArgs {
  readonly owner: string;
  readonly y: boolean;
  readonly w: boolean;
  /** Names of the further vectors, in order. */
  readonly vectors?: readonly RowVectorName[];
}

/** Vectors that a design may have besides y and weights. */
export const rowVectorNames = ["offset", "baseMargin", "exposure", "groups"] as const;

/** Name of one of them. */
export type RowVectorName = (typeof rowVectorNames)[number];

/**
 * Puts partitions of X, y and weights together: the same rows, y and weights finite, weights not negative. X itself is not
 * looked at here; the algorithms see its NaN in their own sums and then call {@link locateNonFinite}.
 */
export function zipDesign(context: TaskContext, args: ZipArgs, x: MatrixChunk, ...vectors: DenseChunk[]): DesignChunk {
  const partition = context.partition?.index ?? 0;
  const rest = [...vectors];
  const take = (name: string): Column<"f64"> => {
    const vector = rest.shift() as DenseChunk;
    if (vector.rows !== x.rows) {
      throw new DataError(
        `${args.owner}: X has ${x.rows} rows but ${name} has ${vector.rows} in partition ${partition}. Take both from the same source, row by row.`,
        { details: { partition } },
      );
    }
    return asDoubles(context, vector.columns[0] as Column);
  };
  const y = args.y ? take("y") : undefined;
  const w = args.w ? take("sampleWeight") : undefined;
  if (y) assertFinite(context, args.owner, "y", y, partition);
  if (w) {
    assertFinite(context, args.owner, "sampleWeight", w, partition);
    const row = context.memory.view(w).findIndex((value) => value < 0);
    if (row >= 0) {
      throw new DataError(
        `${args.owner}: sampleWeight must be >= 0; got ${context.memory.view(w)[row]} in partition ${partition}, row ${row}.`,
        {
          details: { partition, row },
        },
      );
    }
  }
  const found: Partial<Record<RowVectorName, Column<"f64">>> = {};
  for (const name of args.vectors ?? []) {
    const column = take(name);
    assertFinite(context, args.owner, name, column, partition);
    found[name] = column;
  }
  const offset = totalOffset(context, args.owner, found.offset ?? found.baseMargin, found.exposure, partition);
  return {
    x,
    ...(y ? { y } : {}),
    ...(w ? { w } : {}),
    ...(offset ? { offset } : {}),
    ...(found.groups ? { groups: found.groups } : {}),
  };
}

/** offset + log(exposure), either of which may be missing. @throws DataError for an exposure that has no logarithm */
export function totalOffset(
  context: TaskContext,
  owner: string,
  offset: Column<"f64"> | undefined,
  exposure: Column<"f64"> | undefined,
  partition: number,
): Column<"f64"> | undefined {
  if (!exposure) return offset;
  const source = context.memory.view(exposure);
  const row = source.findIndex((value) => !(value > 0));
  if (row >= 0) {
    throw new DataError(
      `${owner}: exposure must be > 0; got ${source[row]} in partition ${partition}, row ${row}. Drop such rows.`,
      { details: { partition, row, column: "exposure" } },
    );
  }
  const out = context.memory.column("f64", source.length, exposure.arena);
  const total = context.memory.view(out);
  const before = offset ? context.memory.view(offset) : undefined;
  for (let i = 0; i < source.length; i++) total[i] = Math.log(source[i] ?? 1) + (before ? (before[i] ?? 0) : 0);
  return out;
}

/** A column as doubles: itself, or a converted copy that the task owns. */
export function asDoubles(context: TaskContext, column: Column): Column<"f64"> {
  if (column.dtype === "f64") return column as Column<"f64">;
  const out = context.memory.column("f64", column.length, column.arena);
  const target = context.memory.view(out);
  const source = context.memory.view(column);
  for (let i = 0; i < source.length; i++) target[i] = Number(source[i]);
  return out;
}

function assertFinite(
  context: TaskContext,
  owner: string,
  name: string,
  column: Column<"f64">,
  partition: number,
): void {
  const found = firstNonFinite(context, [column], column.length);
  if (!found) return;
  const value = context.memory.view(column)[found.row];
  throw new DataError(
    `${owner}: ${name} has ${value} in partition ${partition}, row ${found.row}. Drop or fill such rows first.`,
    {
      details: { partition, row: found.row, column: name },
    },
  );
}

function firstNonFinite(
  context: TaskContext,
  columns: readonly Column[],
  rows: number,
): { column: number; row: number } | undefined {
  const chunk: DenseChunk = { kind: "dense", rows, columns };
  using space = Workspace.over(context.memory, chunk);
  const { table, width, suffix } = space.matrix(chunk);
  const out = space.zeros(width * 3);
  space.kernels[`nonFinite${suffix}`](table, width, rows, out.pointer);
  for (let j = 0; j < width; j++) {
    const row = out.values[j * 3 + 2] ?? -1;
    if (row >= 0) return { column: j, row };
  }
  return undefined;
}

/** Where a chunk of X has its first NaN or infinity, column by column; undefined when it is finite. */
export function findNonFinite(
  context: TaskContext,
  x: MatrixChunk,
): { column: number; row: number; value: number } | undefined {
  if (x.kind === "csr") {
    const indptr = context.memory.view(x.indptr);
    // A cut of rows shares the entries of all rows: only its own count.
    const first = indptr[0] ?? 0;
    const found = context.memory
      .view(x.values)
      .subarray(first, indptr[x.rows] ?? first)
      .findIndex((value) => !Number.isFinite(value));
    if (found < 0) return undefined;
    const at = first + found;
    let row = 0;
    while ((indptr[row + 1] ?? 0) <= at) row += 1;
    return { column: context.memory.view(x.indices)[at] ?? 0, row, value: context.memory.view(x.values)[at] ?? NaN };
  }
  const found = firstNonFinite(context, x.columns, x.rows);
  if (!found) return undefined;
  return { ...found, value: Number(context.memory.view(x.columns[found.column] as Column)[found.row]) };
}

/** Throws when X has an infinity in this partition, naming column, partition and row; NaN are left alone. Returns the row count. */
export function locateInfinite(
  context: TaskContext,
  args: { owner: string; names: readonly string[] | undefined },
  design: DesignChunk,
): number {
  const { x } = design;
  const found = x.kind === "csr" ? infiniteEntry(context, x) : infiniteValue(context, x);
  if (!found) return x.rows;
  const partition = context.partition?.index ?? 0;
  const column = args.names?.[found.column] ?? found.column;
  throw new DataError(
    `${args.owner}: X has ${found.value} in column ${JSON.stringify(column)}, partition ${partition}, row ${found.row}. Clip or drop such rows first; NaN would be left out.`,
    { details: { column, partition, row: found.row } },
  );
}

interface FoundValue {
  readonly column: number;
  readonly row: number;
  readonly value: number;
}

const isInfinite = (value: number | bigint): boolean => value === Infinity || value === -Infinity;

function infiniteValue(context: TaskContext, x: DenseChunk): FoundValue | undefined {
  for (const [column, own] of x.columns.entries()) {
    const values = context.memory.view(own) as Float64Array;
    const row = values.findIndex(isInfinite);
    if (row >= 0) return { column, row, value: values[row] ?? NaN };
  }
  return undefined;
}

function infiniteEntry(context: TaskContext, x: CsrChunk): FoundValue | undefined {
  const indptr = context.memory.view(x.indptr);
  const values = context.memory.view(x.values);
  for (let row = 0; row < x.rows; row++) {
    for (let k = indptr[row] ?? 0; k < (indptr[row + 1] ?? 0); k++) {
      const value = values[k] ?? 0;
      if (isInfinite(value)) return { column: context.memory.view(x.indices)[k] ?? 0, row, value };
    }
  }
  return undefined;
}

/** Throws when X has a NaN or infinity in this partition, naming column, partition and row; else returns its row count. */
export function locateNonFinite(
  context: TaskContext,
  args: { owner: string; names: readonly string[] | undefined },
  design: DesignChunk,
): number {
  const found = findNonFinite(context, design.x);
  if (!found) return design.x.rows;
  throw nonFiniteError(args.owner, args.names, context.partition?.index ?? 0, found);
}

/** The error for a NaN or infinity in X. */
export function nonFiniteError(
  owner: string,
  names: readonly string[] | undefined,
  partition: number,
  found: { column: number; row: number; value: number },
): DataError {
  const column = names?.[found.column] ?? found.column;
  return new DataError(
    `${owner}: X has ${found.value} in column ${JSON.stringify(column)}, partition ${partition}, row ${found.row}. ` +
      "Drop such rows or fill them (fillNull, SimpleImputer) first.",
    { details: { column, partition, row: found.row } },
  );
}

/** Distinct targets and their weights in one partition, at most `limit` of them; labels of a classifier. */
export interface LabelSummary {
  readonly rows: number;
  readonly columns: number;
  readonly labels: Float64Array;
  /** Rows of each label. */
  readonly counts: Float64Array;
  /** Σw of each label. */
  readonly weights: Float64Array;
}

/** Summary of y in one partition. */
export function labelStep(
  context: TaskContext,
  args: { limit: number; owner: string },
  design: DesignChunk,
): LabelSummary {
  const y = design.y ? context.memory.view(design.y) : new Float64Array();
  const w = design.w ? context.memory.view(design.w) : undefined;
  const found = new Map<number, [number, number]>();
  for (let i = 0; i < y.length; i++) {
    const label = y[i] ?? 0;
    const entry = found.get(label);
    if (entry) {
      entry[0] += 1;
      entry[1] += w ? (w[i] ?? 0) : 1;
    } else {
      if (found.size >= args.limit) {
        throw new DataError(
          `${args.owner}: y has more than ${args.limit} distinct values by partition ${context.partition?.index ?? 0}. ` +
            "A classifier needs labels; for a number to predict use a regressor.",
        );
      }
      found.set(label, [1, w ? (w[i] ?? 0) : 1]);
    }
  }
  const sorted = [...found].sort((a, b) => a[0] - b[0]);
  return {
    rows: design.x.rows,
    columns: chunkWidth(design.x),
    labels: Float64Array.from(sorted, ([label]) => label),
    counts: Float64Array.from(sorted, ([, [count]]) => count),
    weights: Float64Array.from(sorted, ([, [, weight]]) => weight),
  };
}

/**
 * The same design with y replaced by the position of each label in `classes`, and where there are `factors` with weights
 * multiplied by the factor of their class; the rest is shared, not copied.
 */
export function encodeLabels(
  context: TaskContext,
  args: { classes: Float64Array; factors?: Float64Array },
  design: DesignChunk,
): DesignChunk {
  const y = context.memory.view(design.y as Column<"f64">);
  const codes = context.memory.column("f64", y.length, design.y?.arena);
  const out = context.memory.view(codes);
  const position = new Map(Array.from(args.classes, (label, code) => [label, code]));
  // A label outside the classes has weight 0 only; any code will do.
  for (let i = 0; i < y.length; i++) out[i] = position.get(y[i] ?? 0) ?? 0;
  const { factors } = args;
  if (!factors) return { ...design, y: codes };
  const before = design.w ? context.memory.view(design.w) : undefined;
  const w = context.memory.column("f64", y.length, design.y?.arena);
  const weights = context.memory.view(w);
  for (let i = 0; i < y.length; i++) weights[i] = (before ? (before[i] ?? 0) : 1) * (factors[out[i] ?? 0] ?? 1);
  return { ...design, y: codes, w };
}
