import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import type { MetricRows } from "./metric-kernel.js";

/** How often rows and cells of two sides differ. */
export interface Differences {
  /** Weight of the rows that differ anywhere. */
  readonly rows: number;
  /** Weight of the cells that differ. */
  readonly cells: number;
}

/** Counts where yTrue and yPred differ, over any number of columns. */
export function differencesStep(_context: TaskContext, _args: undefined, rows: MetricRows): Differences {
  const t = rows.columns.yTrue as readonly Float64Array[];
  const p = rows.columns.yPred as readonly Float64Array[];
  const [anywhere, cells] = [new CompensatedSum(), new CompensatedSum()];
  for (let i = 0; i < rows.rows; i++) {
    let count = 0;
    for (let j = 0; j < t.length; j++) if ((t[j] as Float64Array)[i] !== (p[j] as Float64Array)[i]) count++;
    if (count === 0) continue;
    const w = rows.weight ? (rows.weight[i] as number) : 1;
    anywhere.add(w);
    cells.add(w * count);
  }
  return { rows: anywhere.value, cells: cells.value };
}

/** Names {@link differencesStep} for the engine. */
export const DIFFERENCES_STEP = fnRef(import.meta.url, "differencesStep");

/** Of each column: weight of rows that have both marks, that are predicted, and that have the label. */
export interface IndicatorSums {
  readonly hits: Float64Array;
  readonly predicted: Float64Array;
  readonly actual: Float64Array;
}

/** The sums of columns of 0 and 1. @throws DataError naming the row and column of anything else */
export function indicatorStep(_context: TaskContext, _args: undefined, rows: MetricRows): IndicatorSums {
  const t = rows.columns.yTrue as readonly Float64Array[];
  const p = rows.columns.yPred as readonly Float64Array[];
  const sums = {
    hits: new Float64Array(t.length),
    predicted: new Float64Array(t.length),
    actual: new Float64Array(t.length),
  };
  t.forEach((column, j) => {
    const other = p[j] as Float64Array;
    const [hits, predicted, actual] = [new CompensatedSum(), new CompensatedSum(), new CompensatedSum()];
    for (let i = 0; i < rows.rows; i++) {
      requireIndicator(rows, "yTrue", column[i] as number, i, j);
      requireIndicator(rows, "yPred", other[i] as number, i, j);
      const w = rows.weight ? (rows.weight[i] as number) : 1;
      if (column[i] === 1) actual.add(w);
      if (other[i] === 1) predicted.add(w);
      if (column[i] === 1 && other[i] === 1) hits.add(w);
    }
    sums.hits[j] = hits.value;
    sums.predicted[j] = predicted.value;
    sums.actual[j] = actual.value;
  });
  return sums;
}

/** Names {@link indicatorStep} for the engine. */
export const INDICATOR_STEP = fnRef(import.meta.url, "indicatorStep");

/** @throws DataError unless the value is 0 or 1 */
export function requireIndicator(rows: MetricRows, name: string, value: number, row: number, column: number): void {
  if (value === 0 || value === 1) return;
  throw new DataError(
    `${rows.owner}: ${name} must have 0 or 1 for every label; got ${value} in partition ${rows.partition}, row ${row}, column ${column}. Use MultiLabelBinarizer for lists of labels.`,
    { details: { partition: rows.partition, row, column } },
  );
}
