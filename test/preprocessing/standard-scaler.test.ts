import { describe, expect, it } from "vitest";
import { StandardScaler } from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import type { LocalMatrix } from "#src/collections/array/local-matrix.js";
import { goldenOptions, goldenX, weightsOf } from "../checks/golden-inputs.js";
import { closedForm, closedForm32, elementwise, expectClose, single } from "../checks/tolerances.js";
import {
  goldenCase,
  loadGolden,
  numbersOf,
  recordOf,
  type GoldenData,
  type GoldenValue,
} from "../golden/load-golden.js";

const golden = loadGolden("standard-scaler");
const columnsOf = (value: GoldenValue | undefined): number[][] => value as number[][];

/** Mean and variance by two passes with weights, NaN left out: the textbook formula. */
function twoPass(column: readonly number[], w: readonly number[]): { mean: number; variance: number } {
  const rows = column.flatMap((x, i) => (Number.isNaN(x) ? [] : [{ x, w: w[i] as number }]));
  const total = rows.reduce((sum, row) => sum + row.w, 0);
  const mean = rows.reduce((sum, row) => sum + row.w * row.x, 0) / total;
  return { mean, variance: rows.reduce((sum, row) => sum + row.w * (row.x - mean) ** 2, 0) / total };
}

async function fitted(data: GoldenData, params: object = {}): Promise<StandardScaler> {
  return new StandardScaler(params).fit(goldenX(data), undefined, goldenOptions(data));
}

function expectMoments(scaler: StandardScaler, data: GoldenData): void {
  const columns = data.columns ?? [];
  const w = weightsOf(data, columns[0]?.length ?? 0);
  columns.forEach((column, j) => {
    const { mean, variance } = twoPass(column, w);
    expectClose(
      [scaler.mean[j] as number],
      [mean],
      closedForm(),
      `mean of column ${j}`,
      Math.max(Math.abs(mean), Math.sqrt(variance)),
    );
    // The textbook formula loses the digits that mean and spread are apart.
    const cond = 1 + Math.abs(mean) / Math.max(Math.sqrt(variance), Math.abs(mean) * Number.EPSILON, 1e-300);
    expectClose(
      [scaler.variance[j] as number],
      [variance],
      closedForm(cond),
      `variance of column ${j}`,
      variance + (mean * 1e-8) ** 2,
    );
  });
}

describe("StandardScaler against scikit-learn", () => {
  for (const name of ["default", "nan", "weights", "integer-weights"]) {
    it(`has its mean, scale and transform: ${name}`, async () => {
      const { data, expected } = goldenCase(golden, name);
      const scaler = await fitted(data);
      expectClose(scaler.mean, numbersOf(expected, "mean"), closedForm(), "mean");
      expectClose(scaler.scale, numbersOf(expected, "scale"), closedForm(), "scale");
      const z = await scaler.transform(goldenX(data)).compute();
      const transformed = columnsOf(expected["transformed"] ?? []);
      transformed.forEach((column, j) => {
        // A value far from zero loses digits when the mean is taken off: cond = |mean| / scale.
        const cond = 1 + Math.abs(scaler.mean[j] as number) / (scaler.scale[j] as number);
        expectClose(z.columns[j] as Float64Array, column, closedForm(cond), `column ${j} of ${name}`, cond);
      });
      expectMoments(scaler, data);
    });
  }

  it("leaves out what withMean and withStd say", async () => {
    for (const [name, params] of [
      ["without-mean", { withMean: false }],
      ["without-std", { withStd: false }],
      ["neither", { withMean: false, withStd: false }],
    ] as const) {
      const { data, expected } = goldenCase(golden, name);
      const z = await (await fitted(data, params)).transform(goldenX(data)).compute();
      columnsOf(expected["transformed"]).forEach((column, j) =>
        // Taking the mean off keeps the digits of the values, not of their differences.
        expectClose(
          z.columns[j] as Float64Array,
          column,
          closedForm(),
          `${name}, column ${j}`,
          Math.max(...(data.columns?.[j] ?? []).map(Math.abs)),
        ),
      );
    }
  });

  it("gives scale 1 to a column of 0.1 whatever the rounding of its sum, and transforms it to almost 0", async () => {
    const { data } = goldenCase(golden, "default");
    const scaler = await fitted(data);
    expect(scaler.scale[4]).toBe(1);
    expect(scaler.scale[5]).toBe(1);
    const z = await scaler.transform(goldenX(data)).compute();
    expect(Math.max(...(z.columns[4] as Float64Array).map(Math.abs))).toBeLessThan(1e-15);
  });

  it("comes back from inverseTransform as near as scikit-learn does", async () => {
    const { data, expected } = goldenCase(golden, "inverse");
    const scaler = await fitted(data);
    const back = await scaler.inverseTransform(scaler.transform(goldenX(data))).compute();
    const errors = numbersOf(expected, "maxAbsError");
    (data.columns ?? []).forEach((column, j) => {
      const gap = Math.max(...column.map((x, i) => Math.abs(x - (back.columns[j]?.[i] as number))));
      const ulp = Math.max(...column.map(Math.abs)) * Number.EPSILON;
      expect(gap, `column ${j}`).toBeLessThanOrEqual(Math.max(2 * (errors[j] as number), 2 * ulp));
    });
  });

  it("equals repeated rows for integer weights", async () => {
    const { data, expected } = goldenCase(golden, "integer-weights");
    const scaler = await fitted(data);
    const repeated = recordOf(expected, "repeated");
    expectClose(scaler.mean, numbersOf(repeated, "mean"), closedForm(), "mean");
    expectClose(scaler.scale, numbersOf(repeated, "scale"), closedForm(), "scale");
  });

  it("learns in batches by partialFit, with and without weights", async () => {
    const { data, expected } = goldenCase(golden, "partial-fit");
    const weighted = goldenCase(golden, "partial-fit-weights");
    const [plain, withWeights] = [new StandardScaler(), new StandardScaler()];
    const bounds = data.bounds ?? [];
    const steps = expected["steps"] as Record<string, GoldenValue>[];
    for (let b = 0; b + 1 < bounds.length; b++) {
      const [from, to] = [bounds[b] as number, bounds[b + 1] as number];
      const rows = DistributedArray.fromColumns((data.columns ?? []).map((column) => column.slice(from, to)));
      await plain.partialFit(rows);
      await withWeights.partialFit(rows, undefined, {
        sampleWeight: (weighted.data.sampleWeight ?? []).slice(from, to),
      });
      const step = steps[b] as Record<string, GoldenValue>;
      expectClose(plain.mean, numbersOf(step, "mean"), closedForm(), `mean after batch ${b}`);
      expectClose(plain.scale, numbersOf(step, "scale"), closedForm(), `scale after batch ${b}`);
      expect(plain.nSamplesSeen).toBe(to);
    }
    expectClose(withWeights.mean, numbersOf(weighted.expected, "mean"), closedForm(), "weighted mean");
    expectClose(withWeights.scale, numbersOf(weighted.expected, "scale"), closedForm(), "weighted scale");
  });

  it("sums f32 in f64 and transforms to f32", async () => {
    const { data, expected } = goldenCase(golden, "float32");
    const scaler = await fitted(data);
    const wide = recordOf(expected, "float64");
    expectClose(scaler.mean, numbersOf(wide, "mean"), closedForm(), "mean");
    const scale = numbersOf(wide, "scale");
    expectClose(scaler.scale, scale, closedForm(), "scale");
    const lazy = scaler.transform(goldenX(data));
    expect(lazy.dtype).toBe("f32");
    const z = (await lazy.compute()) as LocalMatrix<"f32">;
    (data.columns ?? []).forEach((column, j) => {
      expect(z.columns[j]).toBeInstanceOf(Float32Array);
      const exact = column.map((x) => (Math.fround(x) - (scaler.mean[j] as number)) / (scaler.scale[j] as number));
      expectClose(z.columns[j] as Float32Array, exact, single, `column ${j}`);
      expectClose(
        z.columns[j] as Float32Array,
        columnsOf(expected["transformed"])[j] as number[],
        closedForm32(1 + Math.abs(scaler.mean[j] as number) / (scaler.scale[j] as number)),
        `scikit-learn's column ${j}`,
      );
    });
  });

  for (const name of ["sparse", "sparse-weights"]) {
    it(`scales CSR without filling it: ${name}`, async () => {
      const { data, expected } = goldenCase(golden, name);
      const scaler = await fitted(data, { withMean: false });
      expectClose(scaler.mean, numbersOf(expected, "mean"), closedForm(), "mean");
      expectClose(scaler.scale, numbersOf(expected, "scale"), closedForm(), "scale");
      const lazy = scaler.transform(goldenX(data));
      expect(lazy.layout).toBe("csr");
      const csr = data.csr as NonNullable<GoldenData["csr"]>;
      const scaled = csr.data.map((value, k) => value / (scaler.scale[csr.indices[k] as number] as number));
      expectClose(scaled, numbersOf(expected, "transformedData"), closedForm(), "scikit-learn's values");
    });
  }

  it("refuses to centre CSR", async () => {
    const { data } = goldenCase(golden, "sparse");
    await expect(fitted(data)).rejects.toThrow(
      "StandardScaler.fit: centring a sparse X would make it dense. Use new StandardScaler({ withMean: false }).",
    );
  });

  for (const name of ["iris", "breast-cancer", "diabetes", "digits", "wine"]) {
    it(`agrees on real data: ${name}`, async () => {
      const { data, expected } = goldenCase(golden, name);
      const scaler = await fitted(data);
      // Columns that are centred already have a mean of rounding only.
      numbersOf(expected, "mean").forEach((mean, j) =>
        expectClose([scaler.mean[j] as number], [mean], closedForm(), `mean of column ${j}`, scaler.scale[j] as number),
      );
      expectClose(scaler.scale, numbersOf(expected, "scale"), closedForm(), "scale");
      const z = (await scaler.transform(goldenX(data)).compute()).toRows();
      const widest = Math.max(
        ...Array.from(scaler.mean, (mean, j) => 1 + Math.abs(mean) / (scaler.scale[j] as number)),
      );
      expectClose(z[0] as number[], numbersOf(expected, "firstRow"), closedForm(widest), "first row");
      expectClose(z.at(-1) as number[], numbersOf(expected, "lastRow"), closedForm(widest), "last row");
      expectMoments(scaler, data);
    });
  }
});

describe("StandardScaler", () => {
  it("merges what two scalers have seen", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => [i * 0.37 + 1e6, (i * i) % 7]);
    const merged = StandardScaler.merge(
      await new StandardScaler().fit(rows.slice(0, 11)),
      await new StandardScaler().fit(rows.slice(11)),
    );
    const whole = await new StandardScaler().fit(rows);
    expectClose(merged.mean, whole.mean, elementwise, "mean");
    expectClose(merged.variance, whole.variance, closedForm(), "variance");
    expect(merged.nSamplesSeen).toBe(30);
  });

  it("refuses a batch with other columns and keeps what it knew", async () => {
    const scaler = await new StandardScaler().partialFit({ a: [1, 2], b: [3, 5] });
    await expect(scaler.partialFit({ b: [1, 2], a: [3, 5] })).rejects.toThrow(
      /StandardScaler\.partialFit: .*another order: column 0 is "b"/,
    );
    await expect(scaler.partialFit([[1]])).rejects.toThrow(
      "StandardScaler.partialFit: X has 1 columns, but the fit saw 2.",
    );
    expect(Array.from(scaler.mean)).toEqual([1.5, 4]);
    expect(scaler.nSamplesSeen).toBe(2);
  });

  it("refuses weights that are all zero, but not a column of NaN", async () => {
    await expect(new StandardScaler().fit([[1], [2]], undefined, { sampleWeight: [0, 0] })).rejects.toThrow(
      "StandardScaler.fit: all sample weights are zero. Give at least one row a positive weight.",
    );
    const scaler = await new StandardScaler().fit([[NaN], [NaN]]);
    expect([scaler.scale[0], scaler.nSamplesSeen]).toEqual([1, 2]);
  });

  it("names the place of an infinity, and takes NaN beside it", async () => {
    const X = DistributedArray.fromColumns({ a: [1, 2, 3, 4], b: [NaN, 1, 2, -Infinity] }, { partitions: 2 });
    await expect(new StandardScaler().fit(X)).rejects.toThrow(
      'StandardScaler.fit: X has -Infinity in column "b", partition 1, row 1. Clip or drop such rows first; NaN would be left out.',
    );
    const csr = DistributedArray.fromCsr(
      { indptr: [0, 1, 2, 3], indices: [0, 1, 1], values: [1, NaN, Infinity], cols: 2 },
      { partitions: 2 },
    );
    await expect(new StandardScaler({ withMean: false }).fit(csr)).rejects.toThrow(
      "X has Infinity in column 1, partition 1, row 0",
    );
  });

  it("names the rows' columns, or numbers them", async () => {
    expect((await new StandardScaler().fit({ a: [1, 2], b: [3, 4] })).getFeatureNamesOut()).toEqual(["a", "b"]);
    expect((await new StandardScaler().fit([[1, 3]])).getFeatureNamesOut()).toEqual(["x0", "x1"]);
  });
});
