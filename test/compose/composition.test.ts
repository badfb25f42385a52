import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LinearRegression, Ridge } from "#models/index.js";
import {
  MinMaxScaler,
  OneHotEncoder,
  OrdinalEncoder,
  PolynomialFeatures,
  StandardScaler,
  TargetEncoder,
} from "#preprocessing/index.js";
import {
  ColumnTransformer,
  DistributedArray,
  DistributedDataFrame,
  FeatureUnion,
  makeColumnSelector,
  makeColumnTransformer,
  makePipeline,
  Pipeline,
  PrefixCache,
  type FitOptions,
  type MatrixInput,
} from "#src/index.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { GridSearchCV } from "#src/model-selection/index.js";
import { goldenCase, loadGolden } from "../golden/load-golden.js";

const golden = loadGolden("composition");
const raw = goldenCase(golden, "weights").data as unknown as Record<string, unknown[]>;
const frameOf = (partitions: number): DistributedDataFrame =>
  DistributedDataFrame.fromColumns(
    Object.fromEntries(["city", "size", "n_stops", "fare", "miles"].map((name) => [name, raw[name] as string[]])),
    { partitions },
  ) as unknown as DistributedDataFrame;
const frame = frameOf(4);
const target = (raw["fare"] as number[]).map((fare, i) => Math.sin(fare) + i / 10);

async function expectGolden(features: ColumnTransformer | FeatureUnion, name: string, X = frame): Promise<void> {
  const { expected } = goldenCase(golden, name);
  await features.fit(X);
  expect(features.getFeatureNamesOut()).toEqual(expected["names"]);
  const result = features.transform(X) as DistributedDataFrame;
  expect(result.columns).toEqual(expected["names"]);
  const rows = (await result.compute()).rows() as number[][];
  (expected["transformed"] as number[][]).forEach((column, j) =>
    column.forEach((value, i) => expect(rows[i]?.[j]).toBeCloseTo(value, 10)),
  );
}

const hot = (): OneHotEncoder => new OneHotEncoder({ sparseOutput: false });

describe("ColumnTransformer and FeatureUnion, as scikit-learn's", () => {
  it("multiply the results of parts by their weights", async () => {
    const make = (sparseOutput: boolean, sparseThreshold: number): ColumnTransformer =>
      new ColumnTransformer({
        transformers: [
          ["hot", new OneHotEncoder({ sparseOutput }), ["city"]],
          ["scale", new StandardScaler(), makeColumnSelector({ dtypeInclude: "number" })],
        ],
        transformerWeights: { scale: 0.5, hot: 3 },
        sparseThreshold,
      });
    await expectGolden(make(false, 0), "weights");
    // In compressed rows too.
    const sparse = await make(true, 1).fit(frame);
    expect(sparse.sparseOutput).toBe(true);
    const { expected } = goldenCase(golden, "weights");
    const local = Object.fromEntries(frame.columns.map((name) => [name, raw[name] as string[]]));
    const rows = (await sparse.transform(local)).toRows();
    (expected["transformed"] as number[][]).forEach((column, j) =>
      column.forEach((value, i) => expect(rows[i]?.[j]).toBeCloseTo(value, 10)),
    );
    const again = ColumnTransformer.fromJSON(JSON.parse(JSON.stringify(sparse.toJSON())));
    expect((await again.transform(local)).toRows()).toEqual(rows);
    await expectGolden(
      new FeatureUnion({
        transformerList: [
          ["a", new StandardScaler()],
          ["b", new MinMaxScaler()],
        ],
        transformerWeights: { b: 10 },
      }),
      "union weights",
      frame.select("fare", "miles"),
    );
  });

  it("name their columns short, or by a text with places", async () => {
    await expectGolden(
      new ColumnTransformer({
        transformers: [["hot", hot(), ["city", "size"]]],
        remainder: "passthrough",
        verboseFeatureNamesOut: false,
      }),
      "short names",
    );
    await expectGolden(
      new ColumnTransformer({
        transformers: [
          ["hot", hot(), ["size"]],
          ["scale", new MinMaxScaler(), ["fare"]],
        ],
        verboseFeatureNamesOut: "{featureName}@{transformerName}",
      }),
      "named by text",
    );
    expect(() => makeColumnTransformer([["drop", ["a"]]], { verboseFeatureNamesOut: "{name}" })).toThrow(
      'verboseFeatureNamesOut must be a boolean or text with "{featureName}"; got "{name}"',
    );
  });

  it("take masks of booleans, patterns, and a transformer for the rest", async () => {
    const make = (mask: boolean[]): ColumnTransformer =>
      new ColumnTransformer({
        transformers: [
          ["codes", new OrdinalEncoder(), mask],
          ["scale", new StandardScaler(), makeColumnSelector({ pattern: "^n_" })],
        ],
        remainder: new MinMaxScaler(),
      });
    await expectGolden(make([true, true, false, false, false]), "mask and pattern");
    await expect(make([true, false]).fit(frame)).rejects.toThrow(
      "ColumnTransformer.fit (codes): the mask of columns has 2 values, but X has 5 columns",
    );
  });

  it("hold one another, and pipelines", async () => {
    const inner = new ColumnTransformer({
      transformers: [
        ["hot", hot(), ["city"]],
        ["keep", "passthrough", ["fare"]],
      ],
    });
    const features = new ColumnTransformer({
      transformers: [
        ["inner", inner, ["city", "fare"]],
        ["pipe", makePipeline(new MinMaxScaler(), new StandardScaler()), ["miles"]],
      ],
    });
    await expectGolden(features, "nested");
    features.setParams({ inner__hot__drop: "first" });
    await features.fit(frame);
    expect(features.getFeatureNamesOut()[0]).toBe("inner__hot__city_oslo");
  });

  it("say what is wrong with weights, names and columns", async () => {
    expect(() =>
      makeColumnTransformer([[new StandardScaler(), ["fare"]]], { transformerWeights: { standardscalar: 2 } }),
    ).toThrow(
      'transformerWeights names "standardscalar", which is no transformer; did you mean "standardscaler"? There are standardscaler, remainder.',
    );
    await expect(makeColumnTransformer([[new StandardScaler(), ["fair"]]]).fit(frame)).rejects.toThrow(
      'there is no column "fair"; did you mean "fare"?',
    );
    const strict = await makeColumnTransformer([[new StandardScaler(), ["fare"]]], { remainder: "drop" }).fit(frame);
    expect(() => strict.transform(frame.rename({ fare: "fares" }))).toThrow(
      'there is no column "fare"; did you mean "fares"?',
    );
  });

  it("replace a part by its name", async () => {
    const features = makeColumnTransformer([
      [new StandardScaler(), ["fare"]],
      [new StandardScaler(), ["miles"]],
    ]);
    features.setParams({ "standardscaler-1": "passthrough", "standardscaler-2": new MinMaxScaler() });
    await features.fit(frame);
    const rows = (await (features.transform(frame) as DistributedDataFrame).compute()).rows() as number[][];
    expect(rows.map(([fare]) => fare)).toEqual(raw["fare"]);
    expect(Math.max(...rows.map(([, miles]) => miles as number))).toBe(1);
    expect(() => features.setParams({ "standardscaler-1": new LinearRegression() })).toThrow("cannot transform");
  });
});

describe("what a composition keeps while it is fitted", () => {
  /** Bytes that the engine held at most while `work` ran. */
  async function peakBytes(work: (engine: InlineEngine) => Promise<unknown>): Promise<number> {
    const engine = new InlineEngine();
    let peak = 0;
    engine.on("task", () => (peak = Math.max(peak, engine.heldBytes)));
    await work(engine);
    expect(engine.heldBytes).toBe(0);
    await engine.close();
    return peak;
  }

  it("is only the columns that somebody needs, also inside a pipeline", async () => {
    const n = 4000;
    const wide: Record<string, Float64Array> = {};
    for (let j = 0; j < 24; j++) wide[`c${j}`] = Float64Array.from({ length: n }, (_, i) => Math.sin(i * (j + 1)));
    const X = DistributedDataFrame.fromColumns(wide, { partitions: 4 });
    const y = Float64Array.from({ length: n }, (_, i) => Math.sin(i) + Math.sin(2 * i));
    const features = (): ColumnTransformer =>
      makeColumnTransformer([
        [new StandardScaler(), ["c0"]],
        [new MinMaxScaler(), ["c1"]],
      ]);
    const alone = await peakBytes((engine) =>
      makePipeline(features(), new LinearRegression()).fit(X.select("c0", "c1"), y, { engine }),
    );
    for (const make of [
      () => makePipeline(features(), new LinearRegression()),
      () => makePipeline(makePipeline("passthrough", features()), new LinearRegression()),
    ]) {
      const model = make();
      expect(await peakBytes((engine) => model.fit(X, y, { engine }))).toBeLessThan(1.2 * alone);
      // It still knows, and checks, all columns of X.
      expect(model.nFeatures).toBe(24);
      const few = await makePipeline(features(), new LinearRegression()).fit(X.select("c0", "c1"), y);
      const [found, wanted] = [await model.predict(X).compute(), await few.predict(X.select("c0", "c1")).compute()];
      expect(found.toFlat()).toEqual(wanted.toFlat());
    }
  });

  it("finds columns by position although others are not kept", async () => {
    const X = DistributedArray.fromRows(
      Array.from({ length: 12 }, (_, i) => [i, i * i, Math.cos(i), 5]),
      { partitions: 3 },
    );
    const y = Float64Array.from({ length: 12 }, (_, i) => 3 * i * i + Math.cos(i));
    const model = await makePipeline(
      makeColumnTransformer([
        [new StandardScaler({ withMean: false, withStd: false }), [-2]],
        [new StandardScaler({ withMean: false, withStd: false }), [1]],
      ]),
      new LinearRegression(),
    ).fit(X, y);
    const { coef } = model.step(-1) as LinearRegression;
    expect(coef[0]).toBeCloseTo(1, 9);
    expect(coef[1]).toBeCloseTo(3, 9);
  });

  it("goes through consecutive transformers as one task a partition", async () => {
    const steps = [new MinMaxScaler(), new PolynomialFeatures(), new StandardScaler(), new MinMaxScaler()];
    const model = await makePipeline(
      makeColumnTransformer([[new StandardScaler(), ["fare", "miles"]]], { remainder: "drop" }),
      ...steps,
      new Ridge(),
    ).fit(frame, target);
    const engine = new InlineEngine();
    let tasks = 0;
    engine.on("task", ({ state }) => (tasks += state === "done" ? 1 : 0));
    const held = await model.predict(frame).persist({ engine });
    expect(tasks).toBe(frame.partitions);
    held.release();
    await engine.close();
  });
});

describe("Pipeline", () => {
  it("gives steps by name and position, and slices between names", async () => {
    const model = await new Pipeline({
      steps: [
        ["scale", new StandardScaler()],
        ["none", null],
        ["range", new MinMaxScaler()],
        ["model", new Ridge()],
      ],
    }).fit(frame.select("fare", "miles"), target);
    expect(model.step("none")).toBe("passthrough");
    expect(model.step(-1)).toBe(model.step("model"));
    expect(model.namedSteps["range"]).toBe(model.step(2));
    expect(() => model.step(7)).toThrow("there is no step 7; the steps are scale, none, range, model");
    const head = model.slice(0, "model");
    expect(head.steps.map(([name]) => name)).toEqual(["scale", "none", "range"]);
    const tail = model.slice("model");
    const features = head.transform(frame.select("fare", "miles")) as DistributedDataFrame;
    expect((await tail.predict(features).compute()).toFlat()).toEqual(
      (await model.predict(frame.select("fare", "miles")).compute()).toFlat(),
    );
    expect(() => model.slice("modle")).toThrow('there is no step "modle" (did you mean "model"?)');
    expect(() => model.slice(4)).toThrow("steps must be >= 1");
    model.setParams({ scale: "passthrough", model: new LinearRegression() });
    expect([model.step(0), (model.step(3) as LinearRegression).kind]).toEqual(["passthrough", "LinearRegression"]);
    const again = Pipeline.fromJSON(JSON.parse(JSON.stringify(model.toJSON())));
    expect(again.step("none")).toBe("passthrough");
  });

  it("sends rows among the fit options through the steps before the last", async () => {
    class Watching extends LinearRegression {
      seen: unknown;
      override clone(): this {
        return this;
      }
      override fit(X: MatrixInput, y: Float64Array, options: FitOptions & { validation?: { X: unknown } } = {}) {
        this.seen = options.validation?.X;
        return super.fit(X, y, options) as Promise<this>;
      }
    }
    const last = new Watching();
    const scaler = new StandardScaler();
    const X = frame.select("fare", "miles");
    const model = new Pipeline({
      steps: [
        ["scale", scaler],
        ["model", last],
      ],
      transformInput: ["validation"],
    });
    await model.fit(X, target, { validation: { X, y: target } } as FitOptions);
    const wanted = await (scaler.transform(X) as DistributedDataFrame).toArray().compute();
    expect((await (last.seen as DistributedArray).compute()).toFlat()).toEqual(wanted.toFlat());
  });
});

describe("PrefixCache", () => {
  /** A scaler that counts its fits. */
  class Counting extends StandardScaler {
    static fits = 0;
    override fit(...args: Parameters<StandardScaler["fit"]>): Promise<this> {
      Counting.fits += 1;
      return super.fit(...args) as Promise<this>;
    }
  }
  const X = frame.select("fare", "miles");
  const pipeline = (memory: PrefixCache | null, first = new Counting() as StandardScaler): Pipeline =>
    makePipeline(first, new MinMaxScaler(), new Ridge()).setParams({ memory });

  it("fits what is before the last step once a fold in a grid search", async () => {
    const paramGrid = { ridge__alpha: [0.1, 1, 10, 100] };
    Counting.fits = 0;
    const plain = await new GridSearchCV({ estimator: pipeline(null), paramGrid, cv: 3 }).fit(X, target);
    // A search keeps them for itself, where its pipeline has no memory of its own.
    expect(Counting.fits).toBe(4);
    Counting.fits = 0;
    const memory = new PrefixCache();
    const cached = await new GridSearchCV({ estimator: pipeline(memory), paramGrid, cv: 3 }).fit(X, target);
    expect(Counting.fits).toBe(4);
    // The search holds the rows of a fold: the cache is asked for a fold's first step once, and for both steps by the refit.
    expect([memory.misses, memory.hits]).toEqual([5, 0]);
    expect(cached.bestScore).toBe(plain.bestScore);
    expect(cached.cvResults.meanTestScore).toEqual(plain.cvResults.meanTestScore);
  });

  it("fits again what has other parameters, rows, targets or weights", async () => {
    const memory = new PrefixCache();
    const fits = async (work: Promise<unknown>): Promise<number> => {
      const before = memory.misses;
      await work;
      return memory.misses - before;
    };
    const y = DistributedArray.fromVector(target, { partitions: 4 });
    expect(await fits(pipeline(memory).fit(X, y))).toBe(2);
    expect(await fits(pipeline(memory).fit(X, y))).toBe(0);
    // The second step alone has changed.
    const other = pipeline(memory).setParams({ minmaxscaler__featureRange: [0, 2] });
    expect(await fits(other.fit(X, y))).toBe(1);
    expect(await fits(pipeline(memory).setParams({ standardscaler__withMean: false }).fit(X, y))).toBe(2);
    expect(await fits(pipeline(memory).fit(X, target))).toBe(2);
    expect(await fits(pipeline(memory).fit(X, y, { sampleWeight: target.map(() => 2) }))).toBe(2);
    expect(await fits(pipeline(memory).fit(frame.select("miles", "fare"), y))).toBe(2);
    const local = { fare: raw["fare"] as number[], miles: raw["miles"] as number[] };
    expect(await fits(pipeline(memory).fit(local, target))).toBe(2);
    expect(await fits(pipeline(memory).fit({ ...local }, [...target]))).toBe(0);
    local.fare = local.fare.map((fare, i) => (i === 3 ? fare + 1 : fare));
    expect(await fits(pipeline(memory).fit(local, target))).toBe(2);
    memory.clear();
    expect(await fits(pipeline(memory).fit(X, y))).toBe(2);
  });

  it("keeps how a step treats the rows of its own fit", async () => {
    const make = (memory: PrefixCache | null): Pipeline =>
      makePipeline(
        makeColumnTransformer([[new TargetEncoder({ cv: 3 }), ["city"]]], { remainder: "drop" }),
        new LinearRegression(),
      ).setParams({ memory });
    const plain = await make(null).fit(frame, target);
    const memory = new PrefixCache();
    for (const misses of [1, 1]) {
      const model = await make(memory).fit(frame, target);
      expect(memory.misses).toBe(misses);
      expect((model.step(-1) as LinearRegression).coef).toEqual((plain.step(-1) as LinearRegression).coef);
    }
    const directory = mkdtempSync(join(tmpdir(), "partwise-prefix-"));
    await make(new PrefixCache({ directory })).fit(frame, target);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("serves other processes from a folder, by the content of the data", async () => {
    const directory = mkdtempSync(join(tmpdir(), "partwise-prefix-"));
    const first = new PrefixCache({ directory });
    const scaled = (memory: PrefixCache): Pipeline => pipeline(memory, new StandardScaler());
    const fitted = await scaled(first).fit(X, target);
    expect(readdirSync(directory).length).toBe(2);
    // A new cache and new collections, as another process has them.
    const second = new PrefixCache({ directory });
    const again = await scaled(second).fit(frameOf(4).select("fare", "miles"), [...target]);
    expect([second.hits, second.misses]).toEqual([2, 0]);
    expect(JSON.stringify(again.toJSON())).toBe(JSON.stringify(fitted.toJSON()));
    await scaled(second).fit(
      frameOf(4).select("fare", "miles"),
      target.map((value) => value + 1),
    );
    expect(second.misses).toBe(2);
    for (const name of readdirSync(directory)) writeFileSync(join(directory, name), "{");
    await expect(scaled(new PrefixCache({ directory })).fit(X, target)).rejects.toThrow("cannot be read");
  });

  it("keeps no more steps than its limit, and nothing of a fit that failed", async () => {
    const memory = new PrefixCache({ limit: 1 });
    await pipeline(memory).fit(X, target);
    await pipeline(memory).fit(X, target);
    expect(memory.hits).toBe(0);
    const bad = frame.select("fare", "miles").toArray().mul(Infinity);
    const failing = new PrefixCache();
    for (const misses of [1, 2]) {
      await expect(pipeline(failing).fit(bad, target)).rejects.toThrow("Infinity");
      expect([failing.misses, failing.hits]).toEqual([misses, 0]);
    }
    expect(() => new PrefixCache({ limit: 0 })).toThrow("PrefixCache: limit must be an integer >= 1; got 0.");
    expect(() => pipeline({} as PrefixCache)).toThrow("memory must be null or a PrefixCache");
  });
});
