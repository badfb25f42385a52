import { describe, expect, it } from "vitest";
import { median, rounded } from "../../dist/bench/harness/stats.js";

describe("median", () => {
  it("takes the middle of an odd count, whatever the order", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4])).toBe(4);
  });

  it("takes the mean of the middle two of an even count", () => {
    expect(median([10, 1, 2, 4])).toBe(3);
  });

  it("sorts as numbers and leaves its input alone", () => {
    const values = [100, 20, 3];
    expect(median(values)).toBe(20);
    expect(values).toEqual([100, 20, 3]);
  });

  it("refuses an empty list", () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe("rounded", () => {
  it("keeps three significant digits below 100 and whole numbers above", () => {
    expect(rounded(0.123456)).toBe(0.123);
    expect(rounded(45.678)).toBe(45.7);
    expect(rounded(12345.6)).toBe(12346);
    expect(rounded(0)).toBe(0);
  });
});
