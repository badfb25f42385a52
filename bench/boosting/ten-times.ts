// Prints the time to train on ten times the rows, in percent of the time for the rows once: 1000 is in proportion.
import { makeClassification } from "../../datasets/index.js";
import { HistGradientBoostingClassifier } from "../../models/index.js";
import { scaled } from "../harness/sizes.js";

async function seconds(nSamples: number): Promise<number> {
  const made = makeClassification({ nSamples, nFeatures: 28, flipY: 0.1, randomState: 1, partitions: 16 });
  const [X, y] = [await made.X.persist(), await made.y.persist()];
  const start = performance.now();
  await new HistGradientBoostingClassifier({ maxIter: 100, earlyStopping: false }).fit(X, y);
  const time = (performance.now() - start) / 1000;
  X.release();
  y.release();
  return time;
}

const once = await seconds(scaled(1_000_000));
const tenTimes = await seconds(10 * scaled(1_000_000));
console.log((100 * tenTimes) / once);
