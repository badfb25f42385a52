import { expect } from "vitest";
import type { Kernels } from "#src/kernels/kernels.js";
import { instantiateKernels, loadKernelModule } from "#src/kernels/load.js";
import { referenceKernels } from "#src/kernels/reference/index.js";

/** Every length up to four blocks of 16 and a rest, and around the tiles of 1,024 rows. */
export const lengths: readonly number[] = [...Array.from({ length: 68 }, (_, n) => n), 1023, 1024, 1025, 4099];

/** plain: ordinary numbers; special: some are NaN, infinite, subnormal, huge, or negative zero. */
export type Flavour = "plain" | "special";

/** Storage of matrix columns: the suffix of a kernel's name. */
export type Storage = "F64" | "F32";

const PAGES = 96;
const FIRST = 1024;
// All bits set are NaN in both float types: a kernel that uses what its scratch held before shows it.
const PATTERN = 0xff;
const EPSILON = 2 ** -52;

const specials = [
  NaN,
  Infinity,
  -Infinity,
  5e-324,
  -5e-324,
  2.2250738585072e-309,
  1e-40,
  1e300,
  -1e300,
  0,
  -0,
  3.5e38,
  -1e19,
  4294967296.5,
  -0.99,
  255.9,
];

const drawn = new Map<string, readonly number[]>();

/** Deterministic numbers in [-1, 1). */
export function uniform(n: number, seed: number): readonly number[] {
  const key = `${n} ${seed}`;
  let values = drawn.get(key);
  if (values === undefined) {
    values = draw(n, seed);
    drawn.set(key, values);
  }
  return values;
}

function draw(n: number, seed: number): number[] {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Array.from({ length: n }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

/** Ordinary numbers of different scales, or the same with every fifth or so special. */
export function numbers(n: number, seed: number, flavour: Flavour): number[] {
  const choice = uniform(n, seed + 1000);
  return uniform(n, seed).map((u, i) => {
    if (flavour === "special" && choice[i]! > 0.6) return specials[(i * 7 + seed) % specials.length]!;
    return u * 10 ** Math.round(3 * choice[i]!);
  });
}

/** Weights >= 0, some 0. */
export function weights(n: number, seed: number): number[] {
  return uniform(n, seed).map((u, i) => (i % 7 === 3 ? 0 : 1.5 + u));
}

/** A pair of results: of the WebAssembly kernel, of its plain twin, and Σ|terms| where the kernel is multilinear. */
export interface Outcome<T> {
  readonly wasm: T;
  readonly twin: T;
  readonly magnitude: T;
}

interface Side {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Kernels;
}

/** Distance in representable numbers; 0 for two NaN. */
export function ulps(a: number, b: number): number {
  if (Object.is(a, b) || (Number.isNaN(a) && Number.isNaN(b)) || a === b) return 0;
  if (Number.isNaN(a) || Number.isNaN(b)) return Infinity;
  const bits = (v: number): bigint => {
    const raw = new BigInt64Array(new Float64Array([v]).buffer)[0]!;
    return raw < 0n ? -(raw & 0x7fffffffffffffffn) : raw;
  };
  const distance = bits(a) - bits(b);
  return Number(distance < 0n ? -distance : distance);
}

/**
 * Runs a kernel and its twin on equal bytes at equal addresses. A third memory holds the absolute values of the float
 * inputs: the twin's result on it is Σ|terms|, which error bounds need. Vectors stand at addresses of their natural
 * alignment that differ modulo 16, amid a pattern that must survive.
 */
export class KernelHarness {
  readonly called = new Set<string>();
  readonly #wasm: Side;
  readonly #twin: Side;
  readonly #magnitude: Side;
  readonly #before = Buffer.alloc(PAGES * 65536);
  #next = FIRST;
  #count = 0;
  #writable: [from: number, to: number][] = [];

  constructor() {
    const memory = (): WebAssembly.Memory => {
      const created = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
      new Uint8Array(created.buffer).fill(PATTERN);
      return created;
    };
    const [a, b, c] = [memory(), memory(), memory()] as const;
    this.#wasm = { memory: a, kernels: instantiateKernels(loadKernelModule(), a) };
    this.#twin = { memory: b, kernels: referenceKernels(b) };
    this.#magnitude = { memory: c, kernels: referenceKernels(c) };
  }

  /** Forgets all vectors and lays the pattern anew where they stood. */
  reset(): void {
    const used = this.#next + 512;
    for (const { memory } of this.#sides()) new Uint8Array(memory.buffer, 0, used).fill(PATTERN);
    this.#next = FIRST;
    this.#count = 0;
    this.#writable = [];
  }

  /** Places a read-only f64 vector; `negated` makes the magnitudes negative (for values that are subtracted). */
  f64(values: readonly number[], negated = false): number {
    return this.#place(8, values.length, (side, at) => {
      const sign = negated ? -1 : 1;
      const stored = side === this.#magnitude ? values.map((v) => sign * Math.abs(v)) : values;
      new Float64Array(side.memory.buffer, at, values.length).set(stored);
    });
  }

  /** Places a read-only f32 vector. */
  f32(values: readonly number[]): number {
    return this.#place(4, values.length, (side, at) => {
      const stored = side === this.#magnitude ? values.map(Math.abs) : values;
      new Float32Array(side.memory.buffer, at, values.length).set(stored);
    });
  }

  /** Places a vector of 32-bit integers. */
  u32(values: readonly number[]): number {
    return this.#place(4, values.length, (side, at) => {
      new Uint32Array(side.memory.buffer, at, values.length).set(values);
    });
  }

  /** Places a vector of 64-bit integers. */
  i64(values: readonly bigint[]): number {
    return this.#place(8, values.length, (side, at) => {
      new BigInt64Array(side.memory.buffer, at, values.length).set(values);
    });
  }

  /** Places bytes. */
  u8(values: readonly number[]): number {
    return this.#place(1, values.length, (side, at) => {
      new Uint8Array(side.memory.buffer, at, values.length).set(values);
    });
  }

  /** Places columns and the table of them. */
  columns(storage: Storage, columns: readonly (readonly number[])[]): number {
    return this.u32(columns.map((column) => (storage === "F64" ? this.f64(column) : this.f32(column))));
  }

  /** Room for an output or scratch; holds the pattern at first. */
  room(bytes: number, alignment: 1 | 4 | 8 = 8): number {
    const at = this.#place(alignment, bytes / alignment, () => undefined);
    this.#writable.push([at, at + bytes]);
    return at;
  }

  /** Room for output columns and the table of them. */
  roomForColumns(storage: Storage, nCols: number, n: number): { table: number; columns: number[] } {
    const size = storage === "F64" ? 8 : 4;
    const columns = Array.from({ length: nCols }, () => this.room(n * size, size));
    return { table: this.u32(columns), columns };
  }

  /** Makes the bytes of an input writable, for kernels that work in place. */
  allowWrites(at: number, bytes: number): void {
    this.#writable.push([at, at + bytes]);
  }

  /** An f64 vector to accumulate into. */
  accumulator(values: readonly number[]): number {
    const at = this.f64(values);
    this.#writable.push([at, at + values.length * 8]);
    return at;
  }

  /** Calls the kernel on all sides. */
  run<T>(call: (kernels: Kernels) => T): Outcome<T> {
    const recorded = new Proxy(this.#wasm.kernels, {
      get: (target, name) => {
        this.called.add(String(name));
        return Reflect.get(target, name);
      },
    });
    const used = this.#next + 256;
    const now = Buffer.from(this.#wasm.memory.buffer, 0, used);
    this.#before.set(now);
    const outcome = {
      wasm: call(recorded),
      twin: call(this.#twin.kernels),
      magnitude: call(this.#magnitude.kernels),
    };
    for (const [from, to] of this.#writable) this.#before.set(now.subarray(from, to), from);
    if (this.#before.compare(now, 0, used, 0, used) !== 0) expect.fail("a kernel wrote outside of its outputs");
    return outcome;
  }

  /** f64 elements on all sides. */
  f64At(at: number, n: number): Outcome<Float64Array> {
    return this.#read((buffer) => new Float64Array(buffer, at, n));
  }

  /** f32 elements on all sides. */
  f32At(at: number, n: number): Outcome<Float32Array> {
    return this.#read((buffer) => new Float32Array(buffer, at, n));
  }

  /** Bytes on all sides. */
  bytesAt(at: number, bytes: number): Outcome<Uint8Array> {
    return this.#read((buffer) => new Uint8Array(buffer, at, bytes));
  }

  #read<T extends { slice(): T }>(view: (buffer: ArrayBufferLike) => T): Outcome<T> {
    return {
      wasm: view(this.#wasm.memory.buffer).slice(),
      twin: view(this.#twin.memory.buffer).slice(),
      magnitude: view(this.#magnitude.memory.buffer).slice(),
    };
  }

  #place(size: 1 | 4 | 8, n: number, write: (side: Side, at: number) => void): number {
    // From a multiple of 16 by an odd step that changes from vector to vector.
    const steps = 16 / size;
    const at = this.#next + 31 - ((this.#next + 31) % 16) + ((this.#count * 3 + 1) % steps) * size;
    this.#count++;
    this.#next = at + n * size;
    if (this.#next > PAGES * 65536 - 4096) expect.fail("the memory of the harness is too small for this test");
    for (const side of this.#sides()) write(side, at);
    return at;
  }

  #sides(): readonly Side[] {
    return [this.#wasm, this.#twin, this.#magnitude];
  }
}

/** Elements equal as numbers: NaN equals NaN, 0 differs from -0. */
export function expectSame(outcome: Outcome<ArrayLike<number>>, what: string): void {
  expectWithin(
    outcome,
    () => 0,
    what,
    (a, b) => (Object.is(a, b) ? 0 : Infinity),
  );
}

/** Elements at most `most` representable numbers apart. */
export function expectUlps(outcome: Outcome<ArrayLike<number>>, most: number, what: string): void {
  expectWithin(outcome, () => most, what, ulps);
}

/**
 * Reductions over `terms` terms: `|a - b| <= 4 · terms · ε · Σ|terms|`. Where Σ|terms| overflows or a term is not
 * finite, both results must be non-finite or both finite.
 */
export function expectSums(outcome: Outcome<ArrayLike<number>>, terms: number, what: string): void {
  const bound = 4 * Math.max(terms, 1) * EPSILON;
  expectWithin(outcome, (i) => bound * outcome.magnitude[i]! + terms * 5e-324, what, finiteDistance);
}

/** |a - b|, and 0 when neither is finite: whether a sum ends as NaN or infinite may depend on its order. */
export function finiteDistance(a: number, b: number): number {
  return Number.isFinite(a) || Number.isFinite(b) ? Math.abs(a - b) : 0;
}

/** Elements whose distance is at most the allowed one; NaN as distance fails. */
export function expectWithin(
  outcome: Outcome<ArrayLike<number>>,
  allowed: (i: number) => number,
  what: string,
  distance: (a: number, b: number) => number = (a, b) => Math.abs(a - b),
): void {
  const wrong: string[] = [];
  for (let i = 0; i < outcome.wasm.length; i++) {
    const [a, b] = [outcome.wasm[i]!, outcome.twin[i]!];
    const apart = distance(a, b);
    if (apart !== 0 && !(apart <= allowed(i)) && wrong.length < 5)
      wrong.push(`${i}: wasm ${a}, twin ${b}, ±${allowed(i)}`);
  }
  // Hundreds of thousands of comparisons: an assertion for each would take most of the time.
  if (wrong.length > 0) expect.fail(`${what}: ${wrong.join("; ")}`);
}
