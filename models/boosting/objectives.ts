import { FitError } from "../../src/base/errors.js";
import { boostLoss, type BoostLossCode } from "../../src/kernels/kernels.js";

/** What boosting makes small, as plain data for tasks. */
export type Objective =
  /** One output a parameter, each with its own loss. */
  | { readonly kind: "pointwise"; readonly loss: BoostLossCode; readonly parameters: readonly number[] }
  /** An output a class, y holds their numbers. */
  | { readonly kind: "softmax"; readonly classes: number };

/** Outputs of the model: trees of a round. */
export function outputsOf(objective: Objective): number {
  return objective.kind === "softmax" ? objective.classes : objective.parameters.length;
}

/** A loss of one output. */
export function pointwise(loss: BoostLossCode, parameter = 0): Objective {
  return { kind: "pointwise", loss, parameters: [parameter] };
}

/**
 * The shares of the weight where rows start and leaves end, one an output, for losses whose best constant is a quantile of
 * the residuals; undefined for others.
 */
export function quantilesOfLoss(objective: Objective): readonly number[] | undefined {
  if (objective.kind !== "pointwise") return undefined;
  if (objective.loss === boostLoss.absolute) return objective.parameters.map(() => 0.5);
  return objective.loss === boostLoss.quantile ? objective.parameters : undefined;
}

/** Whether rows start at the median of y, though leaves take Newton steps. */
export function startsAtMedian(objective: Objective): boolean {
  return objective.kind === "pointwise" && objective.loss === boostLoss.huber;
}

/** Where rows start, from the mean of y, or from the share of each class. */
export function startOf(owner: string, objective: Objective, means: readonly number[]): Float64Array {
  if (objective.kind === "softmax") {
    // Symmetric, as scikit-learn's: the logarithms of the shares, less their mean.
    const logs = means.map(Math.log);
    const middle = logs.reduce((sum, value) => sum + value, 0) / logs.length;
    return Float64Array.from(logs, (value) => value - middle);
  }
  const mean = means[0] as number;
  const { loss } = objective;
  if (loss === boostLoss.squared) return Float64Array.of(mean);
  if (loss === boostLoss.logistic) return Float64Array.of(Math.log(mean / (1 - mean)));
  if (mean > 0) return Float64Array.of(Math.log(mean));
  throw new FitError(
    `${owner}: the mean of y is ${mean}, which has no logarithm. It has to be above 0; check the target column.`,
  );
}
