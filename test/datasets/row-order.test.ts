import { describe, expect, it } from "vitest";
import { RowOrder } from "#datasets/row-order.js";

describe("RowOrder", () => {
  it.each([1, 2, 3, 7, 1000, 65536, 65537, 100_003])("is a permutation of %d rows", (n) => {
    const order = new RowOrder(n, 3, "test");
    const seen = new Uint8Array(n);
    for (let i = 0; i < n; i++) seen[order.at(i)] = 1;
    expect(seen.every((flag) => flag === 1)).toBe(true);
  });

  it("mixes rows evenly above the size of its table", () => {
    const n = 200_000;
    const order = new RowOrder(n, 3, "test");
    const cells = Array<number>(100).fill(0);
    for (let i = 0; i < n; i++) {
      const cell = Math.floor((i * 10) / n) * 10 + Math.floor((order.at(i) * 10) / n);
      cells[cell] = (cells[cell] ?? 0) + 1;
    }
    // 2,000 expected in each cell; 81 degrees of freedom: the 99.99 % point of chi-squared is 137.
    const chi = cells.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    expect(chi).toBeLessThan(137);
    let steps = 0;
    for (let i = 1; i < n; i++) if (Math.abs(order.at(i) - order.at(i - 1)) < n / 100) steps += 1;
    expect(steps / n).toBeLessThan(0.025);
  });

  it("differs with seed and purpose", () => {
    const places = (seed: number, purpose: string): number[] =>
      Array.from({ length: 20 }, (_, i) => new RowOrder(100_000, seed, purpose).at(i));
    expect(places(1, "a")).not.toEqual(places(2, "a"));
    expect(places(1, "a")).not.toEqual(places(1, "b"));
    expect(places(1, "a")).toEqual(places(1, "a"));
  });
});
