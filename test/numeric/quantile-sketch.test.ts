import { describe, expect, it } from "vitest";
import { CounterRng } from "#src/base/rng.js";
import { QuantileSketch } from "#src/numeric/quantile-sketch.js";
import { argsort } from "#src/numeric/argsort.js";

interface Weighted {
  readonly values: Float64Array;
  readonly weights?: Float64Array;
}

/** Largest rank errors over a grid, as shares of the weight, by sorting everything: the second oracle. */
function rankErrors(sketch: QuantileSketch, { values, weights }: Weighted): { quantile: number; rank: number } {
  const order = Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number));
  const sorted = order.map((i) => values[i] as number);
  const upTo: number[] = [];
  let total = 0;
  for (const i of order) {
    total += weights ? (weights[i] as number) : 1;
    upTo.push(total);
  }
  const countBelow = (holds: (value: number) => boolean): number => {
    let from = 0;
    let to = sorted.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (holds(sorted[middle] as number)) from = middle + 1;
      else to = middle;
    }
    return from === 0 ? 0 : (upTo[from - 1] as number);
  };
  let quantile = 0;
  let rank = 0;
  for (let step = 0; step <= 200; step++) {
    const q = step / 200;
    const x = sketch.quantile(q);
    const [low, high] = [countBelow((v) => v < x), countBelow((v) => v <= x)];
    quantile = Math.max(quantile, (low - q * total) / total, (q * total - high) / total);
    const at = sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number;
    for (const probe of [at, at + 1e-9]) {
      rank = Math.max(rank, Math.abs(sketch.rank(probe) - countBelow((v) => v <= probe)) / total);
    }
  }
  return { quantile, rank };
}

const N = 20_000;
const shapes: Record<string, (rng: CounterRng, i: number) => number> = {
  random: (rng, i) => rng.normal(i),
  sorted: (_rng, i) => i,
  "reverse sorted": (_rng, i) => N - i,
  constant: () => 7,
  "heavily tied": (rng, i) => rng.integer(i, 5),
  "half tied": (rng, i) => (i % 2 === 0 ? 3 : 6 * rng.uniform(i)),
  skewed: (rng, i) => Math.exp(6 * rng.normal(i)),
};

describe("QuantileSketch", () => {
  for (const [shape, value] of Object.entries(shapes)) {
    it(`keeps its error bound on ${shape} data over 20 seeds, in one batch and merged from many parts`, () => {
      const error = 0.02;
      for (let seed = 0; seed < 20; seed++) {
        const rng = new CounterRng(seed, shape);
        const values = Float64Array.from({ length: N }, (_, i) => value(rng, i));
        const parts = 2 + (seed % 7) * 13;
        const merged = new QuantileSketch(error);
        for (let part = 0; part < parts; part++) {
          const from = Math.floor((part * N) / parts);
          const to = Math.floor(((part + 1) * N) / parts);
          merged.merge(new QuantileSketch(error).update(values.subarray(from, to)));
        }
        for (const sketch of [new QuantileSketch(error).update(values), merged]) {
          const errors = rankErrors(sketch, { values });
          expect(sketch.certifiedError).toBeLessThanOrEqual(error);
          expect(errors.quantile).toBeLessThanOrEqual(sketch.certifiedError + 1e-12);
          expect(errors.rank).toBeLessThanOrEqual(sketch.certifiedError / 2 + 1e-12);
          expect(sketch.count).toBe(N);
          expect(sketch.weight).toBe(N);
        }
      }
    });
  }

  it("keeps its error bound with weights and in a tree of merges", () => {
    const error = 0.01;
    for (let seed = 0; seed < 5; seed++) {
      const rng = new CounterRng(seed, "weighted");
      const values = Float64Array.from({ length: N }, (_, i) => rng.uniform(i));
      const weights = Float64Array.from({ length: N }, (_, i) => (i % 11 === 0 ? 0 : Math.exp(2 * rng.normal(i, 1))));
      let level = Array.from({ length: 64 }, (_, part) => {
        const [from, to] = [Math.floor((part * N) / 64), Math.floor(((part + 1) * N) / 64)];
        return new QuantileSketch(error).update(values.subarray(from, to), weights.subarray(from, to));
      });
      while (level.length > 1)
        level = Array.from({ length: level.length / 2 }, (_, k) =>
          (level[2 * k] as QuantileSketch).merge(level[2 * k + 1] as QuantileSketch),
        );
      const sketch = level[0] as QuantileSketch;
      const errors = rankErrors(sketch, { values, weights });
      expect(sketch.certifiedError).toBeLessThanOrEqual(error);
      expect(sketch.certifiedError).toBeGreaterThan(0);
      expect(errors.quantile).toBeLessThanOrEqual(error);
      expect(errors.rank).toBeLessThanOrEqual(error / 2);
    }
  });

  it("stays small: a thousand parts merge into a bounded number of entries", () => {
    const error = 0.02;
    const sketch = new QuantileSketch(error);
    const rng = new CounterRng(3, "size");
    for (let part = 0; part < 1000; part++) {
      sketch.merge(
        new QuantileSketch(error).update(Float64Array.from({ length: 500 }, (_, i) => rng.uniform(part * 500 + i))),
      );
    }
    const entries = sketch.toPlain().parts.reduce((sum, part) => sum + part.value.length, 0);
    expect(entries).toBeLessThan(20_000);
    expect(sketch.certifiedError).toBeLessThanOrEqual(error);
    expect(Math.abs(sketch.quantile(0.5) - 0.5)).toBeLessThan(0.03);
  });

  it("is exact up to its number of distinct values, however many rows and parts there are", () => {
    const error = 0.05;
    const sketch = new QuantileSketch(error);
    const distinct = sketch.exactUpTo;
    expect(distinct).toBeGreaterThanOrEqual(1024);
    const rng = new CounterRng(5, "exact");
    const values = Float64Array.from({ length: 30_000 }, (_, i) => rng.integer(i, distinct) / 8);
    for (let from = 0; from < values.length; from += 3000)
      sketch.merge(new QuantileSketch(error).update(values.subarray(from, from + 3000)));
    const sorted = values.slice().sort();
    expect(sketch.certifiedError).toBe(0);
    for (const q of [0, 0.001, 0.25, 0.5, 0.9, 1]) {
      expect(sketch.quantile(q)).toBe(sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]);
      const x = sketch.quantile(q);
      expect(sketch.rank(x)).toBe(sorted.findLastIndex((v) => v <= x) + 1);
    }
  });

  it("counts weight 2 as the value twice, weight 0 as absent, and leaves NaN out", () => {
    const weighted = new QuantileSketch().update([5, 1, NaN, 9, 3], [2, 1, 4, 0, 3]);
    const repeated = new QuantileSketch().update([5, 5, 1, 3, 3, 3]);
    for (let q = 0; q <= 1; q += 0.05) expect(weighted.quantile(q)).toBe(repeated.quantile(q));
    expect(weighted.weight).toBe(6);
    expect(weighted.count).toBe(3);
    expect(weighted.rank(3)).toBe(4);
    expect(weighted.rank(-1)).toBe(0);
    expect(weighted.rank(100)).toBe(6);
  });

  it("takes single values one by one, infinities and negative zero", () => {
    const sketch = new QuantileSketch();
    for (const value of [Infinity, -0, 0, -Infinity, 2]) sketch.update([value]);
    expect(sketch.quantile(0)).toBe(-Infinity);
    expect(sketch.quantile(0.5)).toBe(0);
    expect(sketch.quantile(1)).toBe(Infinity);
    expect(sketch.rank(0)).toBe(3);
  });

  it("survives its plain form and structuredClone bit for bit", () => {
    const rng = new CounterRng(9, "plain");
    const sketch = new QuantileSketch(0.01).update(Float64Array.from({ length: 9000 }, (_, i) => rng.normal(i)));
    const copy = QuantileSketch.fromPlain(structuredClone(sketch.toPlain()));
    for (let q = 0; q <= 1; q += 0.01) expect(copy.quantile(q)).toBe(sketch.quantile(q));
    expect(copy.update([1, 2, 3]).toPlain()).toEqual(sketch.update([1, 2, 3]).toPlain());
  });

  it("gives NaN for no values and says what is wrong with bad input", () => {
    expect(new QuantileSketch().quantile(0.5)).toBeNaN();
    expect(() => new QuantileSketch(0)).toThrow("QuantileSketch: error must be in (0, 0.5]; got 0.");
    expect(() => new QuantileSketch().quantile(1.5)).toThrow("q must be in [0, 1]; got 1.5");
    expect(() => new QuantileSketch().update([1, 2], [1])).toThrow("2 values and 1 weights");
    expect(() => new QuantileSketch().update([1, 2], [1, -1])).toThrow("weight 1 is -1");
    expect(() => new QuantileSketch(0.1).merge(new QuantileSketch(0.2))).toThrow("errors 0.1 and 0.2");
  });
});

describe("argsort", () => {
  it("orders like a stable comparison sort, for small and large inputs, negative numbers, infinities and zeros", () => {
    const rng = new CounterRng(1, "argsort");
    for (const n of [0, 1, 2, 100, 511, 512, 5000]) {
      const values = Float64Array.from({ length: n }, (_, i) => {
        const pick = rng.integer(i, 10);
        if (pick === 0) return -0;
        if (pick === 1) return 0;
        if (pick === 2) return i % 2 === 0 ? Infinity : -Infinity;
        if (pick === 3) return 5e-324 * (i % 3);
        return rng.normal(i, 1) * 10 ** (rng.integer(i, 40, 2) - 20);
      });
      const expected = Array.from({ length: n }, (_, i) => i).sort((i, j) => {
        const [a, b] = [values[i] as number, values[j] as number];
        return a < b ? -1 : a > b ? 1 : i - j;
      });
      expect(Array.from(argsort(values))).toEqual(expected);
    }
  });

  it("orders values that agree in the upper half of their bits, a few or all of them", () => {
    const rng = new CounterRng(2, "argsort runs");
    for (const distinct of [20, 3000]) {
      const values = Float64Array.from(
        { length: 3000 },
        (_, i) => (1 + (i % (3000 / distinct))) * (i % 2 ? 1 : -1) + rng.integer(i, distinct) * 2 ** -50,
      );
      const at = (i: number): number => values[i] as number;
      expect(Array.from(argsort(values))).toEqual(Array.from(values.keys()).sort((i, j) => at(i) - at(j) || i - j));
    }
  });
});
