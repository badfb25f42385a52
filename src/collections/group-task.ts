import type { Plain } from "../base/plain.js";
import type { FnRef, TaskContext } from "../engine/engine.js";
import { fnRef, loadFn } from "../engine/fn-ref.js";

/** What {@link groupStep} is told. */
export interface GroupArgs {
  readonly step: FnRef;
  readonly args: Plain;
  readonly of: string;
  /** The partitions of the group. */
  readonly indices: readonly number[];
  /** Values of each partition. */
  readonly width: number;
}

/** {@link groupStep} by name. */
export const GROUP_STEP = fnRef(import.meta.url, "groupStep");

/**
 * One step over several partitions in one task, for passes that are short beside the cost of a task. The partials stay
 * apart, so that they combine as they would have without the group, whatever its size.
 */
export async function groupStep(context: TaskContext, args: GroupArgs, ...values: never[]): Promise<unknown[]> {
  const fn = await loadFn(args.step);
  const partials: unknown[] = [];
  for (const [k, index] of args.indices.entries()) {
    context.throwIfAborted();
    const own = values.slice(k * args.width, (k + 1) * args.width);
    const partition = { index, of: args.of };
    const result = fn({ ...context, partition }, args.args as never, ...own);
    partials.push(result instanceof Promise ? await result : result);
  }
  return partials;
}
