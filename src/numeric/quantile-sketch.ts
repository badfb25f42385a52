import { DataError, ParameterError, show } from "../base/errors.js";
import {
  EMPTY_SUMMARY,
  exactSummary,
  largestGap,
  mergeSummaries,
  pruneSummary,
  rankOf,
  valueAtRank,
  type QuantileSummary,
} from "./quantile-summary.js";

/** A summary and its place in the sketch. */
interface Part extends QuantileSummary {
  /**
   * It is made of 2^rank leaves: parts of one rank merge, as in a binary counter, so that few prunings lie on any path.
   */
  readonly rank: number;
  /** How often it was pruned: each pruning may use one more slice of the error. */
  readonly level: number;
}

/** A {@link QuantileSketch} as plain data. */
export interface QuantileSketchData {
  readonly error: number;
  /** Values seen, NaN and weight 0 left out. */
  readonly count: number;
  readonly parts: readonly (QuantileSummary & { readonly rank: number; readonly level: number })[];
}

// Values that wait for a sort of their own; one leaf at most, so that sorting needs little memory.
const PENDING = 4096;
const LEAF = 2 ** 20;

/**
 * Quantiles of a stream of weighted values in little memory, mergeable, without randomness.
 *
 * With W the total weight, R-(x) the weight below x and R+(x) the weight up to and with x:
 * - {@link quantile}(q) is one of the values, and q·W lies within `error`·W of [R-, R+] of that value. Always, not only
 *   probably, whatever the order of the data and however many sketches were merged.
 * - {@link rank}(x) is within `error`·W / 2 of R+(x).
 * - Up to {@link exactUpTo} distinct values both are exact.
 *
 * Weights are any finite numbers >= 0: weight 2 counts as the value twice, weight 0 as if it were not there. NaN is
 * left out.
 *
 * Memory: about 2/`error` entries of 32 bytes for one partition; O(log²(n) / `error`) at worst. Cost: a sort of each
 * batch.
 *
 * How: every batch is an exact list of (value, rank bounds); lists merge without loss, and a list that has grown too
 * long drops
 * entries while no gap between neighbours exceeds (1 - 1/(level + 1)) · `error` of its weight. Parts of equal rank
 * merge,
 * so a path has at most log2(batches) + 1 prunings, and the slices of the error add up to less than all of it.
 *
 * @example
 * ```ts
 * const sketch = new QuantileSketch(0.001);
 * sketch.update(Float64Array.of(3, 1, 2));
 * sketch.quantile(0.5); // 2
 * ```
 */
export class QuantileSketch {
  readonly error: number;
  #count = 0;
  // Highest rank first.
  #parts: Part[] = [];
  #pending: number[] = [];
  #pendingWeights: number[] = [];
  #whole: QuantileSummary | undefined;

  /** @param error bound of the rank error as a share of the total weight, in (0, 0.5] @throws ParameterError outside */
  constructor(error = 0.001) {
    if (!(error > 0 && error <= 0.5)) {
      throw new ParameterError(
        `QuantileSketch: error must be in (0, 0.5]; got ${show(error)}. 0.001 places a median between 49.9 % and 50.1 %.`,
      );
    }
    this.error = error;
  }

  /** A sketch from what {@link toPlain} gave. */
  static fromPlain(data: QuantileSketchData): QuantileSketch {
    const sketch = new QuantileSketch(data.error);
    sketch.#count = data.count;
    sketch.#parts = [...data.parts];
    return sketch;
  }

  /** Values seen, NaN and weight 0 left out. */
  get count(): number {
    return this.#count;
  }

  /** Total weight. */
  get weight(): number {
    return this.#summary().total;
  }

  /** Up to so many distinct values the sketch is exact. */
  get exactUpTo(): number {
    return capacity(this.error, 0);
  }

  /**
   * What this sketch can promise for the data it has seen, as a share of the weight: 0 when it is exact, never above
   * `error`.
   */
  get certifiedError(): number {
    const whole = this.#summary();
    return whole.total === 0 ? 0 : largestGap(whole) / whole.total;
  }

  /**
   * Adds values.
   * @param weights one for each value, 1 unless given
   * @throws DataError when there are fewer or more weights than values, or one is negative, NaN or infinite: nothing
   * was added
   */
  update(values: ArrayLike<number>, weights?: ArrayLike<number>): this {
    if (weights) checkWeights(values, weights);
    this.#whole = undefined;
    if (values.length + this.#pending.length <= PENDING) {
      for (let i = 0; i < values.length; i++) {
        const value = values[i] as number;
        const w = weights ? (weights[i] as number) : 1;
        if (Number.isNaN(value) || w === 0) continue;
        this.#pending.push(value);
        this.#pendingWeights.push(w);
        this.#count += 1;
      }
      return this;
    }
    this.#flush();
    for (let from = 0; from < values.length; from += LEAF) {
      this.#leaf(values, weights, from, Math.min(values.length, from + LEAF));
    }
    return this;
  }

  /**
   * Adds all that another sketch has seen, which stays as it is.
   * @throws ParameterError when the other has another `error`
   */
  merge(other: QuantileSketch): this {
    if (other.error !== this.error) {
      throw new ParameterError(
        `QuantileSketch.merge: the sketches have errors ${this.error} and ${other.error}. Make both with the same error.`,
      );
    }
    this.#flush();
    other.#flush();
    // A copy, because a sketch may be merged with itself.
    const parts = other.#parts.slice();
    for (const part of parts) this.#push(part);
    this.#count += other.#count;
    this.#whole = undefined;
    return this;
  }

  /**
   * The value at a share of the weight; exact sketches give the smallest value x with R+(x) >= q·W ("inverted_cdf" in
   * numpy:
   * always one of the values, nothing between two). NaN for an empty sketch.
   * @throws ParameterError unless q is in [0, 1]
   */
  quantile(q: number): number {
    if (!(q >= 0 && q <= 1))
      throw new ParameterError(`QuantileSketch.quantile: q must be in [0, 1]; got ${show(q)}. 0.5 is the median.`);
    const whole = this.#summary();
    return valueAtRank(whole, q * whole.total);
  }

  /** The value at a weight: exact sketches give the smallest value x with R+(x) >= rank. NaN for an empty sketch. */
  valueAt(rank: number): number {
    return valueAtRank(this.#summary(), rank);
  }

  /** The weight of the values <= x. */
  rank(x: number): number {
    return rankOf(this.#summary(), x);
  }

  /** Plain data that {@link QuantileSketch.fromPlain} takes: crosses threads and machines. */
  toPlain(): QuantileSketchData {
    this.#flush();
    return { error: this.error, count: this.#count, parts: this.#parts };
  }

  #summary(): QuantileSummary {
    this.#flush();
    // Small parts first: each merge costs the entries of both.
    this.#whole ??= this.#parts.reduceRight<QuantileSummary>(
      (whole, part) => mergeSummaries(whole, part),
      EMPTY_SUMMARY,
    );
    return this.#whole;
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    const summary = exactSummary(Float64Array.from(this.#pending), Float64Array.from(this.#pendingWeights));
    this.#pending = [];
    this.#pendingWeights = [];
    this.#push(this.#bounded({ ...summary, rank: 0, level: 0 }));
  }

  #leaf(values: ArrayLike<number>, weights: ArrayLike<number> | undefined, from: number, to: number): void {
    const kept = new Float64Array(to - from);
    const keptWeights = weights ? new Float64Array(to - from) : undefined;
    let n = 0;
    for (let i = from; i < to; i++) {
      const value = values[i] as number;
      const w = weights ? (weights[i] as number) : 1;
      if (Number.isNaN(value) || w === 0) continue;
      kept[n] = value;
      if (keptWeights) keptWeights[n] = w;
      n++;
    }
    if (n === 0) return;
    this.#count += n;
    this.#push(this.#bounded({ ...exactSummary(kept.subarray(0, n), keptWeights?.subarray(0, n)), rank: 0, level: 0 }));
  }

  #push(part: Part): void {
    let carry = part;
    for (
      let i = this.#parts.findIndex((one) => one.rank === carry.rank);
      i >= 0;
      i = this.#parts.findIndex((one) => one.rank === carry.rank)
    ) {
      const [same] = this.#parts.splice(i, 1) as [Part];
      carry = this.#bounded({
        ...mergeSummaries(same, carry),
        rank: carry.rank + 1,
        level: Math.max(same.level, carry.level),
      });
    }
    const after = this.#parts.findIndex((one) => one.rank < carry.rank);
    this.#parts.splice(after < 0 ? this.#parts.length : after, 0, carry);
  }

  #bounded(part: Part): Part {
    if (part.value.length <= capacity(this.error, part.level)) return part;
    const level = part.level + 1;
    const share = this.error * (1 - 1 / (level + 1));
    return { ...pruneSummary(part, share * part.total), rank: part.rank, level };
  }
}

// Pruning from a level to the next leaves at most half of this (see pruneSummary: the slices differ by
// error/((l+1)(l+2))).
function capacity(error: number, level: number): number {
  return Math.max(1024, Math.ceil((4 * (level + 1) * (level + 2)) / error));
}

function checkWeights(values: ArrayLike<number>, weights: ArrayLike<number>): void {
  if (weights.length !== values.length) {
    throw new DataError(
      `QuantileSketch.update: there are ${values.length} values and ${weights.length} weights. Pass one weight a value.`,
    );
  }
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i] as number;
    if (!(w >= 0 && w < Infinity)) {
      throw new DataError(
        `QuantileSketch.update: weight ${i} is ${show(w)}; weights must be finite and >= 0. Use 0 to leave a value out.`,
        {
          details: { row: i },
        },
      );
    }
  }
}
