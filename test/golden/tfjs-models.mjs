// tfjs models as their own library writes them, with its answers on the plain JavaScript backend:
// test/exchange/fixtures/tfjs. @tensorflow/tfjs 4.22.0. Run: node test/golden/tfjs-models.mjs
import { mkdirSync, writeFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";

const root = new URL("../exchange/fixtures/tfjs/", import.meta.url);
await tf.setBackend("cpu");
const answers = {};

/** Writes model.json and its weights in two shards. */
async function keep(name, model, shape) {
  const folder = new URL(`${name}/`, root);
  mkdirSync(folder, { recursive: true });
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      const bytes = new Uint8Array(weightData);
      const half = Math.floor(bytes.length / 2);
      writeFileSync(new URL("group1-shard1of2.bin", folder), bytes.subarray(0, half));
      writeFileSync(new URL("group1-shard2of2.bin", folder), bytes.subarray(half));
      const weightsManifest = [{ paths: ["group1-shard1of2.bin", "group1-shard2of2.bin"], weights: weightSpecs }];
      writeFileSync(
        new URL("model.json", folder),
        JSON.stringify({ format: "layers-model", modelTopology, weightsManifest }),
      );
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  const width = shape.reduce((product, n) => product * n, 1);
  const row = (i) => Array.from({ length: width }, (_, j) => Math.sin(i * width + j));
  const rows = Array.from({ length: 7 }, (_, i) => row(i));
  const result = model.predict(tf.tensor(rows.flat(), [7, ...shape]));
  answers[name] = { rows, outputs: [result].flat().map((tensor) => tensor.reshape([7, -1]).arraySync()) };
}

const seeded = (seed) => tf.initializers.glorotUniform({ seed });
await keep(
  "classes",
  tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [4], units: 6, activation: "relu", kernelInitializer: seeded(1) }),
      tf.layers.dense({ units: 3, activation: "softmax", kernelInitializer: seeded(2) }),
    ],
  }),
  [4],
);
const input = tf.input({ shape: [2, 3, 1], name: "image" });
const flat = tf.layers.flatten().apply(input);
await keep(
  "image",
  tf.model({
    inputs: input,
    outputs: [
      tf.layers.dense({ units: 1, kernelInitializer: seeded(3) }).apply(flat),
      tf.layers.dense({ units: 2, activation: "tanh", kernelInitializer: seeded(4) }).apply(flat),
    ],
  }),
  [2, 3, 1],
);
writeFileSync(new URL("answers.json", root), `${JSON.stringify(answers)}\n`);
