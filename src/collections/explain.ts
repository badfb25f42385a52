import { fuse } from "../engine/fuse.js";
import type { TaskSpec } from "../engine/engine.js";
import { HeldPlan, HostPlan, plansBelow, TaskPlan, type Plan } from "./plan.js";

/**
 * The plan as text: what is read, each step with its partitions and bytes where they are known, and how many tasks it
 * comes to before and after fusion. Starts nothing.
 */
export function explainPlan(root: Plan): string {
  const plans = plansBelow([root]);
  const lines = plans.map((plan) => {
    const reads = plan.inputs.length > 0 ? ` <- ${plan.inputs.map((input) => input.id).join(", ")}` : "";
    return `  ${plan.id}  ${plan.label}: ${plan.partitions} partition(s), ${kindOf(plan)}${bytesText(plan.bytes)}${reads}`;
  });
  const { before, after } = taskCounts(root);
  const leaves = plans.filter((plan) => plan.inputs.length === 0);
  const known = leaves.reduce<number | undefined>(
    (sum, plan) => (sum === undefined || plan.bytes === undefined ? undefined : sum + plan.bytes),
    0,
  );
  return [
    `Plan of ${root.label}`,
    ...lines,
    `Tasks: ${before} before fusion, ${after} after (one a partition where partitions do not mix).`,
    `Passes over each source: 1; bytes read: ${known === undefined ? "not known before it runs" : size(known)}.`,
  ].join("\n");
}

function kindOf(plan: Plan): string {
  if (plan instanceof HeldPlan) return plan.released ? "released" : `held by the ${plan.engine.name} engine`;
  return plan instanceof HostPlan ? "in this process" : "lazy";
}

function bytesText(bytes: number | undefined): string {
  return bytes === undefined ? "" : `, ${size(bytes)}`;
}

function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function taskCounts(root: Plan): { before: number; after: number } {
  const tasks: TaskSpec[] = [];
  const seen = new Set<string>();
  const visit = (plan: Plan, index: number): void => {
    const key = `${plan.id}:${index}`;
    if (seen.has(key) || !(plan instanceof TaskPlan)) return;
    seen.add(key);
    const task = plan.task(index);
    for (const input of task.inputs) visit(input.plan, input.index);
    tasks.push({
      key,
      fn: task.fn,
      deps: task.inputs.map((input) => `${input.plan.id}:${input.index}`),
      partition: { index, of: plan.label },
    });
  };
  const keep: string[] = [];
  for (let index = 0; index < root.partitions; index++) {
    visit(root, index);
    keep.push(`${root.id}:${index}`);
  }
  return { before: tasks.length, after: fuse(tasks, keep).length };
}
