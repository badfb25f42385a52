// Prints the milliseconds of the margin of one row by 100 trees of 31 leaves, called one row at a time.
import { makeClassification } from "../../datasets/index.js";
import { HistGradientBoostingClassifier } from "../../models/index.js";
import { scaled } from "../harness/sizes.js";

const ROWS = 20_000;
const made = makeClassification({
  nSamples: scaled(200_000),
  nFeatures: 28,
  flipY: 0.1,
  randomState: 1,
  partitions: 8,
});
const model = await new HistGradientBoostingClassifier({ maxIter: 100, earlyStopping: false }).fit(made.X, made.y);
const rows = (await makeClassification({ nSamples: ROWS, nFeatures: 28, randomState: 2 }).X.compute()).toRows();
let sum = 0;
const pass = (): number => {
  const start = performance.now();
  for (const row of rows) sum += model.marginsOfRow(row)[0] as number;
  return (performance.now() - start) / ROWS;
};
// The first pass compiles.
pass();
const best = Math.min(pass(), pass(), pass());
if (!Number.isFinite(sum)) throw new Error("bench: a margin is not finite.");
console.log(best);
