import { DataError, ParameterError, show } from "../base/errors.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { FitOptions } from "../estimator/design.js";
import type { Label } from "../estimator/labels.js";
import type { Rows } from "../estimator/table.js";
import type { Column, DenseChunk } from "../memory/column.js";
import type { MetricKernel, MetricRows } from "../metrics/metric-kernel.js";
import { argsort } from "../numeric/argsort.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";

/** How the grid of a column is made. */
export interface GridOptions {
  readonly gridResolution?: number | undefined;
  readonly percentiles?: readonly [number, number] | undefined;
}

/**
 * The values of a column at which a model is asked: its distinct ones where they are few, else evenly spaced between two
 * of its quantiles. @throws ParameterError for options out of range; DataError for NaN, and quantiles that are one value
 */
export async function gridOf(
  owner: string,
  X: Rows,
  feature: number,
  categorical: boolean,
  options: GridOptions,
  run: Pick<FitOptions, "engine" | "signal">,
): Promise<readonly Label[]> {
  const { gridResolution = 100, percentiles = [0.05, 0.95] } = options;
  if (!Number.isInteger(gridResolution) || gridResolution < 2)
    throw new ParameterError(`${owner}: gridResolution must be an integer >= 2; got ${show(gridResolution)}.`);
  const [low, high] = percentiles;
  if (!(low >= 0 && low < high && high <= 1))
    throw new ParameterError(`${owner}: percentiles must be two ascending shares in [0, 1]; got ${show(percentiles)}.`);
  if (X instanceof DistributedDataFrame) {
    const series = X.column(X.columns[feature] as string);
    if (!series.isNumeric) return series.classes(run);
  }
  const array =
    X instanceof DistributedDataFrame ? X.column(X.columns[feature] as string).toArray() : X.column(feature);
  const values = (await array.compute(run)).toVector() as ArrayLike<number>;
  const numbers = Float64Array.from(values);
  const bad = numbers.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new DataError(
      `${owner}: column ${feature} has ${numbers[bad]} in row ${bad}. Fill such values, or pass a grid.`,
    );
  const sorted = Float64Array.from(argsort(numbers), (row) => numbers[row] as number);
  const distinct = sorted.filter((value, k) => k === 0 || value !== sorted[k - 1]);
  if (categorical || distinct.length < gridResolution) return [...distinct];
  const [from, to] = [quantile(sorted, low), quantile(sorted, high)];
  if (Math.abs(from - to) <= 1e-8 + 1e-5 * Math.abs(to))
    throw new DataError(
      `${owner}: the percentiles ${low} and ${high} of column ${feature} are both ${from}. Choose others.`,
    );
  return Array.from({ length: gridResolution }, (_, k) => from + (k * (to - from)) / (gridResolution - 1));
}

/** Means of the columns of `yTrue`, by weight, as part of a pass. */
export function columnMeansKernel(name: string): MetricKernel<Float64Array, Float64Array> {
  return {
    name,
    needs: ["yTrue"],
    textLabels: false,
    step: COLUMN_SUMS_STEP,
    args: () => undefined,
    check: () => undefined,
    combine: (a, b) => a.map((value, j) => value + (b[j] as number)),
    finish: (sums, { weight }) => sums.map((value) => value / weight),
  };
}

/** Σ w · value of each column. */
export function columnSumsStep(_context: TaskContext, _args: undefined, rows: MetricRows): Float64Array {
  return Float64Array.from(rows.columns.yTrue ?? [], (column) => {
    const sum = new CompensatedSum();
    for (let i = 0; i < rows.rows; i++) sum.add((rows.weight ? (rows.weight[i] as number) : 1) * (column[i] as number));
    return sum.value;
  });
}

const COLUMN_SUMS_STEP = fnRef(import.meta.url, "columnSumsStep");

/** The chunk with the same value in every row of some columns; the others are shared. */
export function setColumnsStep(
  context: TaskContext,
  args: { columns: readonly number[]; values: readonly number[] },
  chunk: DenseChunk,
): DenseChunk {
  const columns = chunk.columns.map((column, j): Column => {
    const place = args.columns.indexOf(j);
    if (place < 0) return column;
    const own = context.memory.dense(column.dtype === "f32" ? "f32" : "f64", chunk.rows, 1).columns[0] as Column<"f64">;
    context.memory.view(own).fill(args.values[place] as number);
    return own;
  });
  return { ...chunk, columns };
}

// scipy's mquantiles, which scikit-learn takes here: plotting positions with alpha = beta = 0.4.
function quantile(sorted: Float64Array, share: number): number {
  const n = sorted.length;
  const aleph = n * share + 0.4 + share * 0.2;
  const k = Math.floor(Math.min(n - 1, Math.max(1, aleph)));
  const part = Math.min(1, Math.max(0, aleph - k));
  return (1 - part) * (sorted[k - 1] as number) + part * (sorted[k] ?? (sorted[k - 1] as number));
}
