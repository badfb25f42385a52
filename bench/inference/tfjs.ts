// Batches of a tfjs layers model, against tfjs' WebAssembly backend called directly: prints ours in percent of it. Target: 120.
import { readTfjsFolder } from "../../src/exchange/tfjs/tfjs-folder.js";
import { loadTfjs } from "../../src/exchange/tfjs/tfjs-runtime.js";
import { openTfModel, predict } from "../../src/exchange/tfjs/tfjs-tasks.js";
import { DistributedDataFrame, inlineEngine, tfjsModel } from "../../src/index.js";
import { root } from "../harness/places.js";
import { join } from "node:path";
import { batchesOf, columnsOf, compare, rowMajor, waves } from "./direct.js";

const frame = await DistributedDataFrame.fromColumns(waves(4)).compute({ engine: inlineEngine() });
const source = join(root, "test", "exchange", "fixtures", "tfjs", "classes");
const { scoring } = await tfjsModel(source, { backend: "wasm" });
const { tf } = await loadTfjs("bench", "wasm");
const layers = await openTfModel("bench", source, tf, await readTfjsFolder("bench", source));
await compare(
  "tfjs, two dense layers, 4 columns",
  async () => {
    for (const batch of batchesOf(frame)) await predict(batch, undefined, { args: scoring.args as never });
  },
  async () => {
    for (const batch of batchesOf(frame)) {
      const result = tf.tidy(() => {
        const out = layers.predict(tf.tensor(rowMajor(batch), [batch.height, 4]));
        return (Array.isArray(out) ? out : [out])[0]?.dataSync();
      });
      columnsOf(result as Float32Array, 3);
    }
  },
);
