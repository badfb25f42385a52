import { DataError, ParameterError, show } from "../base/errors.js";
import { isPlainObject, type Plain, type PlainRecord } from "../base/plain.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import { estimatorFromJSON, type AnyEstimator } from "../estimator/registry.js";
import { distributionOf, isDistribution } from "./distributions.js";
import { isConditional } from "./search-space.js";
import { splitterFromPlain, splitterToPlain } from "./splitter-json.js";
import { Splitter } from "./splitter.js";

/**
 * A search's parameters, or results that hold parameters, as plain data: estimators as their JSON, distributions by the
 * function that made them, conditions as they are.
 *
 * @param path what the value is, for messages
 * @throws DataError for what no file can hold: functions, splits, and scorers, splitters and distributions of one's own
 */
export function toPlainValue(owner: string, path: string, value: unknown): Plain {
  if (value === undefined || value === null || ["number", "string", "boolean", "bigint"].includes(typeof value))
    return value as Plain;
  if (Array.isArray(value)) return value.map((item, k) => toPlainValue(owner, `${path}[${k}]`, item));
  if (isEstimator(value)) return { $estimator: value.toPlain() as unknown as PlainRecord };
  const splitter = value instanceof Splitter ? splitterToPlain(value) : undefined;
  if (splitter) return splitter;
  if (isDistribution(value) && value.made) return { $distribution: toPlainValue(owner, path, value.made) };
  if (isConditional(value)) {
    const condition = toPlainValue(owner, path, value.condition);
    return { $when: condition, values: toPlainValue(owner, path, value.values) };
  }
  if (ArrayBuffer.isView(value)) return value as unknown as Plain;
  if (isPlainObject(value) && !isDistribution(value) && Object.values(value).every((own) => typeof own !== "function"))
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, own]) => own !== undefined)
        .map(([name, own]) => [name, toPlainValue(owner, `${path}.${name}`, own)]),
    );
  throw new DataError(
    `${owner}: ${path} is ${show(value)}, which no file can hold. Save bestEstimator, or use names, numbers and partwise's own distributions.`,
  );
}

/** The inverse of {@link toPlainValue}. */
export function fromPlainValue(value: Plain): unknown {
  if (Array.isArray(value)) return value.map((item: Plain) => fromPlainValue(item));
  if (!isPlainObject(value)) return value;
  if (isPlainObject(value["$estimator"])) return estimatorFromJSON(value["$estimator"] as unknown as EstimatorJson);
  if (Array.isArray(value["$distribution"])) {
    const made = fromPlainValue(value["$distribution"] as Plain) as readonly unknown[];
    try {
      return distributionOf(made);
    } catch (cause) {
      if (!(cause instanceof ParameterError)) throw cause;
      throw new DataError(`Model: its search space cannot be restored: ${cause.message}`, { cause });
    }
  }
  if (typeof value["$splitter"] === "string") return splitterFromPlain(value["$splitter"], value["params"] as Plain);
  if ("$when" in value) {
    return { condition: fromPlainValue(value["$when"] as Plain), values: fromPlainValue(value["values"] as Plain) };
  }
  return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, fromPlainValue(own as Plain)]));
}

function isEstimator(value: unknown): value is AnyEstimator {
  return typeof value === "object" && value !== null && "toPlain" in value && typeof value.toPlain === "function";
}
