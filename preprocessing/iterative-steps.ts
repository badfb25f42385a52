import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { addRowStep } from "../src/estimator/row-steps.js";
import { Workspace } from "../src/kernels/workspace.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { comomentsStep, type Comoments } from "../src/numeric/comoments.js";
import type { DesignChunk } from "../src/numeric/design-chunk.js";
import { doublesOf } from "../src/numeric/doubles-of.js";

/** How one column is predicted from the others: by `intercept + Σ coef·x`, its own coefficient being 0. */
export interface ColumnRegression {
  readonly column: number;
  readonly coef: Float64Array;
  readonly intercept: number;
  /** Predictions are brought into [low, high]. */
  readonly low: number;
  readonly high: number;
}

/** One partition while it is filled in. Columns that are the same in several of these are shared. */
export interface FillChunk {
  /** What is known so far, as doubles. */
  readonly filled: DenseChunk<"f64">;
  /** The same as the round began. */
  readonly start: DenseChunk<"f64">;
  /** The values as they came, NaN where they are missing. */
  readonly raw: DenseChunk;
  readonly w?: Column<"f64">;
}

/** What the first fill is. */
export interface BeginArgs {
  /** The columns that are kept, and what a missing value of each becomes. */
  readonly keep: readonly number[];
  readonly fill: Float64Array;
}

/** The first fill of one partition of a fit. */
export function beginStep(context: TaskContext, args: BeginArgs, design: DesignChunk): FillChunk {
  const x = design.x as DenseChunk;
  const raw: DenseChunk = { ...x, columns: args.keep.map((j) => x.columns[j] as Column) };
  const filled = firstFill(context, args.fill, raw);
  return { filled, start: filled, raw, ...(design.w ? { w: design.w } : {}) };
}

function firstFill(context: TaskContext, fill: Float64Array, raw: DenseChunk): DenseChunk<"f64"> {
  using space = Workspace.over(context.memory, raw);
  const out = context.memory.denseIn("f64", raw.rows, raw.columns.length, space.arena);
  raw.columns.forEach((column, k) => {
    const values = doublesOf(context, space, column);
    const target = context.memory.view(out.columns[k] as Column<"f64">);
    const own = fill[k] as number;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      target[i] = value === value ? value : own;
    }
  });
  return out;
}

/** What is predicted anew, one after the other, and whether a round begins with it. */
export interface UpdateArgs {
  readonly updates: readonly ColumnRegression[];
  readonly newRound: boolean;
}

/** One partition with the missing values of some columns predicted anew. */
export function updateStep(context: TaskContext, args: UpdateArgs, chunk: FillChunk): FillChunk {
  let { filled } = chunk;
  for (const update of args.updates) filled = predictMissing(context, update, chunk.raw, filled);
  return { ...chunk, filled, start: args.newRound ? chunk.filled : chunk.start };
}

function predictMissing(
  context: TaskContext,
  { column, coef, intercept, low, high }: ColumnRegression,
  raw: DenseChunk,
  filled: DenseChunk<"f64">,
): DenseChunk<"f64"> {
  using space = Workspace.over(context.memory, filled);
  const values = doublesOf(context, space, raw.columns[column] as Column);
  if (!values.some(Number.isNaN)) return filled;
  const own = filled.columns[column] as Column<"f64">;
  const next = context.memory.column("f64", filled.rows, own.arena);
  const out = context.memory.view(next);
  out.set(context.memory.view(own));
  const others = filled.columns.map((one) => context.memory.view(one));
  for (let i = 0; i < out.length; i++) {
    const value = values[i] as number;
    if (value === value) continue;
    let predicted = intercept;
    for (let j = 0; j < others.length; j++) {
      const factor = coef[j] as number;
      if (factor !== 0) predicted += factor * ((others[j] as Float64Array)[i] as number);
    }
    out[i] = Math.min(high, Math.max(low, predicted));
  }
  return { ...filled, columns: filled.columns.map((one, j) => (j === column ? next : one)) };
}

/** Co-moments of all columns over the rows in which one was not missing; over all rows for null. */
export function observedComoments(
  context: TaskContext,
  args: { readonly column: number | null },
  { filled, raw, w }: FillChunk,
): Comoments {
  if (args.column === null) return comomentsStep(context, undefined, { x: filled, ...(w ? { w } : {}) });
  using space = Workspace.over(context.memory, filled);
  const values = doublesOf(context, space, raw.columns[args.column] as Column);
  const weights = w ? context.memory.view(w) : undefined;
  const own = context.memory.column("f64", filled.rows, filled.columns[0]?.arena);
  const out = context.memory.view(own);
  for (let i = 0; i < out.length; i++) out[i] = values[i] === values[i] ? (weights ? (weights[i] as number) : 1) : 0;
  return comomentsStep(context, undefined, { x: filled, w: own });
}

/** The largest sum over a row of what the round has changed, over rows that have a weight. */
export function changeStep(context: TaskContext, _args: undefined, { filled, start, w }: FillChunk): number {
  const sums = new Float64Array(filled.rows);
  filled.columns.forEach((column, j) => {
    const before = start.columns[j] as Column<"f64">;
    if (before.block === column.block && before.offset === column.offset) return;
    const [now, then] = [context.memory.view(column), context.memory.view(before)];
    for (let i = 0; i < sums.length; i++)
      sums[i] = (sums[i] as number) + Math.abs((now[i] as number) - (then[i] as number));
  });
  const weights = w ? context.memory.view(w) : undefined;
  return sums.reduce((most, sum, i) => (weights?.[i] === 0 ? most : Math.max(most, sum)), 0);
}

/** What a fitted imputer does to new rows. */
export interface ReplayArgs extends BeginArgs {
  readonly sequence: readonly ColumnRegression[];
  /** Columns that get an indicator. */
  readonly indicators: readonly number[];
}

/** One partition filled in as the fit did it, round after round; then the indicators. */
export function replayStep(context: TaskContext, args: ReplayArgs, x: DenseChunk): DenseChunk {
  const raw: DenseChunk = { ...x, columns: args.keep.map((j) => x.columns[j] as Column) };
  let filled = firstFill(context, args.fill, raw);
  for (const update of args.sequence) {
    context.throwIfAborted();
    filled = predictMissing(context, update, raw, filled);
  }
  const flags = args.indicators.map((j) => {
    using space = Workspace.over(context.memory, x);
    const values = doublesOf(context, space, x.columns[j] as Column);
    const flag = context.memory.column("f64", x.rows, filled.columns[0]?.arena);
    const out = context.memory.view(flag);
    for (let i = 0; i < out.length; i++) out[i] = values[i] === values[i] ? 0 : 1;
    return flag;
  });
  const all = { ...filled, columns: [...filled.columns, ...flags] };
  const f32 = x.columns.length > 0 && x.columns.every((column) => column.dtype === "f32");
  return f32 ? narrowed(context, all) : all;
}

function narrowed(context: TaskContext, x: DenseChunk<"f64">): DenseChunk<"f32"> {
  const out = context.memory.dense("f32", x.rows, x.columns.length);
  out.columns.forEach((column, j) =>
    context.memory.view(column).set(context.memory.view(x.columns[j] as Column<"f64">)),
  );
  return out;
}

/** Names the steps for the engine. */
export const STEPS = {
  begin: fnRef(import.meta.url, "beginStep"),
  update: fnRef(import.meta.url, "updateStep"),
  comoments: fnRef(import.meta.url, "observedComoments"),
  change: fnRef(import.meta.url, "changeStep"),
  replay: fnRef(import.meta.url, "replayStep"),
} as const;

addRowStep<ReplayArgs>(fnRef(import.meta.url, "replayStep"), ({ keep, fill, sequence, indicators }) => (row) => {
  const values = row as Float64Array;
  const raw = Float64Array.from(keep, (j) => values[j] as number);
  const filled = raw.map((value, k) => (Number.isNaN(value) ? (fill[k] as number) : value));
  for (const { column, coef, intercept, low, high } of sequence) {
    if (!Number.isNaN(raw[column])) continue;
    let predicted = intercept;
    for (let j = 0; j < filled.length; j++) if (coef[j] !== 0) predicted += (coef[j] as number) * (filled[j] as number);
    filled[column] = Math.min(high, Math.max(low, predicted));
  }
  return Float64Array.from([...filled, ...indicators.map((j) => (Number.isNaN(values[j]) ? 1 : 0))]);
});
