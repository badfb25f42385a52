import type { Plain } from "../base/plain.js";
import type { TaskContext } from "./engine.js";

/**
 * Turns a value that is bound to its thread (a Polars frame, say) into plain data when it leaves a task. Between steps
 * of one fused task the live value passes as it is.
 */
export interface Sealer {
  /** True for the live values this sealer knows. */
  is(value: unknown): boolean;
  seal(context: TaskContext, value: unknown): Plain;
}

const sealers: Sealer[] = [];

/** Registers a sealer; called once by the module whose task functions return such values. */
export function addSealer(sealer: Sealer): void {
  sealers.push(sealer);
}

/** Seals a task's result, and the entries of a plain record one level down. */
export function seal(context: TaskContext, value: unknown): Plain {
  const one = sealOne(context, value);
  if (one !== value || typeof one !== "object" || one === null || Array.isArray(one) || ArrayBuffer.isView(one)) {
    return one as Plain;
  }
  let changed: Record<string, unknown> | undefined;
  for (const [key, item] of Object.entries(one)) {
    const sealed = sealOne(context, item);
    if (sealed !== item) (changed ??= { ...one })[key] = sealed;
  }
  return (changed ?? one) as Plain;
}

function sealOne(context: TaskContext, value: unknown): unknown {
  for (const sealer of sealers) if (sealer.is(value)) return sealer.seal(context, value);
  return value;
}
