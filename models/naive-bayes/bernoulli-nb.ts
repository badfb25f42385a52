import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import type { ClassStatistic } from "../../src/numeric/class-statistics.js";
import { discreteFields, DiscreteNaiveBayes, type DiscreteNBParams } from "./discrete-naive-bayes.js";
import { NaiveBayes, type JointModel } from "./naive-bayes.js";

/** Parameters of {@link BernoulliNB}. */
export interface BernoulliNBParams extends DiscreteNBParams {
  binarize: number;
}

const TABLE = new ParamTable<BernoulliNBParams>("BernoulliNB", (z) =>
  z.object({
    ...discreteFields(z),
    binarize: z.number().default(0).describe("values above this are 1, others 0"),
  }),
);

/**
 * Naive Bayes for columns that are there or not: P(column | class) = (rows with it + alpha) / (rows of the class + 2 alpha);
 * a column that is not there counts as well.
 *
 * One pass, a number a class and column, mergeable without loss: `partialFit` and {@link BernoulliNB.merge} equal one fit on
 * all rows. X: dense or CSR (made dense a partition at a time); NaN is an error. Differs from scikit-learn: `priors` for
 * `class_prior`; alpha is one number above 0; `binarize` is a number.
 *
 * @example
 * ```ts
 * const model = await new BernoulliNB().fit([[1, 0], [0, 1]], ["a", "b"]);
 * console.log(await model.predict([[1, 0]])); // ["a"]
 * ```
 */
export class BernoulliNB extends DiscreteNaiveBayes<BernoulliNBParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<BernoulliNBParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): BernoulliNB {
    return new BernoulliNB().restore(json);
  }

  /** The classifier of all rows of both, with the parameters of the first: equal to one fit on them. */
  static merge(a: BernoulliNB, b: BernoulliNB): BernoulliNB {
    return NaiveBayes.joined(a, b);
  }

  /** Weight of the rows of each class that have each column. */
  get featureCount(): readonly Float64Array[] {
    return this.state.statistics.first;
  }

  /** log P(column | class). */
  get featureLogProb(): readonly Float64Array[] {
    return this.#shares().map((row) => row.map(Math.log));
  }

  #shares(): Float64Array[] {
    const { alpha } = this.params;
    const { weight } = this.state.statistics;
    return this.featureCount.map((counts, c) =>
      counts.map((count) => (count + alpha) / ((weight[c] as number) + 2 * alpha)),
    );
  }

  protected get statistic(): ClassStatistic {
    return { of: "above", threshold: this.params.binarize };
  }

  protected model(): JointModel {
    const shares = this.#shares();
    const constant = this.classLogPrior.map((value, c) =>
      (shares[c] as Float64Array).reduce((sum, share) => sum + Math.log1p(-share), value),
    );
    const weight = Float64Array.from(shares.flatMap((row) => Array.from(row, (p) => Math.log(p) - Math.log1p(-p))));
    return { constant, weight, threshold: this.params.binarize };
  }
}

registerEstimator("BernoulliNB", BernoulliNB);
