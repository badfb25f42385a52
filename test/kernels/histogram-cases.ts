import { expect } from "vitest";
import { histogramScratchBytes, type Kernels } from "#src/kernels/kernels.js";
import {
  expectSame,
  expectWithin,
  numbers,
  uniform,
  weights,
  type KernelHarness,
  type Storage,
} from "./kernel-harness.js";
import { widths, type TwinCase } from "./matrix-cases.js";

/** Bins from 0 to 255, missing ones included, row by row with padding. */
export function binRows(h: KernelHarness, n: number, nCols: number, most = 256): { stride: number; bins: number } {
  const stride = Math.ceil(nCols / 4) * 4;
  const draws = uniform(n * stride, 17 + nCols);
  // The kernel reads four bins at once: an address of a multiple of 4 is what its callers give.
  const cells = draws.map((u) => Math.floor(((u + 1) / 2) * most));
  const words = Array.from(
    { length: cells.length / 4 },
    (_, k) => (cells[4 * k]! | (cells[4 * k + 1]! << 8) | (cells[4 * k + 2]! << 16) | (cells[4 * k + 3]! << 24)) >>> 0,
  );
  return { stride, bins: h.u32(words) };
}

/** Every second or so of n positions, each once, in a mixed order. */
export function somePositions(n: number): number[] {
  const step = n % 7 === 0 ? 5 : 7;
  return Array.from({ length: n }, (_, i) => (i * step) % Math.max(n, 1)).filter(
    (row, i, all) => (row + n) % 3 !== 0 && all.indexOf(row) === i,
  );
}

function binColumn(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    for (const count of [0, 1, 2, 3, 7, 64, 254]) {
      h.reset();
      const values = numbers(n, 3, flavour).map((v) => (storage === "F32" ? Math.fround(v) : v));
      const thresholds = numbers(count, 9, "plain").toSorted((a, b) => a - b);
      // Some values meet a threshold exactly.
      if (count > 2) thresholds[1] = storage === "F32" ? Math.fround(thresholds[1]!) : thresholds[1]!;
      if (count > 2 && n > 1) values[n - 1] = thresholds.toSorted((a, b) => a - b)[1]!;
      const sorted = thresholds.toSorted((a, b) => a - b);
      const x = storage === "F32" ? h.f32(values) : h.f64(values);
      const edges = h.f64(sorted);
      const column = h.room(n, 1);
      const stride = 12;
      const rows = h.room(Math.max(n * stride, 1), 1);
      h.run((k) => k[`binColumn${storage}`](x, n, edges, count, column, rows + 5, stride));
      expectSame(h.bytesAt(column, n), `bins of ${n}, ${count} thresholds`);
      expectSame(h.bytesAt(rows, n * stride), `rows of ${n}, ${count} thresholds`);
    }
  };
}

const histogram: TwinCase = (h, n) => {
  for (const nCols of widths(n).filter((width) => width > 0)) {
    for (const gathered of [false, true]) {
      h.reset();
      const { bins, stride } = binRows(h, n, nCols);
      const list = somePositions(Math.min(n, 1100));
      const rows = gathered ? h.u32(list) : 0;
      const size = 2 ** 31;
      const pairs = h.u32(
        uniform(2 * n, 4).map((u, i) =>
          i % 2 === 0 ? Math.trunc(u * size) >>> 0 : Math.trunc(((u + 1) / 2) * 2 ** 22),
        ),
      );
      const before = Array.from({ length: nCols * 512 }, (_, i) => BigInt(i % 5));
      const hist = h.i64(before);
      h.allowWrites(hist, nCols * 4096);
      const scratch = h.room(histogramScratchBytes(stride));
      h.run((k) => k.histogram(bins, stride, nCols, rows, gathered ? list.length : n, pairs, hist, scratch));
      expectSame(h.bytesAt(hist, nCols * 4096), `${nCols} columns, n ${n}, gathered ${gathered}`);
    }
  }
};

const histogramSums: TwinCase = (h, n) => {
  h.reset();
  const packed = uniform(2 * n, 3).map((u, i) => {
    if (i % 6 < 2) return 0n;
    return i % 2 === 0
      ? BigInt(Math.trunc(u * 2 ** 45))
      : (BigInt(Math.trunc(((u + 1) / 2) * 2 ** 40)) << 20n) + BigInt(1 + (i % 1000));
  });
  const hist = h.i64(packed);
  h.allowWrites(hist, n * 16);
  const out = h.accumulator(numbers(3 * n, 5, "plain").map((v) => Math.round(v) + 0));
  h.run((k) => k.histogramSums(hist, n, out));
  expectSame(h.f64At(out, 3 * n), `sums of ${n}`);
  expectSame(h.bytesAt(hist, 16 * n), `emptied ${n}`);
};

/** Derivatives as wide as `packPairs` takes them, both ends among them. */
const derivatives = (n: number): number[] =>
  uniform(2 * n, 4).map((u, i) => {
    if (i % 2 === 0) return (i % 14 === 0 ? -(2 ** 30) : i % 22 === 0 ? 2 ** 30 : Math.trunc(u * 2 ** 30)) >>> 0;
    return i % 13 === 0 ? 2 ** 22 : i % 17 === 0 ? 0 : Math.trunc(((u + 1) / 2) * 2 ** 22);
  });

const packPairs: TwinCase = (h, n) => {
  for (const [first, key] of [
    [0, 0],
    [2 ** 32 - 3, 0xdeadbeef],
  ] as const) {
    h.reset();
    const words = derivatives(n);
    const pairs = h.i64(
      Array.from({ length: n }, (_, i) =>
        BigInt.asIntN(64, BigInt(words[2 * i]!) + (BigInt(words[2 * i + 1]!) << 32n)),
      ),
    );
    h.allowWrites(pairs, n * 8);
    h.run((k) => k.packPairs(pairs, n, first, key));
    expectSame(h.bytesAt(pairs, n * 8), `pairs of ${n} from ${first}`);
  }
};

const packedLogistic: TwinCase = (h, n) => {
  for (const [weighted, held] of [
    [false, false],
    [true, true],
  ] as const) {
    h.reset();
    // Up to |m| = 100, where exponentials are nothing.
    const margin = h.f64(numbers(n, 5, "plain").map((v, i) => (i % 3 === 0 ? v / 10 : v / 400)));
    const y = h.f64(numbers(n, 6, "plain").map((v) => Number(v > 0)));
    const w = weighted ? h.f64(weights(n, 7)) : 0;
    const heldOut = held ? h.u8(uniform(n, 8).map((u) => Number(u > 0.6))) : 0;
    const pairs = h.i64(Array.from({ length: n }, () => 0n));
    h.allowWrites(pairs, n * 8);
    const out = h.room(24);
    // Few random bits are at their ends, so that single precision rarely changes an entry.
    const scales = [2 ** 26, 2 ** 20, 2 ** 30] as const;
    h.run((k) => k.packedLogistic(margin, y, w, heldOut, n, 7, 0xdeadbeef, ...scales, pairs, out));
    const { wasm, twin } = h.bytesAt(pairs, n * 8);
    const fields = (bytes: Uint8Array): number[] =>
      Array.from(new BigInt64Array(bytes.slice().buffer)).flatMap((entry) => [
        Number(entry >> 38n),
        Number((entry >> 15n) & 0x7fffffn),
        Number(entry & 0x7fffn),
      ]);
    const what = `n ${n}, weighted ${weighted}, held out ${held}`;
    const [ours, theirs] = [fields(wasm), fields(twin)];
    expectWithin({ wasm: ours, twin: theirs, magnitude: theirs }, (i) => Number(i % 3 < 2), what);
    expect(ours.filter((value, i) => value !== theirs[i]).length, what).toBeLessThanOrEqual(2 + n / 500);
    const sums = h.f64At(out, 3);
    expectWithin(sums, (i) => (i === 0 ? 0 : Math.max(1, Math.abs(sums.twin[i]!)) * 1e-6 + n), what);
  }
};

const packedHistogram: TwinCase = (h, n) => {
  for (const nCols of [...widths(n).filter((width) => width > 0), 16, 29]) {
    h.reset();
    const { bins, stride } = binRows(h, n, nCols);
    const list = somePositions(Math.min(n, 1100));
    const rows = h.u32(list);
    const pairs = h.i64(uniform(n, 4).map((u) => BigInt(Math.trunc(u * 2 ** 50))));
    const hist = h.i64(Array.from({ length: nCols * 256 }, (_, i) => BigInt(i % 5)));
    h.allowWrites(hist, nCols * 2048);
    const scratch = h.room(histogramScratchBytes(stride));
    h.run((k) => k.packedHistogram(bins, stride, nCols, rows, list.length, pairs, hist, scratch));
    expectSame(h.bytesAt(hist, nCols * 2048), `${nCols} columns, n ${n}`);
  }
};

const packedHistogramSums: TwinCase = (h, quarter) => {
  const n = 4 * quarter;
  h.reset();
  const entry = (u: number, i: number): bigint =>
    (BigInt(i % 10 === 0 ? -(2 ** 25) : Math.trunc(u * 2 ** 25)) << 38n) +
    (BigInt(i % 10 === 3 ? 2 ** 23 - 1 : Math.trunc(((u + 1) / 2) * 2 ** 23)) << 15n) +
    BigInt(i % 10 === 7 ? 2 ** 15 - 1 : 1 + (i % 1000));
  const hist = h.i64(uniform(n, 3).map((u, i) => (i % 6 < 3 ? 0n : entry(u, i))));
  h.allowWrites(hist, n * 8);
  const out = h.u32(uniform(3 * n, 5).map((u) => Math.trunc(u * 2 ** 30) >>> 0));
  h.allowWrites(out, n * 12);
  h.run((k) => k.packedHistogramSums(hist, n, out));
  expectSame(h.bytesAt(out, 12 * n), `sums of ${n}`);
  expectSame(h.bytesAt(hist, 8 * n), `emptied ${n}`);
};

const partitionRows: TwinCase = (h, n) => {
  for (const [missingLeft, inPlace] of [
    [0, false],
    [1, false],
    [1, true],
  ] as const) {
    for (const bin of [0, 100, 254]) {
      h.reset();
      const list = somePositions(Math.min(n, 1100));
      const bins = h.u8(uniform(n, 11).map((u) => (u > 0.8 ? 255 : Math.floor((u + 1) * 128))));
      const rows = h.u32(list);
      if (inPlace) h.allowWrites(rows, list.length * 4);
      const out = inPlace ? rows : h.room(Math.max(list.length, 1) * 4, 4);
      const scratch = h.room(Math.max(list.length, 1) * 4, 4);
      const o = h.run((k) => k.partitionRows(bins, rows, list.length, bin, missingLeft, out, scratch));
      expectSame({ wasm: [o.wasm], twin: [o.twin], magnitude: [0] }, `left of ${n} at ${bin}`);
      expectSame(h.bytesAt(out, list.length * 4), `rows of ${n} at ${bin}, in place ${inPlace}`);
    }
  }
};

const partitionRowsBySet: TwinCase = (h, n) => {
  const mixed = [5, 0xffffffff, 0, 0x80000001, 77, 0, 0x0f0f0f0f, 0x80000000];
  for (const [set, inPlace] of [
    [[0, 0, 0, 0, 0, 0, 0, 0], false],
    [mixed, false],
    [mixed, true],
  ] as const) {
    h.reset();
    const list = somePositions(Math.min(n, 1100));
    const bins = h.u8(uniform(n, 11).map((u) => (u > 0.8 ? 255 : Math.floor((u + 1) * 128))));
    const rows = h.u32(list);
    const words = h.u32(set);
    if (inPlace) h.allowWrites(rows, list.length * 4);
    const out = inPlace ? rows : h.room(Math.max(list.length, 1) * 4, 4);
    const scratch = h.room(Math.max(list.length, 1) * 4, 4);
    const o = h.run((k) => k.partitionRowsBySet(bins, rows, list.length, words, out, scratch));
    expectSame({ wasm: [o.wasm], twin: [o.twin], magnitude: [0] }, `left of ${n} by ${set.join()}`);
    expectSame(h.bytesAt(out, list.length * 4), `rows of ${n} by ${set.join()}, in place ${inPlace}`);
  }
};

const addAtRows: TwinCase = (h, n) => {
  h.reset();
  const list = somePositions(Math.min(n, 1100));
  const rows = h.u32(list);
  const target = h.accumulator(numbers(n, 3, "plain"));
  h.run((k) => k.addAtRows(rows, list.length, 0.3, target));
  expectSame(h.f64At(target, n), `n ${n}`);
};

/** Cases of the kernels that grow trees. */
export const histogramCases = {
  binColumnF64: binColumn("F64"),
  binColumnF32: binColumn("F32"),
  histogram,
  histogramSums,
  packPairs,
  packedLogistic,
  packedHistogram,
  packedHistogramSums,
  partitionRows,
  partitionRowsBySet,
  addAtRows,
} satisfies Partial<Record<keyof Kernels, TwinCase>>;
