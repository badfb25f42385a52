import { describe, expect, it } from "vitest";
import { goldenCase, loadGolden, numbersOf, recordOf } from "./load-golden.js";

const FILES = ["standard-scaler", "linear-regression", "logistic-regression", "metrics"];

describe("goldenCase", () => {
  it.each(FILES)("resolves every case of %s to data and expected values", (name) => {
    const golden = loadGolden(name);
    expect(golden.name).toBe(name);
    for (const key of Object.keys(golden.cases)) {
      const { data, expected } = goldenCase(golden, key);
      expect(Object.keys(data).length, key).toBeGreaterThan(0);
      expect(Object.keys(expected).length, key).toBeGreaterThan(0);
    }
  });

  it("names the known cases when asked for another", () => {
    expect(() => goldenCase(loadGolden("metrics"), "nothing")).toThrow(/no case "nothing"; it has accuracy binary/);
  });

  it("decodes NaN in data and in expected values", () => {
    const { data, expected } = goldenCase(loadGolden("standard-scaler"), "nan");
    expect(data.columns?.[0]?.[0]).toBeNaN();
    expect(numbersOf(expected, "nSamplesSeen")).toEqual([58, 58, 59, 59, 59, 3]);
  });

  it("carries a recipe out as the generator does: the stored optimum has a zero gradient on it", () => {
    const { data, expected } = goldenCase(loadGolden("logistic-regression"), "breast-cancer");
    const columns = data.columns ?? [];
    const y = (data.y ?? []).map(Number);
    const coef = numbersOf(expected, "coef");
    const intercept = Number(expected["intercept"]);
    const residual = y.map((t, i) => {
      const z = columns.reduce((sum, column, j) => sum + (column[i] ?? 0) * (coef[j] ?? 0), intercept);
      return 1 / (1 + Math.exp(-z)) - t;
    });
    expect(y.length).toBe(569);
    columns.forEach((column, j) => {
      const gradient = residual.reduce((sum, r, i) => sum + r * (column[i] ?? 0), coef[j] ?? 0);
      expect(Math.abs(gradient)).toBeLessThan(1e-10);
    });
  });

  it("takes the column that a recipe predicts out of the features", () => {
    const { data, expected } = goldenCase(loadGolden("linear-regression"), "iris");
    const exact = recordOf(expected, "exact");
    const coef = numbersOf(exact, "coef");
    expect(data.columns?.length).toBe(3);
    const residuals = (data.y ?? []).map(
      (t, i) =>
        Number(t) -
        (data.columns ?? []).reduce((s, c, j) => s + (c[i] ?? 0) * (coef[j] ?? 0), Number(exact["intercept"])),
    );
    expect(Math.abs(residuals.reduce((s, r) => s + r, 0))).toBeLessThan(1e-10);
  });
});
