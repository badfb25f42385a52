// Batches of an ONNX model, against onnxruntime-web called directly: prints ours in percent of it. Target: 120.
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LogisticRegression } from "../../models/index.js";
import { StandardScaler } from "../../preprocessing/index.js";
import { loadOnnxRuntime } from "../../src/exchange/onnx/onnx-runtime.js";
import { predict } from "../../src/exchange/onnx/onnx-tasks.js";
import { DistributedDataFrame, exportOnnx, inlineEngine, makePipeline, onnxModel } from "../../src/index.js";
import { batchesOf, columnsOf, compare, rowMajor, waves } from "./direct.js";

const folder = mkdtempSync(join(tmpdir(), "partwise-bench-onnx-"));
try {
  const data = DistributedDataFrame.fromColumns(waves(28));
  const frame = await data.compute({ engine: inlineEngine() });
  const pipeline = makePipeline(new StandardScaler(), new LogisticRegression());
  await pipeline.fit(
    data,
    Array.from({ length: frame.height }, (_, i) => (Math.sin(i) + Math.sin(2 * i) > 0 ? 1 : 0)),
  );
  const path = join(folder, "model.onnx");
  await exportOnnx(pipeline, path, { inputType: "float32", outputs: ["predictProba"] });
  const { scoring } = await onnxModel(path, { runtime: "onnxruntime-web" });
  const runtime = await loadOnnxRuntime("bench", "onnxruntime-web");
  const session = await runtime.open(await readFile(path));
  await compare(
    "onnx, scaler + logistic, 28 columns",
    async () => {
      for (const batch of batchesOf(frame)) await predict(batch, undefined, { args: scoring.args as never });
    },
    async () => {
      for (const batch of batchesOf(frame)) {
        const X = runtime.tensor("float32", rowMajor(batch), [batch.height, 28]);
        const { probability } = await session.run({ X }, ["probability"]);
        columnsOf(probability?.data as Float64Array, 2);
      }
    },
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
