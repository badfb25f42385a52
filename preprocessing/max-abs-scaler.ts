import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../src/estimator/inputs.js";
import { statisticsByMerge, type FoldStatistics } from "../src/estimator/fold-statistics.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { addRowStep, type RowStep } from "../src/estimator/row-steps.js";
import { isDense, type MatrixChunk } from "../src/memory/column.js";
import { mergeRanges, type ColumnRanges } from "./column-ranges.js";
import { ColumnScaler, divisorOf } from "./column-scaler.js";
import { floatDtype } from "./column-steps.js";
import { clip } from "./min-max-scaler.js";
import { rangesOf } from "./range-fit.js";
import { scaleRow, scaleStep } from "./standard-scaler.js";

/** Parameters of {@link MaxAbsScaler}. */
export interface MaxAbsScalerParams {
  clip: boolean;
}

interface MaxAbsScalerState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  readonly ranges: ColumnRanges;
}

const TABLE = new ParamTable<MaxAbsScalerParams>("MaxAbsScaler", (z) =>
  z.object({ clip: z.boolean().default(false).describe("keep transformed values within [-1, 1]") }),
);

/**
 * Divides each column by its largest magnitude, 1 where that is zero: values of the fit end in [-1, 1], and zeros stay
 * zeros, so that sparse X stays sparse.
 *
 * One pass over X in `fit`; 48 bytes a column travel. X: `(nRows, nFeatures)`, dense (f64 or f32) or CSR; NaN are left out in
 * `fit` and kept in `transform`; infinities are an error. Rows of weight 0 are left out, other weights do not matter.
 * `transform` is lazy for distributed X and keeps f32 as f32.
 *
 * `partialFit` over any batches and {@link merge} equal one fit on all rows exactly.
 *
 * @example
 * ```ts
 * const scaler = await new MaxAbsScaler().fit([[1, -10], [2, 5]]);
 * (await scaler.transform([[1, 5]])).toRows(); // [[0.5, 0.5]]
 * ```
 */
export class MaxAbsScaler extends ColumnScaler<MaxAbsScalerParams, MaxAbsScalerState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value of the wrong type */
  constructor(params: Partial<MaxAbsScalerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): MaxAbsScaler {
    return new MaxAbsScaler().restore(json);
  }

  /** @throws DataError for infinities or no rows */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    this.setState(await measure("MaxAbsScaler.fit", X, options));
    return this;
  }

  /** Adds rows to what was learnt before; the order and size of batches do not matter. */
  async partialFit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "MaxAbsScaler.partialFit";
    const added = await measure(owner, toMatrix(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The scaler of the union of what two scalers have seen, with the parameters of the first. */
  static merge(a: MaxAbsScaler, b: MaxAbsScaler): MaxAbsScaler {
    return a.mergedWith(b, united);
  }

  /** @internal Fits of cross-validation's folds from one scan. */
  get foldStatistics(): FoldStatistics<MaxAbsScaler> | undefined {
    return statisticsByMerge<MaxAbsScaler>(this, (a, b) => MaxAbsScaler.merge(a, b));
  }

  /** Largest magnitude of each column; NaN for one without values. */
  get maxAbs(): Float64Array {
    const { min, max } = this.state.ranges;
    return min.map((low, j) => {
      const high = max[j] ?? NaN;
      return low <= high ? Math.max(Math.abs(low), Math.abs(high)) : NaN;
    });
  }

  /** What each column is divided by. */
  get scale(): Float64Array {
    return divisorOf(this.maxAbs);
  }

  /** Rows seen. */
  get nSamplesSeen(): number {
    return this.state.ranges.rows;
  }

  protected get shift(): Float64Array {
    return new Float64Array(this.nFeatures);
  }

  protected get divisor(): Float64Array {
    return this.scale;
  }

  protected override transformArray(x: DistributedArray): DistributedArray {
    if (!this.params.clip) return super.transformArray(x);
    const args = { shift: this.shift, scale: this.scale.map((value) => 1 / value) };
    const { innerShape, names, layout } = x;
    const step = fnRef(import.meta.url, "scaleAndClipToOne");
    return x.mapChunks("MaxAbsScaler", step, args, { innerShape, names, layout, dtype: floatDtype(x.dtype) });
  }
}

registerEstimator("MaxAbsScaler", MaxAbsScaler);

function united(_owner: string, a: MaxAbsScalerState, b: MaxAbsScalerState): MaxAbsScalerState {
  return { ...a, ranges: mergeRanges(a.ranges, b.ranges) };
}

async function measure(owner: string, X: MatrixInput, options: FitOptions): Promise<MaxAbsScalerState> {
  using design = Design.open(owner, X, undefined, options);
  const ranges = await rangesOf(design, "left out", "once");
  return { ...design.columns, ranges };
}

/** `x · scale` of one partition, dense or sparse, within [-1, 1]. */
export function scaleAndClipToOne(
  context: TaskContext,
  args: { shift: Float64Array; scale: Float64Array },
  x: MatrixChunk,
): MatrixChunk {
  const scaled = scaleStep(context, args, x);
  const columns = isDense(scaled) ? scaled.columns : [scaled.values];
  for (const column of columns) clip(context.memory.view(column) as Float64Array, -1, 1);
  return scaled;
}

addRowStep<{ shift: Float64Array; scale: Float64Array }>(fnRef(import.meta.url, "scaleAndClipToOne"), (args) => {
  const scale = scaleRow(args);
  return ((row: Float64Array) => {
    const scaled = scale(row);
    clip(scaled, -1, 1);
    return scaled;
  }) as RowStep;
});
