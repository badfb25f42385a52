import { PartwiseError } from "../base/errors.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import type { FitOptions } from "../estimator/design.js";
import type { Narrowing } from "../estimator/frame-transformer.js";
import type { Rows } from "../estimator/table.js";
import type { ParamSet } from "./parameter-sets.js";
import type { TargetInput, TrialEstimator } from "./trial-estimator.js";

/** Parameters of a step that may make it need other columns. */
const CHOOSING = new Set(["transformers", "remainder", "columns"]);

/**
 * The columns of a frame that an estimator needs, whatever its candidates: a search keeps no others. All of them where the
 * first step of a pipeline does not say, or a candidate may change it.
 */
export function neededColumns(estimator: TrialEstimator, rows: Rows, candidates: Iterable<ParamSet>): Rows {
  if (!(rows instanceof DistributedDataFrame) || mayChangeColumns(estimator, candidates)) return rows;
  const names = namesOf(estimator, rows);
  if (!names || names.length === Object.keys(rows.schema).length) return rows;
  const chosen = rows.select(...names) as DistributedDataFrame;
  // Columns that were chosen by position would be others now.
  return namesOf(estimator, chosen)?.join("\n") === names.join("\n") ? chosen : rows;
}

/** Fits to rows of which an engine holds the needed columns, so that the model knows of all columns. */
export async function fitToHeld(
  model: TrialEstimator,
  rows: Rows,
  held: Rows,
  y: TargetInput | undefined,
  options: FitOptions,
): Promise<void> {
  const narrowing = held.plan === rows.plan ? undefined : narrowingOf(model, rows);
  if (narrowing && shapeText(narrowing.rows) === shapeText(held)) await narrowing.fitRows(held, y, options);
  else await model.fit(held, y, options);
}

function mayChangeColumns(estimator: TrialEstimator, candidates: Iterable<ParamSet>): boolean {
  const steps = "steps" in estimator && Array.isArray(estimator.steps) ? (estimator.steps as [string, unknown][]) : [];
  const names = new Set(steps.map(([name]) => name));
  for (const params of candidates)
    for (const key of Object.keys(params))
      if (key === "steps" || names.has(key) || CHOOSING.has(key.split("__").at(-1) as string)) return true;
  return false;
}

function namesOf(estimator: TrialEstimator, rows: DistributedDataFrame): string[] | undefined {
  const narrowed = narrowingOf(estimator, rows)?.rows;
  const names = narrowed instanceof DistributedDataFrame ? Object.keys(narrowed.schema) : undefined;
  return names?.every((name) => name in rows.schema) ? names : undefined;
}

function narrowingOf(estimator: TrialEstimator, rows: Rows): Narrowing | undefined {
  const narrow = (estimator as { narrow?: (rows: Rows) => Narrowing | undefined }).narrow;
  try {
    return narrow?.call(estimator, rows);
  } catch (error) {
    // What is wrong with the columns is said by the fit itself.
    if (error instanceof PartwiseError) return undefined;
    throw error;
  }
}

function shapeText(rows: Rows): string {
  return rows instanceof DistributedDataFrame ? JSON.stringify(rows.schema) : "";
}
