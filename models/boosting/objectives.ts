import { FitError } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import { boostLoss, type BoostLossCode, type BoundedLossCode } from "../../src/kernels/kernels.js";
import type { RankingRules } from "./ranking-loss.js";

/** What boosting makes small, as plain data for tasks. */
export type Objective =
  /** One output a parameter, each with its own loss. */
  | { readonly kind: "pointwise"; readonly loss: BoostLossCode; readonly parameters: readonly number[] }
  /** An output a class, y holds their numbers. */
  | { readonly kind: "softmax"; readonly classes: number }
  /** Lambdarank; y is relevance, chunks have groups. */
  | { readonly kind: "ranking"; readonly rules: RankingRules }
  /** A user's function, see `CustomObjective`. */
  | { readonly kind: "custom"; readonly fn: Plain };

/** Outputs of the model: trees of a round. */
export function outputsOf(objective: Objective): number {
  if (objective.kind === "softmax") return objective.classes;
  return objective.kind === "pointwise" ? objective.parameters.length : 1;
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

/** The shares of the weight where rows start, one an output; undefined where the mean says it. */
export function startQuantiles(objective: Objective): readonly number[] | undefined {
  if (objective.kind === "pointwise" && objective.loss === boostLoss.huber) return objective.parameters.map(() => 0.5);
  return quantilesOfLoss(objective);
}

/** The loss whose derivatives have bounds beforehand, if it is one. */
export function boundedLossOf(objective: Objective): BoundedLossCode | undefined {
  if (objective.kind !== "pointwise" || objective.parameters.length > 1) return undefined;
  const { loss } = objective;
  return loss === boostLoss.squared || loss === boostLoss.logistic || loss === boostLoss.poisson ? loss : undefined;
}

/** Codes of objectives in fitted models: the kernels' losses, and those that are more than a loss of one margin. */
export const objectiveCode = { ...boostLoss, softmax: 8, ranking: 9, custom: 10 } as const;

/** Code of an objective. */
export type ObjectiveCode = (typeof objectiveCode)[keyof typeof objectiveCode];

/** The code of an objective. */
export function codeOf(objective: Objective): ObjectiveCode {
  return objective.kind === "pointwise" ? objective.loss : objectiveCode[objective.kind];
}

/** Whether predictions are `e^margin`. */
export function hasLogLink(code: ObjectiveCode): boolean {
  return code === boostLoss.poisson || code === boostLoss.gamma || code === boostLoss.tweedie;
}

/** Where rows start, from the mean of y, or from the share of each class. */
export function startOf(owner: string, objective: Objective, means: readonly number[]): Float64Array {
  if (objective.kind === "softmax") {
    // Symmetric, as scikit-learn's: the logarithms of the shares, less their mean.
    const logs = means.map(Math.log);
    const middle = logs.reduce((sum, value) => sum + value, 0) / logs.length;
    return Float64Array.from(logs, (value) => value - middle);
  }
  // Nothing is known of what a margin means.
  if (objective.kind !== "pointwise") return Float64Array.of(0);
  const mean = means[0] as number;
  const { loss } = objective;
  if (loss === boostLoss.squared) return Float64Array.of(mean);
  if (loss === boostLoss.logistic) return Float64Array.of(Math.log(mean / (1 - mean)));
  if (mean > 0) return Float64Array.of(Math.log(mean));
  throw new FitError(
    `${owner}: the mean of y is ${mean}, which has no logarithm. It has to be above 0; check the target column.`,
  );
}
