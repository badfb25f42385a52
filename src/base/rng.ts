/**
 * Counter-based random numbers: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers:
 * as easy as 1, 2, 3", SC 2011). A value is a pure function of (seed, purpose, index, draw), so that any partitioning,
 * thread or order of arrival gives the same number for the same row.
 *
 * @example
 * ```ts
 * const rng = new CounterRng(42, "shuffle");
 * rng.uniform(1_000_000); // the same in every partition layout
 * ```
 */
export class CounterRng {
  readonly #key0: number;
  readonly #key1: number;
  // The last block, high half first. An array, because numbers above 2^31 in fields are boxed.
  readonly #out = new Uint32Array(2);

  /** @param seed any finite number; its integer part is used, up to 2^53. @param purpose separates streams of one seed. */
  constructor(seed: number, purpose: string) {
    // FNV-1a of the purpose keeps streams of one seed apart.
    let hash = 0x811c9dc5;
    for (let i = 0; i < purpose.length; i++) hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193);
    const whole = Math.trunc(seed);
    this.#key0 = (whole | 0) ^ hash;
    this.#key1 = (Math.floor(whole / 4294967296) | 0) ^ Math.imul(hash, 0x9e3779b1);
  }

  #block(index: number, draw: number): void {
    // The counter has 64 bits: 53 for the index and the rest, mixed, for the draw.
    let x0 = index | 0;
    let x1 = (Math.floor(index / 4294967296) | 0) ^ Math.imul(draw, 0x85ebca6b);
    const k0 = this.#key0;
    const k1 = this.#key1;
    const k2 = 0x1bd11bda ^ k0 ^ k1;
    x0 = (x0 + k0) | 0;
    x1 = (x1 + k1) | 0;
    // Twenty rounds in line, because a loop over them is slower.
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    x0 = (x0 + k1) | 0;
    x1 = (x1 + k2 + 1) | 0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
    x0 = (x0 + k2) | 0;
    x1 = (x1 + k0 + 2) | 0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    x0 = (x0 + k0) | 0;
    x1 = (x1 + k1 + 3) | 0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
    x0 = (x0 + k1) | 0;
    x1 = (x1 + k2 + 4) | 0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    x0 = (x0 + k2) | 0;
    x1 = (x1 + k0 + 5) | 0;
    this.#out[0] = x0;
    this.#out[1] = x1;
  }

  /** Uniform in [0, 1) with 53 random bits. */
  uniform(index: number, draw = 0): number {
    this.#block(index, draw);
    const out = this.#out;
    return ((out[0] as number) * 2097152 + ((out[1] as number) >>> 11)) / 9007199254740992;
  }

  /** A random unsigned 32-bit integer. */
  uint32(index: number, draw = 0): number {
    this.#block(index, draw);
    return this.#out[0] as number;
  }

  /** Uniform integer in [0, n); the bias is below n / 2^53. */
  integer(index: number, n: number, draw = 0): number {
    return Math.floor(this.uniform(index, draw) * n);
  }

  /** Standard normal by Box and Muller from one block: 32 bits for the radius, 32 for the angle. */
  normal(index: number, draw = 0): number {
    this.#block(index, draw);
    const radius = Math.sqrt(-2 * Math.log(((this.#out[0] as number) + 1) / 4294967296));
    return radius * Math.cos((2 * Math.PI * (this.#out[1] as number)) / 4294967296);
  }

  /**
   * Standard normals two a block, for generators of many: `a[i]` is `normal(index + i, draw)`, and `b[i]` the sine of the
   * same block, independent of it. Half the cost of two calls a row.
   */
  fillNormalPairs(index: number, draw: number, a: Float64Array, b: Float64Array): void {
    for (let i = 0; i < a.length; i++) {
      this.#block(index + i, draw);
      const radius = Math.sqrt(-2 * Math.log(((this.#out[0] as number) + 1) / 4294967296));
      const angle = (2 * Math.PI * (this.#out[1] as number)) / 4294967296;
      a[i] = radius * Math.cos(angle);
      b[i] = radius * Math.sin(angle);
    }
  }
}

/** A seed for an estimator whose `randomState` is not given: fixed, because results must not change between runs. */
export const DEFAULT_SEED = 0;
