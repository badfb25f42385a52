import { DataError, ParameterError } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import type { DistributedArray } from "../collections/array/distributed-array.js";
import type { RunOptions } from "../collections/plan-run.js";
import { reducePartitions } from "../collections/reduce.js";
import type { Engine, FnRef } from "../engine/engine.js";
import {
  aligned,
  isLocal,
  requireVector,
  toDistributed,
  type LabelValues,
  type MetricValues,
  type NamedInput,
} from "./inputs.js";
import { encodeTexts, isText, labelCodes } from "./label-codes.js";
import type { Label, LabelCodes, MetricInputName, MetricKernel, MetricResult } from "./metric-kernel.js";
import { METRICS_STEP, type MetricsArgs, type MetricsPartial } from "./metric-pass-steps.js";

/** What the metrics of a pass are computed from; a metric that needs what is absent says so. */
export interface MetricInputs {
  readonly yTrue: LabelValues;
  readonly yPred?: LabelValues | undefined;
  readonly yScore?: MetricValues | undefined;
  readonly yProba?: MetricValues | undefined;
  /**
   * One finite number >= 0 a row; weight 2 counts as the row twice, weight 0 as if it were not there. 1 unless given.
   */
  readonly sampleWeight?: MetricValues | undefined;
}

/** How a pass runs. */
export interface PassOptions extends RunOptions {
  readonly engine?: Engine;
}

/** Options that every metric takes. */
export interface MetricOptions extends PassOptions {
  /**
   * One finite number >= 0 a row; weight 2 counts as the row twice, weight 0 as if it were not there. 1 unless given.
   */
  readonly sampleWeight?: MetricValues | undefined;
}

type AnyKernel = MetricKernel<unknown, unknown>;

/**
 * Several metrics in one pass over the data: each partition is read, converted and checked once; partials combine in
 * the
 * order of the partitions, so that results have the same bits on every engine.
 *
 * @returns one result a metric, in their order
 * @throws ParameterError for an input that a metric needs and that is absent; DataError for rows that do not match, NaN
 * or
 * infinities (naming argument, partition and row), no rows at all, weights that sum to 0
 */
export async function metricPass<const M extends readonly AnyKernel[]>(
  metrics: M,
  inputs: MetricInputs,
  options: PassOptions = {},
): Promise<{ -readonly [K in keyof M]: MetricResult<M[K]> }> {
  const owner = [...new Set(metrics.map((metric) => metric.name))].join(", ");
  requireInputs(metrics, inputs);
  const { given, codes } = encoded(owner, metrics, inputs);
  const arrays = Object.fromEntries(given.map(({ name, array }) => [name, array])) as Partial<
    Record<MetricInputName, DistributedArray>
  >;
  for (const { name, array } of given) {
    if (array.layout === "csr") throw new DataError(`${owner}: ${name} is sparse; metrics take dense arrays.`);
    if (name === "sampleWeight") requireVector(owner, name, array);
  }
  for (const metric of metrics) metric.check(arrays);
  const plans = aligned(owner, given).map((array) => array.plan);
  const { unique, sourceOf } = sharedSteps(metrics, codes);
  const args: MetricsArgs = {
    owner,
    inputs: given.map(({ name, array }) => ({ name: name as MetricInputName, width: array.width })),
    metrics: unique.map(({ step, args: own }) => ({ step, args: own })),
  };
  const total = await reducePartitions<MetricsPartial>(
    plans,
    {
      label: owner,
      step: METRICS_STEP,
      args: args as unknown as Plain,
      combine: (a, b) => ({
        rows: a.rows + b.rows,
        weight: a.weight + b.weight,
        parts: unique.map(({ metric }, k) => metric.combine(a.parts[k], b.parts[k]) as Plain),
      }),
    },
    { ...options, ...(options.engine ? { engine: options.engine } : {}) },
  );
  if (!total || total.rows === 0) throw new DataError(`${owner}: there are no rows to score. Pass at least one.`);
  if (total.weight === 0)
    throw new DataError(`${owner}: the sample weights sum to 0. At least one row needs a weight above 0.`);
  const totals = { rows: total.rows, weight: total.weight, codes, inputs: arrays };
  const results: unknown[] = metrics.map((metric, k) => metric.finish(total.parts[sourceOf[k] as number], totals));
  return results as { -readonly [K in keyof M]: MetricResult<M[K]> };
}

/**
 * {@link metricPass} over named metrics.
 *
 * @example
 * ```ts
 * const { accuracy, loss } = await evaluateMetrics({ accuracy: accuracyKernel(), loss: logLossKernel() }, { yTrue,
 * yPred, yProba });
 * ```
 */
export async function evaluateMetrics<const M extends Readonly<Record<string, AnyKernel>>>(
  metrics: M,
  inputs: MetricInputs,
  options: PassOptions = {},
): Promise<{ -readonly [K in keyof M]: MetricResult<M[K]> }> {
  const names = Object.keys(metrics);
  const results: readonly unknown[] = await metricPass(Object.values(metrics), inputs, options);
  return Object.fromEntries(names.map((name, k) => [name, results[k]])) as {
    -readonly [K in keyof M]: MetricResult<M[K]>;
  };
}

interface SharedStep {
  readonly metric: AnyKernel;
  readonly step: FnRef;
  readonly args: Plain;
}

// Metrics of one family (precision and recall, say) have the same partials: they are computed once.
function sharedSteps(metrics: readonly AnyKernel[], codes: LabelCodes): { unique: SharedStep[]; sourceOf: number[] } {
  const unique: SharedStep[] = [];
  const places = new Map<string, number>();
  const sourceOf = metrics.map((metric) => {
    const args = metric.args(codes);
    const id = JSON.stringify([metric.step, args ?? null], (_, value: unknown) =>
      ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value,
    );
    let place = places.get(id);
    if (place === undefined) {
      place = unique.push({ metric, step: metric.step, args }) - 1;
      places.set(id, place);
    }
    return place;
  });
  return { unique, sourceOf };
}

const ORDER: readonly MetricInputName[] = ["yTrue", "yPred", "yScore", "yProba"];

function requireInputs(metrics: readonly AnyKernel[], inputs: MetricInputs): void {
  if (metrics.length === 0) throw new ParameterError("metricPass: the list of metrics is empty. Pass at least one.");
  for (const metric of metrics) {
    for (const name of metric.needs) {
      if (inputs[name] === undefined)
        throw new ParameterError(`${metric.name}: ${name} is not given. It needs ${metric.needs.join(" and ")}.`);
    }
  }
}

// The inputs that any metric needs, as arrays of numbers; weights come last.
function encoded(
  owner: string,
  metrics: readonly AnyKernel[],
  inputs: MetricInputs,
): { given: NamedInput[]; codes: LabelCodes } {
  const needed = ORDER.filter((name) => metrics.some((metric) => metric.needs.includes(name)));
  const texts = needed.filter((name) => isText(inputs[name]));
  for (const metric of metrics) {
    const text = metric.textLabels
      ? texts.find((name) => name !== "yTrue" && name !== "yPred")
      : texts.find((name) => metric.needs.includes(name));
    if (text) throw new DataError(`${metric.name}: ${text} has texts; it needs numbers. Encode them first.`);
  }
  const other = needed.find(
    (name) => (name === "yTrue" || name === "yPred") && !texts.includes(name) && !isEmpty(inputs[name]),
  );
  if (texts[0] !== undefined && other !== undefined) {
    throw new DataError(`${owner}: ${texts[0]} has texts but ${other} has not. Both need labels of one kind.`);
  }
  const named: Label[] = metrics.flatMap((metric) => [...(metric.labels ?? [])]);
  const codes = labelCodes(
    texts.map((name) => inputs[name] as readonly string[]),
    named,
  );
  const given = needed.map((name): NamedInput => {
    const value = inputs[name];
    const numbers = isText(value) ? encodeTexts(owner, name, value, codes) : value;
    return { name, array: toDistributed(owner, name, numbers), local: isLocal(numbers) };
  });
  const weight = inputs.sampleWeight;
  if (weight !== undefined)
    given.push({ name: "sampleWeight", array: toDistributed(owner, "sampleWeight", weight), local: isLocal(weight) });
  return { given, codes };
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
