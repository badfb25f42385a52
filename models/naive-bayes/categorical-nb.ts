import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { startsOf } from "../../src/numeric/class-codes.js";
import type { ClassStatistic } from "../../src/numeric/class-statistics.js";
import { discreteFields, DiscreteNaiveBayes, type DiscreteNBParams } from "./discrete-naive-bayes.js";
import { NaiveBayes, type JointModel } from "./naive-bayes.js";

/** Parameters of {@link CategoricalNB}. */
export interface CategoricalNBParams extends DiscreteNBParams {
  minCategories: number;
}

const TABLE = new ParamTable<CategoricalNBParams>("CategoricalNB", (z) =>
  z.object({
    ...discreteFields(z),
    minCategories: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1)
      .describe("categories of every column at least, also where fewer were seen"),
  }),
);

/**
 * Naive Bayes for categories: P(column has the category | class) = (rows of the class with it + alpha) / (rows of the class +
 * alpha n), n being the categories of the column. X holds their codes 0, 1, 2, ... (of `OrdinalEncoder`, or bins of
 * `KBinsDiscretizer`); a column has as many as its largest code asks for, and `minCategories` at least.
 *
 * One pass, a number a class, column and category, mergeable without loss: `partialFit` and {@link CategoricalNB.merge} equal
 * one fit on all rows, whichever categories a batch or partition has. X: dense or CSR (made dense a partition at a time);
 * NaN, negative and fractional values are an error. A category that `fit` had no room for says nothing of the class in
 * predictions, where scikit-learn fails with an IndexError. Differs from it also in `priors` for `class_prior`; alpha is one
 * number above 0, and `minCategories` one for all columns.
 *
 * @example
 * ```ts
 * // Sky (0 clear, 1 clouds, 2 rain) and wind (0 calm, 1 strong).
 * const model = await new CategoricalNB().fit([[0, 0], [1, 0], [2, 1], [2, 0]], ["go", "go", "stay", "stay"]);
 * console.log(await model.predict([[0, 1], [2, 1]])); // ["go", "stay"]
 * ```
 */
export class CategoricalNB extends DiscreteNaiveBayes<CategoricalNBParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<CategoricalNBParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): CategoricalNB {
    return new CategoricalNB().restore(json);
  }

  /** The classifier of all rows of both, with the parameters of the first: equal to one fit on them. */
  static merge(a: CategoricalNB, b: CategoricalNB): CategoricalNB {
    return NaiveBayes.joined(a, b);
  }

  /** Categories of each column. */
  get nCategories(): Int32Array {
    return this.state.statistics.sizes as Int32Array;
  }

  /** Weight of the rows of each category: by column, then class, then code. */
  get categoryCount(): readonly (readonly Float64Array[])[] {
    const starts = startsOf(this.nCategories);
    return Array.from(this.nCategories, (_, j) =>
      this.state.statistics.first.map((counts) => counts.slice(starts[j], starts[j + 1])),
    );
  }

  /** log P(category | class): by column, then class, then code. */
  get featureLogProb(): readonly (readonly Float64Array[])[] {
    const { alpha } = this.params;
    return this.categoryCount.map((classes) =>
      classes.map((counts) => {
        const all = counts.reduce((sum, count) => sum + count + alpha, 0);
        return counts.map((count) => Math.log(count + alpha) - Math.log(all));
      }),
    );
  }

  protected get statistic(): ClassStatistic {
    return { of: "codes", least: this.params.minCategories };
  }

  protected model(): JointModel {
    const columns = this.featureLogProb;
    const weight = this.classes.flatMap((_, c) => columns.flatMap((classes) => [...(classes[c] as Float64Array)]));
    return { constant: this.classLogPrior, weight: Float64Array.from(weight), sizes: this.nCategories };
  }
}

registerEstimator("CategoricalNB", CategoricalNB);
