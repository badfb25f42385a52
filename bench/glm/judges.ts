import { readColumns, readVector } from "../harness/data.js";
import type { DataSet, Values } from "../harness/types.js";
import { readOneHot } from "./one-hot.js";

function vector(values: Values, key: string): readonly number[] {
  const value = values[key];
  if (value === undefined) throw new Error(`bench: values.${key} is missing.`);
  return typeof value === "number" ? [value] : value;
}

/** `x·coef + intercept` of every row, in plain loops of the harness's own. */
function linear(data: DataSet, coef: readonly number[], intercept: number): Float64Array {
  const z = new Float64Array(data.rows).fill(intercept);
  readColumns(data, "X.f64", data.columns).forEach((column, j) => {
    const c = coef[j] ?? Number.NaN;
    for (let i = 0; i < z.length; i++) z[i] = (z[i] as number) + c * (column[i] as number);
  });
  return z;
}

function logLoss(z: Float64Array, label: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < z.length; i++) {
    const margin = label[i] === 1 ? (z[i] as number) : -(z[i] as number);
    sum += Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
  }
  return sum;
}

const squares = (coef: readonly number[]): number => coef.reduce((sum, c) => sum + c * c, 0);
const sizes = (coef: readonly number[]): number => coef.reduce((sum, c) => sum + Math.abs(c), 0);

/** `Σ log loss + ½ |coef|²`: C = 1, the intercept not penalised. */
export function judgeLogistic(values: Values, data: DataSet): Values {
  const coef = vector(values, "coef");
  const z = linear(data, coef, vector(values, "intercept")[0] ?? Number.NaN);
  return { objective: logLoss(z, readVector(data, "label.f64")) + 0.5 * squares(coef) };
}

/** `Σ [log Σ_c e^η_c − η_y] + ½ |coef|²`. */
export function judgeMultinomial(values: Values, data: DataSet): Values {
  const coef = vector(values, "coef");
  const intercepts = vector(values, "intercept");
  const label = readVector(data, "label.f64");
  const sum = new Float64Array(data.rows);
  const own = new Float64Array(data.rows);
  intercepts.forEach((intercept, c) => {
    const eta = linear(data, coef.slice(c * data.columns, (c + 1) * data.columns), intercept);
    for (let i = 0; i < eta.length; i++) {
      // No shift: the scores of this recipe are small.
      sum[i] = (sum[i] as number) + Math.exp(eta[i] as number);
      if (label[i] === c) own[i] = eta[i] as number;
    }
  });
  return { objective: sum.reduce((total, s, i) => total + Math.log(s) - (own[i] as number), 0.5 * squares(coef)) };
}

/** Sums of squares and products of the centred columns of [X, y], once a data set. */
const centred = new Map<string, { gram: Float64Array; cross: Float64Array; total: number }>();

function centredSums(data: DataSet): { gram: Float64Array; cross: Float64Array; total: number } {
  const known = centred.get(data.directory);
  if (known) return known;
  const p = data.columns;
  const columns = [...readColumns(data, "X.f64", p), readVector(data, "y.f64")];
  for (const column of columns) {
    const mean = column.reduce((sum, value) => sum + value, 0) / data.rows;
    for (let i = 0; i < column.length; i++) column[i] = (column[i] as number) - mean;
  }
  const product = (a: Float64Array, b: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
    return sum;
  };
  const y = columns[p] as Float64Array;
  const gram = new Float64Array(p * p);
  const cross = new Float64Array(p);
  for (let i = 0; i < p; i++) {
    const x = columns[i] as Float64Array;
    cross[i] = product(x, y);
    for (let j = 0; j <= i; j++) gram[i * p + j] = gram[j * p + i] = product(x, columns[j] as Float64Array);
  }
  const sums = { gram, cross, total: product(y, y) };
  centred.set(data.directory, sums);
  return sums;
}

/** `(1 / 2n) |y − X coef|² + alpha |coef|₁` of every penalty of the path, all columns centred. */
export function judgePath(values: Values, data: DataSet): Values {
  const { gram, cross, total } = centredSums(data);
  const p = data.columns;
  const coefs = vector(values, "coefs");
  const objective = vector(values, "alphas").map((alpha, k) => {
    const coef = coefs.slice(k * p, (k + 1) * p);
    let sum = total;
    coef.forEach((b, i) => {
      let row = -2 * (cross[i] as number);
      coef.forEach((c, j) => (row += (gram[i * p + j] as number) * c));
      sum += b * row;
    });
    return sum / (2 * data.rows) + alpha * sizes(coef);
  });
  return { objective };
}

/** `C Σ log loss + penalty` on one-hot rows, C = 1e-3; `share` is that of the L1 part. */
export const judgeOneHot =
  (share: number) =>
  (values: Values, data: DataSet): Values => {
    const coef = vector(values, "coef");
    const { indptr, indices } = readOneHot(data);
    const z = new Float64Array(data.rows).fill(vector(values, "intercept")[0] ?? Number.NaN);
    for (let i = 0; i < z.length; i++) {
      for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++)
        z[i] = (z[i] as number) + (coef[indices[k] as number] ?? Number.NaN);
    }
    const loss = logLoss(z, readVector(data, "label.f64"));
    return { objective: 1e-3 * loss + share * sizes(coef) + 0.5 * (1 - share) * squares(coef) };
  };

const LOSSES = {
  poisson: (y: number, eta: number): number => Math.exp(eta) - y * eta,
  gamma: (y: number, eta: number): number => y * Math.exp(-eta) + eta,
  // Power 1.5: half the deviance less what only y has a part in.
  tweedie: (y: number, eta: number): number => 2 * Math.exp(eta / 2) + 2 * y * Math.exp(-eta / 2),
} as const;

/** Mean loss of a family with a log link, `+ ½ alpha |coef|²` with alpha = 1e-3. */
export const judgeLogLink =
  (target: keyof typeof LOSSES) =>
  (values: Values, data: DataSet): Values => {
    const coef = vector(values, "coef");
    const eta = linear(data, coef, vector(values, "intercept")[0] ?? Number.NaN);
    const y = readVector(data, `${target}.f64`);
    const loss = LOSSES[target];
    const sum = eta.reduce((total, value, i) => total + loss(y[i] as number, value), 0);
    return { objective: sum / data.rows + 0.5e-3 * squares(coef) };
  };
