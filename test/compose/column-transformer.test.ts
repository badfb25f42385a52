import { describe, expect, it } from "vitest";
import { LinearRegression, LogisticRegression } from "#models/index.js";
import { DateFeatures, OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder } from "#preprocessing/index.js";
import { ColumnTransformer, makeColumnSelector, makeColumnTransformer, makePipeline, Pipeline } from "#src/index.js";
import {
  DistributedArray,
  DistributedDataFrame,
  LocalEngine,
  type ColumnSpec,
  type LocalMatrix,
  type PolarsFrame,
} from "#src/index.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { goldenCase, loadGolden } from "../golden/load-golden.js";

const golden = loadGolden("encoders");
const scans = globalThis as unknown as { partwiseScans: number };

/** Twelve rows of mixed columns; `counted` counts how often a partition of it is made. */
const columns = {
  city: ["b", "a", "a", "b", "c", "a", "c", "c", "a", "b", "b", "a"],
  open: [true, false, true, false, true, true, false, false, true, true, false, true],
  n: [3, 1, 3, 4, 2, 7, 1, 0, 5, 2, 2, 6],
  m: [1.5, 2, 3, 4, 5, 6.5, 0, 1, 1, 8, 2, 4],
  y: [0, 1, 0, 1, 1, 0, 1, 1, 0, 0, 1, 0],
};
const frame = DistributedDataFrame.fromColumns(columns, { partitions: 3 });
const counted = (source: DistributedDataFrame): DistributedDataFrame =>
  source.mapPartitions((part: unknown) => {
    const counter = globalThis as unknown as { partwiseScans: number };
    counter.partwiseScans = (counter.partwiseScans ?? 0) + 1;
    return part;
  });
const rowsOf = async (result: unknown): Promise<unknown[][]> => {
  const computed = await (result as DistributedDataFrame | DistributedArray).compute();
  return "toRows" in computed ? computed.toRows() : ((computed as PolarsFrame).rows() as unknown[][]);
};

describe("ColumnTransformer", () => {
  it("gives scikit-learn's columns, names and remainder", async () => {
    const { data, expected } = goldenCase(golden, "column transformer");
    const X = DistributedArray.fromColumns(data.columns as number[][], { partitions: 3 });
    const features = new ColumnTransformer({
      transformers: [
        ["hot", new OneHotEncoder({ sparseOutput: false }), [0]],
        ["scale", new StandardScaler(), [1]],
      ],
      remainder: "passthrough",
    });
    await features.fit(X);
    expect(features.getFeatureNamesOut()).toEqual(
      (expected["names"] as string[]).map((name) => name.replace(/\.0$/, "")),
    );
    const found = await features.transform(X).compute();
    (expected["transformed"] as number[][]).forEach((column, j) =>
      column.forEach((value, i) => expect(found.at(i, j)).toBeCloseTo(value, 12)),
    );
  });

  it("is sparse as scikit-learn's is: by the share of stored entries", async () => {
    const { data } = goldenCase(golden, "column transformer");
    const [, y = [], k = []] = data.columns as number[][];
    const X = DistributedArray.fromColumns([y.map((_, i) => i % 11), k, y], { partitions: 2 });
    for (const [name, sparseThreshold] of [
      ["sparse", 0.3],
      ["dense", 0],
    ] as const) {
      const parts = [
        ["hot", new OneHotEncoder(), [0, 1]],
        ["scale", new StandardScaler(), [2]],
      ] as const;
      const features = await new ColumnTransformer({ transformers: parts, sparseThreshold }).fit(X);
      expect(features.sparseOutput).toBe(goldenCase(golden, `column transformer ${name}`).expected["sparse"]);
      const result = features.transform(X);
      expect(result.layout).toBe(name === "sparse" ? "csr" : "dense");
      // The same numbers in either form: local rows come back dense.
      const flat = (await features.transform(await X.compute())) as LocalMatrix;
      const hot = (
        await (
          await new OneHotEncoder({ sparseOutput: false }).fit(X.columns([0, 1]))
        )
          .transform(X.columns([0, 1]))
          .compute()
      ).toRows();
      const scaled = (
        await (await new StandardScaler().fit(X.columns([2]))).transform(X.columns([2])).compute()
      ).toRows();
      expect(flat.toRows()).toEqual(hot.map((row, i) => [...row, ...(scaled[i] as number[])]));
    }
  });

  it("chooses columns by name, position, pattern, type and function", async () => {
    const X = frame.select("city", "open", "n", "m");
    const cases: [ColumnSpec, string[]][] = [
      ["n", ["n"]],
      [
        ["m", "n"],
        ["m", "n"],
      ],
      [-1, ["m"]],
      [/^[nm]$/u, ["n", "m"]],
      [makeColumnSelector({ dtypeInclude: "number" }), ["n", "m"]],
      [
        makeColumnSelector({ dtypeInclude: ["boolean", "Float64"], dtypeExclude: "text", pattern: "^[om]" }),
        ["open", "m"],
      ],
      [(all) => all.filter(({ kind }) => kind === "boolean").map(({ name }) => name), ["open"]],
    ];
    for (const [spec, names] of cases) {
      const features = await new ColumnTransformer({
        transformers: [["own", "passthrough", spec]],
        verboseFeatureNamesOut: false,
      }).fit(X);
      expect(features.getFeatureNamesOut()).toEqual(names);
      const result = features.transform(X) as DistributedDataFrame;
      expect(result.columns).toEqual(names);
      expect((await result.compute()).rows()).toEqual(
        (
          await X.select(...(names as "n"[]))
            .cast({})
            .compute()
        )
          .rows()
          .map((row) => row.map(Number)),
      );
      const again = ColumnTransformer.fromJSON(
        JSON.parse(JSON.stringify(features.toJSON())) as ReturnType<ColumnTransformer["toJSON"]>,
      );
      expect(await rowsOf(again.transform(X))).toEqual(await rowsOf(result));
    }
  });

  it("reads the source once for a fit and once for a transform, whatever the number of transformers", async () => {
    const wide: Record<string, unknown[]> = {};
    for (let j = 0; j < 7; j++) {
      wide[`text${j}`] = columns.city.map((city, i) => city + String((i * (j + 2)) % 3));
      wide[`number${j}`] = columns.m.map((value, i) => value * j + i);
      if (j < 6) wide[`flag${j}`] = columns.open.map((open, i) => open !== (i % (j + 2) === 0));
    }
    const source = DistributedDataFrame.fromColumns(wide, { partitions: 3 });
    expect(source.columns.length).toBe(20);
    const X = counted(source);
    const y = DistributedArray.fromVector(columns.y, { partitions: 3 });
    const features = makeColumnTransformer([
      [new OneHotEncoder({ handleUnknown: "ignore" }), makeColumnSelector({ dtypeInclude: "text" })],
      [new TargetEncoder(), ["text0", "text1"]],
      [new StandardScaler(), makeColumnSelector({ dtypeInclude: "number" })],
      [new OrdinalEncoder(), makeColumnSelector({ dtypeInclude: "boolean" })],
    ]);
    const engine = new InlineEngine();
    scans.partwiseScans = 0;
    await features.fit(X, y, { engine });
    expect(scans.partwiseScans).toBe(3);
    const result = features.transform(X) as DistributedArray;
    expect(scans.partwiseScans).toBe(3);
    const held = await result.persist({ engine });
    expect(scans.partwiseScans).toBe(6);
    held.release();
    // A pipeline reads it once for all of its steps.
    scans.partwiseScans = 0;
    await makePipeline(features.clone(), new LogisticRegression()).fit(X, y, { engine });
    expect(scans.partwiseScans).toBe(3);
    expect(engine.heldBytes).toBe(0);
    await engine.close();
  });

  it("is one task a partition", async () => {
    const X = frame.select("city", "n", "m");
    const features = await makeColumnTransformer([
      [new OneHotEncoder(), ["city"]],
      [new StandardScaler(), ["n", "m"]],
    ]).fit(X);
    const engine = new InlineEngine();
    let tasks = 0;
    engine.on("task", ({ state }) => (tasks += state === "done" ? 1 : 0));
    const held = await (features.transform(X) as DistributedDataFrame).persist({ engine });
    expect(tasks).toBe(3);
    held.release();
    await engine.close();
  });

  it("works in a pipeline from raw frame to probabilities, on every engine, with weights, and comes back from JSON", async () => {
    const X = frame.select("city", "open", "n", "m");
    const y = frame.column("y");
    const w = columns.y.map((_, i) => 1 + (i % 3));
    const make = (): Pipeline =>
      makePipeline(
        makeColumnTransformer([
          [new OneHotEncoder({ drop: "first" }), ["city"]],
          [makePipeline(new StandardScaler()), ["n", "m"]],
          ["passthrough", ["open"]],
        ]),
        new LogisticRegression(),
      );
    const model = await make().fit(X, y, { sampleWeight: w });
    // By hand: the same matrix, given to the model alone.
    const matrix = await rowsOf((model.step("columntransformer") as ColumnTransformer).transform(X));
    const alone = await new LogisticRegression().fit(matrix as number[][], columns.y, { sampleWeight: w });
    const expected = (await alone.predictProba(matrix as number[][])).toRows();
    const found = await rowsOf(model.predictProba(X));
    found.forEach((row, i) => expect(row[1]).toBeCloseTo(expected[i]?.[1] ?? NaN, 9));
    const repeated = w.flatMap((count, i) => Array.from({ length: count }, () => i));
    const local = Object.fromEntries(
      ["city", "open", "n", "m"].map((name) => [
        name,
        repeated.map((i) => (columns as Record<string, unknown[]>)[name]?.[i] as string),
      ]),
    );
    const twice = await make().fit(
      local,
      repeated.map((i) => columns.y[i] as number),
    );
    (await rowsOf(twice.predictProba(X))).forEach((row, i) => expect(row[1]).toBeCloseTo(found[i]?.[1] as number, 6));
    const engine = new LocalEngine({ threads: 2 });
    const other = await make().fit(X, y, { sampleWeight: w, engine });
    expect(JSON.stringify(other.toJSON())).toBe(JSON.stringify(model.toJSON()));
    await engine.close();
    const again = Pipeline.fromJSON(JSON.parse(JSON.stringify(model.toJSON())) as ReturnType<Pipeline["toJSON"]>);
    expect(await rowsOf(again.predictProba(X))).toEqual(found);
    // Local cells: by name, and by position.
    const rows = [["b", true, 3, 1.5]] as const;
    expect((await model.predictProba({ city: ["b"], open: [true], n: [3], m: [1.5] })).toRows()[0]?.[1]).toBeCloseTo(
      found[0]?.[1] as number,
      12,
    );
    expect((await model.predictProba(rows)).toRows()[0]?.[1]).toBeCloseTo(found[0]?.[1] as number, 12);
  });

  it("keeps each row's target out of its own encoding while a pipeline is fitted", async () => {
    const X = frame.select("city");
    const y = frame.column("m");
    const model = await makePipeline(
      makeColumnTransformer([[new TargetEncoder({ cv: 3 }), ["city"]]]),
      new LinearRegression(),
    ).fit(X, y);
    const crossed = (await rowsOf(await new TargetEncoder({ cv: 3 }).fitTransform(X, y))) as number[][];
    const byHand = await new LinearRegression().fit(crossed, columns.m);
    const regression = model.step("linearregression") as LinearRegression;
    expect(regression.coef[0]).toBeCloseTo(byHand.coef[0] as number, 10);
    const features = makeColumnTransformer([[new TargetEncoder({ cv: 3 }), ["city"]]]);
    expect(await rowsOf(await features.fitTransform(X, y))).toEqual(crossed);
    expect(await rowsOf(features.transform(X))).not.toEqual(crossed);
  });

  it("takes more columns in any order where the rest is dropped, and says which one is missing", async () => {
    const features = await makeColumnTransformer(
      [
        [new OrdinalEncoder(), ["city"]],
        ["passthrough", ["m"]],
      ],
      { verboseFeatureNamesOut: false },
    ).fit(frame.select("m", "n", "city"));
    const expected = await rowsOf(features.transform(frame.select("m", "n", "city")));
    expect(await rowsOf(features.transform(frame.select("y", "city", "m")))).toEqual(expected);
    expect(() => features.transform(frame.select("m", "n"))).toThrow('there is no column "city"');
    expect(() => features.transform(frame.select("m", "city").cast({ m: "String" }))).toThrow(
      'column "m" is text (String), but in fit it was number',
    );
    const strict = await makeColumnTransformer([[new StandardScaler(), ["m"]]], { remainder: "passthrough" }).fit(
      frame.select("m", "n"),
    );
    expect(() => strict.transform(frame.select("n", "m"))).toThrow("another order");
  });

  it("gives the rest to a transformer of its own, and skips parts without columns", async () => {
    const X = frame.select("city", "n", "m");
    const features = await new ColumnTransformer({
      transformers: [
        ["none", new StandardScaler(), makeColumnSelector({ dtypeInclude: "date" })],
        ["gone", "drop", ["n"]],
        ["own", "passthrough", ["m"]],
      ],
      remainder: new OrdinalEncoder(),
    }).fit(X);
    expect(features.getFeatureNamesOut()).toEqual(["own__m", "remainder__city"]);
    expect(features.columnsOfParts).toEqual({ own: ["m"], remainder: ["city"] });
  });

  it("takes dates", async () => {
    const X = DistributedDataFrame.fromColumns({
      when: [new Date("2024-02-29T13:00:00Z"), new Date("1969-12-31T23:59:59Z")],
      n: [1, 2],
    });
    const features = await makeColumnTransformer(
      [[new DateFeatures({ features: ["year", "hour"] }), makeColumnSelector({ dtypeInclude: "date" })]],
      { remainder: "passthrough" },
    ).fit(X);
    expect(features.getFeatureNamesOut()).toEqual([
      "datefeatures__when_year",
      "datefeatures__when_hour",
      "remainder__n",
    ]);
    expect(await rowsOf(features.transform(X))).toEqual([
      [2024, 13, 1],
      [1969, 23, 2],
    ]);
  });

  it("sets parameters by part__param, and refuses parts that cannot work", async () => {
    const features = makeColumnTransformer([
      [new StandardScaler(), ["n"]],
      [new StandardScaler(), ["m"]],
    ]);
    features.setParams({ "standardscaler-1__withMean": false, sparseThreshold: 0.5 });
    expect((features.part("standardscaler-1") as StandardScaler).getParams().withMean).toBe(false);
    expect(() => features.part("scaler")).toThrow(
      'there is no transformer "scaler"; there are standardscaler-1, standardscaler-2, remainder',
    );
    expect(() => features.setParams({ remainder__x: 1 })).toThrow('"remainder" is "drop" and has no parameters');
    expect(() => new ColumnTransformer({ transformers: [["a", new LinearRegression(), ["n"]]] })).toThrow(
      '"a" is a LinearRegression, which cannot transform',
    );
    expect(
      () =>
        new ColumnTransformer({
          transformers: [
            ["a", "drop", ["n"]],
            ["a", "drop", ["m"]],
          ],
        }),
    ).toThrow('two transformers are called "a"');
    expect(() => new ColumnTransformer({ transformers: [["a__b", "drop", ["n"]]] })).toThrow('contains "__"');
    await expect(features.fit(frame.select("m"))).rejects.toThrow('there is no column "n"');
    await expect(makeColumnTransformer([["passthrough", ["city"]]]).fit(frame)).rejects.toThrow(
      'column "city" is String and cannot pass through',
    );
    await expect(makeColumnTransformer([["passthrough", ["n", "n"]]]).fit(frame)).rejects.toThrow(
      'names column "n" twice',
    );
    await expect(makeColumnTransformer([["drop", ["n"]]]).fit(frame)).rejects.toThrow("no columns are left");
    const clash = makeColumnTransformer(
      [
        ["passthrough", ["n"]],
        [new StandardScaler(), ["n"]],
      ],
      { verboseFeatureNamesOut: false },
    );
    await expect(clash.fit(frame)).rejects.toThrow('two output columns would be called "n"');
    expect(() => new ColumnTransformer({ transformers: [["a", "drop", () => []]] }).toJSON()).toThrow(
      "cannot be written before fit",
    );
  });

  it("leaves every part as it was when one fails", async () => {
    const scaler = new StandardScaler();
    const features = makeColumnTransformer([
      [scaler, ["m"]],
      [new OneHotEncoder({ categoryLimit: 2 }), ["city"]],
    ]);
    await expect(features.fit(frame)).rejects.toThrow("more than 2 categories");
    expect([scaler.isFitted, features.isFitted]).toEqual([false, false]);
  });
});
