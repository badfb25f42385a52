import { ParamTable } from "../../src/base/params.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import type { LabelInput, MatrixInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { ForestClassifierModel, type ClassTreeParams } from "./forest-classifier-model.js";
import { classCriterion, classWeightRule, forestRules, type ForestParams } from "./forest-params.js";

/** Parameters of {@link RandomForestClassifier}. */
export interface RandomForestClassifierParams extends ClassTreeParams, ForestParams {}

const TABLE = new ParamTable<RandomForestClassifierParams>("RandomForestClassifier", (z) =>
  z.object({
    criterion: classCriterion(z),
    ...forestRules(z, "sqrt", true),
    classWeight: classWeightRule(z),
  }),
);

/**
 * A random forest for two classes or more (Breiman, "Random forests", 2001): each tree takes the rows it draws with replacement,
 * and each node the best split of the `maxFeatures` columns it draws; probabilities are the mean of the trees' class frequencies.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32. NaN are missing values: every split learns the side they go to, and where a node
 * saw none they go to the larger child. Infinities are an error that names column, partition and row. y: two labels or more of one type (numbers, booleans or strings).
 *
 * Columns are binned as for boosting (`maxBins`; up to 255 distinct values of a column have a bin each, and no split is lost
 * then), X is let go, and the bins, a byte a value, go to one place, where each task grows some of the trees to the end: there is
 * one round for all trees. Sums are sums of integers and all that is drawn depends on (seed, tree, row or node) only, so
 * the model has the same bits for any partitioning, engine and number of threads.
 *
 * Differs from scikit-learn: a row is drawn by a Poisson number with mean 1 (the limit of n draws with replacement), so that a bag
 * needs no total and its size varies a little; thresholds lie between values of the whole column, or of a sample of 200,000 rows,
 * in at most `maxBins` bins; criteria `gini`, `entropy` and `log_loss` only; no `ccpAlpha`, no targets of several columns.
 *
 * @example
 * ```ts
 * const model = await new RandomForestClassifier({ nEstimators: 20 }).fit([[0], [1], [2], [3]], ["no", "no", "yes", "yes"]);
 * console.log(await model.predict([[0.2], [2.8]])); // ["no", "yes"]
 * ```
 */
export class RandomForestClassifier extends ForestClassifierModel<RandomForestClassifierParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<RandomForestClassifierParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): RandomForestClassifier {
    return new RandomForestClassifier().restore(json);
  }

  /**
   * @throws DataError for infinities, sparse X or lengths that differ; FitError for one class only or oobScore without bootstrap; ParameterError
   * for more maxFeatures than columns or more maxSamples than rows
   */
  fit(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<this> {
    return this.fitTrees(X, y, options, this.params, false);
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

registerEstimator("RandomForestClassifier", RandomForestClassifier);
