import type { Plain } from "../../base/plain.js";
import type { FnRef } from "../../engine/engine.js";
import { fnRef } from "../../engine/fn-ref.js";
import { ELEMENT_BYTES } from "../../memory/dtype.js";
import { TaskPlan } from "../plan.js";
import type { ArrayParts } from "./array-parts.js";

/** A task function of tasks.ts. */
export const arrayTask = (name: string): FnRef => fnRef(new URL("./tasks.js", import.meta.url).href, name);

/** A task function over each partition alone: the parts of the array it makes, with `changes` in place of the source's. */
export function blockwiseParts(
  source: ArrayParts,
  label: string,
  fn: FnRef,
  args: Plain,
  changes: Partial<ArrayParts>,
): ArrayParts {
  const made = { ...source, ...changes };
  const width = made.innerShape.reduce((product, n) => product * n, 1);
  const rows = source.partitionRows?.reduce((sum, count) => sum + count, 0);
  const bytes = rows === undefined ? undefined : rows * width * ELEMENT_BYTES[made.dtype];
  return { ...made, plan: TaskPlan.blockwise(source.plan, label, fn, args, bytes) };
}
