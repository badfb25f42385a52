// Models of other libraries, against calling their runtime directly on the same batches: node dist/bench/inference/onnx.js.
// Both sides start from batches of a Polars frame and end at columns (what a worker does with a batch); one thread, alternating, medians. Target: 1.2.
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LogisticRegression } from "../../models/index.js";
import { StandardScaler } from "../../preprocessing/index.js";
import {
  DistributedDataFrame,
  exportOnnx,
  inlineEngine,
  makePipeline,
  onnxModel,
  polars,
  type PolarsFrame,
  tfjsModel,
} from "../../src/index.js";
import { predict as predictOnnx } from "../../src/exchange/onnx/onnx-tasks.js";
import { loadOnnxRuntime } from "../../src/exchange/onnx/onnx-runtime.js";
import { readTfjsFolder } from "../../src/exchange/tfjs/tfjs-folder.js";
import { loadTfjs } from "../../src/exchange/tfjs/tfjs-runtime.js";
import { openTfModel, predict as predictTfjs } from "../../src/exchange/tfjs/tfjs-tasks.js";

const ROWS = 200_000;
const BATCH = 65_536;
const REPEAT = 5;

/** Alternating medians of both sides in ms. */
async function compare(name: string, ours: () => Promise<unknown>, direct: () => Promise<unknown>): Promise<void> {
  const times: [number[], number[]] = [[], []];
  await ours();
  await direct();
  for (let round = 0; round < REPEAT; round++)
    for (const [side, run] of [ours, direct].entries()) {
      const start = performance.now();
      await run();
      times[side]?.push(performance.now() - start);
    }
  const [mine, theirs] = times.map((all) => all.sort((a, b) => a - b)[REPEAT >> 1] as number) as [number, number];
  console.log(`${name}: ${mine.toFixed(0)} ms, direct ${theirs.toFixed(0)} ms, ratio ${(mine / theirs).toFixed(2)}`);
}

/** Rows of a batch in float32, as one writes it by hand. */
function rowMajor(frame: PolarsFrame): Float32Array {
  const width = frame.columns.length;
  const out = new Float32Array(frame.height * width);
  frame.columns.forEach((column, j) => {
    const values = frame.getColumn(column).toTypedArray() as Float64Array;
    for (let i = 0; i < values.length; i++) out[i * width + j] = values[i] as number;
  });
  return out;
}

/** Columns of a result in rows, as one writes it by hand. */
function columnsOf(data: ArrayLike<number>, width: number): PolarsFrame {
  const rows = data.length / width;
  const column = (j: number): Float64Array =>
    Float64Array.from({ length: rows }, (_, i) => data[i * width + j] as number);
  return polars().DataFrame(Array.from({ length: width }, (_, j) => polars().Series(`p${j}`, column(j))));
}

const wave = (j: number): Float64Array => Float64Array.from({ length: ROWS }, (_, i) => Math.sin(i * (j + 1)));

const data = (width: number): Record<string, Float64Array> =>
  Object.fromEntries(Array.from({ length: width }, (_, j) => [`c${j}`, wave(j)]));

const batchesOf = (frame: PolarsFrame): PolarsFrame[] =>
  Array.from({ length: Math.ceil(ROWS / BATCH) }, (_, k) => frame.slice(k * BATCH, Math.min(BATCH, ROWS - k * BATCH)));

const folder = mkdtempSync(join(tmpdir(), "partwise-bench-onnx-"));
const engine = inlineEngine();
try {
  const wide = DistributedDataFrame.fromColumns(data(28));
  const frame = await wide.compute({ engine });
  const pipeline = makePipeline(new StandardScaler(), new LogisticRegression());
  await pipeline.fit(
    wide,
    Array.from({ length: ROWS }, (_, i) => (Math.sin(i) + Math.sin(2 * i) > 0 ? 1 : 0)),
  );
  const path = join(folder, "model.onnx");
  await exportOnnx(pipeline, path, { inputType: "float32", outputs: ["predictProba"] });
  const onnx = await onnxModel(path, { runtime: "onnxruntime-web" });
  const runtime = await loadOnnxRuntime("bench", "onnxruntime-web");
  const session = await runtime.open(await readFile(path));
  await compare(
    "onnx, scaler + logistic, 28 columns",
    async () => {
      for (const batch of batchesOf(frame)) await predictOnnx(batch, undefined, { args: onnx.scoring.args as never });
    },
    async () => {
      for (const batch of batchesOf(frame)) {
        const X = runtime.tensor("float32", rowMajor(batch), [batch.height, 28]);
        const { probability } = await session.run({ X }, ["probability"]);
        columnsOf(probability?.data as Float64Array, 2);
      }
    },
  );
  const small = await DistributedDataFrame.fromColumns(data(4)).compute({ engine });
  const source = new URL("../../../test/exchange/fixtures/tfjs/classes", import.meta.url).pathname;
  const tfjs = await tfjsModel(source, { backend: "wasm" });
  const { tf } = await loadTfjs("bench", "wasm");
  const layers = await openTfModel("bench", source, tf, await readTfjsFolder("bench", source));
  await compare(
    "tfjs, two dense layers, 4 columns",
    async () => {
      for (const batch of batchesOf(small)) await predictTfjs(batch, undefined, { args: tfjs.scoring.args as never });
    },
    async () => {
      for (const batch of batchesOf(small)) {
        const result = tf.tidy(() => {
          const out = layers.predict(tf.tensor(rowMajor(batch), [batch.height, 4]));
          return (Array.isArray(out) ? out : [out])[0]?.dataSync();
        });
        columnsOf(result as Float32Array, 3);
      }
    },
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
