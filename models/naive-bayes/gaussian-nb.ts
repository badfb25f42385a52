import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import type { ClassStatistic } from "../../src/numeric/class-statistics.js";
import { NaiveBayes, type JointModel, type NaiveBayesParams } from "./naive-bayes.js";

/** Parameters of {@link GaussianNB}. */
export interface GaussianNBParams extends NaiveBayesParams {
  varSmoothing: number;
}

const TABLE = new ParamTable<GaussianNBParams>("GaussianNB", (z) =>
  z.object({
    priors: z
      .union([z.null(), z.array(z.number().min(0)).min(2)])
      .default(null)
      .describe("probability of each class, in sorted order; the classes' shares of the weight when null"),
    varSmoothing: z
      .number()
      .min(0)
      .default(1e-9)
      .describe("share of the largest variance of a column that is added to all variances"),
  }),
);

/**
 * Naive Bayes with a normal law for each column within each class: mean and variance by class, plus `varSmoothing` times the
 * largest variance of a column over all rows.
 *
 * One pass, 2 numbers a class and column, mergeable without loss: `partialFit` and {@link GaussianNB.merge} equal one fit on
 * all rows (scikit-learn's `partial_fit` smooths by the batch). X: dense or CSR (made dense a partition at a time); NaN is an
 * error. Weights count rows in all sums, the largest variance too, where scikit-learn takes rows without their weights.
 *
 * @example
 * ```ts
 * const model = await new GaussianNB().fit([[-2], [-1], [1], [2]], ["low", "low", "high", "high"]);
 * console.log(await model.predict([[-1.5]])); // ["low"]
 * ```
 */
export class GaussianNB extends NaiveBayes<GaussianNBParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<GaussianNBParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): GaussianNB {
    return new GaussianNB().restore(json);
  }

  /** The classifier of all rows of both, with the parameters of the first: equal to one fit on them. */
  static merge(a: GaussianNB, b: GaussianNB): GaussianNB {
    return NaiveBayes.joined(a, b);
  }

  /** Mean of each column within each class. */
  get theta(): readonly Float64Array[] {
    return this.state.statistics.first;
  }

  /** Variance of each column within each class, smoothing included. */
  get variance(): readonly Float64Array[] {
    const { second, weight } = this.state.statistics;
    const added = this.epsilon;
    return second.map((squares, c) => squares.map((value) => value / (weight[c] as number) + added));
  }

  /** What is added to every variance. */
  get epsilon(): number {
    const { first, second, weight } = this.state.statistics;
    const all = weight.reduce((sum, value) => sum + value, 0);
    const variances = Array.from({ length: this.nFeatures }, (_, j) => {
      const mean = first.reduce((sum, means, c) => sum + ((weight[c] as number) / all) * (means[j] as number), 0);
      return first.reduce(
        (sum, means, c) =>
          sum + ((second[c]?.[j] as number) + (weight[c] as number) * ((means[j] as number) - mean) ** 2) / all,
        0,
      );
    });
    return this.params.varSmoothing * Math.max(...variances);
  }

  protected get statistic(): ClassStatistic {
    return { of: "moments" };
  }

  protected model(): JointModel {
    const variance = this.variance;
    const constant = this.logPriors().map(
      (prior, c) => prior - 0.5 * (variance[c] as Float64Array).reduce((sum, v) => sum + Math.log(2 * Math.PI * v), 0),
    );
    const flat = (rows: readonly Float64Array[]): Float64Array => Float64Array.from(rows.flatMap((row) => [...row]));
    return { constant, weight: flat(variance).map((v) => -0.5 / v), center: flat(this.theta) };
  }
}

registerEstimator("GaussianNB", GaussianNB);
