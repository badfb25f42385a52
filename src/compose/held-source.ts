import { DistributedArray } from "../collections/array/distributed-array.js";
import { chooseEngine } from "../collections/choose-engine.js";
import { holdPlans } from "../collections/hold.js";
import { HeldPlan, type Plan } from "../collections/plan.js";
import type { FitOptions } from "../estimator/design.js";
import { toVector, type DistributedInput, type LabelInput, type VectorInput } from "../estimator/inputs.js";
import { isTextColumn } from "../estimator/labels.js";
import { withPlan, type Rows } from "../estimator/table.js";

/** The data of a fit of several estimators. */
export interface HeldSource {
  readonly X: Rows;
  readonly y: LabelInput | VectorInput | undefined;
  /** What replaces the caller's options: the engine that holds the data, and the weights it holds. */
  readonly options: FitOptions;
  /** Lets go of what was kept for the fit. */
  release(): void;
}

/**
 * A source with more than one pass to come is read once: X, y and weights together, so that they share the scan. What is
 * held already, or passed over once only, stays as it is.
 */
export async function holdSource(
  owner: string,
  x: Rows,
  y: LabelInput | VectorInput | undefined,
  options: FitOptions,
  passes: number,
): Promise<HeldSource> {
  const target = isLazyNumbers(y) ? toVector(owner, "y", y, x) : undefined;
  const weight =
    options.sampleWeight === undefined ? undefined : toVector(owner, "sampleWeight", options.sampleWeight, x);
  const lazy = [x, target, weight].filter((array) => array !== undefined);
  if (passes < 2 || lazy.every((array) => array.plan instanceof HeldPlan)) {
    return { X: x, y, options: weight ? { sampleWeight: weight } : {}, release: () => undefined };
  }
  const plans = lazy.map((array) => array.plan);
  const engine = options.engine ?? chooseEngine(plans);
  const report = options.onProgress;
  const held = await holdPlans(plans, engine, {
    ...(options.signal ? { signal: options.signal } : {}),
    ...(report ? { onProgress: (progress) => report({ ...progress, stage: `${owner}: read` }) } : {}),
  });
  const replaced = new Map<Plan, HeldPlan>(plans.map((plan, i) => [plan, held[i] as HeldPlan]));
  const from = (array: DistributedArray): DistributedArray =>
    new DistributedArray({ ...array, plan: replaced.get(array.plan) ?? array.plan });
  return {
    X: withPlan(x, replaced.get(x.plan) ?? x.plan),
    y: target ? from(target) : y,
    options: { engine, ...(weight ? { sampleWeight: from(weight) } : {}) },
    release: () => held.forEach((plan) => plan.release()),
  };
}

// A column of text stays as it is: the last step lists and codes its labels.
function isLazyNumbers(y: LabelInput | VectorInput | undefined): y is DistributedInput {
  if (y instanceof DistributedArray) return true;
  return typeof y === "object" && "toArray" in y && typeof y.toArray === "function" && !isTextColumn(y);
}
