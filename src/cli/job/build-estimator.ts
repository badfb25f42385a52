import { closest, ParameterError, show } from "../../base/errors.js";
import { isPlainObject } from "../../base/plain.js";
import type { AnyEstimator } from "../../estimator/registry.js";

type EstimatorConstructor = new (params?: object) => AnyEstimator;

/**
 * The estimator that a job describes: `"StandardScaler"`, `{ Ridge: { alpha: 2 } }`, or a list of such steps for a
 * pipeline. Parameters that are estimators themselves are written the same way, at any depth.
 * @throws ParameterError naming what is not known, with the nearest name
 */
export async function buildEstimator(command: string, spec: unknown): Promise<AnyEstimator> {
  const classes = await estimatorClasses();
  const make = (given: unknown, at: string): AnyEstimator => {
    if (Array.isArray(given)) return pipeline(given, at);
    const [name, params] = nameAndParams(given, at);
    const Class = classes.get(name);
    if (!Class) throw unknown(name, at);
    return new Class(isPlainObject(params) ? (walk(params, at) as object) : {});
  };
  const nameAndParams = (given: unknown, at: string): [string, unknown] => {
    if (typeof given === "string") return [given, {}];
    const entries = isPlainObject(given) ? Object.entries(given) : [];
    const [entry] = entries;
    if (entries.length !== 1 || !entry)
      throw new ParameterError(
        `${command}: ${at} must be an estimator's name, { Name: { parameters } }, or a list of steps; got ${show(given)}.`,
      );
    return entry;
  };
  const unknown = (name: string, at: string): ParameterError => {
    const near = closest(name, [...classes.keys()]);
    return new ParameterError(
      `${command}: ${at} names ${show(name)}, which is no estimator. ${near ? `Did you mean ${near}? ` : ""}docs/estimators.md lists them.`,
    );
  };
  const pipeline = (steps: readonly unknown[], at: string): AnyEstimator => {
    const Pipeline = classes.get("Pipeline") as EstimatorConstructor;
    const counts = new Map<string, number>();
    const named = steps.map((step, i) => {
      const estimator = make(step, `${at}[${i}]`);
      const name = estimator.kind.toLowerCase();
      const nth = (counts.get(name) ?? 0) + 1;
      counts.set(name, nth);
      return [nth === 1 ? name : `${name}-${nth}`, estimator];
    });
    return new Pipeline({ steps: named });
  };
  /** A value of a parameter, with every `{ Name: parameters }` of a known class made. */
  const walk = (value: unknown, at: string): unknown => {
    if (Array.isArray(value)) {
      // [name, estimator, columns] of a ColumnTransformer, [name, estimator] of a pipeline or union.
      const [first, second] = value as unknown[];
      if (typeof first === "string" && value.length <= 3 && typeof second === "string" && classes.has(second))
        return [
          first,
          make(second, `${at}.${first}`),
          ...value.slice(2).map((item, i) => walk(item, `${at}[${i + 2}]`)),
        ];
      return value.map((item, i) => walk(item, `${at}[${i}]`));
    }
    if (!isPlainObject(value)) return value;
    const keys = Object.keys(value);
    const [only] = keys;
    if (keys.length === 1 && only !== undefined && classes.has(only)) return make(value, at);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, `${at}.${key}`)]));
  };
  return make(spec, "model");
}

let known: Promise<Map<string, EstimatorConstructor>> | undefined;

/** Every exported estimator by its name. Loads them all: a command that makes one has to know which there are. */
export function estimatorClasses(): Promise<Map<string, EstimatorConstructor>> {
  known ??= (async () => {
    const [models, preprocessing, compose, { Estimator }] = await Promise.all([
      import("../../../models/index.js"),
      import("../../../preprocessing/index.js"),
      import("../../index.js"),
      import("../../estimator/estimator.js"),
    ]);
    const all = Object.entries({ ...compose, ...models, ...preprocessing } as Record<string, unknown>);
    return new Map(
      all.filter(
        (entry): entry is [string, EstimatorConstructor] =>
          typeof entry[1] === "function" && entry[1].prototype instanceof Estimator && "table" in entry[1],
      ),
    );
  })();
  return known;
}
