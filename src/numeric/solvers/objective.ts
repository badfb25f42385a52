/** A smooth function of a vector, as solvers see it: where the data are and how many is not their business. */
export interface Objective {
  /** Value and gradient at `x`; one pass over the data. */
  evaluate(x: Float64Array): Promise<Evaluation>;
}

/** Value and gradient at a point. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** An {@link Objective} that also has second derivatives. */
export interface CurvedObjective {
  /** Value, gradient and Hessian (row-major, symmetric) at `x`. */
  evaluate(x: Float64Array): Promise<Evaluation & { readonly hessian: Float64Array }>;
}

/** Where a solver stopped, and why. */
export interface Solution {
  readonly x: Float64Array;
  readonly value: number;
  /** Largest absolute entry of the last gradient. */
  readonly gradientNorm: number;
  /** Passes over the data. */
  readonly evaluations: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** Told after every iteration; throwing stops the solver. */
export type OnIteration = (iteration: number, value: number, gradientNorm: number) => void;

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** `x + step · direction`. */
export function along(x: Float64Array, direction: Float64Array, step: number): Float64Array {
  return x.map((value, i) => value + step * (direction[i] ?? 0));
}

export function maxNorm(v: Float64Array): number {
  let norm = 0;
  for (const value of v) norm = Math.max(norm, Math.abs(value));
  return norm;
}
