import type { Plain } from "../base/plain.js";
import type { DistributedArray } from "../collections/array/distributed-array.js";
import type { FnRef, TaskContext } from "../engine/engine.js";
import type { DType } from "../memory/dtype.js";

/** A class label: a number, or a text. */
export type Label = number | string;

/**
 * What metrics are computed from. `yPred` are labels or targets, `yScore` scores of the positive class, `yProba`
 * probabilities.
 */
export type MetricInputName = "yTrue" | "yPred" | "yScore" | "yProba";

/**
 * The rows of one partition as a metric's step sees them: finite doubles, one array a column; absent inputs are
 * undefined.
 */
export interface MetricRows {
  /** The names of the pass's metrics, for messages. */
  readonly owner: string;
  readonly rows: number;
  readonly partition: number;
  readonly columns: Readonly<Partial<Record<MetricInputName, readonly Float64Array[]>>>;
  /** How the inputs are stored. */
  readonly dtypes: Readonly<Partial<Record<MetricInputName, DType>>>;
  /** Finite and >= 0; undefined when every row weighs 1. */
  readonly weight: Float64Array | undefined;
}

/** A metric's own part of the pass over one partition; a function of a steps module, named with fnRef. */
export type MetricStep<P> = (context: TaskContext, args: never, rows: MetricRows) => P;

/** How labels travel: texts as their position among all texts in ascending order, numbers as they are. */
export interface LabelCodes {
  /** The number by which the steps know a label. @throws ParameterError when its kind is not that of the data */
  encode(owner: string, label: Label): number;
  decode(code: number): Label;
}

/** What a metric knows at the end besides its own total. */
export interface MetricTotals {
  readonly rows: number;
  /** Σw, above 0. */
  readonly weight: number;
  readonly codes: LabelCodes;
  readonly inputs: Readonly<Partial<Record<MetricInputName, DistributedArray>>>;
}

/**
 * One metric as a part of a pass that several may share (see `metricPass`): `step` on each partition, `combine` along a
 * fixed
 * tree, `finish` once. Partials are plain data.
 */
export interface MetricKernel<P = Plain, R = unknown> {
  /** The public name, for messages. */
  readonly name: string;
  readonly needs: readonly MetricInputName[];
  /** True when yTrue and yPred may be texts. */
  readonly textLabels: boolean;
  /** Labels that the user named in options, so that texts among them have codes. */
  readonly labels?: readonly Label[] | undefined;
  readonly step: FnRef;
  /** The step's arguments. */
  args(codes: LabelCodes): Plain;
  /** Checks shapes before anything runs. @throws DataError */
  check(inputs: Readonly<Partial<Record<MetricInputName, DistributedArray>>>): void;
  combine(a: P, b: P): P;
  finish(total: P, totals: MetricTotals): R;
}

/** What a kernel finishes with. */
export type MetricResult<K> = K extends { finish(total: never, totals: MetricTotals): infer R } ? R : never;
