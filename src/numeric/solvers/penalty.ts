/** What a {@link Penalty} is made of. */
export interface PenaltyOptions {
  /** Factor of |b|₁. */
  readonly l1: number;
  /** Factor of ½|b|². */
  readonly l2: number;
  /** Positions without a penalty or sign: intercepts. */
  readonly free?: readonly number[];
  /** Holds every penalised coefficient at or above 0. */
  readonly positive?: boolean;
}

/**
 * The separable part of an objective, `Σⱼ l1 |bⱼ| + ½ l2 bⱼ²` over the positions that are not free, and bⱼ ≥ 0 there with
 * `positive`. Solvers take the rest of the objective as smooth and this one coordinate by coordinate.
 */
export class Penalty {
  readonly l1: number;
  readonly l2: number;
  readonly positive: boolean;
  readonly free: readonly number[];
  readonly #isFree: Uint8Array;

  constructor({ l1, l2, free = [], positive = false }: PenaltyOptions) {
    this.l1 = l1;
    this.l2 = l2;
    this.free = free;
    this.positive = positive;
    this.#isFree = new Uint8Array(Math.max(-1, ...free) + 1);
    for (const j of free) this.#isFree[j] = 1;
  }

  /** Whether it has derivatives everywhere. */
  get smooth(): boolean {
    return this.l1 === 0 && !this.positive;
  }

  isFree(j: number): boolean {
    return this.#isFree[j] === 1;
  }

  /** Curvature that it adds at position j. */
  curvature(j: number): number {
    return this.#isFree[j] === 1 ? 0 : this.l2;
  }

  value(b: Float64Array): number {
    let sum = 0;
    for (let j = 0; j < b.length; j++) {
      if (this.#isFree[j] === 1) continue;
      const value = b[j] ?? 0;
      sum += this.l1 * Math.abs(value) + 0.5 * this.l2 * value * value;
    }
    return sum;
  }

  /** The u that minimises `½ curvature u² − linear u + penalty(u)` at position j; 0 where that is flat. */
  minimum(j: number, linear: number, curvature: number): number {
    if (this.#isFree[j] === 1) return curvature > 0 ? linear / curvature : 0;
    const total = curvature + this.l2;
    if (!(total > 0)) return 0;
    if (linear > this.l1) return (linear - this.l1) / total;
    return linear < -this.l1 && !this.positive ? (linear + this.l1) / total : 0;
  }

  /** The least |gradient + s| over the slopes s of the penalty at position j: 0 at an optimum. */
  residual(j: number, value: number, gradient: number): number {
    if (this.#isFree[j] === 1) return Math.abs(gradient);
    const slope = gradient + this.l2 * value;
    if (value > 0) return Math.abs(slope + this.l1);
    if (value < 0) return Math.abs(slope - this.l1);
    return Math.max(0, this.positive ? -slope - this.l1 : Math.abs(slope) - this.l1);
  }

  /** The largest {@link residual}: the violation of the optimality conditions (Karush, Kuhn and Tucker). */
  violation(b: Float64Array, gradient: Float64Array): number {
    let worst = 0;
    for (let j = 0; j < b.length; j++) worst = Math.max(worst, this.residual(j, b[j] ?? 0, gradient[j] ?? 0));
    return worst;
  }
}
