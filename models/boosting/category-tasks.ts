import { DataError, show } from "../../src/base/errors.js";
import { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "../../src/collections/frame/distributed-data-frame.js";
import { isNumericDtype } from "../../src/collections/frame/frame-types.js";
import { frameIn } from "../../src/collections/frame/live-frame.js";
import { labelsOf, numbersOf } from "../../src/collections/frame/to-array-task.js";
import { cellReader } from "../../src/estimator/frame-row-steps.js";
import { addCellStep, type RowValue } from "../../src/estimator/row-steps.js";
import { TaskPlan } from "../../src/collections/plan.js";
import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { polars } from "../../src/collections/frame/polars.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column, DenseChunk } from "../../src/memory/column.js";
import type { DesignChunk } from "../../src/numeric/design-chunk.js";
import { doublesOf } from "../../src/numeric/doubles-of.js";

/** Largest code of a category: sets of codes have a bit for each. */
export const MAX_CODE = 65_535;

/** Most categories of a column: sets of bins have 256 bits, one of them for missing values. */
export const MAX_CATEGORIES = 255;

/** What {@link codesStep} is told. */
export interface CodesArgs {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  /** Positions of the columns of categories. */
  readonly columns: readonly number[];
  /** Most codes of a column. */
  readonly limit: number;
}

/** Codes of one column, ascending, and the rows of each. */
export interface CodeCounts {
  readonly codes: Float64Array;
  readonly rows: Float64Array;
}

/**
 * Distinct codes of the columns of categories in one partition, ascending; rows of weight 0 and missing values left out.
 * @throws DataError for a code that is negative, not whole or too large, and for more codes than the limit
 */
export function codesStep(context: TaskContext, args: CodesArgs, design: DesignChunk): CodeCounts[] {
  const x = design.x as DenseChunk;
  const w = design.w ? context.memory.view(design.w) : undefined;
  using space = Workspace.over(context.memory, x);
  return args.columns.map((j) => {
    const values = x.rows === 0 ? new Float64Array(0) : doublesOf(context, space, x.columns[j] as Column);
    const seen = new Map<number, number>();
    for (let row = 0; row < x.rows; row++) {
      const code = values[row] as number;
      if (Number.isNaN(code) || w?.[row] === 0) continue;
      const before = seen.get(code);
      if (before !== undefined) {
        seen.set(code, before + 1);
        continue;
      }
      if (!(Number.isInteger(code) && code >= 0 && code <= MAX_CODE)) {
        const partition = context.partition?.index ?? 0;
        const column = args.names?.[j] ?? j;
        throw new DataError(
          `${args.owner}: column ${show(column)} of categories has ${code} in partition ${partition}, row ${row}. Codes are whole numbers from 0 to ${MAX_CODE}; use NaN for missing values, or encode the column.`,
          { details: { column, partition, row } },
        );
      }
      seen.set(code, 1);
    }
    return sortedCodes(args, j, seen);
  });
}

/** The codes of both. @throws DataError for more than the limit */
export function mergeCodes(args: CodesArgs, a: readonly CodeCounts[], b: readonly CodeCounts[]): CodeCounts[] {
  return a.map((own, k) => {
    const both = new Map<number, number>();
    for (const { codes, rows } of [own, b[k] as CodeCounts])
      codes.forEach((code, i) => both.set(code, (both.get(code) ?? 0) + (rows[i] as number)));
    return sortedCodes(args, args.columns[k] as number, both);
  });
}

/** So many codes of most rows (of equal ones the smaller), ascending. */
export function mostFrequent({ codes, rows }: CodeCounts, most: number): Float64Array {
  if (codes.length <= most) return codes;
  const order = Array.from(codes.keys()).sort((a, b) => (rows[b] as number) - (rows[a] as number) || a - b);
  return Float64Array.from(order.slice(0, most), (k) => codes[k] as number).sort();
}

function sortedCodes(
  { owner, names, limit }: CodesArgs,
  column: number,
  seen: ReadonlyMap<number, number>,
): CodeCounts {
  if (seen.size > limit) throw tooMany(owner, names?.[column] ?? column, seen.size, limit);
  const codes = Float64Array.from(seen.keys()).sort();
  return { codes, rows: codes.map((code) => seen.get(code) as number) };
}

/** The error for more categories than there are bins. */
export function tooMany(owner: string, column: string | number, found: number, limit: number): DataError {
  return new DataError(
    `${owner}: column ${show(column)} has ${found} categories or more, but its bins take ${limit}${limit < MAX_CATEGORIES ? " (maxBins)" : ", and no more"}. Pass rareCategories: "missing" to tell the most frequent ones apart, use a TargetEncoder, or leave the column out of categoricalFeatures.`,
    { details: { column } },
  );
}

/** What {@link textsStep} is told. */
export interface TextsArgs {
  readonly owner: string;
  readonly columns: readonly string[];
  readonly limit: number;
}

/** Distinct texts of some columns of one partition, sorted, null left out. @throws DataError for more than the limit */
export function textsStep(context: TaskContext, args: TextsArgs, input: unknown): string[][] {
  const frame = frameIn(context, input, args.columns);
  return args.columns.map((name) => {
    const distinct = frame.height === 0 ? [] : labelsOf(frame.select(polars().col(name).unique()), name);
    return sortedTexts(args, name, new Set(distinct.filter((value) => value !== null).map(String)));
  });
}

/** The texts of both. @throws DataError for more than the limit */
export function mergeTexts(args: TextsArgs, a: readonly string[][], b: readonly string[][]): string[][] {
  return a.map((own, k) => sortedTexts(args, args.columns[k] as string, new Set([...own, ...(b[k] as string[])])));
}

function sortedTexts({ owner, limit }: TextsArgs, column: string, texts: ReadonlySet<string>): string[] {
  if (texts.size > limit) throw tooMany(owner, column, texts.size, limit);
  return [...texts].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Texts of the columns of text of a frame, sorted; null for columns of numbers. Plain data. */
export type ColumnTexts = readonly (readonly string[] | null)[];

/** True for a frame with a column that is not numbers. */
export function hasText(X: unknown): X is DistributedDataFrame {
  return X instanceof DistributedDataFrame && Object.values(X.schema).some((dtype) => !isNumericDtype(dtype));
}

/** A frame as an array: columns of text as positions in their lists (NaN for null and for others), the rest as numbers. Lazy. */
export function codedFrame(owner: string, frame: DistributedDataFrame, texts: ColumnTexts): DistributedArray {
  const columns = frame.columns;
  const plan = TaskPlan.blockwise(frame.plan, owner, fnRef(import.meta.url, "codedStep"), {
    columns,
    texts,
  });
  return new DistributedArray({
    plan,
    innerShape: [columns.length],
    dtype: "f64",
    layout: "dense",
    partitionRows: frame.partitionRows,
    names: columns,
  });
}

/** What {@link codedStep} is told. */
interface CodedArgs {
  readonly columns: readonly string[];
  readonly texts: ColumnTexts;
}

/** The code of each text, by column; null for columns of numbers. */
export function codesOf(texts: ColumnTexts): (ReadonlyMap<string, number> | null)[] {
  return texts.map((list) => list && new Map(list.map((text, code) => [text, code])));
}

/** One partition of {@link codedFrame}. */
export function codedStep(context: TaskContext, args: CodedArgs, input: unknown): DenseChunk {
  const frame = frameIn(context, input, args.columns);
  const chunk = context.memory.dense("f64", frame.height, args.columns.length);
  if (frame.height === 0) return chunk;
  const codes = codesOf(args.texts);
  args.columns.forEach((name, j) => {
    const target = context.memory.view(chunk.columns[j] as Column<"f64">);
    const own = codes[j];
    if (!own) target.set(numbersOf(frame, name, "f64"));
    else {
      labelsOf(frame, name).forEach(
        (value, row) => (target[row] = value === null ? Number.NaN : (own.get(String(value)) ?? Number.NaN)),
      );
    }
  });
  return chunk;
}

addCellStep<CodedArgs>(fnRef(import.meta.url, "codedStep"), ({ columns, texts }) => {
  const read = cellReader(columns.map((name) => ({ name, kind: "other", dtype: "" })));
  const codes = codesOf(texts);
  return (row) => {
    const out = new Float64Array(columns.length);
    for (let j = 0; j < out.length; j++) {
      const cell = read(row as RowValue, j);
      const own = codes[j];
      if (cell === undefined || (!own && typeof cell === "string")) return undefined;
      if (own) out[j] = cell === null ? NaN : (own.get(String(cell)) ?? NaN);
      else out[j] = cell === null ? NaN : Number(cell);
    }
    return out;
  };
});
