import type { DistributedDataFrame } from "../../collections/frame/distributed-data-frame.js";
import type { AnyEstimator } from "../../estimator/registry.js";
import { scoreModel, scorersOf } from "../../model-selection/scoring.js";
import type { TrialEstimator } from "../../model-selection/trial-estimator.js";
import type { OpenedData } from "./open-data.js";

/** Scorers for a model whose job names none: by whether it has classes, and how many. */
export function usualMetrics(model: AnyEstimator): string[] {
  const { classes } = model as { readonly classes?: readonly unknown[] };
  if (!classes || classes.length === 0) return ["r2", "neg_root_mean_squared_error", "neg_mean_absolute_error"];
  const proba = hasProba(model);
  if (classes.length === 2) return ["accuracy", "f1_macro", ...(proba ? ["roc_auc", "neg_log_loss"] : [])];
  return ["accuracy", "f1_macro", ...(proba ? ["neg_log_loss"] : [])];
}

/** A fitted model's scores on rows, all in one pass; losses come without their sign, under their own names. */
export async function scoreOn(
  command: string,
  model: AnyEstimator,
  { X, y, weight }: OpenedData,
  metrics: readonly string[],
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const trial = model as unknown as TrialEstimator;
  const scores = await scoreModel(command, trial, X as DistributedDataFrame, y, scorersOf(command, trial, metrics), {
    signal,
    ...(weight === undefined ? {} : { sampleWeight: weight }),
  });
  return Object.fromEntries(
    Object.entries(scores).map(([name, score]) => (name.startsWith("neg_") ? [name.slice(4), -score] : [name, score])),
  );
}

function hasProba(model: unknown): boolean {
  const { steps } = model as { readonly steps?: readonly (readonly [string, unknown])[] };
  const last = steps?.at(-1)?.[1] ?? model;
  return typeof (last as Record<string, unknown>)["predictProba"] === "function";
}
