// Loading a forest of 100 MB, verified: prints the milliseconds of the first `loadModel` of a fresh process. The file is made
// by a process before: random trees as they grow on 50,000 rows, a few of them many times over, because growing all of them
// would take minutes and a loader sees no difference.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RandomForestRegressor } from "../../models/index.js";
import { CounterRng, loadModel, saveModel } from "../../src/index.js";
import { concatTrees } from "../../src/numeric/trees/tree-ensemble.js";

const ROWS = 50_000;
const COLUMNS = 28;
const GROWN = 2;
const TARGET_BYTES = 100e6;

async function make(path: string): Promise<void> {
  const rng = new CounterRng(7, "bench/load-forest");
  const X = Object.fromEntries(
    Array.from({ length: COLUMNS }, (_, j) => [
      `x${j}`,
      Float64Array.from({ length: ROWS }, (__, i) => rng.normal(i * COLUMNS + j)),
    ]),
  );
  const y = Float64Array.from({ length: ROWS }, (_, i) => rng.normal(i + ROWS * COLUMNS));
  const grown = await new RandomForestRegressor({ nEstimators: GROWN, randomState: 1 }).fit(X, y);
  const { length } = grown.trees.feature;
  // 49 bytes a node.
  const times = Math.ceil(TARGET_BYTES / (49 * length));
  const json = grown.toPlain();
  const trees = concatTrees(Array.from({ length: times }, () => grown.trees));
  const forest = RandomForestRegressor.fromJSON({ ...json, state: { ...(json.state as object), trees } });
  await saveModel(forest, path);
}

const [, script, made] = process.argv;
if (made !== undefined) await make(made);
else {
  const folder = mkdtempSync(join(tmpdir(), "partwise-bench-load-"));
  try {
    const path = join(folder, "forest.partwise");
    const maker = spawnSync(process.execPath, [script ?? fileURLToPath(import.meta.url), path], { encoding: "utf8" });
    if (maker.status !== 0) throw new Error(`bench: the forest could not be made: ${maker.stderr}`);
    const start = performance.now();
    const forest = await loadModel<RandomForestRegressor>(path);
    const ms = performance.now() - start;
    const { size } = statSync(path);
    if (size < TARGET_BYTES || forest.nEstimators < 2) throw new Error(`bench: the file has ${size} bytes only.`);
    console.log(`${forest.nEstimators} trees, ${forest.trees.feature.length} nodes, ${(size / 1e6).toFixed(0)} MB`);
    console.log(ms.toFixed(1));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
