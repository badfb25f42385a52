// The time of a pass of logistic loss and gradient over ten times the rows, as a share of ten times the time: printed in
// percent. Both arrays are in memory at once and passes take turns, so that the machine's mood hits both.
import { makeClassification } from "../../datasets/index.js";
import { Design } from "../../src/estimator/design.js";
import { glmFamily } from "../../src/kernels/kernels.js";
import { GLM_STEP, mergeGlmSums, type GlmSums } from "../../src/numeric/glm-steps.js";
import { scaled } from "../harness/sizes.js";
import { median } from "../harness/stats.js";

const COLUMNS = 28;
const REPEATS = 9;

async function held(rows: number): Promise<Design> {
  const { X, y } = makeClassification({ nSamples: rows, nFeatures: COLUMNS, partitions: 32, randomState: 1 });
  const design = Design.open("cost-per-row", X, y, {});
  await design.hold();
  return design;
}

async function pass(design: Design): Promise<number> {
  const args = { family: glmFamily.logistic, coef: new Float64Array(COLUMNS + 1).fill(0.01), hess: false };
  const start = performance.now();
  await design.reduce<GlmSums>(GLM_STEP, args, mergeGlmSums, false);
  return performance.now() - start;
}

const designs = [await held(scaled(1_000_000)), await held(scaled(10_000_000))] as const;
const times: [number[], number[]] = [[], []];
for (let turn = 0; turn <= REPEATS; turn++) {
  for (const [k, design] of designs.entries()) {
    // The short pass ten times, so that both take as long.
    let ms = 0;
    for (let again = 0; again < (k === 0 ? 10 : 1); again++) ms += await pass(design);
    if (turn > 0) times[k]?.push(ms);
  }
}
for (const design of designs) design[Symbol.dispose]();
console.log(((100 * median(times[1])) / median(times[0])).toFixed(1));
