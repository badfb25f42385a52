import type { TaskContext } from "../src/engine/engine.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { RowOrder } from "./row-order.js";

/** Coefficients that are 0 except in `informative` columns: the first ones, or random ones. */
export function sparseCoef(
  nFeatures: number,
  informative: number,
  shuffle: boolean,
  seed: number,
  purpose: string,
  value: (j: number) => number,
): Float64Array {
  const coef = new Float64Array(nFeatures);
  const order = new RowOrder(nFeatures, seed, `${purpose}.columns`);
  for (let j = 0; j < Math.min(informative, nFeatures); j++) coef[shuffle ? order.at(j) : j] = value(j);
  return coef;
}

/** `bias + X coef` for a chunk of doubles or floats, column after column, so that a row's sum never depends on its neighbours. */
export function linearPart(context: TaskContext, x: DenseChunk, coef: Float64Array, bias: number): Float64Array {
  const sum = new Float64Array(x.rows).fill(bias);
  coef.forEach((slope, j) => {
    if (slope === 0) return;
    const column = context.memory.view(x.columns[j] as Column<"f64">);
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + slope * (column[i] ?? 0);
  });
  return sum;
}
