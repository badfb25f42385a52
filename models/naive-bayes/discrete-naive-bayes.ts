import type * as Zod from "zod";
import type { ZodNamespace } from "../../src/base/params.js";
import { NaiveBayes, type NaiveBayesParams } from "./naive-bayes.js";

/** Parameters of classifiers that count, and add `alpha` to what they counted. */
export interface DiscreteNBParams extends NaiveBayesParams {
  alpha: number;
  fitPrior: boolean;
}

/** Table entries of {@link DiscreteNBParams}. */
export function discreteFields(z: ZodNamespace): Record<keyof DiscreteNBParams, Zod.ZodType> {
  return {
    priors: z
      .union([z.null(), z.array(z.number().min(0)).min(2)])
      .default(null)
      .describe("probability of each class, in sorted order; the classes' shares of the weight when null"),
    alpha: z.number().positive().default(1).describe("what is added to every count (Lidstone); 1 is Laplace's"),
    fitPrior: z.boolean().default(true).describe("false: classes are equally likely, unless priors are given"),
  };
}

/** A classifier from counts by class, smoothed by `alpha`. */
export abstract class DiscreteNaiveBayes<P extends DiscreteNBParams> extends NaiveBayes<P> {
  /** log P(class): of the given priors, of the classes' shares, or all equal. */
  get classLogPrior(): Float64Array {
    const { fitPrior, priors } = this.params;
    return fitPrior || priors ? this.logPriors() : this.classCount.map((_, __, all) => -Math.log(all.length));
  }
}
