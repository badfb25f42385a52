import { DataError } from "../src/base/errors.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { addRowStep } from "../src/estimator/row-steps.js";
import { unaryOp } from "../src/kernels/kernels.js";
import { Workspace } from "../src/kernels/workspace.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import type { DesignChunk } from "../src/numeric/design-chunk.js";
import type { Moments } from "../src/numeric/moments.js";
import { eachColumn, mapColumns, type ColumnLabels } from "./column-steps.js";

/*
 * Both families are `t = (exp(c·L) − 1) / c`, and L where c is 0, of a logarithm L that does not depend on λ:
 * Box-Cox with L = ln x and c = λ; Yeo-Johnson with L = sign(x)·ln(1 + |x|) and c = λ for x >= 0, λ − 2 below.
 */

/** "yeo-johnson" or "box-cox". */
export type PowerMethod = "yeo-johnson" | "box-cox";

/** X of one partition replaced by the logarithms L; y and weights are passed on. NaN stay. */
export function logarithmsStep(context: TaskContext, args: { method: PowerMethod }, design: DesignChunk): DesignChunk {
  const log = args.method === "box-cox" ? logs : signedLogs;
  const source = design.x as DenseChunk;
  // Doubles, whatever X is: the search for λ sees differences of the logarithms' powers.
  const x = context.memory.dense("f64", source.rows, source.columns.length, source.columns[0]?.arena ?? 0);
  eachColumn(context, source, (values, j) => log(values, context.memory.view(x.columns[j] as Column<"f64">)));
  return { ...design, x };
}

/** Names {@link logarithmsStep} for the engine. */
export const LOGARITHMS_STEP = fnRef(import.meta.url, "logarithmsStep");

function logs(values: Float64Array, out: Float64Array): void {
  for (let i = 0; i < values.length; i++) out[i] = Math.log(values[i] as number);
}

function signedLogs(values: Float64Array, out: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    out[i] = value < 0 ? -Math.log1p(-value) : Math.log1p(value);
  }
}

/** What {@link powerMomentsStep} is told. */
export interface PowerArgs {
  readonly method: PowerMethod;
  /** λ of each column; NaN for columns that are not asked for. */
  readonly lambdas: Float64Array;
}

const TILE = 4096;
// Nearer to 0 the difference exp(c·L) − 1 loses digits, and the slower expm1 is taken.
const SMALL = 0.01;

/**
 * Moments of the transformed columns of one partition of logarithms. A tile at a time: exponents, the vectorised
 * exponential, the moments, all in the first-level cache.
 */
export function powerMomentsStep(context: TaskContext, args: PowerArgs, design: DesignChunk): Moments {
  const x = design.x as DenseChunk;
  const width = x.columns.length;
  const [weight, mean, m2, nanCount, infCount] = Array.from({ length: 5 }, () => new Float64Array(width)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  using space = Workspace.over(context.memory, x);
  const tile = space.numbers(TILE);
  const table = space.bytes(8);
  new Uint32Array(context.memory.memoryOf(space.arena).buffer as ArrayBuffer, table, 1)[0] = tile.pointer;
  const own = space.zeros(5);
  const w = design.w ? space.doubles(design.w) : 0;
  x.columns.forEach((column, j) => {
    context.throwIfAborted();
    const lambda = args.lambdas[j] as number;
    if (Number.isNaN(lambda)) return;
    const values = context.memory.view(column as Column<"f64">);
    const below = args.method === "box-cox" ? lambda : lambda - 2;
    const fast = Math.abs(lambda) >= SMALL && Math.abs(below) >= SMALL;
    for (let from = 0; from < values.length; from += TILE) {
      const n = Math.min(TILE, values.length - from);
      const part = values.subarray(from, from + n);
      if (fast) {
        exponents(part, lambda, below, tile.values);
        space.kernels.unary(unaryOp.exp, tile.pointer, n, tile.pointer);
        differences(part, 1 / lambda, 1 / below, tile.values);
      } else careful(part, lambda, below, tile.values);
      space.kernels.momentsF64(table, 1, n, w === 0 ? 0 : w + from * 8, own.pointer);
      const [wb, mb, m2b] = own.values as unknown as [number, number, number];
      nanCount[j] = (nanCount[j] as number) + (own.values[3] as number);
      infCount[j] = (infCount[j] as number) + (own.values[4] as number);
      if (wb === 0) continue;
      const wa = weight[j] as number;
      const total = wa + wb;
      const delta = mb - (mean[j] as number);
      weight[j] = total;
      m2[j] = (m2[j] as number) + m2b + delta * delta * ((wa * wb) / total);
      mean[j] = (mean[j] as number) + (delta * wb) / total;
    }
  });
  return { rows: x.rows, weight, mean, m2, nanCount, infCount };
}

/** Names {@link powerMomentsStep} for the engine. */
export const POWER_MOMENTS_STEP = fnRef(import.meta.url, "powerMomentsStep");

function exponents(logarithms: Float64Array, above: number, below: number, out: Float64Array): void {
  for (let i = 0; i < logarithms.length; i++) {
    const log = logarithms[i] as number;
    out[i] = log * (log < 0 ? below : above);
  }
}

function differences(logarithms: Float64Array, above: number, below: number, out: Float64Array): void {
  for (let i = 0; i < logarithms.length; i++) {
    out[i] = ((out[i] as number) - 1) * ((logarithms[i] as number) < 0 ? below : above);
  }
}

function careful(logarithms: Float64Array, above: number, below: number, out: Float64Array): void {
  for (let i = 0; i < logarithms.length; i++) {
    const log = logarithms[i] as number;
    const c = log < 0 ? below : above;
    out[i] = c === 0 ? log : Math.expm1(c * log) / c;
  }
}

/** What transforms rows: `z = (t(x) − shift) · scale`. */
export interface PowerTransformArgs extends PowerArgs, ColumnLabels {
  readonly shift: Float64Array;
  readonly scale: Float64Array;
}

/** The power transform of one partition. @throws DataError for values that Box-Cox cannot take */
export function powerStep(context: TaskContext, args: PowerTransformArgs, x: DenseChunk): DenseChunk {
  const boxCox = args.method === "box-cox";
  const log = boxCox ? logs : signedLogs;
  return mapColumns(context, x, (values, out, j) => {
    if (boxCox) requirePositive(context, args, values, j);
    const lambda = args.lambdas[j] as number;
    const below = boxCox ? lambda : lambda - 2;
    const shift = args.shift[j] as number;
    const scale = args.scale[j] as number;
    log(values, out);
    careful(out, lambda, below, out);
    for (let i = 0; i < out.length; i++) out[i] = ((out[i] as number) - shift) * scale;
  });
}

/** @throws DataError naming column, partition and row of the first value that is not above 0; NaN pass */
function requirePositive(context: TaskContext, args: ColumnLabels, values: Float64Array, j: number): void {
  const row = values.findIndex((value) => value <= 0);
  if (row < 0) return;
  const column = args.names?.[j] ?? j;
  const partition = context.partition?.index ?? 0;
  throw new DataError(
    `${args.owner}: X has ${values[row]} in column ${JSON.stringify(column)}, partition ${partition}, row ${row}, and Box-Cox needs values above 0. Use method "yeo-johnson".`,
    { details: { column, partition, row } },
  );
}

/** As {@link powerStep}, for a pass over a fit's rows: returns their number. */
export function positiveStep(context: TaskContext, args: ColumnLabels, design: DesignChunk): number {
  eachColumn(context, design.x as DenseChunk, (values, j) => requirePositive(context, args, values, j));
  return design.x.rows;
}

/** Names {@link positiveStep} for the engine. */
export const POSITIVE_STEP = fnRef(import.meta.url, "positiveStep");

/** Back to the original units; NaN where no value has such a transform. */
export function inversePowerStep(context: TaskContext, args: PowerTransformArgs, x: DenseChunk): DenseChunk {
  const boxCox = args.method === "box-cox";
  return mapColumns(context, x, (values, out, j) => {
    const lambda = args.lambdas[j] as number;
    const below = boxCox ? lambda : lambda - 2;
    const shift = args.shift[j] as number;
    const scale = args.scale[j] as number;
    for (let i = 0; i < values.length; i++) {
      const t = (values[i] as number) * scale + shift;
      const c = t < 0 ? below : lambda;
      const log = c === 0 ? t : Math.log1p(c * t) / c;
      out[i] = boxCox ? Math.exp(log) : log < 0 ? -Math.expm1(-log) : Math.expm1(log);
    }
  });
}

addRowStep<PowerTransformArgs>(fnRef(import.meta.url, "powerStep"), ({ method, lambdas, shift, scale }) => {
  const boxCox = method === "box-cox";
  return (row) => {
    // What Box-Cox cannot take is an error.
    if (boxCox && row?.some((value) => value <= 0)) return undefined;
    const out = new Float64Array(lambdas.length);
    for (let j = 0; j < out.length; j++) {
      const lambda = lambdas[j] as number;
      const own = out.subarray(j, j + 1);
      (boxCox ? logs : signedLogs)((row as Float64Array).subarray(j, j + 1), own);
      careful(own, lambda, boxCox ? lambda : lambda - 2, own);
      out[j] = ((out[j] as number) - (shift[j] as number)) * (scale[j] as number);
    }
    return out;
  };
});
