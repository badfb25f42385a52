// Fits on four times as much data as the engine may hold: four copies of the CSV, 672 MB of numbers, under 168 MB. The
// frame is persisted, so that its partitions are spilled and read back in every pass. Argument: the data's folder.
import { join } from "node:path";
import { LogisticRegression } from "../../models/index.js";
import { StandardScaler } from "../../preprocessing/index.js";
import { localEngine, makePipeline, readCsv, setEngine } from "../../src/index.js";

const [, , directory] = process.argv;
if (directory === undefined) throw new Error("memory-limit: pass the folder that holds data.csv.");
const path = join(directory, "data.csv");
const engine = localEngine({ memoryLimit: 168_000_000 });
setEngine(engine);
const source = await readCsv([path, path, path, path]);
const frame = await source.persist();
const logistic = new LogisticRegression({ C: 1, tol: 1e-6 });
await makePipeline(new StandardScaler(), logistic).fit(frame.drop("label"), frame.column("label"));
frame.release();
await engine.close();
console.log(logistic.coef.length);
