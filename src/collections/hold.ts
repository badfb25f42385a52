import type { Plain } from "../base/plain.js";
import type { Engine } from "../engine/engine.js";
import { chooseEngine } from "./choose-engine.js";
import { HeldPlan, type Plan } from "./plan.js";
import { PlanRun, type RunOptions } from "./plan-run.js";

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
  return plans.map((plan, i) => {
    const own = bytes.splice(0, keys[i]?.length ?? 0);
    const known = own.every((size) => size !== undefined) ? own.reduce<number>((sum, size) => sum + (size ?? 0), 0) : plan.bytes;
    // What the engine held before stays with the plan that holds it: releasing the new one must not take it away.
    const owner = plan instanceof HeldPlan && plan.engine === engine ? plan : undefined;
    return new HeldPlan(plan.label, engine, keys[i] ?? [], known, owner);
  });
}

/** Computes all partitions of `plans` and returns their values with columns copied out, plan after plan. */
export async function readPlans(plans: readonly Plan[], stage: string, options: RunOptions & { readonly engine?: Engine } = {}): Promise<Plain[]> {
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
