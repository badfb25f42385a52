import { describe, expect, it } from "vitest";
import { LinearRegression, LogisticRegression, Ridge } from "#models/index.js";
import { OneHotEncoder, PolynomialFeatures } from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { makePipeline } from "#src/compose/pipeline.js";
import { partialDependence } from "#src/model-selection/index.js";
import { expectClose } from "../checks/tolerances.js";
import { goldenCase, loadGolden } from "../golden/load-golden.js";

const golden = loadGolden("calibration");
const CLOSE = { rtol: 1e-8, atol: 1e-9 };
const { data } = goldenCase(golden, "dependence 1");
const columns = data.columns as number[][];
const y = data.y as number[];
const array = (partitions: number): DistributedArray => DistributedArray.fromColumns(columns, { partitions });
const polynomial = (): ReturnType<typeof makePipeline> =>
  makePipeline(new PolynomialFeatures({ degree: 2, includeBias: false }), new LinearRegression());

describe("partialDependence", () => {
  for (const features of [[0], [0, 1]]) {
    for (const weights of ["", " weights"]) {
      it(`gives scikit-learn's means for ${features.length} feature(s)${weights} and any partitioning`, async () => {
        const { data: given, expected } = goldenCase(golden, `dependence ${features.length}${weights}`);
        for (const partitions of [1, 4]) {
          const model = await polynomial().fit(array(partitions), y);
          const { sampleWeight } = given;
          const found = await partialDependence(model, array(partitions), {
            features,
            gridResolution: 7,
            ...(sampleWeight ? { sampleWeight } : {}),
          });
          found.grid.forEach((values, k) =>
            expectClose(values as number[], (expected["grid"] as number[][])[k] as number[], CLOSE, "grid"),
          );
          expectClose(found.average?.[0] as Float64Array, expected["average"] as number[], CLOSE, "average");
          expect(found.individual).toBe(undefined);
        }
      });
    }
  }

  it("answers for every row by itself, and the mean of those is the average", async () => {
    const { expected } = goldenCase(golden, "individual");
    const model = await polynomial().fit(array(2), y);
    const few = columns.map((column) => column.slice(0, 10));
    const found = await partialDependence(model, DistributedArray.fromColumns(few, { partitions: 3 }), {
      features: [0],
      kind: "both",
      gridResolution: 5,
    });
    const rows = found.individual?.[0] ?? [];
    const want = expected["individual"] as number[][];
    rows.forEach((row, i) => expectClose(row, want[i] as number[], CLOSE, `row ${i}`));
    const means = rows[0]?.map((_, k) => rows.reduce((sum, row) => sum + (row[k] as number), 0) / rows.length);
    expectClose(means as Float64Array, found.average?.[0] as Float64Array, CLOSE, "means");
  });

  it("is a line with the coefficient as its slope for linear models, over more points than one pass takes", async () => {
    const model = await new Ridge().fit(array(1), y);
    const { grid, average } = await partialDependence(model, array(3), { features: [1], gridResolution: 70 });
    const [x, mean] = [grid[0] as number[], average?.[0] as Float64Array];
    expect(x.length).toBe(70);
    x.slice(1).forEach((value, k) => {
      const slope = ((mean[k + 1] as number) - (mean[k] as number)) / (value - (x[k] as number));
      expect(slope).toBeCloseTo(model.coef[1] as number, 8);
    });
  });

  it("takes frames with text, names, classes and a grid of one's own", async () => {
    const city = y.map((_, i) => ["Bern", "Oslo", "Rome"][(i * 7) % 3] as string);
    const level = y.map((_, i) => i % 4);
    const frame = DistributedDataFrame.fromColumns({ city, level }, { partitions: 3 });
    const target = city.map((name, i) => (name === "Oslo" ? 5 : 1) + 0 * i);
    const model = await makePipeline(new OneHotEncoder(), new Ridge({ alpha: 1e-9 })).fit(frame, target);
    const byCity = await partialDependence(model, frame, { features: ["city"] });
    expect(byCity.grid).toEqual([["Bern", "Oslo", "Rome"]]);
    expectClose(byCity.average?.[0] as Float64Array, [1, 5, 1], { rtol: 1e-6, atol: 1e-6 }, "cities");
    const both = await partialDependence(model, frame, { features: ["level", "city"], grid: [[0, 3], undefined] });
    expect(both.average?.[0]?.length).toBe(6);
    const labels = y.map((value) => (value > 1 ? "high" : value > -1 ? "middle" : "low"));
    const classifier = await new LogisticRegression().fit(array(2), labels);
    const classes = await partialDependence(classifier, array(2), { features: [0], gridResolution: 4 });
    expect(classes.average?.length).toBe(3);
    const total = [0, 1, 2].reduce((sum, k) => sum + (classes.average?.[k]?.[0] as number), 0);
    expect(total).toBeCloseTo(1, 10);
    const two = await new LogisticRegression().fit(
      array(2),
      y.map((value) => (value > 0 ? 1 : 0)),
    );
    const second = await partialDependence(two, array(2), { features: [0], gridResolution: 4 });
    expect(second.average?.length).toBe(1);
    expect(second.average?.[0]?.[3]).toBeGreaterThan(second.average?.[0]?.[0] as number);
  });

  it("refuses columns and options that are not there", async () => {
    const model = await new Ridge().fit(array(1), y);
    const ask = (options: object): Promise<unknown> =>
      partialDependence(model, array(1), { features: [0], ...options } as never);
    await expect(ask({ features: [3] })).rejects.toThrow("features has 3, but X has columns 0 to 2");
    await expect(ask({ features: [] })).rejects.toThrow("features must be a list of columns");
    await expect(ask({ features: [1, 1] })).rejects.toThrow("names a column twice");
    await expect(ask({ gridResolution: 1 })).rejects.toThrow("gridResolution must be an integer >= 2; got 1");
    await expect(ask({ percentiles: [0.9, 0.1], gridResolution: 5 })).rejects.toThrow(
      "percentiles must be two ascending",
    );
    await expect(ask({ grids: [] })).rejects.toThrow('unknown option "grids". Did you mean "grid"?');
    const frame = DistributedDataFrame.fromColumns({ alpha: [1, 2, 3], beta: [1, 0, 1] });
    const named = await new Ridge().fit(frame, [1, 2, 3]);
    await expect(partialDependence(named, frame, { features: ["alpa"] })).rejects.toThrow('Did you mean "alpha"?');
  });
});
