import { DataError, ParameterError, show } from "../base/errors.js";
import type { FitOptions } from "../estimator/design.js";
import type { LabelInput, VectorInput } from "../estimator/inputs.js";
import type { Label } from "../estimator/labels.js";
import type { TableInput } from "../estimator/table.js";

/** Targets or labels, one a row. */
export type TargetInput = LabelInput | VectorInput;

/** What model selection needs of an estimator; every estimator, pipeline and search is one. */
export interface TrialEstimator {
  readonly kind: string;
  clone(): TrialEstimator;
  getParams(): object;
  /** @throws ParameterError for a parameter that it does not have */
  setParams(params: object): TrialEstimator;
  fit(X: TableInput, y?: TargetInput, options?: FitOptions): Promise<unknown>;
}

/** Methods that an estimator may have beside those of {@link TrialEstimator}. */
export interface TrialMethods {
  readonly classes?: readonly Label[];
  predict?(X: TableInput): unknown;
  predictProba?(X: TableInput): unknown;
  decisionFunction?(X: TableInput): unknown;
  score?(X: TableInput, y: TargetInput, options?: FitOptions): Promise<number>;
  partialFit?(X: TableInput, y?: TargetInput, options?: FitOptions): Promise<unknown>;
}

/** @throws ParameterError for what cannot be fitted and cloned */
export function assertEstimator(owner: string, estimator: unknown): asserts estimator is TrialEstimator {
  const has = (name: string): boolean => typeof (estimator as Record<string, unknown>)[name] === "function";
  if (typeof estimator === "object" && estimator !== null && ["clone", "setParams", "fit"].every(has)) return;
  throw new ParameterError(
    `${owner}: estimator must be an estimator; got ${show(estimator)}. Pass an instance, for example new Ridge().`,
  );
}

/** The estimator at the end of pipelines and inside searches, which says what the whole can do. */
export function lastEstimator(estimator: unknown): unknown {
  if (typeof estimator !== "object" || estimator === null) return estimator;
  if ("steps" in estimator && Array.isArray(estimator.steps))
    return lastEstimator((estimator.steps.at(-1) as unknown[] | undefined)?.[1]);
  if ("trialEstimator" in estimator) return lastEstimator(estimator.trialEstimator);
  return estimator;
}

/** True when the estimator, or the last step of a pipeline, has the method. */
export function canDo(estimator: TrialEstimator, method: keyof TrialMethods): boolean {
  return typeof (lastEstimator(estimator) as Record<string, unknown> | undefined)?.[method] === "function";
}

/** True for estimators of labels: they have probabilities or a decision function. */
export function isClassifier(estimator: TrialEstimator): boolean {
  return canDo(estimator, "predictProba") || canDo(estimator, "decisionFunction");
}

/** The estimator's own method, bound. @throws DataError naming the estimator where there is none */
export function methodOf<K extends "predict" | "predictProba" | "decisionFunction">(
  owner: string,
  estimator: TrialEstimator,
  method: K,
): (X: TableInput) => unknown {
  const found = (estimator as TrialMethods)[method];
  if (typeof found === "function" && canDo(estimator, method)) return (X) => found.call(estimator, X);
  throw new DataError(`${owner}: ${estimator.kind} has no ${method}. Use a scorer or method that fits it.`);
}
