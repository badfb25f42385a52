import { notPlainPart, type Plain } from "../src/base/plain.js";
import type { ZodNamespace } from "../src/base/params.js";

/** Rule of a parameter that is a function, `{ module, export }` or null. */
export function functionParam<F>(z: ZodNamespace) {
  const isFn = (value: unknown): boolean => value === null || typeof value === "function" || isRef(value);
  return z.custom<F | null>(isFn, "must be a function, { module, export } or null");
}

/** Rule of a parameter that travels to workers. */
export function plainParam(z: ZodNamespace) {
  return z.custom<Plain>(
    (value) => notPlainPart(value) === undefined,
    "must be plain data: numbers, strings, arrays, records, typed arrays",
  );
}

function isRef(value: unknown): boolean {
  const { module, export: name } = (value ?? {}) as { module?: unknown; export?: unknown };
  return typeof module === "string" && typeof name === "string";
}
