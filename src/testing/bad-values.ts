import type { ParamInfo } from "../base/params.js";

interface Rule {
  readonly type?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Rule[];
}

// zod writes its own limits of integers into the rule; going beyond those tells nothing.
const isOwn = (limit: number | undefined): limit is number =>
  limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER;

/** Values that a parameter's rule forbids, made from the rule: the wrong type, and one step beyond each limit. */
export function badValues(param: ParamInfo): unknown[] {
  const rule = param.rule as Rule;
  return candidates(rule).filter((value) => !allowed(rule, value));
}

function candidates(rule: Rule): unknown[] {
  if (rule.anyOf) return rule.anyOf.flatMap(candidates);
  const list: unknown[] = ["no such value", null, { nested: 1 }];
  if (rule.type === "number" || rule.type === "integer") {
    list.push(NaN, true, [1]);
    if (rule.type === "integer") list.push((isOwn(rule.minimum) ? rule.minimum : 1) + 0.5);
    if (isOwn(rule.minimum)) list.push(rule.minimum - 1);
    if (isOwn(rule.exclusiveMinimum)) list.push(rule.exclusiveMinimum, rule.exclusiveMinimum - 1);
    if (isOwn(rule.maximum)) list.push(rule.maximum + 1);
    if (isOwn(rule.exclusiveMaximum)) list.push(rule.exclusiveMaximum, rule.exclusiveMaximum + 1);
  } else if (rule.type === "boolean") list.push(0, 1, "true");
  else if (rule.type === "string") list.push(1);
  else if (rule.type === "array") {
    list.push(3);
    if ((rule.minItems ?? 0) > 0) list.push([]);
  }
  return list;
}

/** The rule without the branches that JSON schema cannot say: a number may be one or not there. */
function sayable(rule: Rule): Rule {
  const branches = rule.anyOf?.filter((branch) => branch.type ?? branch.enum ?? branch.anyOf);
  return branches && branches.length > 0 ? { ...rule, anyOf: branches } : rule;
}

function allowed(rule: Rule, value: unknown): boolean {
  if (rule.anyOf) return rule.anyOf.some((branch) => allowed(branch, value));
  if (rule.enum) return rule.enum.includes(value);
  if ("const" in rule) return rule.const === value;
  switch (rule.type) {
    case "boolean":
    case "string":
      return typeof value === rule.type;
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value) && value.length >= (rule.minItems ?? 0);
    case "integer":
    case "number":
      return typeof value === "number" && inRange(rule, value);
    default:
      // A rule that JSON schema cannot say: nothing is known to be bad.
      return true;
  }
}

function inRange(rule: Rule, value: number): boolean {
  if (Number.isNaN(value) || (rule.type === "integer" && !Number.isInteger(value))) return false;
  return (
    value >= (rule.minimum ?? -Infinity) &&
    value <= (rule.maximum ?? Infinity) &&
    (rule.exclusiveMinimum === undefined || value > rule.exclusiveMinimum) &&
    (rule.exclusiveMaximum === undefined || value < rule.exclusiveMaximum)
  );
}

/** An allowed value other than the default, where the rule lets one be found. */
export function otherValue(param: ParamInfo): unknown {
  const rule = param.rule as Rule;
  if (typeof param.default === "boolean") return !param.default;
  if (typeof param.default === "number") {
    const tries = [param.default / 2, param.default + 1, param.default * 2, param.default - 1];
    return tries.find((value) => value !== param.default && allowed(sayable(rule), value));
  }
  return rule.enum?.find((value) => value !== param.default);
}
