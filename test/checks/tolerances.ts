import { expect } from "vitest";

/**
 * The tolerance of every class of result; no test has a bare epsilon of its own. `|actual − expected| <= atol + rtol ·
 * |expected|` entry by entry, where `atol` is the stated share of the scale given to {@link expectClose}.
 */
export interface Tolerance {
  readonly rtol: number;
  /** Times the scale: 0 for none. */
  readonly atol: number;
}

const EPS = Number.EPSILON;
const EPS32 = 2 ** -23;

/** Sums of n terms in another order: 4 n ε of Σ|term|. */
export const reduction = (n: number): Tolerance => ({ rtol: 0, atol: 4 * n * EPS });

/** A closed form against scikit-learn or rational arithmetic, for data of this condition number. */
export const closedForm = (cond = 1): Tolerance => ({ rtol: Math.max(1e-10, 10 * EPS * cond), atol: 1e-13 });

/** The same where the inputs are float32, or scikit-learn computed in it. */
export const closedForm32 = (cond = 1): Tolerance => ({ rtol: Math.max(1e-4, 10 * EPS32 * cond), atol: 1e-6 });

/** Coefficients of an iterative optimum; the objective is held to {@link objective}. */
export const iterative: Tolerance = { rtol: 1e-6, atol: 1e-6 };
export const iterative32: Tolerance = { rtol: 1e-4, atol: 1e-4 };

/** The value of an objective at its optimum. */
export const objective: Tolerance = { rtol: 1e-9, atol: 0 };

/** One elementwise operation on values that are known to a few units in the last place. */
export const elementwise: Tolerance = { rtol: 8 * EPS, atol: 8 * EPS };

/** A float32 result of values that are known in float64. */
export const single: Tolerance = { rtol: EPS32, atol: EPS32 };

/**
 * @param scale what `atol` is a share of; the largest magnitude of `expected` unless given. NaN equals NaN only, infinities
 * themselves only.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
  what = "values",
  scale?: number,
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  const size =
    scale ?? Array.from(expected).reduce((max, v) => (Number.isFinite(v) ? Math.max(max, Math.abs(v)) : max), 0);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] as number, expected[i] as number];
    if (Object.is(a, e) || a === e) continue;
    const allowed = tolerance.atol * size + tolerance.rtol * Math.abs(e);
    if (!(Math.abs(a - e) <= allowed)) {
      expect.fail(`${what}: entry ${i} is ${a}, expected ${e}; apart by ${Math.abs(a - e)}, allowed ${allowed}`);
    }
  }
}
