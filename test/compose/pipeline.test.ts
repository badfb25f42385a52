import { describe, expect, it } from "vitest";
import { LinearRegression, LogisticRegression } from "#models/index.js";
import { StandardScaler } from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import type { LocalMatrix } from "#src/collections/array/local-matrix.js";
import { makePipeline, Pipeline } from "#src/compose/pipeline.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { estimatorFromJSON } from "#src/estimator/registry.js";
import { expectClose, iterative } from "../checks/tolerances.js";

const n = 48;
const a = Float64Array.from({ length: n }, (_, i) => Math.sin(i * 1.3));
const b = Float64Array.from({ length: n }, (_, i) => 500 + 100 * Math.cos(i * 0.7));
const labels = Array.from(a, (value, i) =>
  value + ((b[i] as number) - 500) / 100 + 0.3 * Math.sin(i * 4) > 0 ? "late" : "early",
);
const codes = labels.map((label) => Number(label === "late"));
const X = Array.from(a, (value, i) => [value, b[i] as number]);
const columns = { a, b };

describe("Pipeline", () => {
  it("gives what its steps give one after another", async () => {
    const pipeline = makePipeline(new StandardScaler(), new LogisticRegression({ C: 2 }));
    expect(await pipeline.fit(X, codes)).toBe(pipeline);
    const scaler = await new StandardScaler().fit(X);
    const z = await scaler.transform(X);
    const model = await new LogisticRegression({ C: 2 }).fit(z, codes);
    expect(await pipeline.predict(X)).toEqual(await model.predict(z));
    const proba = (await pipeline.predictProba(X)) as LocalMatrix;
    expectClose(proba.toFlat(), (await model.predictProba(z)).toFlat(), iterative, "probabilities");
    expectClose(
      (await pipeline.decisionFunction(X)) as Float64Array,
      (await model.decisionFunction(z)) as Float64Array,
      iterative,
      "decision",
    );
    expect(await pipeline.score(X, codes)).toBe(await model.score(z, codes));
    // The steps that were passed in are the fitted ones.
    expect((pipeline.step("standardscaler") as StandardScaler).mean).toEqual(scaler.mean);
    expect(pipeline.classes).toEqual([0, 1]);
  });

  it("speaks string labels for local rows, their positions for distributed ones", async () => {
    const pipeline = await makePipeline(new StandardScaler(), new LogisticRegression()).fit(columns, labels);
    const predicted = (await pipeline.predict(columns)) as string[];
    expect(new Set(predicted)).toEqual(new Set(["early", "late"]));
    const share = predicted.filter((label, i) => label === labels[i]).length / n;
    expect(await pipeline.score(columns, labels)).toBe(share);
    const lazy = pipeline.predict(DistributedArray.fromColumns(columns, { partitions: 3 }));
    expect(lazy).toBeInstanceOf(DistributedArray);
    const positions = (await lazy.compute()).toVector() as Float64Array;
    expect(Array.from(positions, (code) => pipeline.classes[code])).toEqual(predicted);
  });

  it("sends sample weights to every step", async () => {
    const w = codes.map((code, i) => (i % 3 === 0 ? 0 : 1 + code));
    const kept = X.map((_, i) => i).flatMap((i) => Array.from({ length: w[i] as number }, () => i));
    const weighted = await makePipeline(new StandardScaler(), new LogisticRegression()).fit(X, codes, {
      sampleWeight: w,
    });
    const repeated = await makePipeline(new StandardScaler(), new LogisticRegression()).fit(
      kept.map((i) => X[i] as number[]),
      kept.map((i) => codes[i] as number),
    );
    expectClose(
      (weighted.step("standardscaler") as StandardScaler).mean,
      (repeated.step("standardscaler") as StandardScaler).mean,
      { rtol: 1e-12, atol: 1e-12 },
      "mean",
    );
    expectClose(
      (weighted.step("logisticregression") as LogisticRegression).coef,
      (repeated.step("logisticregression") as LogisticRegression).coef,
      iterative,
      "coef",
    );
  });

  it("passes column names through to the last step", async () => {
    const pipeline = await makePipeline(new StandardScaler(), new LinearRegression()).fit(columns, Array.from(a));
    expect(pipeline.featureNames).toEqual(["a", "b"]);
    expect((pipeline.step("linearregression") as LinearRegression).featureNames).toEqual(["a", "b"]);
    expect(pipeline.getFeatureNamesOut()).toEqual(["a", "b"]);
    expect(() => pipeline.predict({ b, a })).toThrow(/another order: column 0 is "b"/);
  });

  it("takes frames, and transforms them to frames", async () => {
    const frame = DistributedDataFrame.fromColumns({ ...columns, y: labels }, { partitions: 3 });
    const pipeline = await makePipeline(new StandardScaler(), new LogisticRegression()).fit(
      frame.select("a", "b"),
      frame.column("y"),
    );
    expect(pipeline.classes).toEqual(["early", "late"]);
    const local = await makePipeline(new StandardScaler(), new LogisticRegression()).fit(columns, labels);
    expectClose(
      (pipeline.step("logisticregression") as LogisticRegression).coef,
      (local.step("logisticregression") as LogisticRegression).coef,
      iterative,
      "coef",
    );
    expect(pipeline.predict(frame.select("a", "b"))).toBeInstanceOf(DistributedArray);
    const scaled = pipeline.slice(0, 1).transform(frame.select("a", "b"));
    expect(scaled).toBeInstanceOf(DistributedDataFrame);
  });

  it("leaves rows alone at a passthrough, also as the only step", async () => {
    const pipeline = new Pipeline({
      steps: [
        ["scale", "passthrough"],
        ["model", new LogisticRegression()],
      ],
    });
    await pipeline.fit(X, codes);
    const plain = await new LogisticRegression().fit(X, codes);
    expect((pipeline.step("model") as LogisticRegression).coef).toEqual(plain.coef);
    const nothing = new Pipeline({
      steps: [
        ["scale", new StandardScaler()],
        ["rest", "passthrough"],
      ],
    });
    await nothing.fit(X);
    const z = (await nothing.transform(X)) as LocalMatrix;
    expect(z.toRows()).toEqual((await (await new StandardScaler().fit(X)).transform(X)).toRows());
    expect(() => nothing.predict(X)).toThrow('the last step is "passthrough", which cannot predict');
    const idle = await new Pipeline({ steps: [["rest", "passthrough"]] }).fit(X);
    expect(((await idle.transform(X)) as LocalMatrix).toRows()).toEqual(X);
  });

  it("sets parameters of steps by step__param, or says which step or parameter there is not", () => {
    const model = new LogisticRegression();
    const pipeline = new Pipeline({
      steps: [
        ["scale", new StandardScaler()],
        ["model", model],
      ],
    });
    expect(pipeline.setParams({ model__C: 7, scale__withMean: false })).toBe(pipeline);
    expect(model.getParams().C).toBe(7);
    expect(() => pipeline.setParams({ modl__C: 1 })).toThrow(
      'Pipeline: there is no step "modl" (did you mean "model"?); the steps are scale, model.',
    );
    expect(() => pipeline.setParams({ model__c: 1 })).toThrow(
      'LogisticRegression: unknown parameter "c". Did you mean "C"?',
    );
    expect(() => pipeline.setParams({ model__C: -1 })).toThrow("LogisticRegression: C must be > 0; got -1.");
    pipeline.setParams({
      steps: [
        ["scale", "passthrough"],
        ["model", model],
      ],
    });
    expect(() => pipeline.setParams({ scale__withMean: true })).toThrow(
      'the step "scale" is "passthrough" and has no parameters',
    );
  });

  it("reaches into a pipeline that is a step", async () => {
    const inner = makePipeline(new StandardScaler(), new LogisticRegression());
    const outer = new Pipeline({
      steps: [
        ["first", new StandardScaler()],
        ["rest", inner],
      ],
    });
    outer.setParams({ rest__logisticregression__C: 3 });
    expect((inner.step("logisticregression") as LogisticRegression).getParams().C).toBe(3);
    await outer.fit(X, labels);
    expect(inner.isFitted).toBe(true);
    const again = Pipeline.fromJSON(JSON.parse(JSON.stringify(outer.toJSON())));
    expect(await again.predict(X)).toEqual(await outer.predict(X));
  });

  it("refuses steps that cannot work, and keeps the steps it had", () => {
    const model = new LogisticRegression();
    expect(() => new Pipeline({ steps: [] })).toThrow("Pipeline: steps must be >= 1; got []");
    expect(
      () =>
        new Pipeline({
          steps: [
            ["a", model],
            ["b", new StandardScaler()],
          ],
        }),
    ).toThrow('step "a" (LogisticRegression) is not the last and cannot transform');
    expect(
      () =>
        new Pipeline({
          steps: [
            ["a", new StandardScaler()],
            ["a", model],
          ],
        }),
    ).toThrow('two steps are called "a"');
    expect(() => new Pipeline({ steps: [["a__b", model]] })).toThrow('the step name "a__b" contains "__"');
    const pipeline = makePipeline(new StandardScaler(), model);
    expect(() =>
      pipeline.setParams({
        steps: [
          ["a", model],
          ["b", new StandardScaler()],
        ],
      }),
    ).toThrow("is not the last and cannot transform");
    expect(pipeline.steps.map(([name]) => name)).toEqual(["standardscaler", "logisticregression"]);
  });

  it("names steps after their classes and numbers repeated ones", () => {
    const pipeline = makePipeline(new StandardScaler(), new StandardScaler(), new LinearRegression());
    expect(pipeline.steps.map(([name]) => name)).toEqual(["standardscaler-1", "standardscaler-2", "linearregression"]);
    expect(() => makePipeline(new StandardScaler(), 3 as never)).toThrow(
      'Pipeline: steps must be "passthrough" or null or an estimator',
    );
  });

  it("gives a part of itself that shares the fitted steps", async () => {
    const pipeline = await makePipeline(new StandardScaler(), new LogisticRegression()).fit(X, codes);
    const scaled = (await pipeline.slice(0, 1).transform(X)) as LocalMatrix;
    expect(scaled.toRows()).toEqual((await (await new StandardScaler().fit(X)).transform(X)).toRows());
    expect(pipeline.slice(1).step("logisticregression")).toBe(pipeline.step("logisticregression"));
  });

  it("leaves every step unfitted when a later one fails, and fitted ones as they were", async () => {
    const [scaler, model] = [new StandardScaler(), new LogisticRegression()];
    const pipeline = makePipeline(scaler, model);
    await expect(
      pipeline.fit(
        X,
        codes.map(() => 1),
      ),
    ).rejects.toThrow("LogisticRegression.fit: y has one class only: 1");
    expect([pipeline.isFitted, scaler.isFitted, model.isFitted]).toEqual([false, false, false]);
    expect(() => pipeline.predict(X)).toThrow("Pipeline: it is not fitted yet");
    await pipeline.fit(X, codes);
    const before = JSON.stringify(pipeline.toJSON());
    await expect(
      pipeline.fit(
        X.map(([p = 0, q = 0]) => [p * 2, q * 3]),
        codes.map(() => 1),
      ),
    ).rejects.toThrow("one class only");
    expect(JSON.stringify(pipeline.toJSON())).toBe(before);
  });

  it("does not touch the data, and clones without the fit", async () => {
    const pipeline = await makePipeline(new StandardScaler(), new LogisticRegression()).fit(X, codes);
    const copy = pipeline.clone();
    expect([copy.isFitted, (copy.step("standardscaler") as StandardScaler).isFitted]).toEqual([false, false]);
    expect(copy.step("standardscaler")).not.toBe(pipeline.step("standardscaler"));
  });

  it("comes back from JSON by its kind", async () => {
    const pipeline = await makePipeline(new StandardScaler(), new LogisticRegression()).fit(columns, labels);
    const again = estimatorFromJSON(JSON.parse(JSON.stringify(pipeline))) as unknown as Pipeline;
    expect(again).toBeInstanceOf(Pipeline);
    expect(await again.predict(columns)).toEqual(await pipeline.predict(columns));
    expect(again.steps.map(([name]) => name)).toEqual(["standardscaler", "logisticregression"]);
  });

  it("reads a source once, however many steps pass over it", async () => {
    const engine = new InlineEngine();
    const reads: string[] = [];
    // The marker's module counts in this process, where the inline engine runs.
    const counter = { calls: 0 };
    (globalThis as { pipelineReads?: { calls: number } }).pipelineReads = counter;
    const source = DistributedArray.fromColumns(
      { ...columns, y: Float64Array.from(codes) },
      { partitions: 4 },
    ).mapPartitions(({ columns: given }) => {
      const box = globalThis as { pipelineReads?: { calls: number } };
      if (box.pipelineReads) box.pipelineReads.calls += 1;
      return given;
    });
    engine.on("task", ({ key, state }) => state === "started" && reads.push(key));
    await makePipeline(new StandardScaler(), new LogisticRegression()).fit(
      source.columns(["a", "b"]),
      source.column("y"),
      { engine },
    );
    expect(counter.calls).toBe(4);
    // The same for y as a frame gives it: something with toArray.
    await makePipeline(new StandardScaler(), new LogisticRegression()).fit(
      source.columns(["a", "b"]),
      { toArray: () => source.column("y") },
      { engine },
    );
    expect(counter.calls).toBe(8);
    expect(reads.length).toBeGreaterThan(8);
    expect(engine.heldBytes).toBe(0);
    await engine.close();
  });

  it("keeps rows that the caller persisted, when y is lazy", async () => {
    const engine = new InlineEngine();
    const held = await DistributedArray.fromColumns(columns, { partitions: 2 }).persist({ engine });
    const y = DistributedArray.fromVector(codes, { partitions: 2 });
    const bytes = engine.heldBytes;
    await makePipeline(new StandardScaler(), new LogisticRegression()).fit(held, y, { engine });
    expect(engine.heldBytes).toBe(bytes);
    expect((await held.compute()).toRows()).toEqual(X);
    held.release();
    expect(engine.heldBytes).toBe(0);
    await engine.close();
  });

  it("says what the last step cannot do", async () => {
    const pipeline = await makePipeline(new StandardScaler(), new LinearRegression()).fit(X, codes);
    expect(() => pipeline.predictProba(X)).toThrow(
      'Pipeline.predictProba: the last step "linearregression" cannot predictProba',
    );
    const scalers = await makePipeline(new StandardScaler(), new StandardScaler()).fit(X);
    await expect(scalers.score(X, codes)).rejects.toThrow('the last step "standardscaler-2" has no score');
  });
});
