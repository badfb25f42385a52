import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import type { ClassStatistic } from "../../src/numeric/class-statistics.js";
import { discreteFields, DiscreteNaiveBayes, type DiscreteNBParams } from "./discrete-naive-bayes.js";
import { NaiveBayes, type JointModel } from "./naive-bayes.js";

/** Parameters of {@link MultinomialNB}. */
export type MultinomialNBParams = DiscreteNBParams;

const TABLE = new ParamTable<MultinomialNBParams>("MultinomialNB", (z) => z.object(discreteFields(z)));

/**
 * Naive Bayes for counts, of words say: P(column | class) = (count + alpha) / (all counts of the class + alpha p).
 *
 * One pass, a number a class and column, mergeable without loss: `partialFit` and {@link MultinomialNB.merge} equal one fit
 * on all rows. X: counts >= 0 (shares will do), dense or CSR (made dense a partition at a time); NaN is an error. Differs
 * from scikit-learn: `priors` for `class_prior`; alpha is one number above 0.
 *
 * @example
 * ```ts
 * const model = await new MultinomialNB().fit([[2, 0], [0, 3]], [0, 1]);
 * console.log(await model.predict([[1, 0]])); // [0]
 * ```
 */
export class MultinomialNB extends DiscreteNaiveBayes<MultinomialNBParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<MultinomialNBParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): MultinomialNB {
    return new MultinomialNB().restore(json);
  }

  /** The classifier of all rows of both, with the parameters of the first: equal to one fit on them. */
  static merge(a: MultinomialNB, b: MultinomialNB): MultinomialNB {
    return NaiveBayes.joined(a, b);
  }

  /** Sums of each column within each class. */
  get featureCount(): readonly Float64Array[] {
    return this.state.statistics.first;
  }

  /** log P(column | class). */
  get featureLogProb(): readonly Float64Array[] {
    const { alpha } = this.params;
    return this.featureCount.map((counts) => {
      const all = counts.reduce((sum, count) => sum + count + alpha, 0);
      return counts.map((count) => Math.log(count + alpha) - Math.log(all));
    });
  }

  protected get statistic(): ClassStatistic {
    return { of: "sums" };
  }

  protected model(): JointModel {
    return { constant: this.classLogPrior, weight: Float64Array.from(this.featureLogProb.flatMap((row) => [...row])) };
  }
}

registerEstimator("MultinomialNB", MultinomialNB);
