import { describe, expect, it } from "vitest";
import { sortedDoubles } from "#src/numeric/sorted-doubles.js";

describe("sortedDoubles", () => {
  const draws = (n: number): number[] => {
    let state = 7;
    return Array.from({ length: n }, () => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5);
  };
  it.each([
    ["few values", draws(100)],
    ["values of all sizes and signs", draws(20_000).map((u, i) => u * 10 ** ((i % 40) - 20))],
    ["whole numbers, most of them often", draws(20_000).map((u) => Math.round(u * 50))],
    ["values that differ in their last bits", draws(20_000).map((u) => 1 + Math.round(u * 1000) * 2 ** -52)],
    [
      "missing values, infinities, the smallest and the largest number",
      draws(9000).map((u, i) => [NaN, Infinity, -Infinity, 5e-324, -5e-324, Number.MAX_VALUE, u][i % 7]!),
    ],
  ])("sorts %s", (_, values) => {
    const source = Float64Array.from(values);
    expect(sortedDoubles(source)).toEqual(source.slice().sort());
    expect(source).toEqual(Float64Array.from(values));
  });
});
