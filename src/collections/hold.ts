import type { Plain } from "../base/plain.js";
import type { Engine } from "../engine/engine.js";
import { chooseEngine } from "./choose-engine.js";
import { HeldPlan, type Plan } from "./plan.js";
import { PlanRun, type RunOptions } from "./plan-run.js";
import { collectInOrder, type Reduction } from "./reduce.js";

/** Computes all partitions of `plans` in one graph and keeps them in `engine`: shared inputs are read once. */
export async function holdPlans(plans: readonly Plan[], engine: Engine, options: RunOptions = {}): Promise<HeldPlan[]> {
  const run = new PlanRun(engine);
  const keys: string[][] = [];
  for (const plan of plans) {
    const own: string[] = [];
    for (let index = 0; index < plan.partitions; index++) own.push(await run.key(plan, index));
    keys.push(own);
  }
  const all = keys.flat();
  await run.submit(all, options.signal);
  let bytes: (number | undefined)[];
  try {
    bytes = await settled(engine, all, plans[0]?.label ?? "persist", options);
  } catch (error) {
    run.release(all);
    throw error;
  }
  return plans.map((plan, i) => heldPlan(plan, engine, keys[i] ?? [], bytes.splice(0, keys[i]?.length ?? 0)));
}

function heldPlan(
  plan: Plan,
  engine: Engine,
  keys: readonly string[],
  bytes: readonly (number | undefined)[],
): HeldPlan {
  const known = bytes.every((size) => size !== undefined)
    ? bytes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
    : plan.bytes;
  // What the engine held before stays with the plan that holds it: releasing the new one must not take it away.
  const owner = plan instanceof HeldPlan && plan.engine === engine ? plan : undefined;
  return new HeldPlan(plan.label, engine, keys, known, owner);
}

/**
 * Computes and keeps the partitions of `plan`, and reduces them in the same graph: each partition's step runs while the
 * partition is at hand, which saves a pass when memory is short.
 */
export async function holdAndReduce<T>(
  plan: Plan,
  engine: Engine,
  reduction: Reduction<T>,
  options: RunOptions = {},
): Promise<{ readonly held: HeldPlan; readonly total: T | undefined }> {
  const run = new PlanRun(engine);
  const keys: string[] = [];
  const steps: string[] = [];
  for (let index = 0; index < plan.partitions; index++) {
    const key = await run.key(plan, index);
    keys.push(key);
    steps.push(run.add(reduction.step, reduction.args, [key], { index, of: reduction.label }, { collected: true }));
  }
  await run.submit([...keys, ...steps], options.signal);
  try {
    const total = await collectInOrder(engine, steps, reduction, options);
    const bytes = await settled(engine, keys, reduction.label, {});
    return { held: heldPlan(plan, engine, keys, bytes), total };
  } catch (error) {
    run.release(keys);
    throw error;
  } finally {
    run.release(steps);
  }
}

/**
 * Computes and keeps the partitions of `plans`, and returns the values of `read`, which may use them, from the same graph;
 * its columns are copied out.
 */
export async function holdAndRead(
  plans: readonly Plan[],
  read: Plan,
  engine: Engine,
  options: RunOptions = {},
): Promise<{ readonly held: HeldPlan[]; readonly values: Plain[] }> {
  const run = new PlanRun(engine);
  const keysOf = async (plan: Plan): Promise<string[]> => {
    const keys: string[] = [];
    for (let index = 0; index < plan.partitions; index++) keys.push(await run.key(plan, index));
    return keys;
  };
  const keys: string[][] = [];
  for (const plan of plans) keys.push(await keysOf(plan));
  const reads = await keysOf(read);
  const kept = keys.flat();
  await run.submit([...kept, ...reads], options.signal);
  try {
    const values = await engine.get(reads);
    const bytes = await settled(engine, kept, read.label, options);
    return {
      held: plans.map((plan, i) => heldPlan(plan, engine, keys[i] ?? [], bytes.splice(0, keys[i]?.length ?? 0))),
      values,
    };
  } catch (error) {
    run.release(kept);
    throw error;
  } finally {
    run.release(reads);
  }
}

/** Computes all partitions of `plans` and returns their values with columns copied out, plan after plan. */
export async function readPlans(
  plans: readonly Plan[],
  stage: string,
  options: RunOptions & { readonly engine?: Engine } = {},
): Promise<Plain[]> {
  const engine = options.engine ?? chooseEngine(plans);
  const run = new PlanRun(engine);
  const keys: string[] = [];
  for (const plan of plans) for (let index = 0; index < plan.partitions; index++) keys.push(await run.key(plan, index));
  await run.submit(keys, options.signal);
  const values: Plain[] = [];
  try {
    for (const key of keys) {
      values.push(...(await engine.get([key])));
      options.onProgress?.({ stage, done: values.length, total: keys.length });
    }
  } finally {
    run.release(keys);
  }
  return values;
}

async function settled(
  engine: Engine,
  keys: readonly string[],
  stage: string,
  options: RunOptions,
): Promise<(number | undefined)[]> {
  let done = 0;
  return Promise.all(
    keys.map(async (key) => {
      const [status] = await engine.wait([key]);
      if (status && status.state !== "done") throw status.error ?? new Error(`${key} ${status.state}`);
      done += 1;
      options.onProgress?.({ stage, done, total: keys.length });
      return status?.bytes;
    }),
  );
}
