import type { Comoments } from "./comoments.js";

/** Weighted least squares as a quadratic in the coefficients: `½ bᵀ·gram·b − cross·b + ½ total`, the intercept taken out. */
export interface NormalSystem {
  readonly p: number;
  /** Σw. */
  readonly weight: number;
  /** Σ w x xᵀ about the means (about zero without an intercept), row-major. */
  readonly gram: Float64Array;
  /** Σ w x y. */
  readonly cross: Float64Array;
  /** Σ w y². */
  readonly total: number;
  readonly meanX: Float64Array;
  readonly meanY: number;
  readonly fitIntercept: boolean;
}

/** A column whose spread is this share of its mean has none beyond rounding. */
const NO_SPREAD = 1e-13;

/**
 * The normal equations of the co-moments of [x, y]. With an intercept, columns that are constant up to rounding get zeros in
 * place of what rounding left of their spread, so that a penalised fit gives them the coefficient 0.
 */
export function normalSystem(moments: Comoments, fitIntercept: boolean): NormalSystem {
  const { mean, scatter, weight } = moments;
  const width = mean.length;
  const p = width - 1;
  const gram = new Float64Array(p * p);
  const cross = new Float64Array(p);
  const at = (i: number, j: number): number =>
    (scatter[i * width + j] ?? 0) + (fitIntercept ? 0 : weight * (mean[i] ?? 0) * (mean[j] ?? 0));
  const constant = Array.from(
    { length: p },
    (_, j) => fitIntercept && at(j, j) <= weight * (NO_SPREAD * (mean[j] ?? 0)) ** 2,
  );
  for (let i = 0; i < p; i++) {
    if (constant[i]) continue;
    cross[i] = at(i, p);
    for (let j = 0; j < p; j++) if (!constant[j]) gram[i * p + j] = at(i, j);
  }
  return {
    p,
    weight,
    gram,
    cross,
    total: Math.max(0, at(p, p)),
    meanX: mean.slice(0, p),
    meanY: mean[p] ?? 0,
    fitIntercept,
  };
}

/** The intercept that belongs to these coefficients: 0 without one. */
export function interceptFor({ fitIntercept, meanX, meanY }: NormalSystem, coef: Float64Array): number {
  return fitIntercept ? coef.reduce((sum, value, j) => sum - value * (meanX[j] ?? 0), meanY) : 0;
}

/** `Σ w (y − x·coef − intercept)²` over the rows behind the co-moments of [x, y], without another pass over them. */
export function squaredError({ mean, scatter, weight }: Comoments, coef: Float64Array, intercept: number): number {
  const width = mean.length;
  const p = width - 1;
  const v = Float64Array.from({ length: width }, (_, j) => (j === p ? 1 : -(coef[j] ?? 0)));
  let sum = 0;
  let shift = -intercept;
  for (let i = 0; i < width; i++) {
    let row = 0;
    for (let j = 0; j < width; j++) row += (scatter[i * width + j] ?? 0) * (v[j] ?? 0);
    sum += (v[i] ?? 0) * row;
    shift += (v[i] ?? 0) * (mean[i] ?? 0);
  }
  return Math.max(0, sum) + weight * shift * shift;
}

/** Co-moments of the rows of `total` that are not among those of `part`: the inverse of `mergeComoments`. */
export function subtractComoments(total: Comoments, part: Comoments): Comoments {
  const rows = total.rows - part.rows;
  const weight = total.weight - part.weight;
  if (part.weight === 0) return { ...total, rows };
  const width = total.mean.length;
  // What is left is measured from the whole, so that a small part costs few digits.
  const mean = total.mean.map((value, j) => value + ((value - (part.mean[j] ?? 0)) * part.weight) / weight);
  const delta = mean.map((value, j) => value - (part.mean[j] ?? 0));
  const factor = (part.weight * weight) / total.weight;
  const scatter = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++) {
      const at = i * width + j;
      scatter[at] = (total.scatter[at] ?? 0) - (part.scatter[at] ?? 0) - (delta[i] ?? 0) * (delta[j] ?? 0) * factor;
    }
  }
  return { rows, weight, mean, scatter };
}
