/**
 * Using an estimator of your own (midrange-scaler/midrange-scaler.ts): it works on any partitioning, in worker threads, in
 * pipelines and files, and passes the checks that partwise's own estimators pass.
 */
import { makePipeline } from "partwise";
import { LinearRegression } from "partwise/models";
import { estimatorChecks } from "partwise/testing";
import { MidrangeScaler } from "./midrange-scaler/midrange-scaler.js";

const model = makePipeline(new MidrangeScaler(), new LinearRegression());
await model.fit(
  [
    [0, 5],
    [10, 7],
    [20, 6],
  ],
  [1, 2, 3],
);
console.log(await model.predict([[15, 6]]));

const checks = estimatorChecks({
  name: "MidrangeScaler",
  make: () => new MidrangeScaler(),
  makeWith: (params) => new MidrangeScaler(params),
  fromJSON: (json) => MidrangeScaler.fromJSON(json),
  task: "transformer",
  solution: "exact",
  attributes: [],
  weights: false,
  nan: "refused",
  onePass: true,
  anyRowOrder: true,
});
for (const { name, run } of checks) {
  try {
    await run();
  } catch (error) {
    console.log(`FAILED ${name}: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
console.log(`${checks.length} checks`);
