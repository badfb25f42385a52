import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import {
  DistributedArray,
  DistributedDataFrame,
  LocalEngine,
  onnxModel,
  readParquet,
  scoreDataset,
} from "#src/index.js";
import { CounterRng, PartwiseError } from "#src/index.js";
import { loadOnnxRuntime } from "#src/exchange/onnx/onnx-runtime.js";
import { readOnnx } from "#src/exchange/onnx/onnx-file.js";

const fixtures = fileURLToPath(new URL("fixtures/onnx/", import.meta.url));
const file = (name: string): string => join(fixtures, `${name}.onnx`);
interface Answers {
  readonly inputs: Readonly<Record<string, readonly (readonly (number | string)[])[]>>;
  readonly outputs: Readonly<Record<string, readonly unknown[]>>;
}
const answers = JSON.parse(readFileSync(join(fixtures, "answers.json"), "utf8")) as Readonly<Record<string, Answers>>;
const folder = mkdtempSync(join(tmpdir(), "partwise-onnx-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const web = { runtime: "onnxruntime-web" } as const;

/** The rows of one input as columns. */
function columns(name: string, input: string, names: readonly string[]): Record<string, (number | string)[]> {
  const rows = (answers[name] as Answers).inputs[input] ?? [];
  return Object.fromEntries(names.map((column, j) => [column, rows.map((row) => row[j] as number | string)]));
}

const expected = (name: string, output: string): number[] =>
  ((answers[name] as Answers).outputs[output] ?? []).flat().map(Number);
const iris = ["sl", "sw", "pl", "pw"];

describe("onnxModel", () => {
  for (const name of ["iris-zipmap", "iris-matrix"])
    it(`answers as onnxruntime: ${name}`, async () => {
      const model = await onnxModel(file(name), {
        ...web,
        columns: iris,
        names: { [name === "iris-zipmap" ? "output_label" : "label"]: "species" },
      });
      const frame = DistributedDataFrame.fromColumns(columns(name, "X", iris) as Record<string, number[]>, {
        partitions: 3,
      });
      const scored = await model.predict(frame).compute();
      const probabilities = name === "iris-zipmap" ? "output_probability" : "probabilities";
      expect(scored.columns).toEqual(["species", ...[0, 1, 2].map((k) => `${probabilities}_${k}`)]);
      expect([...scored.getColumn("species")]).toEqual(
        expected(name, name === "iris-zipmap" ? "output_label" : "label"),
      );
      const got = [0, 1, 2].map((k) => [...scored.getColumn(`${probabilities}_${k}`)] as number[]);
      expected(name, probabilities).forEach((value, i) =>
        expect(got[i % 3]?.[Math.floor(i / 3)]).toBeCloseTo(value, 6),
      );
    });

  it("names the columns of probability maps after their classes, and gives labels of text", async () => {
    const model = await onnxModel(file("iris-species"), { ...web, columns: iris });
    expect(model.outputs).toEqual({
      output_label: "String",
      output_probability_setosa: "Float32",
      output_probability_versicolor: "Float32",
      output_probability_virginica: "Float32",
    });
    const frame = DistributedDataFrame.fromColumns(columns("iris-species", "X", iris) as Record<string, number[]>);
    const scored = await model.predict(frame).compute();
    expect([...scored.getColumn("output_label")]).toEqual((answers["iris-species"] as Answers).outputs["output_label"]);
  });

  it("computes in doubles where the graph does, lazily over arrays", async () => {
    const model = await onnxModel(file("diabetes-double"), web);
    const rows = (answers["diabetes-double"] as Answers).inputs["X"] as number[][];
    const predicted = model.predict(DistributedArray.fromRows(rows, { partitions: 2 }));
    expect(predicted.partitions).toBe(2);
    const {
      columns: [values],
    } = await predicted.compute();
    expected("diabetes-double", "variable").forEach((value, i) => expect(values?.[i]).toBeCloseTo(value, 10));
  });

  it("fills one input a column, text, integers and floats, from the columns of their names", async () => {
    const model = await onnxModel(file("flights-columns"), web);
    expect(model.columns).toEqual(["city", "hour", "distance"]);
    const data = { id: [...Array(9).keys()] };
    for (const name of ["city", "hour", "distance"]) Object.assign(data, columns("flights-columns", name, [name]));
    const scored = await model.predict(DistributedDataFrame.fromColumns(data as never, { partitions: 2 })).compute();
    expect([...scored.getColumn("label")]).toEqual(expected("flights-columns", "label"));
    expected("flights-columns", "probabilities").forEach((value, i) =>
      expect(scored.getColumn(`probabilities_${i % 2}`).get(Math.floor(i / 2))).toBeCloseTo(value, 6),
    );
  });

  it("runs the trees of LightGBM", async () => {
    const model = await onnxModel(file("iris-lightgbm"), { ...web, columns: iris, outputs: ["label"] });
    const frame = DistributedDataFrame.fromColumns(columns("iris-lightgbm", "input", iris) as Record<string, number[]>);
    const scored = await model.predict(frame).compute();
    expect([...scored.getColumn("label")]).toEqual(expected("iris-lightgbm", "label"));
  });

  it("keeps to a batch of fixed size, for any number of rows", async () => {
    const model = await onnxModel(file("fixed-batch"), { ...web, columns: { a: ["p", "q"], b: ["r", "q"] } });
    expect(model.outputs).toEqual({ sum_0: "Float32", sum_1: "Float32", positive: "Bool" });
    const n = 11;
    const data = { p: Array.from({ length: n }, (_, i) => i - 4), q: Array(n).fill(0.5), r: Array(n).fill(-1) };
    const scored = await model.predict(DistributedDataFrame.fromColumns(data, { partitions: 2 })).compute();
    expect([...scored.getColumn("sum_0")]).toEqual(data.p.map((p) => p - 1));
    expect([...scored.getColumn("positive")]).toEqual(data.p.map((p) => p - 1 + 1 > 0));
  });

  it("scores files in worker threads, each of which opens it once", async () => {
    const n = 3000;
    const data = Object.fromEntries(
      iris.map((name, j) => [name, Float64Array.from({ length: n }, (_, i) => (j + 1) * Math.abs(Math.sin(i)))]),
    );
    await DistributedDataFrame.fromColumns({ id: Int32Array.from({ length: n }, (_, i) => i), ...data } as never, {
      partitions: 6,
    }).writeParquet(join(folder, "in"));
    const model = await onnxModel(file("iris-zipmap"), { ...web, columns: iris });
    const engine = new LocalEngine({ threads: 2 });
    try {
      const output = join(folder, "out");
      const report = await scoreDataset({
        model,
        input: join(folder, "in", "*.parquet"),
        output,
        passthrough: ["id"],
        batchRows: 100,
        engine,
      });
      expect(report).toMatchObject({ rows: n, complete: true });
      expect(report.modelLoads).toBeLessThanOrEqual(2);
      const scored = await (await readParquet(join(output, "*.parquet"))).compute();
      const direct = await model.predict(DistributedDataFrame.fromColumns(data)).compute();
      expect([...scored.getColumn("output_probability_1")]).toEqual([...direct.getColumn("output_probability_1")]);
    } finally {
      await engine.close();
    }
  });

  it("names the column and row that do not fit, and sets such rows aside", async () => {
    const model = await onnxModel(file("flights-columns"), web);
    const data = { city: ["Brno", "Wien", "Wien"], hour: [1, 2.5, 3], distance: [1, 2, 3] };
    await expect(model.predict(DistributedDataFrame.fromColumns(data)).compute()).rejects.toThrow(
      'column "hour", row 1: 2.5 is no int64, which the model takes',
    );
    const numbers = DistributedDataFrame.fromColumns({ ...data, city: [1, 2, 3] });
    await expect(model.predict(numbers).compute()).rejects.toThrow('column "city" is Float64; the model takes text');
    const report = await scoreDataset({
      model,
      input: DistributedDataFrame.fromColumns(data),
      output: join(folder, "bad"),
      passthrough: [],
      badRows: { limit: 1 },
    });
    expect(report).toMatchObject({ rows: 2, badRows: 1 });
    expect(() => model.predict(DistributedDataFrame.fromColumns({ hour: [1] }))).toThrow(
      'the rows have no column "city"',
    );
  });

  it("says which options do not fit the file", async () => {
    await expect(onnxModel(file("iris-zipmap"), { ...web, columns: ["a"] })).rejects.toThrow(
      "takes 4 columns; `columns` names 1",
    );
    await expect(onnxModel(file("iris-zipmap"), { ...web, outputs: ["label"] })).rejects.toThrow(
      'it has no output "label". It has output_label, output_probability',
    );
    await expect(onnxModel(file("fixed-batch"), web)).rejects.toThrow('the input "a" takes 2 columns. Name them');
    await expect(onnxModel(file("fixed-batch"), { ...web, columns: { c: [] } })).rejects.toThrow('it has no input "c"');
    await expect(onnxModel(file("nothing"), web)).rejects.toThrow("Check the path");
    const model = await onnxModel(file("iris-zipmap"), web);
    await expect(model.predict(DistributedDataFrame.fromColumns({ a: [1], b: [2] })).compute()).rejects.toThrow(
      'the input "X" takes 4 columns; there are 2: a, b',
    );
  });

  it("notices that the file changed after it was opened", async () => {
    const path = join(folder, "changing.onnx");
    writeFileSync(path, readFileSync(file("iris-zipmap")));
    const model = await onnxModel(path, web);
    writeFileSync(path, readFileSync(file("iris-matrix")));
    const engine = new LocalEngine({ threads: 1 });
    try {
      const rows = DistributedDataFrame.fromColumns(columns("iris-zipmap", "X", iris) as Record<string, number[]>);
      await expect(model.predict(rows).compute({ engine })).rejects.toThrow("has changed since the model was opened");
    } finally {
      await engine.close();
    }
  });

  it("refuses damaged files with an error, and goes on working", async () => {
    const rng = new CounterRng(7, "onnx-damage");
    const path = join(folder, "damaged.onnx");
    for (const name of ["iris-zipmap", "iris-lightgbm"]) {
      const whole = readFileSync(file(name));
      for (let round = 0; round < 60; round++) {
        const bytes = Uint8Array.from(
          round % 3 === 0 ? whole.subarray(0, Math.floor(rng.uniform(3 * round) * whole.length)) : whole,
        );
        for (let k = 0; k < 3; k++)
          bytes[Math.floor(rng.uniform(1000 * round + k) * bytes.length)] = Math.floor(
            rng.uniform(5000 * round + k) * 256,
          );
        writeFileSync(path, bytes);
        // A change of a number in it makes another sound model.
        await onnxModel(path, web).catch((error: unknown) => expect(error).toBeInstanceOf(PartwiseError));
      }
    }
    await expect(onnxModel(file("iris-zipmap"), web)).resolves.toBeDefined();
  });
});

describe("readOnnx", () => {
  it("never throws anything but DataError for changed bytes", () => {
    const rng = new CounterRng(8, "onnx-bytes");
    const whole = readFileSync(file("flights-columns"));
    for (let round = 0; round < 3000; round++) {
      const bytes = Uint8Array.from(whole);
      bytes[Math.floor(rng.uniform(2 * round) * bytes.length)] = Math.floor(rng.uniform(2 * round + 1) * 256);
      try {
        readOnnx("test", bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(PartwiseError);
      }
    }
  });
});

describe("loadOnnxRuntime", () => {
  const opened: unknown[] = [];
  const fake = {
    default: {
      env: {},
      Tensor: class {
        constructor(
          readonly type: string,
          readonly data: unknown,
          readonly dims: readonly number[],
        ) {}
      },
      InferenceSession: {
        create: async (bytes: Uint8Array, options: unknown) => {
          opened.push(options);
          return { bytes };
        },
      },
    },
  };
  const missing = () => Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });

  it("takes onnxruntime-node where it is, with one thread", async () => {
    const runtime = await loadOnnxRuntime("test", "auto", async (name) => {
      if (name !== "onnxruntime-node") throw missing();
      return fake;
    });
    expect([runtime.name, runtime.instead]).toEqual(["onnxruntime-node", undefined]);
    await runtime.open(new Uint8Array());
    expect(opened).toMatchObject([{ intraOpNumThreads: 1, interOpNumThreads: 1 }]);
    expect(runtime.tensor("float32", [1], [1, 1])).toMatchObject({ type: "float32", dims: [1, 1] });
  });

  it("takes onnxruntime-web else, and knows why", async () => {
    const runtime = await loadOnnxRuntime("test", "auto", async (name) => {
      if (name === "onnxruntime-node") throw new Error("libonnxruntime.so.1: cannot open shared object file");
      return fake;
    });
    expect([runtime.name, runtime.instead]).toEqual([
      "onnxruntime-web",
      "libonnxruntime.so.1: cannot open shared object file",
    ]);
  });

  it("says what to install when there is none", async () => {
    await expect(
      loadOnnxRuntime("test", "auto", async () => {
        throw missing();
      }),
    ).rejects.toThrow(
      'test: no runtime can be loaded ("onnxruntime-node": it is not installed; "onnxruntime-web": it is not installed). Run `npm install onnxruntime-node`.',
    );
  });
});
