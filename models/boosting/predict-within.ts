import { ParameterError, show } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import type { ArrayParts } from "../../src/collections/array/array-parts.js";
import { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { chooseEngine } from "../../src/collections/choose-engine.js";
import { holdPlans } from "../../src/collections/hold.js";
import { TaskPlan, type HeldPlan } from "../../src/collections/plan.js";
import type { Engine, FnRef } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Link, TreesArgs } from "./tree-tasks.js";

const task = (name: string): FnRef => fnRef(new URL("./tree-tasks.js", import.meta.url).href, name);

/** Options of predictions by a deadline. */
export interface WithinOptions {
  /** Milliseconds from now. Soft: the first round, and what was begun before, is finished. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Where to run; see `chooseEngine` for the default. */
  readonly engine?: Engine;
}

/**
 * What `predictWithin` gives: predictions by as many rounds of trees as there was time for, at least one, the same for all
 * rows. Distributed X is held for the call; its predictions stay in the engine until they are released.
 *
 * @example
 * ```ts
 * const { predictions, rounds } = await model.predictWithin(X, { deadlineMs: 50 });
 * ```
 */
export interface PredictedWithin<T> {
  /** Rounds that are in them: they are those of `firstRounds(rounds)`, bit for bit. */
  readonly rounds: number;
  readonly predictions: T;
}

/** What {@link sumWithin} adds up. */
export interface RoundSums {
  readonly rounds: number;
  /** Arguments of the tasks that add the rounds between two. */
  readonly argsOf: (from: number, to: number) => TreesArgs;
  readonly link: Link;
  readonly shape: Pick<ArrayParts, "innerShape" | "names">;
}

/**
 * Adds rounds of trees to the margins of all rows, block after block, until the deadline; blocks are as long as half of what
 * is left of the time suggests. All rows have the same rounds. X is held in the engine meanwhile, and so are the predictions,
 * until they are released.
 *
 * @throws ParameterError for a deadline that is no number above 0; DataError naming an infinity in X
 */
export async function sumWithin(
  owner: string,
  x: DistributedArray,
  { deadlineMs, signal, engine: given }: WithinOptions,
  { rounds, argsOf, link, shape }: RoundSums,
): Promise<PredictedWithin<DistributedArray>> {
  if (!(typeof deadlineMs === "number" && deadlineMs > 0))
    throw new ParameterError(`${owner}: deadlineMs must be a number above 0; got ${show(deadlineMs)}.`);
  const begun = performance.now();
  const engine = given ?? chooseEngine([x.plan]);
  const options = signal ? { signal } : {};
  const hold = async (plan: TaskPlan): Promise<HeldPlan> => (await holdPlans([plan], engine, options))[0] as HeldPlan;
  const [rows] = (await holdPlans([x.plan], engine, options)) as [HeldPlan];
  let margins: HeldPlan | undefined;
  try {
    let done = 0;
    let block = 1;
    do {
      const started = performance.now();
      const next = Math.min(rounds, done + block);
      const args = argsOf(done, next) as unknown as Plain;
      const before = margins;
      const inputs = before ? [rows, before] : [rows];
      margins = await hold(
        new TaskPlan({
          label: owner,
          partitions: rows.partitions,
          inputs,
          task: (index) => ({
            fn: task(before ? "moreTreesStep" : "marginStep"),
            args,
            inputs: inputs.map((plan) => ({ plan, index })),
          }),
        }),
      );
      before?.release();
      const now = performance.now();
      const each = (now - started) / Math.max(1, next - done);
      done = next;
      // Twice as many rounds at most: the time of few rounds is mostly that of their tasks.
      block = Math.max(1, Math.min(2 * block, Math.floor((begun + deadlineMs - now) / 2 / each)));
    } while (done < rounds && performance.now() < begun + deadlineMs);
    const plan = await hold(TaskPlan.blockwise(margins, owner, task("linkStep"), link as unknown as Plain));
    const { partitionRows } = x;
    return { rounds: done, predictions: new DistributedArray({ ...shape, plan, dtype: "f64", partitionRows }) };
  } finally {
    margins?.release();
    rows.release();
  }
}
