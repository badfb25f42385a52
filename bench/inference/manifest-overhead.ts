// What the manifest costs a scoring run, in percent of its time: the entries of a run are written again, flushed to the disk
// one by one as they were, and timed alone. In the run they are written while workers go on, so this is the most it can be.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { LogisticRegression } from "../../models/index.js";
import { StandardScaler } from "../../preprocessing/index.js";
import { makePipeline, readParquet, saveModel, scoreDataset } from "../../src/index.js";
import { Manifest, type DonePart, type JobIdentity } from "../../src/inference/manifest.js";
import { median } from "../harness/stats.js";

const REPEAT = 3;

const data = process.argv[2];
if (data === undefined) throw new Error("bench: pass the folder of the data.");
const folder = mkdtempSync(join(data, "manifest-"));
try {
  const first = await readParquet(join(data, "part-00000.parquet"));
  const pipeline = makePipeline(new StandardScaler(), new LogisticRegression());
  const X = first.drop("label");
  await pipeline.fit(X, first.column("label"));
  const model = join(folder, "model.partwise");
  await saveModel(pipeline, model, { data: X });
  const shares: number[] = [];
  for (let turn = 0; turn < REPEAT; turn++) {
    const output = join(folder, `scored-${turn}`);
    const report = await scoreDataset({
      model,
      input: join(data, "part-*.parquet"),
      output,
      outputs: ["predictProba"],
      passthrough: ["label"],
    });
    const text = readFileSync(join(output, "_partwise", "manifest.ndjson"), "utf8");
    const [job, ...parts] = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown) as [JobIdentity, ...DonePart[]];
    const start = performance.now();
    const again = Manifest.open("bench", join(folder, `again-${turn}`), job, "overwrite");
    for (const part of parts) again.add(part);
    again.close();
    shares.push((performance.now() - start) / (10 * report.seconds));
  }
  console.log(median(shares).toFixed(2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
