import { DataError } from "../../src/base/errors.js";
import { CounterRng } from "../../src/base/rng.js";
import type { TaskContext } from "../../src/engine/engine.js";
import { locateInfinite } from "../../src/estimator/design-tasks.js";
import { MISSING_BIN } from "../../src/kernels/kernels.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column, DenseChunk, MatrixChunk } from "../../src/memory/column.js";
import type { DesignChunk } from "../../src/numeric/design-chunk.js";
import { doublesOf } from "../../src/numeric/doubles-of.js";
import { binThresholds } from "../../src/numeric/trees/bin-thresholds.js";
import type { ColumnBundle } from "../../src/numeric/trees/bundles.js";
import { exactSumOf, type ExactSum } from "../../src/numeric/trees/exact-scale.js";
import type { BinnedChunk, BoostChunk } from "./boost-chunk.js";
import { binSparse } from "./bin-sparse.js";
import { spaceOver, sparseColumns, takeSparseRows } from "./sparse-rows.js";

/** What a fit has to know of its data first. */
export interface DataRange {
  /** Rows of each partition. */
  readonly rows: readonly number[];
  /** Largest |y| and weight, and the smallest y, of rows whose weight is not zero. */
  readonly maxAbsY: number;
  readonly minY: number;
  readonly maxW: number;
  /** Runs of equal groups, where the design has groups: their numbers, and their rows. */
  readonly groups?: { readonly ids: Float64Array; readonly rows: Float64Array };
}

/** Targets that a loss allows. */
export interface TargetRange {
  readonly least: number;
  /** Whether `least` itself is allowed. */
  readonly inclusive: boolean;
  /** The largest one; Infinity unless given. */
  readonly most?: number;
  /** What asks for it, and what to do instead, in words: "this loss", unless given. */
  readonly because?: string;
  readonly instead?: string;
}

/** {@link DataRange} of one partition. @throws DataError for infinities in X, or for a target out of range */
export function rangeStep(
  context: TaskContext,
  args: {
    owner: string;
    names: readonly string[] | undefined;
    targets?: TargetRange;
  },
  design: DesignChunk,
): DataRange {
  const { x } = design;
  assertNoInfinity(context, args, x);
  const y = context.memory.view(design.y as Column<"f64">);
  const w = design.w ? context.memory.view(design.w) : undefined;
  let [maxAbsY, minY, maxW] = [0, Infinity, 0];
  for (let i = 0; i < y.length; i++) {
    const weight = w ? (w[i] as number) : 1;
    if (weight === 0) continue;
    const target = y[i] as number;
    maxAbsY = Math.max(maxAbsY, Math.abs(target));
    minY = Math.min(minY, target);
    maxW = Math.max(maxW, weight);
    const {
      least,
      inclusive,
      most = Infinity,
      ...words
    }: TargetRange = args.targets ?? {
      least: -Infinity,
      inclusive: true,
    };
    if (!(target > least || (inclusive && target === least)) || target > most) {
      const partition = context.partition?.index ?? 0;
      throw new DataError(
        `${args.owner}: y must be ${inclusive ? ">=" : ">"} ${least}${most < Infinity ? ` and <= ${most}` : ""} for ${words.because ?? "this loss"}; got ${target} in partition ${partition}, row ${i}. Check the target${words.instead ?? (most < Infinity ? "" : ', or use loss "squared_error"')}.`,
        { details: { partition, row: i, column: "y" } },
      );
    }
  }
  const groups = design.groups ? groupRuns(context.memory.view(design.groups)) : undefined;
  return { rows: [x.rows], maxAbsY, minY, maxW, ...(groups ? { groups } : {}) };
}

function groupRuns(groups: Float64Array): { ids: Float64Array; rows: Float64Array } {
  const ids: number[] = [];
  const rows: number[] = [];
  for (const [i, id] of groups.entries()) {
    if (i === 0 || id !== groups[i - 1]) {
      ids.push(id);
      rows.push(1);
    } else rows[rows.length - 1] = (rows.at(-1) as number) + 1;
  }
  return { ids: Float64Array.from(ids), rows: Float64Array.from(rows) };
}

/** Throws where a chunk has an infinity, naming column, partition and row; NaN are fine. */
export function assertNoInfinity(
  context: TaskContext,
  args: { owner: string; names: readonly string[] | undefined },
  x: MatrixChunk,
): void {
  if (x.kind === "csr") {
    locateInfinite(context, args, { x });
    return;
  }
  using space = Workspace.over(context.memory, x);
  const { table, width, suffix } = space.matrix(x);
  const out = space.zeros(width * 3);
  space.kernels[`nonFinite${suffix}`](table, width, x.rows, out.pointer);
  for (let j = 0; j < width; j++) if ((out.values[3 * j + 1] ?? 0) > 0) locateInfinite(context, args, { x });
}

/** The range of both. */
export function mergeRanges(a: DataRange, b: DataRange): DataRange {
  return {
    rows: [...a.rows, ...b.rows],
    maxAbsY: Math.max(a.maxAbsY, b.maxAbsY),
    minY: Math.min(a.minY, b.minY),
    maxW: Math.max(a.maxW, b.maxW),
    ...(a.groups && b.groups
      ? {
          groups: {
            ids: joined(a.groups.ids, b.groups.ids),
            rows: joined(a.groups.rows, b.groups.rows),
          },
        }
      : {}),
  };
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** One row of each `stride` rows of the whole data, by its number there: the same rows for any partitioning. */
export function sampleStep(
  context: TaskContext,
  args: { starts: readonly number[]; stride: number; seed: number },
  design: DesignChunk,
): DesignChunk {
  const { x } = design;
  if (args.stride === 1) return { x, ...(design.w ? { w: design.w } : {}) };
  const rng = new CounterRng(args.seed, "boosting bins");
  const start = args.starts[context.partition?.index ?? 0] ?? 0;
  const picks: number[] = [];
  for (let block = Math.floor(start / args.stride); block * args.stride < start + x.rows; block++) {
    const row = block * args.stride + rng.integer(block, args.stride) - start;
    if (row >= 0 && row < x.rows) picks.push(row);
  }
  using space = spaceOver(context, x);
  const take = (source: Column, target: Column<"f64">): void => {
    const from = doublesOf(context, space, source);
    const to = context.memory.view(target);
    for (let i = 0; i < picks.length; i++) to[i] = from[picks[i] as number] as number;
  };
  const out = x.kind === "csr" ? takeSparseRows(context, x, picks) : takeDenseRows(context, x, picks.length, take);
  if (!design.w) return { x: out };
  const w = context.memory.column("f64", picks.length);
  take(design.w, w);
  return { x: out, w };
}

function takeDenseRows(
  context: TaskContext,
  x: DenseChunk,
  rows: number,
  take: (source: Column, target: Column<"f64">) => void,
): DenseChunk {
  const out = context.memory.dense("f64", rows, x.columns.length);
  x.columns.forEach((column, j) => take(column, out.columns[j] as Column<"f64">));
  return out;
}

/** Thresholds of columns `from` to `to` from the samples of all partitions; none for those skipped. */
export function thresholdStep(
  context: TaskContext,
  args: { from: number; to: number; maxBins: number; skipped: readonly number[] },
  ...samples: DesignChunk[]
): Float64Array[] {
  const rows = samples.reduce((sum, sample) => sum + sample.x.rows, 0);
  const gather = (column: (sample: DesignChunk) => Column): Float64Array => {
    const all = new Float64Array(rows);
    let at = 0;
    for (const sample of samples) {
      if (sample.x.rows === 0) continue;
      const own = column(sample);
      using space = new Workspace(context.memory, own.arena);
      all.set(doublesOf(context, space, own), at);
      at += sample.x.rows;
    }
    return all;
  };
  const weights = samples.some((sample) => sample.w) ? gather((sample) => sample.w as Column) : undefined;
  const sparse = samples.flatMap(({ x }) => (x.kind === "csr" ? [x] : []));
  if (sparse.length > 0) {
    return Array.from(sparseColumns(context, sparse, args.from, args.to), (column) => {
      context.throwIfAborted();
      // Zeros need no sort, but their weights add up one by one as those of others do.
      if (!weights)
        return binThresholds(column.values, undefined, args.maxBins, Math.max(0, rows - column.values.length));
      const whole = new Float64Array(rows);
      column.rows.forEach((row, k) => (whole[row] = column.values[k] as number));
      return binThresholds(whole, weights, args.maxBins);
    });
  }
  return Array.from({ length: args.to - args.from }, (_, k) => {
    context.throwIfAborted();
    if (args.skipped.includes(args.from + k)) return new Float64Array(0);
    return binThresholds(
      gather((sample) => (sample.x as DenseChunk).columns[args.from + k] as Column),
      weights,
      args.maxBins,
    );
  });
}

/** Exact sums of the weights, and of weight times target or of the weights of each class. */
export interface TargetSums {
  readonly w: ExactSum;
  readonly wy: readonly ExactSum[];
}

/** {@link TargetSums} of one partition. */
export function targetStep(
  context: TaskContext,
  args: { wScale: number; wyScale: number; classes: number },
  design: DesignChunk,
): TargetSums {
  const y = context.memory.view(design.y as Column<"f64">);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const weight = (i: number): number => (w ? (w[i] as number) : 1);
  return {
    w: exactSumOf(y.length, weight, args.wScale),
    wy:
      args.classes > 0
        ? Array.from({ length: args.classes }, (_, k) =>
            exactSumOf(y.length, (i) => (y[i] === k ? weight(i) : 0), args.wyScale),
          )
        : [exactSumOf(y.length, (i) => weight(i) * (weight(i) === 0 ? 0 : (y[i] as number)), args.wyScale)],
  };
}

/** What bins values. */
export interface BinRules {
  readonly thresholds: readonly Float64Array[];
  /** The column of X that each column of bins is of; the same ones unless given. */
  readonly sources?: Int32Array | undefined;
  /** See `ColumnLayout`. */
  readonly bundles?: readonly (ColumnBundle | null)[] | undefined;
  /** Of columns of categories: the codes of the bins. Values that are none of them are missing. */
  readonly codes?: readonly (Float64Array | null)[] | undefined;
}

/** The bins of one partition. */
export function binStep(context: TaskContext, args: BinRules, design: DesignChunk): BinnedChunk {
  const { x } = design;
  using space = spaceOver(context, x);
  const width = args.thresholds.length;
  const stride = Math.ceil(width / 4) * 4;
  const chunk = emptyChunk(context, x.rows, width, space.arena);
  if (x.kind === "csr") {
    binSparse(context, args, x, chunk);
    return { ...chunk, y: design.y as Column<"f64">, ...(design.w ? { w: design.w } : {}) };
  }
  const f32 = x.columns.every((column) => column.dtype === "f32");
  const kernel = f32 ? space.kernels.binColumnF32 : space.kernels.binColumnF64;
  const sources = x.columns.map((column) => (f32 ? space.pointer(column) : space.doubles(column)));
  args.thresholds.forEach((own, j) => {
    context.throwIfAborted();
    const source = args.sources?.[j] ?? j;
    kernel(
      sources[source] as number,
      x.rows,
      space.vector(own),
      own.length,
      chunk.columns.offset + j * x.rows,
      chunk.bins.offset + j,
      stride,
    );
    const codes = args.codes?.[j];
    if (codes) binsOfCodes(context, { column: x.columns[source] as Column, codes, j, stride }, chunk);
  });
  return { ...chunk, y: design.y as Column<"f64">, ...(design.w ? { w: design.w } : {}) };
}

// A code that the fit has not seen lies between two others, but belongs to neither. Predictions cut values to whole numbers.
function binsOfCodes(
  context: TaskContext,
  { column, codes, j, stride }: { column: Column; codes: Float64Array; j: number; stride: number },
  chunk: Pick<BinnedChunk, "rows" | "bins" | "columns">,
): void {
  const { memory } = context;
  const values = memory.view(column) as ArrayLike<number>;
  const byColumn = memory.view(chunk.columns).subarray(j * chunk.rows, (j + 1) * chunk.rows);
  const byRow = memory.view(chunk.bins);
  const known = new Map(Array.from(codes, (code, bin) => [code, bin]));
  for (let i = 0; i < chunk.rows; i++) {
    const bin = known.get(Math.trunc(Number(values[i])) + 0) ?? MISSING_BIN;
    byColumn[i] = bin;
    byRow[i * stride + j] = bin;
  }
}

function emptyChunk(context: TaskContext, rows: number, width: number, arena: number): Omit<BinnedChunk, "y" | "w"> {
  const stride = Math.ceil(width / 4) * 4;
  const bytes = (length: number): Column<"u8"> =>
    context.memory.denseIn("u8", length, 1, arena).columns[0] as Column<"u8">;
  const bins = bytes(rows * stride);
  // What no column fills is read beside the others.
  context.memory.view(bins).fill(0);
  return { rows, stride, width, bins, columns: bytes(rows * width) };
}

/** Rows `from` to `to` of one input. */
export interface Span {
  readonly input: number;
  readonly from: number;
  readonly to: number;
}

/** What {@link startStep} is told. */
export interface StartArgs {
  readonly spans: readonly Span[];
  readonly width: number;
  /** Number of the first row in the whole data. */
  readonly firstRow: number;
  /** Where rows start, one an output. */
  readonly margins: Float64Array;
  readonly seed: number;
  /** Share of rows (of groups, where there are any) that are held out. */
  readonly heldOut: number;
  /** First row of each group of the chunk, and the number of rows at the end. */
  readonly groups?: Int32Array;
}

/** A chunk of the fit from pieces of binned partitions, with every row at the same margin. */
export function startStep(context: TaskContext, args: StartArgs, ...inputs: BinnedChunk[]): BoostChunk {
  const { memory } = context;
  const rows = args.spans.reduce((sum, span) => sum + span.to - span.from, 0);
  const arena = inputs.find((input) => input.rows > 0)?.bins.arena ?? 0;
  const chunk = emptyChunk(context, rows, args.width, arena);
  const inArena = <D extends "f64" | "i32" | "u8">(dtype: D, length: number): Column<D> =>
    memory.denseIn(dtype, length, 1, arena).columns[0] as Column<D>;
  const y = inArena("f64", rows);
  const w = inputs.some((input) => input.w) ? inArena("f64", rows) : undefined;
  let at = 0;
  for (const { input, from, to } of args.spans) {
    const source = inputs[input] as BinnedChunk;
    const { stride } = source;
    memory.view(chunk.bins).set(memory.view(source.bins).subarray(from * stride, to * stride), at * stride);
    const [columns, own] = [memory.view(chunk.columns), memory.view(source.columns)];
    for (let j = 0; j < args.width; j++) {
      columns.set(own.subarray(j * source.rows + from, j * source.rows + to), j * rows + at);
    }
    memory.view(y).set(memory.view(source.y).subarray(from, to), at);
    if (w && source.w) memory.view(w).set(memory.view(source.w).subarray(from, to), at);
    at += to - from;
  }
  const rng = new CounterRng(args.seed, "boosting validation");
  const weights = w ? memory.view(w) : undefined;
  const train: number[] = [];
  const held: number[] = [];
  let group = 0;
  for (let i = 0; i < rows; i++) {
    while (args.groups && (args.groups[group + 1] as number) <= i) group += 1;
    if (weights?.[i] === 0) continue;
    const drawn = args.firstRow + (args.groups?.[group] ?? i);
    if (args.heldOut > 0 && rng.uniform(drawn) < args.heldOut) held.push(i);
    else train.push(i);
  }
  const list = (numbers: readonly number[]): Column<"i32"> => {
    const column = inArena("i32", numbers.length);
    memory.view(column).set(numbers);
    return column;
  };
  const heldOut = args.heldOut > 0 ? inArena("u8", rows) : undefined;
  if (heldOut) {
    const flags = memory.view(heldOut);
    flags.fill(0);
    for (const i of held) flags[i] = 1;
  }
  const margins = Array.from(args.margins, (start, k) => {
    const margin = inArena("f64", rows);
    const values = memory.view(margin).fill(start);
    let first = 0;
    for (const { input, from, to } of args.spans) {
      const base = inputs[input]?.base?.[k];
      if (base) values.set(memory.view(base).subarray(from, to), first);
      first += to - from;
    }
    return margin;
  });
  return {
    ...chunk,
    firstRow: args.firstRow,
    y,
    ...(w ? { w } : {}),
    train: list(train),
    held: list(held),
    ...(heldOut ? { heldOut } : {}),
    ...(args.groups ? { groups: args.groups } : {}),
    margins,
  };
}

/** What {@link countStep} counts. */
export interface RowCounts {
  readonly train: number;
  readonly held: number;
  readonly trainWeight: ExactSum;
  readonly heldWeight: ExactSum;
  /** Groups with rows of a positive weight. */
  readonly trainGroups: number;
  readonly heldGroups: number;
}

/** Rows of a chunk that trees are grown on, and that are held out, with the sums of their weights as integers. */
export function countStep(context: TaskContext, args: { wScale: number }, chunk: BoostChunk): RowCounts {
  const w = chunk.w ? context.memory.view(chunk.w) : undefined;
  const sum = (rows: Column<"i32">): ExactSum => {
    const list = context.memory.view(rows);
    return exactSumOf(list.length, (i) => (w ? (w[list[i] as number] as number) : 1), args.wScale);
  };
  return {
    train: chunk.train.length,
    held: chunk.held.length,
    trainWeight: sum(chunk.train),
    heldWeight: sum(chunk.held),
    trainGroups: groupsOf(context.memory.view(chunk.train), chunk.groups),
    heldGroups: groupsOf(context.memory.view(chunk.held), chunk.groups),
  };
}

// Groups that have one of these rows, which ascend.
function groupsOf(rows: Int32Array, groups: Int32Array | undefined): number {
  if (!groups) return 0;
  let [count, end, k] = [0, 0, 0];
  for (const row of rows) {
    if (row < end) continue;
    while ((groups[k + 1] as number) <= row) k += 1;
    end = groups[k + 1] as number;
    count += 1;
  }
  return count;
}
