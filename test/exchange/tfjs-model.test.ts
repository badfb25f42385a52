import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { loadTfjs } from "#src/exchange/tfjs/tfjs-runtime.js";
import {
  CounterRng,
  DistributedDataFrame,
  LocalEngine,
  PartwiseError,
  readParquet,
  scoreDataset,
  tfjsModel,
} from "#src/index.js";

const fixtures = fileURLToPath(new URL("fixtures/tfjs/", import.meta.url));
const answers = JSON.parse(readFileSync(join(fixtures, "answers.json"), "utf8")) as Record<
  string,
  { rows: number[][]; outputs: number[][][] }
>;
const folder = mkdtempSync(join(tmpdir(), "partwise-tfjs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const wasm = { backend: "wasm" } as const;

const names = (width: number): string[] => Array.from({ length: width }, (_, j) => `c${j}`);
const frameOf = (rows: readonly number[][], partitions = 2): DistributedDataFrame =>
  DistributedDataFrame.fromColumns(
    Object.fromEntries(names(rows[0]!.length).map((name, j) => [name, rows.map((row) => row[j]!)])),
    { partitions },
  ) as DistributedDataFrame;

/** A graph model of `x·w` for two columns, as the converter writes one. */
function graphModel(path: string): void {
  mkdirSync(path, { recursive: true });
  const type = { type: "DT_FLOAT" };
  const shape = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size: String(size) })) });
  const node = [
    { name: "x", op: "Placeholder", attr: { dtype: type, shape: { shape: shape(-1, 2) } } },
    {
      name: "w",
      op: "Const",
      attr: { dtype: type, value: { tensor: { dtype: "DT_FLOAT", tensorShape: shape(2, 1) } } },
    },
    {
      name: "y",
      op: "MatMul",
      input: ["x", "w"],
      attr: { T: type, transpose_a: { b: false }, transpose_b: { b: false } },
    },
  ];
  writeFileSync(join(path, "weights.bin"), new Uint8Array(new Float32Array([2, -1]).buffer));
  const weights = [{ name: "w", shape: [2, 1], dtype: "float32" }];
  writeFileSync(
    join(path, "model.json"),
    JSON.stringify({
      format: "graph-model",
      modelTopology: { node, versions: {} },
      weightsManifest: [{ paths: ["weights.bin"], weights }],
    }),
  );
}

describe("tfjsModel", () => {
  for (const backend of ["wasm", "cpu"] as const)
    it(`answers as tfjs itself: layers model on ${backend}`, async () => {
      const model = await tfjsModel(join(fixtures, "classes"), { backend, names: ["a", "b", "c"] });
      expect([model.backend, model.format, model.outputs]).toEqual([
        backend,
        "layers",
        { a: "Float32", b: "Float32", c: "Float32" },
      ]);
      const { rows, outputs } = answers["classes"]!;
      const scored = await model.predict(frameOf(rows)).compute();
      outputs[0]!.forEach((row, i) =>
        row.forEach((value, j) => expect(scored.getColumn("abc"[j]!).get(i)).toBeCloseTo(value, 5)),
      );
    });

  it("fills inputs of several axes, and gives the columns of several outputs", async () => {
    const model = await tfjsModel(join(fixtures, "image"), { ...wasm, columns: names(6) });
    expect(Object.keys(model.outputs)).toEqual(["output_0", "output_1", "output_2"]);
    const { rows, outputs } = answers["image"]!;
    const scored = await model.predict(frameOf(rows).toArray()).compute();
    outputs
      .map((output) => output)
      .forEach((output, k) =>
        output.forEach((row, i) => row.forEach((value, j) => expect(scored.columns[k + j]![i]).toBeCloseTo(value, 5))),
      );
  });

  it("runs graph models", async () => {
    graphModel(join(folder, "graph"));
    const model = await tfjsModel(join(folder, "graph", "model.json"), {
      ...wasm,
      columns: ["c0", "c1"],
      names: ["y"],
    });
    expect(model.format).toBe("graph");
    const scored = await model
      .predict(
        frameOf([
          [1, 1],
          [3, 2],
          [0, 5],
        ]),
      )
      .compute();
    expect([...scored.getColumn("y").toArray()]).toEqual([1, 4, -5]);
  });

  it("scores files in worker threads, each of which opens it once, and leaves no tensor behind", async () => {
    const rows = Array.from({ length: 2000 }, (_, i) => [Math.sin(i), Math.cos(i), i / 2000, 1]);
    await frameOf(rows, 5).writeParquet(join(folder, "in"));
    const model = await tfjsModel(join(fixtures, "classes"), { ...wasm, columns: names(4) });
    const engine = new LocalEngine({ threads: 2 });
    try {
      const report = await scoreDataset({
        model,
        input: join(folder, "in", "*.parquet"),
        output: join(folder, "out"),
        batchRows: 100,
        engine,
      });
      expect(report).toMatchObject({ rows: 2000, complete: true });
      expect(report.modelLoads).toBeLessThanOrEqual(2);
    } finally {
      await engine.close();
    }
    const { tf } = await loadTfjs("test", "wasm");
    const before = tf.memory().numTensors;
    const direct = await model.predict(frameOf(rows, 1), { batchRows: 300 }).compute();
    // The first prediction of this thread opened the model again; its weights are what is left.
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(4);
    const scored = await (await readParquet(join(folder, "out", "*.parquet"))).compute();
    expect([...scored.getColumn("output_2").toArray()]).toEqual([...direct.getColumn("output_2").toArray()]);
  });

  it("refuses what does not fit, damaged folders and shards outside of them", async () => {
    const classes = join(fixtures, "classes");
    await expect(tfjsModel(classes, { ...wasm, columns: ["a"] })).rejects.toThrow("takes 4 columns; `columns` names 1");
    await expect(tfjsModel(classes, { ...wasm, columns: { other: ["a"] } })).rejects.toThrow('it has no input "other"');
    await expect(tfjsModel(classes, { ...wasm, names: ["a"] })).rejects.toThrow(
      "names has 1 names; the outputs have 3 columns",
    );
    await expect(tfjsModel(join(folder, "nothing"), wasm)).rejects.toThrow("Check the path");
    const copy = join(folder, "damaged");
    cpSync(classes, copy, { recursive: true });
    const json = readFileSync(join(copy, "model.json"), "utf8");
    writeFileSync(join(copy, "group1-shard2of2.bin"), new Uint8Array(3));
    await expect(tfjsModel(copy, wasm)).rejects.toThrow("A file is cut short or changed");
    writeFileSync(join(copy, "model.json"), json.replace("group1-shard1of2.bin", "../../etc/passwd"));
    await expect(tfjsModel(copy, wasm)).rejects.toThrow("outside of its folder. It is not read");
    for (const bad of [
      "",
      "[]",
      "null",
      "{}",
      '{"modelTopology":{}}',
      '{"modelTopology":{},"weightsManifest":[null]}',
      json.slice(0, 200),
      json.replace('"Dense"', '"Nonsense"'),
    ]) {
      writeFileSync(join(copy, "model.json"), bad);
      await expect(tfjsModel(copy, wasm), bad).rejects.toBeInstanceOf(PartwiseError);
    }
  });

  it("survives changed bytes of model.json", async () => {
    const copy = join(folder, "fuzzed");
    cpSync(join(fixtures, "classes"), copy, { recursive: true });
    const whole = readFileSync(join(copy, "model.json"));
    const rng = new CounterRng(3, "tfjs-damage");
    for (let round = 0; round < 150; round++) {
      const bytes = Uint8Array.from(whole);
      for (let k = 0; k < 2; k++)
        bytes[Math.floor(rng.uniform(4 * round + k) * bytes.length)] =
          32 + Math.floor(rng.uniform(4 * round + 2 + k) * 95);
      writeFileSync(join(copy, "model.json"), bytes);
      await tfjsModel(copy, wasm).catch((error: unknown) => expect(error).toBeInstanceOf(PartwiseError));
    }
    await expect(tfjsModel(join(fixtures, "classes"), wasm)).resolves.toBeDefined();
  });
});

describe("loadTfjs", () => {
  const missing = () => Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
  const fake = () => {
    const set: string[] = [];
    return {
      set,
      tf: {
        ready: async () => undefined,
        enableProdMode: () => undefined,
        getBackend: () => set.at(-1),
        setBackend: async (name: string) => set.push(name) > 0,
      },
    };
  };

  it("takes tfjs-node where it is", async () => {
    const { tf } = fake();
    const runtime = await loadTfjs("test", "auto", async (name) => {
      if (name !== "@tensorflow/tfjs-node") throw missing();
      return tf;
    });
    expect([runtime.backend, runtime.reasons]).toEqual(["tensorflow", {}]);
  });

  it("falls back to plain JavaScript without the WebAssembly package, and knows why", async () => {
    const { tf, set } = fake();
    const runtime = await loadTfjs("test", "auto", async (name) => {
      if (name !== "@tensorflow/tfjs") throw missing();
      return tf;
    });
    expect([runtime.backend, set]).toEqual(["cpu", ["cpu"]]);
    expect(runtime.reasons).toEqual({
      "@tensorflow/tfjs-node": "it is not installed",
      "@tensorflow/tfjs-backend-wasm": "it is not installed",
    });
  });

  it("says what to install when there is none", async () => {
    const nothing = async () => {
      throw missing();
    };
    await expect(loadTfjs("test", "auto", nothing)).rejects.toThrow(
      "Run `npm install @tensorflow/tfjs @tensorflow/tfjs-backend-wasm`.",
    );
    await expect(loadTfjs("test", "tensorflow", nothing)).rejects.toThrow("Run `npm install @tensorflow/tfjs-node`.");
  });
});
