import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyForNumbers } from "../../src/estimator/apply.js";
import type { FitOptions } from "../../src/estimator/design.js";
import { Estimator, type FittedInput } from "../../src/estimator/estimator.js";
import type { DistributedInput, LocalInput, MatrixInput, VectorInput } from "../../src/estimator/inputs.js";
import { r2Score } from "../../src/metrics/index.js";

/** What every fitted linear model with one target has. */
export interface LinearState extends FittedInput {
  readonly coef: Float64Array;
  readonly intercept: number;
}

/** A regressor that predicts `x·coef + intercept`. */
export abstract class LinearModel<P extends object, S extends LinearState & object> extends Estimator<P, S> {
  /** `x·coef + intercept`: lazy for distributed X, computed for local X. @throws DataError naming a NaN or infinity in X */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array> {
    const owner = `${this.kind}.predict`;
    const { coef, intercept, featureNames } = this.state;
    return applyForNumbers(owner, X, this.state, (x) =>
      x.mapChunks(owner, PREDICT, { owner, names: featureNames ?? x.names, coef, intercept }, { innerShape: [] }),
    );
  }

  /** Coefficient of determination R² of the predictions for X. */
  async score(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<number> {
    const predicted = await this.predict(X);
    return (await r2Score(y, predicted, options)) as number;
  }

  /** Slope of each column, `(nFeatures)`. */
  get coef(): Float64Array {
    return this.state.coef;
  }

  /** Constant term, 0 without `fitIntercept`. */
  get intercept(): number {
    return this.state.intercept;
  }
}

const PREDICT = fnRef(new URL("./predict-tasks.js", import.meta.url).href, "linearStep");
