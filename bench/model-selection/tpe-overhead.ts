// Prints the milliseconds that a search which learns spends on a trial of its own, beside an estimator that does nothing.
import { logUniform, TPESearchCV } from "../../src/model-selection/index.js";
import { Nothing, TRIALS, X, y } from "./nothing.js";

const paramDistributions = { alpha: logUniform(1e-3, 1e3), fitIntercept: [true, false], positive: [true, false] };
const search = (): Promise<TPESearchCV> =>
  new TPESearchCV({ estimator: new Nothing(), paramDistributions, nIter: TRIALS, refit: false }).fit(X, y);
await search();
const started = performance.now();
await search();
console.log(((performance.now() - started) / TRIALS).toFixed(3));
