import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyForNumbers } from "../../src/estimator/apply.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import {
  requireTarget,
  type DistributedInput,
  type LocalInput,
  type MatrixInput,
  type VectorInput,
} from "../../src/estimator/inputs.js";
import { r2Score } from "../../src/metrics/index.js";
import { fitForest } from "./fit-forest.js";
import { ForestModel } from "./forest-model.js";
import type { ForestParams, TreeParams, ValueCriterion } from "./forest-params.js";

const task = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./predict-tasks.js", import.meta.url).href, name);

/** Parameters of regressors beyond those of their trees. */
export interface ValueTreeParams extends TreeParams {
  criterion: ValueCriterion;
}

/** A regressor that predicts by the mean of its trees. */
export abstract class ForestRegressorModel<P extends ValueTreeParams> extends ForestModel<P> {
  protected async fitTrees(
    X: MatrixInput,
    y: VectorInput,
    options: FitOptions,
    forest: ForestParams,
    random: boolean,
  ): Promise<this> {
    const owner = `${this.kind}.fit`;
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    const { y: target, ...fit } = await fitForest(design, {
      params: forest,
      impurity: this.params.criterion,
      random,
      classes: 0,
    });
    const own = fit.oobPrediction && target ? { oobScore: await oobR2(fit.oobPrediction, target) } : {};
    this.keep(design, { ...fit, ...own });
    return this;
  }

  /** The mean of each row's leaves. Lazy for distributed X, computed for local X. @throws DataError naming an infinity in X */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array> {
    const owner = `${this.kind}.predict`;
    return applyForNumbers(owner, X, this.state, (x) =>
      x.mapChunks(owner, task("meanStep"), { ...this.forestArgs(owner, x) }, { innerShape: [] }),
    );
  }

  /**
   * How far the trees of each row are apart: the standard deviation of their predictions, 0 for one tree. A measure of what
   * the forest does not know, not of the noise in y. Lazy for distributed X, computed for local X.
   * @throws DataError naming an infinity in X
   */
  predictSpread(X: DistributedInput): DistributedArray;
  predictSpread(X: LocalInput): Promise<Float64Array>;
  predictSpread(X: MatrixInput): DistributedArray | Promise<Float64Array>;
  predictSpread(X: MatrixInput): DistributedArray | Promise<Float64Array> {
    const owner = `${this.kind}.predictSpread`;
    return applyForNumbers(owner, X, this.state, (x) =>
      x.mapChunks(owner, task("spreadStep"), { ...this.spreadArgs(owner, x) }, { innerShape: [] }),
    );
  }

  /** R² of the predictions. */
  async score(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<number> {
    return (await r2Score(y, await this.predict(X), options)) as number;
  }
}

// Rows that every tree drew have no say.
async function oobR2(predicted: Float64Array, y: Float64Array): Promise<number> {
  const known = predicted.map((value) => Number(!Number.isNaN(value)));
  const own = (values: Float64Array): Float64Array => values.filter((_, i) => known[i] === 1);
  return (await r2Score(own(y), own(predicted))) as number;
}
