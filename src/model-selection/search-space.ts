import { createHash } from "node:crypto";
import { closest, ParameterError, show } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import { isDistribution, type Distribution } from "./distributions.js";
import type { ParamSet } from "./parameter-sets.js";

/** What other parameters have to be: one value, or one of several. */
export type Condition = Readonly<Record<string, unknown>>;

/** Values of a parameter that is there only where others have certain values; see {@link when}. */
export interface Conditional {
  readonly condition: Condition;
  readonly values: readonly unknown[] | Distribution;
}

/** Values or distributions to draw from, by parameter. */
export type ParamDistributions = Readonly<Record<string, readonly unknown[] | Distribution | Conditional>>;

/**
 * A parameter that is drawn only where other parameters have certain values; elsewhere the estimator keeps its own. A
 * condition names parameters of the same space, and a value or a list of values for each; all of them have to hold.
 *
 * @throws ParameterError for a condition without parameters, or values that are none
 *
 * @example
 * ```ts
 * const space = {
 *   penalty: ["l1", "l2", "elasticnet"],
 *   l1Ratio: when({ penalty: "elasticnet" }, uniform(0, 1)),
 * };
 * ```
 */
export function when(condition: Condition, values: readonly unknown[] | Distribution): Conditional {
  if (!isPlainObject(condition) || Object.keys(condition).length === 0)
    throw new ParameterError(`when: the condition must be a record such as { penalty: "l1" }; got ${show(condition)}.`);
  assertValues("when", "the parameter", values);
  return { condition, values };
}

/** True for what {@link when} returns. */
export function isConditional(value: unknown): value is Conditional {
  return isPlainObject(value) && "condition" in value && "values" in value;
}

interface Entry {
  readonly name: string;
  readonly values: readonly unknown[] | Distribution;
  readonly condition: Condition | undefined;
}

/** Parameters that may be drawn together, in an order in which conditions can be looked at. */
export interface SpaceRecord {
  readonly entries: readonly Entry[];
}

/** A checked search space: one record of parameters, or several of which each draw takes one. */
export class SearchSpace {
  readonly records: readonly SpaceRecord[];

  /** @throws ParameterError for an empty space or list, values that are none, and conditions that cannot hold */
  constructor(owner: string, distributions: ParamDistributions | readonly ParamDistributions[]) {
    const records = Array.isArray(distributions)
      ? (distributions as readonly ParamDistributions[])
      : [distributions as ParamDistributions];
    if (records.length === 0)
      throw new ParameterError(`${owner}: the list of distributions is empty. Pass at least one record.`);
    this.records = records.map((record) => recordOf(owner, record));
  }

  /** True when every parameter has a list and no condition: the space is a grid. */
  get isGrid(): boolean {
    return this.records.every(({ entries }) =>
      entries.every(({ values, condition }) => Array.isArray(values) && condition === undefined),
    );
  }

  /** The parameter set of one record at uniform numbers, one a parameter; `u` is asked for those that are drawn. */
  at(record: number, u: (name: string) => number): ParamSet {
    const set: Record<string, unknown> = {};
    for (const { name, values, condition } of this.records[record]?.entries ?? []) {
      if (condition && !holds(condition, set)) continue;
      set[name] = valueAt(values, u(name));
    }
    return Object.fromEntries(Object.entries(set).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The space in a few words that differ for other spaces; a distribution is known by its quantiles. */
  describe(): string {
    const text = ({ name, values, condition }: Entry): unknown => [
      name,
      Array.isArray(values)
        ? values.map(describeValue)
        : QUANTILES.map((u) => describeValue((values as Distribution).sample(u))),
      condition ? Object.entries(condition).map(([other, value]) => [other, describeValue(value)]) : null,
    ];
    return JSON.stringify(this.records.map(({ entries }) => entries.map(text)));
  }
}

const QUANTILES = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99];

/** The value of a list or distribution at a uniform number. */
export function valueAt(values: readonly unknown[] | Distribution, u: number): unknown {
  return isDistribution(values) ? values.sample(u) : values[Math.floor(u * values.length)];
}

/** How many values have no order; undefined for numbers along a line. */
export function choicesOf(values: readonly unknown[] | Distribution): number | undefined {
  return isDistribution(values) ? values.choices : values.length;
}

/** A parameter's value as text: estimators by class and parameters, other objects by what they say as JSON. */
export function describeValue(value: unknown): string {
  if (typeof value === "function")
    return `function ${createHash("sha256").update(String(value)).digest("hex").slice(0, 12)}`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value !== "object" || value === null)
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  if (Array.isArray(value)) return `[${value.map(describeValue).join(",")}]`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}[${Array.from(value as Float64Array).join(",")}]`;
  const params = "getParams" in value && typeof value.getParams === "function" ? (value.getParams() as object) : value;
  const name = "kind" in value && params !== value ? String(value.kind) : (value.constructor?.name ?? "");
  return `${name === "Object" ? "" : name}{${Object.entries(params)
    .filter(([, own]) => own !== undefined)
    .map(([key, own]) => `${key}:${describeValue(own)}`)
    .join(",")}}`;
}

function recordOf(owner: string, record: unknown): SpaceRecord {
  if (!isPlainObject(record))
    throw new ParameterError(
      `${owner}: distributions must be a record of lists and distributions; got ${show(record)}.`,
    );
  const entries = Object.entries(record)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, given]): Entry => {
      const condition = isConditional(given) ? given.condition : undefined;
      const values = isConditional(given) ? given.values : given;
      assertValues(owner, name, values);
      return { name, values, condition };
    });
  return { entries: ordered(owner, entries) };
}

/** Entries after those that their conditions look at. @throws ParameterError for unknown names and circles */
function ordered(owner: string, entries: readonly Entry[]): Entry[] {
  const names = entries.map(({ name }) => name);
  for (const { name, condition } of entries) {
    for (const other of Object.keys(condition ?? {})) {
      if (names.includes(other)) continue;
      const near = closest(other, names);
      throw new ParameterError(
        `${owner}: ${name} is drawn when ${show(other)} has some value, but the space has no ${show(other)}.` +
          `${near ? ` Did you mean ${show(near)}?` : ""} It has: ${names.join(", ")}.`,
      );
    }
  }
  const done = new Set<string>();
  const result: Entry[] = [];
  while (result.length < entries.length) {
    const ready = entries.filter(
      ({ name, condition }) => !done.has(name) && Object.keys(condition ?? {}).every((other) => done.has(other)),
    );
    if (ready.length === 0) {
      const left = names.filter((name) => !done.has(name));
      throw new ParameterError(`${owner}: the conditions of ${left.join(", ")} wait for each other. Break the circle.`);
    }
    for (const entry of ready) done.add(entry.name);
    result.push(...ready);
  }
  return result;
}

function holds(condition: Condition, set: ParamSet): boolean {
  return Object.entries(condition).every(([name, wanted]) => {
    if (!(name in set)) return false;
    return Array.isArray(wanted) ? wanted.includes(set[name]) : Object.is(wanted, set[name]);
  });
}

function assertValues(
  owner: string,
  name: string,
  values: unknown,
): asserts values is readonly unknown[] | Distribution {
  if (isDistribution(values) || (Array.isArray(values) && values.length > 0)) return;
  throw new ParameterError(
    `${owner}: ${name} must be a distribution or a list of at least one value; got ${show(values)}. Use uniform, logUniform, randint or choice.`,
  );
}
