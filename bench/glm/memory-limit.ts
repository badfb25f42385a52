// Fits on four times as much data as the engine may hold, from Parquet files. Argument: the data's folder.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LogisticRegression } from "../../models/index.js";
import { localEngine, readParquet, setEngine } from "../../src/index.js";
import type { DataSet } from "../harness/types.js";
import { memoryLimitFor } from "./limit.js";

const [, , directory] = process.argv;
if (directory === undefined) throw new Error("memory-limit: pass the folder that holds the Parquet files.");
const meta = JSON.parse(readFileSync(join(directory, "meta.json"), "utf8")) as DataSet;
const engine = localEngine({ memoryLimit: memoryLimitFor(meta) });
setEngine(engine);
const files = readdirSync(directory).filter((name) => name.endsWith(".parquet"));
const frame = await readParquet(files.map((name) => join(directory, name)));
const model = await new LogisticRegression({ C: 1, tol: 1e-6 }).fit(frame.drop("label"), frame.column("label"));
await engine.close();
console.log(model.coef.length);
