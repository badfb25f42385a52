import { ParamTable } from "../../src/base/params.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import type { LabelInput, MatrixInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { ForestClassifierModel, type ClassTreeParams } from "./forest-classifier-model.js";
import { classCriterion, classWeightRule, ONE_TREE, treeRules } from "./forest-params.js";

/** Parameters of {@link DecisionTreeClassifier}. */
export interface DecisionTreeClassifierParams extends ClassTreeParams {
  splitter: "best" | "random";
}

const TABLE = new ParamTable<DecisionTreeClassifierParams>("DecisionTreeClassifier", (z) =>
  z.object({
    criterion: classCriterion(z),
    splitter: z.enum(["best", "random"]).default("best").describe("best cut of each column, or a random one"),
    ...treeRules(z, null),
    classWeight: classWeightRule(z),
  }),
);

/**
 * One decision tree for two classes or more (Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984):
 * each split decreases the impurity of the weighted classes most, `1 − Σₖ pₖ²` (`gini`) or `−Σₖ pₖ log2 pₖ` (`entropy`), until
 * leaves are pure or a limit is reached; the probabilities of a row are the class frequencies of its leaf.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32. NaN are missing values: every split learns the side they go to, and where a node
 * saw none they go to the larger child. Infinities are an error that names column, partition and row. y: two labels or more of one type (numbers, booleans or strings).
 *
 * Columns are binned as for boosting (`maxBins`; up to 255 distinct values of a column have a bin each, and no split is lost
 * then), X is let go, and the bins, a byte a value, go to one place, where each task grows some of the trees to the end: there is
 * one round for all trees. Sums are sums of integers and all that is drawn depends on (seed, tree, row or node) only, so
 * the model has the same bits for any partitioning, engine and number of threads.
 *
 * Differs from scikit-learn: thresholds lie between values of the whole column, there of the node; of equal splits the
 * first column wins, there one at random; criteria `gini`, `entropy` and `log_loss` only; no `ccpAlpha`, no targets of several columns.
 *
 * @example
 * ```ts
 * const model = await new DecisionTreeClassifier().fit([[0], [1], [2], [3]], ["no", "no", "yes", "yes"]);
 * console.log(await model.predict([[0.2], [2.8]])); // ["no", "yes"]
 * ```
 */
export class DecisionTreeClassifier extends ForestClassifierModel<DecisionTreeClassifierParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<DecisionTreeClassifierParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): DecisionTreeClassifier {
    return new DecisionTreeClassifier().restore(json);
  }

  /**
   * @throws DataError for infinities, sparse X or lengths that differ; FitError for one class only; ParameterError
   * for more maxFeatures than columns
   */
  fit(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<this> {
    return this.fitTrees(X, y, options, { ...this.params, ...ONE_TREE }, this.params.splitter === "random");
  }
}

registerEstimator("DecisionTreeClassifier", DecisionTreeClassifier);
