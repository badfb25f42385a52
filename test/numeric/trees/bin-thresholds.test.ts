import { describe, expect, it } from "vitest";
import { binThresholds } from "#src/numeric/trees/bin-thresholds.js";

describe("bin thresholds of values with zeros counted apart", () => {
  it("are those of all values together", () => {
    const lists = [
      [],
      [3, 1, 2],
      [-2, -1, -1],
      [-3, 0, 2, NaN, 2, -0, 7.5],
      Array.from({ length: 500 }, (_, i) => Math.sin(i * 12.9898) * (i % 7)),
    ];
    for (const list of lists)
      for (const zeros of [1, 2, 30, 5000])
        for (const maxBins of [2, 5, 255]) {
          const whole = Float64Array.from([...list, ...Array.from({ length: zeros }, () => 0)]);
          const apart = binThresholds(Float64Array.from(list), undefined, maxBins, zeros);
          expect(apart).toEqual(binThresholds(whole, undefined, maxBins));
        }
  });
});
