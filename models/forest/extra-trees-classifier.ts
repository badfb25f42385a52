import { ParamTable } from "../../src/base/params.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import type { LabelInput, MatrixInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { ForestClassifierModel, type ClassTreeParams } from "./forest-classifier-model.js";
import { classCriterion, classWeightRule, forestRules, type ForestParams } from "./forest-params.js";

/** Parameters of {@link ExtraTreesClassifier}. */
export interface ExtraTreesClassifierParams extends ClassTreeParams, ForestParams {}

const TABLE = new ParamTable<ExtraTreesClassifierParams>("ExtraTreesClassifier", (z) =>
  z.object({
    criterion: classCriterion(z),
    ...forestRules(z, "sqrt", false),
    classWeight: classWeightRule(z),
  }),
);

/**
 * Extremely randomised trees for two classes or more (Geurts, Ernst and Wehenkel, 2006): each node draws `maxFeatures` columns
 * and one cut of each, uniform between its least and largest value there, and takes the best; probabilities are the mean of the
 * trees' class frequencies.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32. NaN are missing values: every split learns the side they go to, and where a node
 * saw none they go to the larger child. Infinities are an error that names column, partition and row. y: two labels or more of one type (numbers, booleans or strings).
 *
 * Columns are binned as for boosting (`maxBins`; up to 255 distinct values of a column have a bin each, and no split is lost
 * then), X is let go, and the bins, a byte a value, go to one place, where each task grows some of the trees to the end: there is
 * one round for all trees. Sums are sums of integers and all that is drawn depends on (seed, tree, row or node) only, so
 * the model has the same bits for any partitioning, engine and number of threads.
 *
 * Differs from scikit-learn: random cuts are rounded to the nearest of at most `maxBins` − 1 thresholds; criteria `gini`, `entropy` and `log_loss`
 * only; no `ccpAlpha`, no targets of several columns.
 *
 * @example
 * ```ts
 * const model = await new ExtraTreesClassifier({ nEstimators: 20 }).fit([[0], [1], [2], [3]], ["no", "no", "yes", "yes"]);
 * console.log(await model.predict([[0.2], [2.8]])); // ["no", "yes"]
 * ```
 */
export class ExtraTreesClassifier extends ForestClassifierModel<ExtraTreesClassifierParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<ExtraTreesClassifierParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): ExtraTreesClassifier {
    return new ExtraTreesClassifier().restore(json);
  }

  /**
   * @throws DataError for infinities, sparse X or lengths that differ; FitError for one class only or oobScore without bootstrap; ParameterError
   * for more maxFeatures than columns or more maxSamples than rows
   */
  fit(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<this> {
    return this.fitTrees(X, y, options, this.params, true);
  }

  /** Accuracy of the rows by the trees that did not draw them; undefined unless `oobScore`. Rows that all drew are left out. */
  get oobScore(): number | undefined {
    return this.state.oobScore;
  }

  /** Mean class frequencies of each row's trees that did not draw it, `(nRows, nClasses)`; NaN where all did. */
  get oobDecisionFunction(): LocalMatrix | undefined {
    return this.oobFrequencies;
  }
}

registerEstimator("ExtraTreesClassifier", ExtraTreesClassifier);
