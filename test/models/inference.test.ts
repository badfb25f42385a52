import { describe, expect, it } from "vitest";
import { coefficientTable, LinearRegression, LogisticRegression, PoissonRegressor } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { closedForm, expectClose, iterative } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf, numbersOf } from "../golden/load-golden.js";

const golden = loadGolden("coefficient-tables");

describe("coefficientTable against textbook formulas", () => {
  for (const name of Object.keys(golden.cases)) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const fitIntercept = expected["fitIntercept"] === true;
      const X = DistributedArray.fromColumns(data.columns!, { partitions: 3, names: ["a", "b", "c"] });
      const y = data.y as number[];
      const options = data.sampleWeight ? { sampleWeight: Float64Array.from(data.sampleWeight) } : {};
      const model = name.startsWith("linear")
        ? new LinearRegression({ fitIntercept })
        : name.startsWith("logistic")
          ? new LogisticRegression({ C: 1e12, fitIntercept, tol: 1e-9 })
          : new PoissonRegressor({ alpha: 0, fitIntercept, tol: 1e-9 });
      await model.fit(X, y, options);
      const table = await coefficientTable(model, X, y, { ...options, level: 0.9 });
      expect(table.names).toEqual(fitIntercept ? ["a", "b", "c", "intercept"] : ["a", "b", "c"]);
      for (const column of ["estimate", "standardError", "pValue", "lower", "upper"] as const) {
        expectClose(table[column], numbersOf(expected, column), iterative, column);
      }
      expectClose(
        [table.deviance, table.nullDeviance],
        [numberOf(expected, "deviance"), numberOf(expected, "nullDeviance")],
        iterative,
        "deviances",
      );
      expect(table.degreesOfFreedom).toBe(numberOf(expected, "df"));
      expect(table.distribution).toBe(name.startsWith("linear") ? "t" : "normal");
    });
  }

  it("counts weight 2 as the row twice", async () => {
    const [X, y] = [
      [[1], [2], [4], [5]],
      [1, 3, 2, 5],
    ];
    const model = await new LinearRegression().fit(X, y, { sampleWeight: [1, 2, 1, 1] });
    const weighted = await coefficientTable(model, X, y, { sampleWeight: [1, 2, 1, 1] });
    const repeated = await coefficientTable(model, [[1], [2], [2], [4], [5]], [1, 3, 3, 2, 5]);
    expectClose(weighted.pValue, repeated.pValue, closedForm());
    expect(weighted.names).toEqual(["x0", "intercept"]);
  });

  it("takes labels as words, and refuses those of no class", async () => {
    const X = [[1], [2], [3], [4], [5], [6]];
    const words = ["no", "yes", "no", "yes", "no", "yes"];
    const model = await new LogisticRegression({ C: 1e9 }).fit(X, words);
    const codes = await new LogisticRegression({ C: 1e9 }).fit(X, [0, 1, 0, 1, 0, 1]);
    const [named, coded] = [
      await coefficientTable(model, X, words),
      await coefficientTable(codes, X, [0, 1, 0, 1, 0, 1]),
    ];
    expectClose(named.pValue, coded.pValue, iterative);
    await expect(coefficientTable(codes, X, [0, 1, 0, 1, 0, 2])).rejects.toThrow(
      "y has the label 2, which the fit has not seen",
    );
  });

  it("refuses dependent columns, too few rows and a level that is none", async () => {
    const X = [
      [1, 2],
      [2, 4],
      [3, 6],
      [4, 8],
    ];
    const model = await new LinearRegression().fit(X, [1, 2, 3, 5]);
    await expect(coefficientTable(model, X, [1, 2, 3, 5])).rejects.toThrow(
      "columns of X are constant or depend on each other",
    );
    const small = await new LinearRegression().fit([[1], [2]], [1, 2]);
    await expect(coefficientTable(small, [[1], [2]], [1, 2])).rejects.toThrow(
      "2 rows leave nothing over for an error of 2 coefficients",
    );
    await expect(coefficientTable(small, [[1], [2]], [1, 2], { level: 95 })).rejects.toThrow(
      "LinearRegression.summary: level must be above 0 and below 1; got 95.",
    );
  });
});
