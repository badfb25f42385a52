import { closest, ParameterError, show } from "../base/errors.js";
import type { Label } from "./metric-kernel.js";

const COMMON = ["sampleWeight", "signal", "onProgress", "engine"];

/** @throws ParameterError for an option that the metric does not have */
export function checkOptions(owner: string, options: object, own: readonly string[] = []): void {
  const known = [...own, ...COMMON];
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = closest(name, known);
    throw new ParameterError(
      `${owner}: unknown option ${show(name)}. ${near ? `Did you mean ${show(near)}? ` : ""}It takes: ${known.join(", ")}.`,
    );
  }
}

/** `value`, or `fallback` when it is not given. @throws ParameterError unless it is one of `allowed` */
export function oneOf<T extends string | boolean>(
  owner: string,
  name: string,
  value: T | undefined,
  fallback: T,
  allowed: readonly T[],
): T {
  if (value === undefined) return fallback;
  if (allowed.includes(value)) return value;
  throw new ParameterError(
    `${owner}: ${name} must be ${allowed.length > 1 ? "one of " : ""}${allowed.map(show).join(", ")}; got ${show(value)}.`,
  );
}

/** Labels that the user lists. @throws ParameterError when the list is empty or names one twice */
export function checkLabels(owner: string, labels: readonly Label[] | undefined): readonly Label[] | undefined {
  if (labels === undefined) return undefined;
  if (!Array.isArray(labels) || labels.length === 0)
    throw new ParameterError(`${owner}: labels must be a list of at least one label; got ${show(labels)}.`);
  const twice = labels.find((label, k) => labels.indexOf(label) !== k);
  if (twice !== undefined)
    throw new ParameterError(`${owner}: labels names ${show(twice)} twice. Name each label once.`);
  return labels;
}
