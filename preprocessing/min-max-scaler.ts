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
import type { DenseChunk, MatrixChunk } from "../src/memory/column.js";
import { mergeRanges, type ColumnRanges } from "./column-ranges.js";
import { ColumnScaler, divisorOf } from "./column-scaler.js";
import { floatDtype, sparseError } from "./column-steps.js";
import { rangesOf } from "./range-fit.js";
import { inverseRow, inverseStep } from "./standard-scaler.js";

/** Parameters of {@link MinMaxScaler}. */
export interface MinMaxScalerParams {
  featureRange: readonly [number, number];
  clip: boolean;
}

interface MinMaxScalerState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  readonly ranges: ColumnRanges;
}

const TABLE = new ParamTable<MinMaxScalerParams>("MinMaxScaler", (z) =>
  z.object({
    featureRange: z
      .tuple([z.number(), z.number()])
      .refine(([low, high]) => low < high, "must be [low, high] with low < high")
      .default([0, 1])
      .describe("[low, high]: where the smallest and the largest value of each column go"),
    clip: z.boolean().default(false).describe("keep transformed values within featureRange"),
  }),
);

/**
 * Scales each column to a range: `z = x · scale + shift` with `scale = (high − low) / (max − min)` and
 * `shift = low − min · scale`; the scale of a constant column is `high − low`.
 *
 * One pass over X in `fit`; 48 bytes a column travel. X: `(nRows, nFeatures)`, dense, f64 or f32 (other dtypes are
 * converted); NaN are left out in `fit` and kept in `transform`; infinities are an error. Rows of weight 0 are left out,
 * other weights do not matter. `transform` is lazy for distributed X and keeps f32 as f32.
 *
 * `partialFit` over any batches and {@link merge} equal one fit on all rows exactly.
 *
 * @example
 * ```ts
 * const scaler = await new MinMaxScaler().fit([[1, 10], [2, 20], [3, 30]]);
 * (await scaler.transform([[2, 40]])).toRows(); // [[0.5, 1.5]]
 * ```
 */
export class MinMaxScaler extends ColumnScaler<MinMaxScalerParams, MinMaxScalerState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<MinMaxScalerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): MinMaxScaler {
    return new MinMaxScaler().restore(json);
  }

  /** @throws DataError for infinities, no rows, or sparse X */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    this.setState(await this.#measure("MinMaxScaler.fit", X, options));
    return this;
  }

  /** Adds rows to what was learnt before; the order and size of batches do not matter. */
  async partialFit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "MinMaxScaler.partialFit";
    const added = await this.#measure(owner, toMatrix(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The scaler of the union of what two scalers have seen, with the parameters of the first. */
  static merge(a: MinMaxScaler, b: MinMaxScaler): MinMaxScaler {
    return a.mergedWith(b, united);
  }

  /** @internal Fits of cross-validation's folds from one scan. */
  get foldStatistics(): FoldStatistics<MinMaxScaler> | undefined {
    return statisticsByMerge<MinMaxScaler>(this, (a, b) => MinMaxScaler.merge(a, b));
  }

  /** Smallest value of each column; NaN for one without values. */
  get dataMin(): Float64Array {
    const { min, max } = this.state.ranges;
    return min.map((value, j) => (value <= (max[j] ?? NaN) ? value : NaN));
  }

  /** Largest value of each column; NaN for one without values. */
  get dataMax(): Float64Array {
    const { min, max } = this.state.ranges;
    return max.map((value, j) => (value >= (min[j] ?? NaN) ? value : NaN));
  }

  /** `dataMax − dataMin`. */
  get dataRange(): Float64Array {
    const min = this.dataMin;
    return this.dataMax.map((value, j) => value - (min[j] ?? NaN));
  }

  /** What each column is multiplied by. */
  get scale(): Float64Array {
    const [low, high] = this.params.featureRange;
    return divisorOf(this.dataRange).map((range) => (high - low) / range);
  }

  /** What is added to each scaled column: scikit-learn's `min_`. */
  get min(): Float64Array {
    const [low] = this.params.featureRange;
    const dataMin = this.dataMin;
    return this.scale.map((scale, j) => low - (dataMin[j] ?? NaN) * scale);
  }

  /** Rows seen. */
  get nSamplesSeen(): number {
    return this.state.ranges.rows;
  }

  // The inverse `(z − min) / scale` is the form that the base class has, the other way round.
  protected get shift(): Float64Array {
    return this.min;
  }

  protected get divisor(): Float64Array {
    return this.scale;
  }

  protected override transformArray(x: DistributedArray): DistributedArray {
    if (x.layout === "csr")
      throw sparseError("MinMaxScaler.transform", "a shift would make it dense (MaxAbsScaler has none)");
    if (!this.params.clip) return this.affine(x, "inverseStep", this.min, this.scale);
    const [low, high] = this.params.featureRange;
    const args = { shift: this.min, scale: this.scale, low, high };
    const { innerShape, names } = x;
    return x.mapChunks("MinMaxScaler", fnRef(import.meta.url, "scaleAndClip"), args, {
      innerShape,
      names,
      dtype: floatDtype(x.dtype),
    });
  }

  protected override invertArray(x: DistributedArray): DistributedArray {
    if (x.layout === "csr") throw sparseError("MinMaxScaler.inverseTransform", "a shift would make it dense");
    return this.affine(
      x,
      "scaleStep",
      this.min,
      this.scale.map((value) => 1 / value),
    );
  }

  async #measure(owner: string, X: MatrixInput, options: FitOptions): Promise<MinMaxScalerState> {
    using design = Design.open(owner, X, undefined, options);
    if (design.layout === "csr") throw sparseError(owner, "a shift would make it dense (MaxAbsScaler has none)");
    const ranges = await rangesOf(design, "left out", "once");
    return { ...design.columns, ranges };
  }
}

registerEstimator("MinMaxScaler", MinMaxScaler);

function united(_owner: string, a: MinMaxScalerState, b: MinMaxScalerState): MinMaxScalerState {
  return { ...a, ranges: mergeRanges(a.ranges, b.ranges) };
}

/** `x · scale + shift` of one partition, no less than `low` and no more than `high`; NaN stay. */
export function scaleAndClip(
  context: TaskContext,
  args: { shift: Float64Array; scale: Float64Array; low: number; high: number },
  x: MatrixChunk,
): MatrixChunk {
  const scaled = inverseStep(context, args, x) as DenseChunk;
  for (const column of scaled.columns) clip(context.memory.view(column) as Float64Array, args.low, args.high);
  return scaled;
}

/** Brings values into [low, high] in place; NaN stay. */
export function clip(values: Float64Array, low: number, high: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < low) values[i] = low;
    else if (value > high) values[i] = high;
  }
}

addRowStep<{ shift: Float64Array; scale: Float64Array; low: number; high: number }>(
  fnRef(import.meta.url, "scaleAndClip"),
  (args) => {
    const scale = inverseRow(args);
    return ((row: Float64Array) => {
      const scaled = scale(row);
      clip(scaled, args.low, args.high);
      return scaled;
    }) as RowStep;
  },
);
