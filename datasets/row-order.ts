import { CounterRng } from "../src/base/rng.js";

// Up to this many rows the order is a table: a perfect shuffle, made in a few milliseconds.
const TABLE_ROWS = 65536;
const ROUNDS = 8;

const tables = new Map<string, Uint32Array>();

/**
 * A seeded permutation of 0 to n - 1 that is evaluated row by row, so that each partition finds the place of its own rows
 * without seeing the others. Small n use a Fisher-Yates table; above, a Feistel network over the smallest power of two
 * that holds n, walked until it lands below n (fewer than two steps on average).
 */
export class RowOrder {
  readonly #n: number;
  readonly #table: Uint32Array | undefined;
  readonly #keys: Int32Array;
  readonly #rightSize: number;
  readonly #leftMask: number;
  readonly #rightMask: number;

  constructor(n: number, seed: number, purpose: string) {
    this.#n = n;
    this.#table = n <= TABLE_ROWS ? tableOf(n, seed, purpose) : undefined;
    const rng = new CounterRng(seed, `${purpose}.order`);
    this.#keys = Int32Array.from({ length: ROUNDS }, (_, round) => rng.uint32(round) | 0);
    const bits = Math.max(2, Math.ceil(Math.log2(n)));
    this.#rightSize = 2 ** Math.floor(bits / 2);
    // Halves have at most 27 bits, so that everything between the two divisions is 32-bit integer arithmetic.
    this.#rightMask = this.#rightSize - 1;
    this.#leftMask = 2 ** Math.ceil(bits / 2) - 1;
  }

  /** The place of `row` in the new order. */
  at(row: number): number {
    if (this.#table) return this.#table[row] ?? 0;
    let place = this.#walk(row);
    while (place >= this.#n) place = this.#walk(place);
    return place;
  }

  #walk(value: number): number {
    const rightSize = this.#rightSize;
    const rightMask = this.#rightMask;
    const leftMask = this.#leftMask;
    const keys = this.#keys;
    let left = (value / rightSize) | 0;
    let right = value - left * rightSize;
    // The halves may differ by one bit: each round changes one of them by the other, in its own size.
    for (let round = 0; round < ROUNDS; round += 2) {
      left = (left + mix(right, keys[round] as number)) & leftMask;
      right = (right + mix(left, keys[round + 1] as number)) & rightMask;
    }
    return left * rightSize + right;
  }
}

// The finaliser of MurmurHash3, keyed.
function mix(value: number, key: number): number {
  let h = (value ^ key) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function tableOf(n: number, seed: number, purpose: string): Uint32Array {
  const key = `${n}/${seed}/${purpose}`;
  let table = tables.get(key);
  if (!table) {
    const rng = new CounterRng(seed, `${purpose}.order`);
    table = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = rng.integer(i, i + 1);
      const held = table[i] as number;
      table[i] = table[j] as number;
      table[j] = held;
    }
    // Partitions of one data set come after one another: the last few tables are all that is asked for.
    if (tables.size >= 8) tables.delete(tables.keys().next().value as string);
    tables.set(key, table);
  }
  return table;
}
