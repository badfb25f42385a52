import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CounterRng } from "#src/base/rng.js";

// Constants of the mapping from (seed, purpose, index, draw) to Threefry's key and counter: a change of any of them
// changes every result that depends on random numbers.
const GOLDEN = 0x9e3779b1;
const DRAW = 0x85ebca6b;

function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A generator whose Threefry key is exactly (key0, key1): seeds have 53 bits, so a purpose is searched that leaves few high ones. */
function withKey(key0: number, key1: number): CounterRng {
  for (let i = 0; ; i++) {
    const purpose = `key ${i}`;
    const hash = fnv(purpose);
    const high = (key1 ^ Math.imul(hash, GOLDEN)) >>> 0;
    if (high < 2 ** 21) return new CounterRng(high * 2 ** 32 + ((key0 ^ hash) >>> 0), purpose);
  }
}

/** The draw that puts `word` into the counter's high half: the inverse of DRAW modulo 2^32, by Newton's iteration. */
function drawFor(word: number): number {
  let inverse = 1;
  for (let i = 0; i < 6; i++) inverse = Math.imul(inverse, 2 - Math.imul(DRAW, inverse));
  return Math.imul(word, inverse);
}

describe("CounterRng", () => {
  it("agrees with the published known answers of Threefry-2x32 with 20 rounds", () => {
    // Counter, key and result from the Random123 distribution (kat_vectors).
    const known: [number, number, number, number, number, number][] = [
      [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xc4923a9c, 0x483df7a0],
    ];
    for (const [c0, c1, k0, k1, r0, r1] of known) {
      const rng = withKey(k0, k1);
      expect(rng.uint32(c0, drawFor(c1))).toBe(r0);
      expect(rng.uniform(c0, drawFor(c1)) * 2 ** 53).toBe(r0 * 2 ** 21 + (r1 >>> 11));
    }
  });

  it("gives the same number for the same row in whatever order it is asked", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.string(),
        fc.array(fc.nat(2 ** 40), { minLength: 1, maxLength: 30 }),
        (seed, purpose, rows) => {
          const forward = new CounterRng(seed, purpose);
          const backward = new CounterRng(seed, purpose);
          const values = rows.map((row) => forward.uniform(row));
          const again = rows.toReversed().map((row) => backward.uniform(row));
          expect(again.reverse()).toEqual(values);
        },
      ),
    );
  });

  it("separates seeds, purposes, rows and draws", () => {
    const seen = new Set<number>();
    for (const seed of [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 52]) {
      for (const purpose of ["", "shuffle", "noise", "noisf"]) {
        const rng = new CounterRng(seed, purpose);
        for (const row of [0, 1, 2, 2 ** 32, 2 ** 52])
          for (const draw of [0, 1, 2, 3]) seen.add(rng.uniform(row, draw));
      }
    }
    expect(seen.size).toBe(7 * 4 * 5 * 4);
  });

  it("is uniform: mean, variance and a chi-squared test over 64 cells", () => {
    const rng = new CounterRng(42, "uniform");
    const n = 64_000;
    const cells = new Float64Array(64);
    let sum = 0;
    let squares = 0;
    let outside = 0;
    for (let i = 0; i < n; i++) {
      const u = rng.uniform(i);
      if (!(u >= 0 && u < 1)) outside += 1;
      cells[Math.floor(u * 64)] = (cells[Math.floor(u * 64)] ?? 0) + 1;
      sum += u;
      squares += u * u;
    }
    expect(outside).toBe(0);
    expect(Math.abs(sum / n - 0.5)).toBeLessThan(4 / Math.sqrt(12 * n));
    expect(squares / n - (sum / n) ** 2).toBeCloseTo(1 / 12, 2);
    const chi = cells.reduce((total, count) => total + (count - n / 64) ** 2 / (n / 64), 0);
    // 63 degrees of freedom: 0.1 % on each side.
    expect(chi).toBeGreaterThan(33);
    expect(chi).toBeLessThan(104);
  });

  it("does not correlate neighbouring rows, draws or purposes", () => {
    const n = 20_000;
    const a = new CounterRng(1, "a");
    const b = new CounterRng(1, "b");
    const correlation = (x: (i: number) => number, y: (i: number) => number): number => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += (x(i) - 0.5) * (y(i) - 0.5);
      return (12 * sum) / n;
    };
    for (const other of [
      (i: number) => a.uniform(i + 1),
      (i: number) => a.uniform(i, 1),
      (i: number) => b.uniform(i),
    ]) {
      expect(Math.abs(correlation((i) => a.uniform(i), other))).toBeLessThan(4 / Math.sqrt(n));
    }
  });

  it("draws integers below n, all of them alike", () => {
    const rng = new CounterRng(7, "integers");
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 12_000; i++) {
      const k = rng.integer(i, 6);
      counts[k] = (counts[k] ?? 0) + 1;
    }
    expect(counts).toHaveLength(6);
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(4 * Math.sqrt(2000));
    expect(rng.integer(3, 1)).toBe(0);
  });

  it("draws finite normals with the moments of the standard normal distribution", () => {
    const rng = new CounterRng(3, "normal");
    const n = 50_000;
    const moments = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const z = rng.normal(i);
      for (let p = 0; p < 4; p++) moments[p] = (moments[p] ?? 0) + z ** (p + 1) / n;
    }
    expect(Math.abs(moments[0] ?? 9)).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs((moments[1] ?? 9) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moments[2] ?? 9)).toBeLessThan(4 * Math.sqrt(15 / n));
    expect(Math.abs((moments[3] ?? 9) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
  });

  it("uses the integer part of a seed", () => {
    expect(new CounterRng(5.9, "x").uint32(0)).toBe(new CounterRng(5, "x").uint32(0));
  });
});
