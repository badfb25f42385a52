// Prints the milliseconds that a search spends on a trial of its own, beside an estimator that does nothing.
import { GridSearchCV } from "../../src/model-selection/index.js";
import { Nothing, TRIALS, X, y } from "./nothing.js";

const paramGrid = { alpha: Array.from({ length: TRIALS }, (_, i) => i + 1) };
const search = (): Promise<GridSearchCV> =>
  new GridSearchCV({ estimator: new Nothing(), paramGrid, refit: false }).fit(X, y);
await search();
const started = performance.now();
await search();
console.log(((performance.now() - started) / TRIALS).toFixed(3));
