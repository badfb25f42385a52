/** All that is called a kind in the model's data: the estimator's own and those of its parts. */
export function kindsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(kindsIn);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  const own = value as Record<string, unknown>;
  const kind = typeof own["kind"] === "string" && "params" in own && "state" in own ? [own["kind"]] : [];
  return [...kind, ...Object.values(own).flatMap(kindsIn)];
}
