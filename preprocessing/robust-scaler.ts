import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { fittedColumns } from "../src/estimator/fitted-columns.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../src/estimator/inputs.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { ColumnScaler, divisorOf } from "./column-scaler.js";
import {
  mergeSketched,
  needsSketch,
  quantileErrorParam,
  sketchColumns,
  sketchedQuantiles,
  type SketchedColumns,
} from "./column-sketches.js";
import { sparseError } from "./column-steps.js";
import { exactQuantiles } from "./exact-quantiles.js";
import { rangesOf } from "./range-fit.js";
import { normalQuantile } from "../src/numeric/normal-quantile.js";

/** Parameters of {@link RobustScaler}. */
export interface RobustScalerParams {
  withCentering: boolean;
  withScaling: boolean;
  quantileRange: readonly [number, number];
  unitVariance: boolean;
  quantileError: number | null;
}

interface RobustScalerState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  readonly median: Float64Array;
  /** Difference of the two quantiles. */
  readonly spread: Float64Array;
  /** The quantiles' levels in percent: `spread` belongs to them, whatever the parameters are set to later. */
  readonly quantileRange: readonly [number, number];
  /** Of a fit with `quantileError`. */
  readonly sketched?: SketchedColumns | undefined;
}

const TABLE = new ParamTable<RobustScalerParams>("RobustScaler", (z) =>
  z.object({
    withCentering: z.boolean().default(true).describe("subtract each column's median"),
    withScaling: z.boolean().default(true).describe("divide each column by the difference of two quantiles"),
    quantileRange: z
      .tuple([z.number().min(0).max(100), z.number().min(0).max(100)])
      .refine(([low, high]) => low <= high, "must be [low, high] with low <= high")
      .default([25, 75])
      .describe("[low, high] in percent: the quantiles whose difference is the scale"),
    unitVariance: z
      .boolean()
      .default(false)
      .describe("divide the scale by that of a standard normal, so that normal columns get variance 1"),
    quantileError: quantileErrorParam(z),
  }),
);

/**
 * Centres and scales columns by statistics that outliers do not move: `z = (x − median) / scale`, where `scale` is
 * `quantile(high) − quantile(low)`, or 1 where that is zero.
 *
 * The quantiles are exact for any number of rows and partitions, between neighbours by linear interpolation, as in
 * scikit-learn. Three passes over held data in `fit` (extremes, counts in 2,048 bins a column, the values of the bins that
 * matter), two more for columns with heavy tails; 16 KiB a column and partition travel.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32 (other dtypes are converted); NaN are left out in `fit` and kept in
 * `transform`; infinities are an error. Weight 2 counts a row twice. `transform` is lazy for distributed X and keeps f32 as
 * f32.
 *
 * Differs from scikit-learn: sparse X is refused; weights are taken; `median` and the quantiles are learnt whatever
 * `withCentering` and `withScaling` say, so that both can be set later. Exact quantiles of a union do not follow from those
 * of its parts: `partialFit` and {@link merge} need `quantileError`, with which the quantiles come from a sketch in one pass
 * after the extremes. They then equal one fit on all rows within that error, and exactly up to 8 / quantileError distinct
 * values a column.
 *
 * @example
 * ```ts
 * const scaler = await new RobustScaler().fit([[1], [2], [3], [4], [1000]]);
 * (await scaler.transform([[3], [5]])).toRows(); // [[0], [1]]
 * ```
 */
export class RobustScaler extends ColumnScaler<RobustScalerParams, RobustScalerState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<RobustScalerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): RobustScaler {
    return new RobustScaler().restore(json);
  }

  /** @throws DataError for infinities, no rows, or sparse X */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    this.setState(await this.#measure("RobustScaler.fit", X, options));
    return this;
  }

  /** Adds rows to what was learnt before. Needs `quantileError`. @throws DataError as `fit`, and without `quantileError` */
  async partialFit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "RobustScaler.partialFit";
    if (this.params.quantileError === null) throw needsSketch(owner);
    const added = await this.#measure(owner, toMatrix(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The scaler of the union of what two have seen, with the parameters of the first. @throws DataError for other columns or exact fits */
  static merge(a: RobustScaler, b: RobustScaler): RobustScaler {
    return a.mergedWith(b, united);
  }

  async #measure(owner: string, X: MatrixInput, options: FitOptions): Promise<RobustScalerState> {
    using design = Design.open(owner, X, undefined, options);
    if (design.layout === "csr")
      throw sparseError(owner, "its quantiles are taken over dense columns (MaxAbsScaler keeps zeros)");
    const ranges = await rangesOf(design, "left out", "hold");
    const { columns } = design;
    const { quantileError, quantileRange } = this.params;
    if (quantileError !== null)
      return fromSketches(columns, await sketchColumns(design, ranges, quantileError), this.params);
    return fromQuantiles(
      columns,
      await exactQuantiles(design, ranges, levelsOf(quantileRange), "linear"),
      quantileRange,
    );
  }

  /** Median of each column; NaN for one without values. */
  get center(): Float64Array {
    return this.state.median;
  }

  /** What each column is divided by: 1 for columns without spread, and for all when `withScaling` is false. */
  get scale(): Float64Array {
    const { spread, quantileRange } = this.state;
    if (!this.params.withScaling) return new Float64Array(spread.length).fill(1);
    const scale = divisorOf(spread);
    if (!this.params.unitVariance) return scale;
    const normal = normalQuantile(quantileRange[1] / 100) - normalQuantile(quantileRange[0] / 100);
    return scale.map((value) => value / normal);
  }

  protected get shift(): Float64Array {
    return this.params.withCentering ? this.center : new Float64Array(this.nFeatures);
  }

  protected get divisor(): Float64Array {
    return this.scale;
  }

  protected override transformArray(x: DistributedArray): DistributedArray {
    if (x.layout === "csr") throw sparseError("RobustScaler.transform", "the fit was on dense rows");
    return super.transformArray(x);
  }
}

registerEstimator("RobustScaler", RobustScaler);

type Columns = Pick<RobustScalerState, "nFeatures" | "featureNames">;

function levelsOf([low, high]: readonly [number, number]): number[] {
  return [0.5, low / 100, high / 100];
}

function fromQuantiles(
  columns: Columns,
  found: readonly Float64Array[],
  quantileRange: readonly [number, number],
): RobustScalerState {
  return {
    ...columns,
    median: Float64Array.from(found, (q) => q[0] ?? NaN),
    spread: Float64Array.from(found, (q) => (q[2] ?? NaN) - (q[1] ?? NaN)),
    quantileRange,
  };
}

function fromSketches(
  columns: Columns,
  sketched: SketchedColumns,
  { quantileRange }: Readonly<RobustScalerParams>,
): RobustScalerState {
  const found = sketchedQuantiles(sketched, levelsOf(quantileRange), "linear");
  return { ...fromQuantiles(columns, found, quantileRange), sketched };
}

function united(
  owner: string,
  a: RobustScalerState,
  b: RobustScalerState,
  params: Readonly<RobustScalerParams>,
): RobustScalerState {
  const { nFeatures, featureNames } = a;
  const columns = fittedColumns(nFeatures, featureNames);
  return fromSketches(columns, mergeSketched(owner, a.sketched, b.sketched), params);
}
