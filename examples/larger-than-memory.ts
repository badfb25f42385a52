/** A fit on four times as much data as the engine may hold: values are spilled to disk and read back, only slower. */
import { localEngine, makePipeline, setEngine } from "partwise";
import { makeClassification } from "partwise/datasets";
import { LogisticRegression } from "partwise/models";
import { StandardScaler } from "partwise/preprocessing";

const MB = 2 ** 20;
const engine = localEngine({ memoryLimit: 32 * MB });
setEngine(engine);
let spilled = 0;
engine.on("spill", ({ bytes, direction }) => {
  if (direction === "out") spilled += bytes;
});

// 800,000 x 20 doubles are 122 MiB; they are made partition by partition when a pass needs them.
const { X, y } = makeClassification({ nSamples: 800_000, nFeatures: 20, partitions: 40, randomState: 1 });
const model = makePipeline(new StandardScaler(), new LogisticRegression());
await model.fit(X, y);
console.log(
  `fitted ${X.rows} rows with ${engine.memoryLimit / MB} MiB; ${(spilled / MB).toFixed(0)} MiB went through the disk`,
);
await engine.close();
