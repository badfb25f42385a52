import { FitError } from "../../../src/base/errors.js";
import type { Comoments } from "../../../src/numeric/comoments.js";
import { choleskySolve, type Cholesky } from "../../../src/numeric/linalg/cholesky.js";
import type { GroupSums } from "../../../src/numeric/glm/statistics-steps.js";

/** A symmetric matrix of coefficients, row by row, the intercept last. */
export interface Square {
  readonly values: Float64Array;
  readonly n: number;
}

/** Below this share of itself, what a column has that the ones before it lack is rounding. */
const MIN_PIVOT = 1e-12;

/** The inverse, by a Cholesky factor in correlation form. @throws FitError naming a column that depends on those before it */
export function inverseOf(owner: string, { values, n }: Square, names: readonly string[]): Square {
  const scale = Float64Array.from({ length: n }, (_, j) => Math.sqrt(values[j * n + j] ?? NaN));
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = (values[i * n + j] ?? 0) / ((scale[i] ?? 1) * (scale[j] ?? 1));
      for (let k = 0; k < j; k++) sum -= (lower[i * n + k] ?? 0) * (lower[j * n + k] ?? 0);
      if (i !== j) lower[i * n + j] = sum / (lower[j * n + j] ?? 1);
      // Also for NaN.
      else if (!(sum > MIN_PIVOT)) throw dependent(owner, names[i] ?? String(i));
      else lower[i * n + i] = Math.sqrt(sum);
    }
  }
  const factor: Cholesky = { lower, n, minPivot: MIN_PIVOT };
  const inverse = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const unit = new Float64Array(n);
    unit[j] = 1;
    choleskySolve(factor, unit).forEach(
      (value, i) => (inverse[i * n + j] = value / ((scale[i] ?? 1) * (scale[j] ?? 1))),
    );
  }
  return { values: inverse, n };
}

function dependent(owner: string, name: string): FitError {
  return new FitError(
    `${owner}: columns of X are constant or depend on each other, so their coefficients are not determined: ${JSON.stringify(name)} has nothing that the columns before it lack. Drop some of them.`,
  );
}

/** `Σ w x̃x̃ᵀ` with `x̃ = [x − centre, 1]` from the moments of x; without an intercept `x̃ = x` and no centre. */
export function scatterAbout(moments: Comoments, centre: Float64Array, fitIntercept: boolean): Square {
  const p = centre.length;
  const n = fitIntercept ? p + 1 : p;
  const { mean, scatter, weight } = moments;
  const shift = mean.map((value, j) => value - (fitIntercept ? (centre[j] ?? 0) : 0));
  const values = new Float64Array(n * n);
  for (let i = 0; i < p; i++)
    for (let j = 0; j < p; j++)
      values[i * n + j] = (scatter[i * p + j] ?? 0) + weight * (shift[i] ?? 0) * (shift[j] ?? 0);
  if (fitIntercept) {
    for (let j = 0; j < p; j++) values[j * n + p] = values[p * n + j] = weight * (shift[j] ?? 0);
    values[p * n + p] = weight;
  }
  return { values, n };
}

/** `Σ_groups s sᵀ` of the groups' sums of scores about `centre`. */
export function groupScatter({ groups, sums }: GroupSums, centre: Float64Array, fitIntercept: boolean): Square {
  const p = centre.length;
  const n = fitIntercept ? p + 1 : p;
  const values = new Float64Array(n * n);
  groups.forEach((_, k) => {
    const own = sums.subarray(k * (p + 1), (k + 1) * (p + 1));
    const total = own[p] ?? 0;
    const s = Float64Array.from({ length: n }, (__, j) =>
      j === p ? total : (own[j] ?? 0) - (fitIntercept ? total * (centre[j] ?? 0) : 0),
    );
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) values[i * n + j] = (values[i * n + j] ?? 0) + (s[i] ?? 0) * (s[j] ?? 0);
  });
  return { values, n };
}

/** `bread · meat · bread · factor`. */
export function sandwich(bread: Square, meat: Square, factor: number): Square {
  const { n } = bread;
  const product = (a: Float64Array, b: Float64Array): Float64Array => {
    const out = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let k = 0; k < n; k++)
        for (let j = 0; j < n; j++) out[i * n + j] = (out[i * n + j] ?? 0) + (a[i * n + k] ?? 0) * (b[k * n + j] ?? 0);
    return out;
  };
  const values = product(product(bread.values, meat.values), bread.values).map((value) => value * factor);
  return { values, n };
}

/** A covariance of coefficients of `x − centre` as one of coefficients of x: the intercept takes up the centre. */
export function uncentred({ values, n }: Square, centre: Float64Array, fitIntercept: boolean): Square {
  if (!fitIntercept) return { values, n };
  const p = n - 1;
  const out = values.slice();
  // intercept = own − centre·slopes
  const row = Float64Array.from({ length: n }, (_, j) => {
    let sum = values[p * n + j] ?? 0;
    for (let i = 0; i < p; i++) sum -= (centre[i] ?? 0) * (values[i * n + j] ?? 0);
    return sum;
  });
  let corner = row[p] ?? 0;
  for (let i = 0; i < p; i++) {
    out[p * n + i] = out[i * n + p] = row[i] ?? 0;
    corner -= (centre[i] ?? 0) * (row[i] ?? 0);
  }
  out[p * n + p] = corner;
  return { values: out, n };
}

/** Matrix times vector. */
export function times({ values, n }: Square, v: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += (values[i * n + j] ?? 0) * (v[j] ?? 0);
    return sum;
  });
}
