import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeCircles } from "#datasets/index.js";
import { LinearRegression, NeuralClassifier, NeuralRegressor } from "#models/index.js";
import { neuralRuntime } from "#models/neural/network.js";
import { StandardScaler } from "#preprocessing/index.js";
import { CounterRng } from "#src/base/rng.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import type { LocalMatrix } from "#src/collections/array/local-matrix.js";
import { Pipeline } from "#src/compose/pipeline.js";
import { loadTfjs } from "#src/exchange/tfjs/tfjs-runtime.js";
import { GridSearchCV } from "#src/model-selection/index.js";
import { loadModel, saveModel } from "#src/persistence/index.js";

const folder = mkdtempSync(join(tmpdir(), "partwise-neural-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rng = new CounterRng(11, "neural test");
const xorX = Array.from({ length: 240 }, (_, i) => [rng.uniform(i) * 2 - 1, rng.uniform(i, 1) * 2 - 1]);
const xorY = xorX.map(([a = 0, b = 0]) => (a * b > 0 ? "same" : "other"));
const xorParams = { hiddenLayers: [16], learningRate: 0.05, batchSize: 80, epochs: 50, tol: null } as const;
const three = xorX.map(([a = 0, b = 0]) => (a + b > 0.5 ? 2 : a + b > -0.5 ? 1 : 0));
const linearX = Array.from({ length: 200 }, (_, i) => [rng.normal(i, 2), rng.normal(i, 3), rng.normal(i, 4)]);
const linearY = linearX.map(([a = 0, b = 0, c = 0], i) => 1 + 2 * a - b + 0.5 * c + 0.1 * rng.normal(i, 5));

/** A layers topology as `model.toJSON(null, false)` gives it. */
const topology = (inputs: number, outputs: number, activation: string, more: object[] = []): object => ({
  class_name: "Sequential",
  config: {
    name: "own",
    layers: [
      {
        class_name: "Dense",
        config: { name: "first", units: 8, activation: "tanh", batch_input_shape: [null, inputs] },
      },
      ...more,
      { class_name: "Dense", config: { name: "last", units: outputs, activation } },
    ],
  },
});

describe("NeuralClassifier", () => {
  it("learns XOR with labels that are text, which no linear model can", async () => {
    const model = await new NeuralClassifier(xorParams).fit(xorX, xorY);
    expect(model.classes).toEqual(["other", "same"]);
    expect(await model.score(xorX, xorY)).toBeGreaterThan(0.95);
    expect(
      await model.predict([
        [0.7, 0.7],
        [0.7, -0.7],
      ]),
    ).toEqual(["same", "other"]);
    expect(model.nIter).toBe(50);
    expect(model.lossCurve.at(-1)).toBeLessThan((model.lossCurve[0] as number) / 2);
  });

  it("learns circles in partitions, and gives probabilities that sum to 1", async () => {
    const { X, y } = makeCircles({ nSamples: 400, noise: 0.05, factor: 0.5, randomState: 3, partitions: 4 });
    const model = await new NeuralClassifier({ ...xorParams, epochs: 40 }).fit(X, y);
    expect(await model.score(X, y)).toBeGreaterThan(0.98);
    const rows = (await model.predictProba(X).compute()).toRows();
    for (const [no = 0, yes = 0] of rows) expect(no + yes).toBeCloseTo(1, 12);
  });

  it("learns three classes by one output a class", async () => {
    const model = await new NeuralClassifier({ ...xorParams, epochs: 60 }).fit(xorX, three);
    expect(await model.score(xorX, three)).toBeGreaterThan(0.95);
    expect((await model.predictProba(xorX)).shape).toEqual([240, 3]);
  });

  it("is the same bit for bit for the same seed and any partitioning, and another for another seed", async () => {
    const params = { ...xorParams, epochs: 3, dropout: 0.3 };
    const whole = await new NeuralClassifier(params).fit(xorX, xorY);
    const X = DistributedArray.fromRows(xorX, { partitions: 7 });
    const parts = await new NeuralClassifier(params).fit(X, xorY);
    const other = await new NeuralClassifier({ ...params, randomState: 1 }).fit(xorX, xorY);
    expect(parts.weights).toEqual(whole.weights);
    expect(other.weights).not.toEqual(whole.weights);
  });

  it("goes on where it was: batches of partialFit are steps of one training", async () => {
    const params = { ...xorParams, epochs: 8 };
    const model = new NeuralClassifier(params);
    for (let epoch = 0; epoch < 8; epoch++)
      await model.partialFit(xorX, xorY, epoch === 0 ? { classes: ["same", "other"] } : {});
    const fitted = await new NeuralClassifier(params).fit(xorX, xorY);
    // The same epochs, cut in 8: weights, moments and counters come back from plain data each time.
    // tfjs computes Adam's powers anew where it would multiply them up.
    model.weights.forEach((value, k) => expect(value).toBeCloseTo(fitted.weights[k] as number, 4));
    await expect(model.partialFit([[1, 1]], ["new"])).rejects.toThrow("new");
    await expect(model.partialFit([[1]], ["same"])).rejects.toThrow("columns");
    model.setParams({ hiddenLayers: [3] });
    await expect(model.partialFit(xorX, xorY)).rejects.toThrow("another network");
  });

  it("starts warm from the weights before", async () => {
    const model = await new NeuralClassifier({ ...xorParams, warmStart: true }).fit(xorX, xorY);
    const reached = model.lossCurve.at(-1) as number;
    await model.setParams({ epochs: 1 }).fit(xorX, xorY);
    expect(model.lossCurve[0]).toBeLessThan(2 * reached);
  });

  it("stops early by rows set aside, and keeps the weights that were best for them", async () => {
    const noise = xorX.map((_, i) => rng.integer(i, 2, 9));
    const params = { hiddenLayers: [64], learningRate: 0.05, epochs: 300, patience: 5, earlyStopping: true };
    const model = await new NeuralClassifier(params).fit(xorX, noise);
    expect(model.converged).toBe(true);
    expect(model.nIter).toBeLessThan(300);
    const curve = Array.from(model.validationCurve);
    expect(curve.length).toBe(model.nIter);
    const best = curve.indexOf(Math.min(...curve)) + 1;
    const upTo = await new NeuralClassifier({ ...params, epochs: best, tol: null }).fit(xorX, noise);
    expect(model.weights).toEqual(upTo.weights);
  });

  it("moves towards a class with more weight, by classWeight as by sampleWeight", async () => {
    const noise = xorX.map((_, i) => (rng.uniform(i, 9) < 0.2 ? 1 : 0));
    const params = { ...xorParams, hiddenLayers: [], epochs: 30 };
    const share = async (model: NeuralClassifier): Promise<number> =>
      (await model.predict(xorX)).filter((label) => label === 1).length / noise.length;
    const plain = await new NeuralClassifier(params).fit(xorX, noise);
    const heavy = await new NeuralClassifier({ ...params, classWeight: { 1: 20 } }).fit(xorX, noise);
    const rows = await new NeuralClassifier(params).fit(xorX, noise, {
      sampleWeight: noise.map((label) => (label === 1 ? 20 : 1)),
    });
    expect(await share(plain)).toBeLessThan(0.2);
    expect(await share(heavy)).toBeGreaterThan(0.6);
    expect(rows.weights).toEqual(heavy.weights);
  });

  it("trains a topology of the user's, with probabilities or logits as its output", async () => {
    const logits = await new NeuralClassifier({ ...xorParams, build: topology(2, 1, "linear") as never }).fit(
      xorX,
      xorY,
    );
    const text = JSON.stringify(topology(2, 1, "sigmoid"));
    const sigmoid = await new NeuralClassifier({ ...xorParams, build: text }).fit(xorX, xorY);
    const softmax = await new NeuralClassifier({ ...xorParams, build: topology(2, 2, "softmax") as never }).fit(
      xorX,
      xorY,
    );
    for (const model of [logits, sigmoid, softmax]) expect(await model.score(xorX, xorY)).toBeGreaterThan(0.9);
    const a = ((await logits.predictProba(xorX)) as LocalMatrix).toRows();
    const b = ((await sigmoid.predictProba(xorX)) as LocalMatrix).toRows();
    a.forEach((row, i) => expect(row[1]).toBeCloseTo(b[i]?.[1] as number, 2));
  });

  it("works in a pipeline and in a search", async () => {
    const scaled = xorX.map(([a = 0, b = 0]) => [1000 + 500 * a, b]);
    const pipeline = new Pipeline({
      steps: [
        ["scale", new StandardScaler()],
        ["net", new NeuralClassifier({ ...xorParams, epochs: 30 })],
      ],
    });
    const search = new GridSearchCV({ estimator: pipeline, paramGrid: { net__hiddenLayers: [[], [16]] }, cv: 2 });
    await search.fit(scaled, xorY);
    expect(search.bestParams).toEqual({ net__hiddenLayers: [16] });
    expect(search.bestScore).toBeGreaterThan(0.85);
  });

  it("says what is wrong with build and X", async () => {
    const fit = (build: unknown, X: unknown = xorX): Promise<unknown> =>
      new NeuralClassifier({ ...xorParams, epochs: 1, build: build as never }).fit(X as never, xorY);
    await expect(fit(topology(3, 1, "linear"))).rejects.toThrow("build takes rows of shape [3], X has 2 columns");
    await expect(fit(topology(2, 5, "linear"))).rejects.toThrow("build has 5 outputs; 2 classes need 1 or 2");
    await expect(fit("{")).rejects.toThrow("build is not JSON");
    await expect(fit({ layers: [] })).rejects.toThrow("no class_name");
    await expect(
      fit({ class_name: "Sequential", config: { layers: [{ class_name: "Nonsense", config: {} }] } }),
    ).rejects.toThrow("tfjs cannot make the network of build");
    const noisy = topology(2, 1, "linear", [{ class_name: "GaussianNoise", config: { name: "noise", stddev: 1 } }]);
    await expect(fit(noisy)).rejects.toThrow("draws numbers without a seed");
    const huge = xorX.map(([a = 0, b = 0], i) => [i === 7 ? 1e300 : a, b]);
    await expect(fit(null, huge)).rejects.toThrow("beyond the range of float32");
    const sparse = DistributedArray.fromCsr({
      indptr: xorX.map((_, i) => i).concat(xorX.length),
      indices: xorX.map(() => 1),
      values: xorX.map(() => 1),
      cols: 2,
    });
    await expect(fit(null, sparse)).rejects.toThrow("X is sparse");
    const model = await new NeuralClassifier({ ...xorParams, epochs: 1 }).fit(xorX, xorY);
    expect(() => model.predict(sparse)).toThrow("X is sparse");
    await expect(model.predict([[1, NaN]])).rejects.toThrow("NaN in column 1");
  });

  it("comes back from a file with the same predictions, and refuses a damaged state", async () => {
    const model = await new NeuralClassifier({ ...xorParams, epochs: 5 }).fit(xorX, xorY);
    const path = join(folder, "network.pwm");
    await saveModel(model, path, { data: DistributedArray.fromRows(xorX) });
    const loaded = (await loadModel(path)) as unknown as NeuralClassifier;
    expect(await loaded.predictProba(xorX)).toEqual(await model.predictProba(xorX));
    const more = structuredClone(model.toPlain()) as { state: { classes: string[] } };
    more.state.classes = ["a", "b", "c"];
    await expect(NeuralClassifier.fromJSON(more as never).predict(xorX)).rejects.toThrow("1 outputs for 3 classes");
    const plain = structuredClone(model.toPlain()) as { state: Record<string, unknown> };
    for (const [name, value] of [
      ["weights", new Float32Array(3)],
      ["topology", (plain.state["topology"] as string).replace('"units":16', '"units":1e12')],
      ["topology", "["],
      ["weights", [1, 2]],
      ["classes", 3],
    ] as const) {
      const state = { ...plain.state, [name]: value };
      expect(() => NeuralClassifier.fromJSON({ ...plain, state } as never), String(value)).toThrow("damaged");
    }
  });

  it("leaves no tensors behind, also when it fails or is aborted", async () => {
    const { tf } = await neuralRuntime("test");
    const build = JSON.stringify(topology(2, 1, "sigmoid", [{ class_name: "Dropout", config: { rate: 0.2 } }]));
    const before = tf.memory().numTensors;
    const model = await new NeuralClassifier({ ...xorParams, epochs: 2, earlyStopping: true, build }).fit(xorX, xorY);
    await model.setParams({ earlyStopping: false }).partialFit(xorX, xorY);
    await expect(new NeuralClassifier({ learningRate: 1e30, optimizer: "sgd" }).fit(xorX, xorY)).rejects.toThrow(
      "the loss is",
    );
    const stop = new AbortController();
    const losses: number[] = [];
    const aborted = new NeuralClassifier(xorParams).fit(xorX, xorY, {
      signal: stop.signal,
      onProgress: ({ detail }) => {
        if (detail?.["loss"] !== undefined) losses.push(detail["loss"]);
        if (losses.length === 3) stop.abort();
      },
    });
    await expect(aborted).rejects.toThrow("stopped by its signal");
    expect(losses.length).toBe(3);
    await expect(new NeuralClassifier({ build: topology(4, 1, "linear") as never }).fit(xorX, xorY)).rejects.toThrow(
      "columns",
    );
    expect(tf.memory().numTensors).toBe(before);
    // Predictions keep the networks of four models at most: four tensors each.
    for (let k = 0; k < 6; k++) await (await model.partialFit(xorX, xorY)).predict(xorX);
    const kept = tf.memory().numTensors;
    for (let k = 0; k < 6; k++) await (await model.partialFit(xorX, xorY)).predict(xorX);
    expect(tf.memory().numTensors).toBe(kept);
    expect(kept - before).toBeLessThanOrEqual(16);
  });

  it("tells what to install where tfjs is missing", async () => {
    const missing = (): Promise<unknown> =>
      Promise.reject(Object.assign(new Error(), { code: "ERR_MODULE_NOT_FOUND" }));
    await expect(loadTfjs("NeuralClassifier.fit", "auto", missing)).rejects.toThrow(
      /NeuralClassifier\.fit: no runtime .*npm install @tensorflow\/tfjs/,
    );
  });
});

describe("NeuralRegressor", () => {
  it("without hidden layers finds the least-squares solution", async () => {
    const params = { hiddenLayers: [], l2: 0, learningRate: 0.05, epochs: 150, batchSize: 200, tol: null };
    const exact = await new LinearRegression().fit(linearX, linearY);
    for (const optimizer of ["adam", "sgd", "rmsprop"] as const) {
      const rate = optimizer === "sgd" ? 0.5 : optimizer === "rmsprop" ? 0.02 : 0.05;
      const model = await new NeuralRegressor({ ...params, optimizer, learningRate: rate, epochs: 300 }).fit(
        linearX,
        linearY,
      );
      const tolerance = optimizer === "rmsprop" ? 0.05 : 2e-3;
      exact.coef.forEach((value, j) => expect(Math.abs((model.weights[j] as number) - value)).toBeLessThan(tolerance));
      expect(Math.abs((model.weights[3] as number) - exact.intercept)).toBeLessThan(tolerance);
    }
  });

  it("fits a curve, stops when the loss no longer improves, and warns where it still does", async () => {
    const X = linearX.map(([a = 0]) => [a]);
    const y = X.map(([a = 0]) => Math.sin(2 * a));
    for (const activation of ["relu", "tanh", "sigmoid", "elu"] as const) {
      const model = await new NeuralRegressor({
        activation,
        hiddenLayers: [16, 16],
        learningRate: 0.05,
        batchSize: 200,
        epochs: 100,
        tol: null,
      }).fit(X, y);
      expect(await model.score(X, y), activation).toBeGreaterThan(0.6);
    }
    const stopped = await new NeuralRegressor({ hiddenLayers: [4], epochs: 500, learningRate: 0.05, tol: 1e-2 }).fit(
      X,
      y,
    );
    expect(stopped.converged).toBe(true);
    expect(stopped.nIter).toBeLessThan(500);
    const cut = await new NeuralRegressor({ hiddenLayers: [4], epochs: 2 }).fit(X, y);
    expect(cut.converged).toBe(false);
  });

  it("shrinks its kernels by l2, and leaves rows of weight 0 out of the loss", async () => {
    const params = { hiddenLayers: [], learningRate: 0.05, epochs: 150, batchSize: 400, tol: null };
    const norm = (model: NeuralRegressor): number => Math.hypot(...model.weights.subarray(0, 3));
    const free = await new NeuralRegressor({ ...params, l2: 0 }).fit(linearX, linearY);
    const held = await new NeuralRegressor({ ...params, l2: 5 }).fit(linearX, linearY);
    expect(norm(held)).toBeLessThan(norm(free) / 3);
    const wrong = [...linearY, ...linearY.map((value) => -5 * value)];
    const sampleWeight = wrong.map((_, i) => (i < linearY.length ? 1 : 0));
    const weighted = await new NeuralRegressor({ ...params, l2: 0 }).fit([...linearX, ...linearX], wrong, {
      sampleWeight,
    });
    weighted.weights.forEach((value, j) => expect(value).toBeCloseTo(free.weights[j] as number, 4));
  });

  it("goes over several blocks of rows, the same for any partitioning", async () => {
    const column = Float64Array.from({ length: 150_000 }, (_, i) => rng.uniform(i, 40));
    const y = column.map((value) => 3 * value - 1);
    const params = { hiddenLayers: [], learningRate: 0.2, batchSize: 16_384, epochs: 6, tol: null, l2: 0 };
    const fits = [1, 3].map((partitions) =>
      new NeuralRegressor({ ...params, earlyStopping: true }).fit(
        DistributedArray.fromColumns({ x: column }, { partitions }),
        y,
      ),
    );
    const [one, parts] = (await Promise.all(fits)) as [NeuralRegressor, NeuralRegressor];
    expect(parts.weights).toEqual(one.weights);
    expect(await one.score({ x: column.subarray(0, 1000) }, y.subarray(0, 1000))).toBeGreaterThan(0.8);
  });

  it("takes images as rows: a topology whose input has three axes", async () => {
    const build = (first: object[]): object => ({
      class_name: "Sequential",
      config: {
        layers: [...first, { class_name: "Flatten", config: {} }, { class_name: "Dense", config: { units: 1 } }],
      },
    });
    const input = { class_name: "InputLayer", config: { batch_input_shape: [null, 3, 3, 1], dtype: "float32" } };
    const X = Array.from({ length: 64 }, (_, i) => Array.from({ length: 9 }, (_unused, j) => rng.normal(i, 20 + j)));
    const y = X.map((row) => (row[0] as number) - (row[4] as number));
    const model = new NeuralRegressor({ build: build([input]) as never, learningRate: 0.1, epochs: 60, tol: null });
    await model.fit(X, y);
    expect(await model.score(X, y)).toBeGreaterThan(0.95);
    expect(NeuralRegressor.fromJSON(model.toJSON()).weights).toEqual(model.weights);
    const conv = { class_name: "Conv2D", config: { filters: 2, kernel_size: [2, 2] } };
    const convolution = new NeuralRegressor({ build: build([input, conv]) as never, epochs: 1, tol: null }).fit(X, y);
    if (model.backend === "wasm") await expect(convolution).rejects.toThrow("npm install @tensorflow/tfjs-node");
    else expect((await convolution).nIter).toBe(1);
  });
});
