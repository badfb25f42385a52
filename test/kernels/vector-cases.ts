import {
  binaryOp,
  compareOp,
  dtypeCode,
  unaryOp,
  type DtypeCode,
  type ElementBytes,
  type Kernels,
} from "#src/kernels/kernels.js";
import {
  expectSame,
  expectSums,
  expectUlps,
  numbers,
  uniform,
  weights,
  type Flavour,
  type KernelHarness,
  type Storage,
} from "./kernel-harness.js";
import type { TwinCase } from "./matrix-cases.js";

const elementSizes: readonly ElementBytes[] = [1, 4, 8];
const scalars: readonly number[] = [0, -0, 2.5, -1e300, NaN, Infinity];

/** Bytes of any value, aligned as elements of `size` bytes. */
function elements(h: KernelHarness, size: ElementBytes, n: number): number {
  if (size === 8) return h.i64(uniform(n, 3).map((u) => BigInt(Math.round(u * 2 ** 53)) * 511n));
  if (size === 4) return h.u32(uniform(n, 3).map((u) => Math.round((u + 1) * 2 ** 31) >>> 0));
  return h.u8(uniform(n, 3).map((u) => Math.round((u + 1) * 127)));
}

const gather: TwinCase = (h, n) => {
  for (const size of elementSizes) {
    h.reset();
    const source = 2 * n + 1;
    const src = elements(h, size, source);
    const idx = h.u32(uniform(n, 9).map((u) => Math.floor(((u + 1) / 2) * source)));
    const out = h.room(n * size, size);
    h.run((k) => k.gather(size, src, idx, n, out));
    expectSame(h.bytesAt(out, n * size), `${size} bytes, n ${n}`);
  }
};

const filter: TwinCase = (h, n) => {
  for (const size of elementSizes) {
    for (const share of [-1, 0, 1]) {
      for (const inPlace of [false, true]) {
        h.reset();
        const keep = uniform(n, 12).map((u) => (u < share ? 1 + Math.round(Math.abs(u) * 254) : 0));
        const kept = keep.filter((v) => v !== 0).length;
        const src = elements(h, size, n);
        const mask = h.u8(keep);
        if (inPlace) h.allowWrites(src, n * size);
        const out = inPlace ? src : h.room(kept * size, size);
        const { wasm, twin } = h.run((k) => k.filter(size, src, mask, n, out));
        expectSame({ wasm: [wasm], twin: [kept], magnitude: [twin] }, `count of n ${n}`);
        expectSame(h.bytesAt(out, kept * size), `${size} bytes, n ${n}, share ${share}, in place ${inPlace}`);
      }
    }
  }
};

const rowsWithin: TwinCase = (h, n) => {
  const ranges = [
    [-0.1, 0.1],
    [-2, 2],
    [0, 0],
    [-Infinity, Infinity],
    [3, 4],
    [NaN, 1],
  ] as const;
  for (const flavour of ["plain", "special"] as const) {
    for (const [low, high] of ranges) {
      h.reset();
      const values = numbers(n, 21, flavour);
      const x = h.f64(values);
      const kept = values.filter((v) => v >= low && v <= high).length;
      const out = h.room(kept * 4, 4);
      const { wasm, twin } = h.run((k) => k.rowsWithin(x, n, low, high, out));
      expectSame({ wasm: [wasm], twin: [kept], magnitude: [twin] }, `count of n ${n}`);
      expectSame(h.bytesAt(out, kept * 4), `${flavour}, n ${n}, from ${low} to ${high}`);
    }
  }
};

const copy: TwinCase = (h, n) => {
  h.reset();
  const src = elements(h, 1, n);
  const dst = h.room(n, 1);
  h.run((k) => k.copy(dst, src, n));
  expectSame(h.bytesAt(dst, n), `n ${n}`);
};

const fill: TwinCase = (h, n) => {
  h.reset();
  const dst = h.room(n, 1);
  h.run((k) => k.fill(dst, 7 + (n % 200), n));
  expectSame(h.bytesAt(dst, n), `n ${n}`);
};

const fillF64: TwinCase = (h, n) => {
  for (const value of scalars) {
    h.reset();
    const dst = h.room(n * 8);
    h.run((k) => k.fillF64(dst, value, n));
    expectSame(h.f64At(dst, n), `${value}, n ${n}`);
  }
};

/** Values at and around the bounds of all types. */
function convertible(h: KernelHarness, dtype: DtypeCode, n: number, flavour: Flavour): number {
  const floats = numbers(n, 15, flavour).map((v, i) => {
    const edges = [2147483647, -2147483648.5, 2 ** 63, -(2 ** 63), 255, 256, -1, 0.5, 2 ** 53 + 2, -0.5, 16777217];
    return i % 3 === 2 ? edges[i % edges.length]! : v;
  });
  switch (dtype) {
    case dtypeCode.f64:
      return h.f64(floats);
    case dtypeCode.f32:
      return h.f32(floats);
    case dtypeCode.i64: {
      const edges = [2n ** 63n - 1n, -(2n ** 63n), 0n, 16777217n, 2n ** 53n + 1n, 36028799166447617n, 2147483648n];
      return h.i64(uniform(n, 3).map((u, i) => edges[i % 9] ?? BigInt(Math.round(u * 1e6)) * 7_654_321_987n));
    }
    case dtypeCode.i32:
      return h.u32(uniform(n, 3).map((u, i) => [0, 16777217, -2147483648, 300][i % 7] ?? Math.round(u * 2 ** 31)));
    case dtypeCode.u8:
      return h.u8(uniform(n, 3).map((u, i) => (i % 4 === 0 ? 0 : Math.round((u + 1) * 127))));
    case dtypeCode.bool:
      return h.u8(uniform(n, 3).map((u) => (u > 0 ? 1 : 0)));
  }
}

const sizeOf: Readonly<Record<DtypeCode, ElementBytes>> = { 0: 8, 1: 4, 2: 8, 3: 4, 4: 1, 5: 1 };

const convert: TwinCase = (h, n, flavour) => {
  for (const from of Object.values(dtypeCode)) {
    for (const to of Object.values(dtypeCode)) {
      h.reset();
      const src = convertible(h, from, n, flavour);
      const dst = h.room(n * sizeOf[to], sizeOf[to]);
      h.run((k) => k.convert(from, to, src, n, dst));
      const what = `dtype ${from} to ${to}, n ${n}`;
      if (to === dtypeCode.f64) expectSame(h.f64At(dst, n), what);
      else if (to === dtypeCode.f32) expectSame(h.f32At(dst, n), what);
      else expectSame(h.bytesAt(dst, n * sizeOf[to]), what);
    }
  }
};

function applyValidity(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    for (const bitOffset of [0, 3, 9]) {
      h.reset();
      const data = numbers(n, 6, flavour);
      const values = storage === "F64" ? h.f64(data) : h.f32(data);
      h.allowWrites(values, n * (storage === "F64" ? 8 : 4));
      const bitmap = h.u8(uniform((bitOffset + n + 7) >> 3, 8).map((u) => Math.round((u + 1) * 127)));
      h.run((k) => k[`applyValidity${storage}`](values, bitmap, bitOffset, n));
      expectSame(storage === "F64" ? h.f64At(values, n) : h.f32At(values, n), `n ${n}, bit offset ${bitOffset}`);
    }
  };
}

const binary: TwinCase = (h, n, flavour) => {
  for (const [name, op] of Object.entries(binaryOp)) {
    h.reset();
    const a = h.f64(numbers(n, 1, flavour));
    const b = h.f64(numbers(n, 2, flavour));
    const out = h.room(n * 8);
    h.run((k) => k.binary(op, a, b, n, out));
    expectSame(h.f64At(out, n), `${name}, n ${n}`);
  }
};

const binaryScalar: TwinCase = (h, n, flavour) => {
  for (const [name, op] of Object.entries(binaryOp)) {
    for (const reversed of [0, 1] as const) {
      h.reset();
      const s = scalars[(n + op) % scalars.length]!;
      const a = h.f64(numbers(n, 1, flavour));
      h.allowWrites(a, n * 8);
      h.run((k) => k.binaryScalar(op, a, s, reversed, n, a));
      expectSame(h.f64At(a, n), `${name} ${s}, n ${n}, reversed ${reversed}`);
    }
  }
};

const unary: TwinCase = (h, n, flavour) => {
  for (const [name, op] of Object.entries(unaryOp)) {
    h.reset();
    const a = h.f64(numbers(n, 1, flavour));
    const out = h.room(n * 8);
    h.run((k) => k.unary(op, a, n, out));
    if (op === unaryOp.exp || op === unaryOp.log) expectUlps(h.f64At(out, n), 4, `${name}, n ${n}`);
    else expectSame(h.f64At(out, n), `${name}, n ${n}`);
  }
};

const compare: TwinCase = (h, n, flavour) => {
  for (const [name, op] of Object.entries(compareOp)) {
    h.reset();
    const left = numbers(n, 1, flavour);
    const a = h.f64(left);
    const b = h.f64(numbers(n, 2, flavour).map((v, i) => (i % 3 === 0 ? left[i]! : v)));
    const out = h.room(n, 1);
    h.run((k) => k.compare(op, a, b, n, out));
    expectSame(h.bytesAt(out, n), `${name}, n ${n}`);
  }
};

const compareScalar: TwinCase = (h, n, flavour) => {
  for (const [name, op] of Object.entries(compareOp)) {
    h.reset();
    const s = scalars[(n + op) % scalars.length]!;
    const a = h.f64(numbers(n, 1, flavour));
    const out = h.room(n, 1);
    h.run((k) => k.compareScalar(op, a, s, n, out));
    expectSame(h.bytesAt(out, n), `${name} ${s}, n ${n}`);
  }
};

const weightedSum: TwinCase = (h, n, flavour) => {
  for (const [hasX, hasW] of [
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ]) {
    h.reset();
    const x = hasX ? h.f64(numbers(n, 1, flavour)) : 0;
    const w = hasW ? h.f64(weights(n, 2)) : 0;
    const { wasm, twin, magnitude } = h.run((k) => k.weightedSum(x, w, n));
    expectSums({ wasm: [wasm], twin: [twin], magnitude: [magnitude] }, n, `n ${n}, x ${hasX}, w ${hasW}`);
  }
};

/** Cases of the kernels on single columns. */
export const vectorCases = {
  gather,
  filter,
  rowsWithin,
  copy,
  fill,
  fillF64,
  convert,
  applyValidityF64: applyValidity("F64"),
  applyValidityF32: applyValidity("F32"),
  binary,
  binaryScalar,
  unary,
  compare,
  compareScalar,
  weightedSum,
} satisfies Partial<Record<keyof Kernels, TwinCase>>;
