import { closest, DataError, show } from "../base/errors.js";
import type { Estimator, EstimatorJson, FittedInput } from "./estimator.js";

/** Any estimator, whatever its parameters and state. */
export type AnyEstimator = Estimator<object, FittedInput & object>;

/** A class that can be made from JSON. */
export interface EstimatorClass {
  fromJSON(json: EstimatorJson): unknown;
  /**
   * How far numbers of the same model on the same rows may lie apart on another machine, as a share of the largest of their
   * column: for classes that compute in single precision, in an order that is not their own. 1e-9 when absent.
   */
  readonly resultTolerance?: number;
}

const classes = new Map<string, EstimatorClass>();

/** Makes a class known by its name, so that pipelines and files can hold it. Each estimator's module calls it once. */
export function registerEstimator(kind: string, Class: EstimatorClass): void {
  classes.set(kind, Class);
}

/** Names of all classes that are loaded. */
export function registeredKinds(): string[] {
  return [...classes.keys()].sort();
}

/** The largest {@link EstimatorClass.resultTolerance} of these kinds; undefined where none has one. */
export function resultTolerance(kinds: readonly string[]): number | undefined {
  const known = kinds.map((kind) => classes.get(kind)?.resultTolerance).filter((one) => one !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/**
 * Any registered estimator from its JSON. Runs no code from the file: it names a class that is loaded, or it is refused.
 * @throws DataError naming the unknown kind
 */
export function estimatorFromJSON(json: EstimatorJson): AnyEstimator {
  const Class = classes.get(json.kind);
  if (Class) return Class.fromJSON(json) as AnyEstimator;
  const near = closest(String(json.kind), [...classes.keys()]);
  throw new DataError(
    `Model: there is no estimator ${show(json.kind)}${near ? `; did you mean ${near}` : ""}. ` +
      "Import the module that defines it (partwise/models, partwise/preprocessing, or your own) before loading.",
  );
}
