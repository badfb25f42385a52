// Prints the milliseconds that a search spends on a trial of its own, beside an estimator that does nothing.
import { Ridge } from "../../models/index.js";
import { GridSearchCV } from "../../src/model-selection/index.js";

class Nothing extends Ridge {
  override fit(): Promise<this> {
    return Promise.resolve(this);
  }

  override score(): Promise<number> {
    return Promise.resolve(this.getParams().alpha);
  }
}

const TRIALS = 500;
const X = Array.from({ length: 100 }, (_, i) => [i, 1]);
const y = X.map(([value = 0]) => value);
const paramGrid = { alpha: Array.from({ length: TRIALS }, (_, i) => i + 1) };
const search = (): Promise<GridSearchCV> =>
  new GridSearchCV({ estimator: new Nothing(), paramGrid, refit: false }).fit(X, y);
await search();
const started = performance.now();
await search();
console.log(((performance.now() - started) / TRIALS).toFixed(3));
