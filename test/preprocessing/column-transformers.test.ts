import { describe, expect, it } from "vitest";
import { FunctionTransformer } from "#preprocessing/function-transformer.js";
import { KBinsDiscretizer } from "#preprocessing/k-bins-discretizer.js";
import { PolynomialFeatures } from "#preprocessing/polynomial-features.js";
import { PowerTransformer } from "#preprocessing/power-transformer.js";
import { QuantileTransformer } from "#preprocessing/quantile-transformer.js";
import { SimpleImputer } from "#preprocessing/simple-imputer.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { LocalMatrix } from "#src/collections/array/local-matrix.js";
import { casesOf, expectClose, expectColumns, named, rowsOf } from "./golden-data.js";
import { elementwise, iterative, objective } from "../checks/tolerances.js";

const { load } = casesOf("column-transformers");
const columnsOf = (rows: readonly number[][]): LocalMatrix =>
  new LocalMatrix(
    (rows[0] ?? []).map((_, j) => Float64Array.from(rows, (row) => row[j] as number)),
    rows.length,
  );

describe("KBinsDiscretizer", () => {
  it.each([
    ["bins-quantile", { encode: "ordinal" }],
    ["bins-linear", { encode: "ordinal", quantileMethod: "linear", nBins: 7 }],
    ["bins-uniform", { encode: "onehotDense", strategy: "uniform", nBins: [3, 4, 5, 2, 2] }],
    ["bins-many", { encode: "ordinal", nBins: 12 }],
    ["bins-sparse", { nBins: 3 }],
  ] as const)("agrees with scikit-learn: %s", async (name, params) => {
    const { X, Z, expected } = load(name);
    const bins = await new KBinsDiscretizer(params).fit(X);
    (expected["binEdges"] as number[][]).forEach((edges, j) => expectClose(bins.binEdges[j] as Float64Array, edges));
    const out = bins.transform(DistributedArray.fromRows(Z, { partitions: 2 }));
    expectColumns(columnsOf(await rowsOf(out)), expected["transformed"]);
    expect(bins.getFeatureNamesOut()).toEqual(expected["names"]);
    const back = await bins.inverseTransform(out).compute();
    // The constant column comes back as what it was; scikit-learn gives NaN.
    expect([...(back.columns[4] as Float64Array)].every((value) => value === 0.1)).toBe(true);
    expectColumns(new LocalMatrix(back.columns.slice(0, 4), back.rows), expected["inverse"]);
  });

  it("agrees with scikit-learn for weights", async () => {
    const { X, weights, expected } = load("bins-weights");
    const bins = await new KBinsDiscretizer({ encode: "ordinal" }).fit(X, undefined, { sampleWeight: weights });
    (expected["binEdges"] as number[][]).forEach((edges, j) => expectClose(bins.binEdges[j] as Float64Array, edges));
  });

  it("puts equally many rows into quantile bins", async () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000);
    const bins = await new KBinsDiscretizer({ nBins: 8, encode: "ordinal" }).fit(named([values]));
    const codes = (await bins.transform(named([values])).compute()).columns[0] as Float64Array;
    expect(Array.from({ length: 8 }, (_, bin) => codes.filter((code) => code === bin).length)).toEqual(
      Array.from({ length: 8 }, () => 125),
    );
  });

  it("puts edges into the bin above them, for few bins and for more than a byte holds", async () => {
    const values = Array.from({ length: 1201 }, (_, i) => i - 600);
    for (const nBins of [3, 12, 300, 400]) {
      const bins = await new KBinsDiscretizer({ nBins, encode: "ordinal", strategy: "uniform" }).fit(named([values]));
      const edges = [...(bins.binEdges[0] as Float64Array)].slice(1, -1);
      const rows = named([[...values, ...edges]]);
      const codes = (await bins.transform(rows).compute()).columns[0] as Float64Array;
      expect([...codes]).toEqual([...values, ...edges].map((value) => edges.filter((edge) => edge <= value).length));
      const onehot = await rowsOf(bins.setParams({ encode: "onehot" }).transform(rows));
      expect(onehot.map((row) => row.indexOf(1))).toEqual([...codes]);
    }
  });

  it("refuses NaN by column, partition and row, and as many bins as there are not columns", async () => {
    const X = named([[1, 2, 3, NaN]], 2);
    await expect(new KBinsDiscretizer().fit(X)).rejects.toThrow('X has NaN in column "a", partition 1, row 1');
    await expect(new KBinsDiscretizer({ nBins: [3, 3] }).fit(X)).rejects.toThrow(
      "nBins has 2 numbers, but X has 1 columns",
    );
    const bins = await new KBinsDiscretizer({ encode: "ordinal" }).fit(named([[1, 2, 3, 4]]));
    await expect(bins.transform(X).compute()).rejects.toThrow('KBinsDiscretizer.transform: X has NaN in column "a"');
  });
});

describe("QuantileTransformer", () => {
  it.each([
    ["quantile-uniform", {}],
    ["quantile-normal", { outputDistribution: "normal", nQuantiles: 20 }],
    ["quantile-nan", { nQuantiles: 17 }],
  ] as const)("agrees with scikit-learn: %s", async (name, params) => {
    const { X, Z, expected } = load(name);
    const quantiles = await new QuantileTransformer(params).fit(X);
    (expected["quantiles"] as number[][]).forEach((column, j) =>
      expectClose(quantiles.quantiles[j] as Float64Array, column),
    );
    const out = await quantiles.transform(Z);
    expectColumns(out, expected["transformed"]);
    expectColumns(await quantiles.inverseTransform(out), expected["inverse"], objective);
  });

  it("chooses the same rows for any partitions, and levels that are near the exact ones", async () => {
    const n = 5000;
    const values = Array.from({ length: n }, (_, i) => Math.exp(Math.sin(i) * 3));
    const make = (): QuantileTransformer =>
      new QuantileTransformer({ subsample: 1000, nQuantiles: 200, randomState: 4 });
    const [one, many] = await Promise.all([1, 9].map((partitions) => make().fit(named([values], partitions))));
    expect(one?.toJSON()).toEqual(many?.toJSON());
    const exact = await new QuantileTransformer({ nQuantiles: 5000 }).fit(named([values]));
    const levels = (await one?.transform(named([values])).compute())?.columns[0] as Float64Array;
    const right = (await exact.transform(named([values])).compute()).columns[0] as Float64Array;
    const worst = Math.max(...levels.map((level, i) => Math.abs(level - (right[i] as number))));
    // Kolmogorov: 1.95 / sqrt(1000) bounds the largest deviation with probability 0.999.
    expect(worst).toBeLessThan(1.95 / Math.sqrt(1000));
    expect(worst).toBeGreaterThan(0);
  });

  it("needs no more quantiles than sampled rows", async () => {
    await expect(new QuantileTransformer({ subsample: 10 }).fit([[1]])).rejects.toThrow(
      "nQuantiles must be <= subsample; got 1000 and 10",
    );
  });
});

describe("PowerTransformer", () => {
  it.each([
    ["power-yeo-johnson", {}],
    ["power-yeo-johnson-plain", { standardize: false }],
    ["power-box-cox", { method: "box-cox" }],
    ["power-box-cox-plain", { method: "box-cox", standardize: false }],
  ] as const)("agrees with scikit-learn: %s", async (name, params) => {
    const { X, Z, expected } = load(name);
    const rows = name.includes("yeo") ? Z.map(([a, b, , d, e]) => [a, b, d, e] as number[]) : Z;
    const power = await new PowerTransformer(params).fit(X);
    expectClose(power.lambdas, expected["lambdas"], iterative);
    expectColumns(await power.transform(rows), expected["transformed"], iterative);
  });

  it.each(["power-yeo-johnson", "power-box-cox"])(
    "has no smaller likelihood than scipy's λ, and a derivative of zero: %s",
    async (name) => {
      const { X, expected } = load(name);
      const method = name.includes("yeo") ? "yeo-johnson" : "box-cox";
      const power = await new PowerTransformer({ method }).fit(X);
      const local = await X.compute();
      local.columns.forEach((column, j) => {
        const values = [...(column as Float64Array)].filter((value) => !Number.isNaN(value));
        const best = (expected["logLikelihood"] as (number | null)[])[j];
        if (best === null || best === undefined) return;
        const lambda = power.lambdas[j] as number;
        expect(likelihood(method, values, lambda)).toBeGreaterThanOrEqual(best - 1e-9 * Math.abs(best));
        const h = 1e-4;
        const slope = (likelihood(method, values, lambda + h) - likelihood(method, values, lambda - h)) / (2 * h);
        expect(Math.abs(slope)).toBeLessThan(1e-3);
      });
    },
  );

  it("takes back what it did", async () => {
    for (const method of ["yeo-johnson", "box-cox"] as const) {
      const { X } = load(method === "box-cox" ? "power-box-cox" : "power-yeo-johnson");
      const power = await new PowerTransformer({ method }).fit(X);
      const back = await power.inverseTransform(power.transform(X)).compute();
      const local = await X.compute();
      local.columns.forEach((column, j) => expectClose(back.columns[j] as Float64Array, [...(column as Float64Array)]));
    }
  });

  it("names the value that Box-Cox cannot take, in fit and in transform", async () => {
    const bad = named(
      [
        [1, 2, 3, 4],
        [1, 2, 0, 4],
      ],
      2,
    );
    await expect(new PowerTransformer({ method: "box-cox" }).fit(bad)).rejects.toThrow(
      'PowerTransformer.fit: X has 0 in column "b", partition 1, row 0, and Box-Cox needs values above 0',
    );
    const power = await new PowerTransformer({ method: "box-cox" }).fit(
      named([
        [1, 2, 3, 4],
        [1, 2, 3, 5],
      ]),
    );
    await expect(power.transform(bad).compute()).rejects.toThrow('PowerTransformer.transform: X has 0 in column "b"');
  });
});

function likelihood(method: string, values: readonly number[], lambda: number): number {
  const logs = values.map((x) => (method === "box-cox" ? Math.log(x) : Math.sign(x) * Math.log1p(Math.abs(x))));
  const t = logs.map((log) => {
    const c = method === "box-cox" || log >= 0 ? lambda : lambda - 2;
    return c === 0 ? log : Math.expm1(c * log) / c;
  });
  const mean = t.reduce((a, b) => a + b, 0) / t.length;
  const variance = t.reduce((a, b) => a + (b - mean) ** 2, 0) / t.length;
  return (-t.length / 2) * Math.log(variance) + (lambda - 1) * logs.reduce((a, b) => a + b, 0);
}

describe("PolynomialFeatures", () => {
  it.each([
    ["polynomial", {}],
    ["polynomial-interaction", { degree: 3, interactionOnly: true, includeBias: false }],
    ["polynomial-range", { degree: [2, 3] as const }],
  ])("agrees with scikit-learn: %s", async (name, params) => {
    const { Z, expected } = load(name, 3);
    const columns = {
      a: Z.map((row) => row[0] as number),
      b: Z.map((row) => row[1] as number),
      c: Z.map((row) => row[2] as number),
    };
    const poly = await new PolynomialFeatures(params).fit(columns);
    expectColumns(await poly.transform(columns), expected["transformed"], elementwise);
    expect(poly.getFeatureNamesOut()).toEqual(expected["names"]);
    expect(poly.powers).toEqual(expected["powers"]);
  });

  it("makes each product of its factors, over more rows than a tile and in f32", async () => {
    const n = 9001;
    const columns = [0, 1, 2].map((j) => Float32Array.from({ length: n }, (_, i) => ((i * (j + 3)) % 17) - 8));
    const X = DistributedArray.fromColumns(columns, { partitions: 1 });
    const poly = await new PolynomialFeatures({ degree: 3 }).fit(X);
    const out = await poly.transform(X).compute();
    expect(out.columns[0]).toBeInstanceOf(Float32Array);
    poly.powers.forEach((powers, k) => {
      for (const i of [0, 4095, 4096, 9000]) {
        expect(out.at(i, k)).toBe(powers.reduce((product, power, j) => product * (columns[j]?.[i] ?? NaN) ** power, 1));
      }
    });
  });

  it("refuses what leaves no column, and too many", async () => {
    await expect(new PolynomialFeatures({ degree: 0, includeBias: false }).fit([[1]])).rejects.toThrow(
      "leaves no column",
    );
    await expect(new PolynomialFeatures({ degree: 12 }).fit([Array.from({ length: 40 }, () => 1)])).rejects.toThrow(
      "more than 1000000 products",
    );
    expect(() => new PolynomialFeatures({ degree: [3, 2] })).toThrow("PolynomialFeatures: degree must be");
  });
});

describe("FunctionTransformer", () => {
  it("applies a function with its arguments to each partition, and its inverse", async () => {
    const scale = new FunctionTransformer({
      func: (part, info) =>
        part.columns.map((column) =>
          Float64Array.from(column as Float64Array, (x) => x * (info.args as { by: number }).by),
        ),
      inverseFunc: (part, info) =>
        part.columns.map((column) =>
          Float64Array.from(column as Float64Array, (x) => x / (info.args as { by: number }).by),
        ),
      args: { by: 4 },
      inverseArgs: { by: 4 },
    });
    const X = named([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    await scale.fit(X);
    const out = scale.transform(X);
    expect((await out.compute()).toRows()).toEqual([
      [4, 16],
      [8, 20],
      [12, 24],
    ]);
    expect(out.names).toEqual(["a", "b"]);
    expect((await scale.inverseTransform(out).compute()).toRows()).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
  });

  it("gives other columns under the names it is told", async () => {
    const sum = new FunctionTransformer({
      func: (part) => [
        Array.from({ length: part.rows }, (_, i) => part.columns.reduce((all, column) => all + Number(column[i]), 0)),
      ],
      featureNamesOut: ["sum"],
    });
    const result = await (await sum.fit({ a: [1, 2], b: [3, 4] })).transform({ a: [1, 2], b: [3, 4] });
    expect(result.toRows()).toEqual([[4], [6]]);
    expect(sum.getFeatureNamesOut()).toEqual(["sum"]);
  });

  it("refuses captured variables, other rows, and saving inline functions", async () => {
    const captured = 3;
    expect(() => new FunctionTransformer({ func: (part) => part.columns.map(() => captured) })).toThrow(
      'uses "captured" from outside',
    );
    const cut = await new FunctionTransformer({ func: (part) => part.columns.map((column) => column.slice(1)) }).fit([
      [1],
      [2],
    ]);
    await expect(cut.transform([[1], [2]])).rejects.toThrow("the function got 2 rows of partition 0 and returned 1");
    expect(() => cut.toJSON()).toThrow("func is an inline function, which files cannot hold");
  });

  it("saves functions of modules", async () => {
    const func = { module: "partwise:src/collections/array/tasks.js", export: "rowCounts" };
    const copy = FunctionTransformer.fromJSON(
      JSON.parse(JSON.stringify(new FunctionTransformer({ func }).toJSON())) as never,
    );
    expect(copy.getParams().func).toEqual(func);
  });
});

describe("SimpleImputer", () => {
  const strategies = ["mean", "median", "mostFrequent", "constant"] as const;
  it.each(strategies.flatMap((strategy) => [[strategy, false] as const, [strategy, true] as const]))(
    "agrees with scikit-learn: %s, indicator %s",
    async (strategy, full) => {
      const name = `impute-${strategy === "mostFrequent" ? "most_frequent" : strategy}${full ? "-indicator" : ""}`;
      const { X, Z, expected } = load(name);
      const imputer = await new SimpleImputer({
        strategy,
        fillValue: -7,
        addIndicator: full,
        keepEmptyFeatures: full,
      }).fit(X);
      expectClose(imputer.statistics, expected["statistics"]);
      expectColumns(await imputer.transform(Z), expected["transformed"]);
      expect(imputer.getFeatureNamesOut()).toEqual(expected["names"]);
    },
  );

  it("merges means to the fit on the union, and refuses to merge medians", async () => {
    const a = await new SimpleImputer().fit([
      [1, NaN],
      [2, 8],
    ]);
    const b = await new SimpleImputer().fit([
      [6, 4],
      [NaN, NaN],
    ]);
    expect([...SimpleImputer.merge(a, b).statistics]).toEqual([3, 6]);
    const median = await new SimpleImputer({ strategy: "median" }).fit([[1, 2]]);
    expect(() => SimpleImputer.merge(median, median)).toThrow(
      "SimpleImputer.merge: exact quantiles need all rows at once",
    );
    await expect(median.partialFit([[1, 2]])).rejects.toThrow("exact quantiles need all rows at once");
  });

  it("says so when no column is left", async () => {
    const imputer = await new SimpleImputer().fit([[NaN]]);
    expect(() => imputer.transform(named([[1]]))).toThrow("no column had a value in fit");
  });
});
