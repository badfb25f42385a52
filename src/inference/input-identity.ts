import { createHash, type Hash } from "node:crypto";
import { statSync } from "node:fs";
import { isPlainObject } from "../base/plain.js";
import { HeldPlan, HostPlan, plansBelow, TaskPlan, type Plan } from "../collections/plan.js";

/**
 * A hash of what a plan's partitions will be: the functions and arguments of all their tasks, sizes and times of the files
 * they read, the values of local data. Undefined where an engine holds them, because only reading them could tell.
 */
export function inputIdentity(plan: Plan): string | undefined {
  const hash = createHash("sha256");
  const numbers = new Map<Plan, number>();
  for (const node of plansBelow([plan])) {
    if (node instanceof HeldPlan) return undefined;
    numbers.set(node, numbers.size);
    for (let index = 0; index < node.partitions; index++) {
      if (node instanceof HostPlan) add(hash, node.value(index));
      else if (node instanceof TaskPlan) {
        const { fn, args, inputs } = node.task(index);
        add(hash, { fn, args, inputs: inputs.map((input) => [numbers.get(input.plan), input.index]) });
      }
    }
  }
  return hash.digest("hex");
}

function add(hash: Hash, value: unknown): void {
  if (ArrayBuffer.isView(value)) {
    hash.update(`${value.constructor.name}${value.byteLength}:`);
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (Array.isArray(value)) {
    hash.update(`[${value.length}`);
    for (const item of value) add(hash, item);
  } else if (isPlainObject(value)) {
    hash.update("{");
    for (const [key, item] of Object.entries(value)) {
      hash.update(`${JSON.stringify(key)}:`);
      add(hash, item);
      if (key === "path" && typeof item === "string") {
        const stat = statSync(item, { throwIfNoEntry: false });
        if (stat) hash.update(`${stat.size}@${stat.mtimeMs}`);
      }
    }
    hash.update("}");
  } else hash.update(`${typeof value}:${String(value)};`);
}
