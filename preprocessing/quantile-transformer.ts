import { ParameterError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { fittedColumns } from "../src/estimator/fitted-columns.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../src/estimator/inputs.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { InvertibleTransformer } from "./column-scaler.js";
import {
  mergeSketched,
  needsSketch,
  quantileErrorParam,
  sketchColumns,
  sketchedQuantiles,
  type SketchedColumns,
} from "./column-sketches.js";
import { floatDtype, sparseError } from "./column-steps.js";
import { rangesOf } from "./range-fit.js";
import { sampleRows } from "./row-sample.js";
import { sortedQuantiles } from "./sorted-quantiles.js";

/** Parameters of {@link QuantileTransformer}. */
export interface QuantileTransformerParams {
  nQuantiles: number;
  outputDistribution: "uniform" | "normal";
  subsample: number;
  randomState: number;
  quantileError: number | null;
}

interface QuantileTransformerState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  /** Quantiles of each column, at equally spaced levels from 0 to 1. */
  readonly quantiles: readonly Float64Array[];
  /** Of a fit with `quantileError`. */
  readonly sketched?: SketchedColumns | undefined;
}

const TABLE = new ParamTable<QuantileTransformerParams>("QuantileTransformer", (z) =>
  z.object({
    nQuantiles: z.int().min(1).default(1000).describe("quantiles that make the map, at most as many as there are rows"),
    outputDistribution: z
      .enum(["uniform", "normal"])
      .default("uniform")
      .describe("levels in [0, 1], or the normal quantiles of these"),
    subsample: z
      .int()
      .min(1)
      .default(10_000)
      .describe("rows from which the quantiles are taken; all when there are not more"),
    randomState: z.int().default(0).describe("seed of the choice of rows"),
    quantileError: quantileErrorParam(z),
  }),
);

const STEPS = new URL("./quantile-map.js", import.meta.url).href;

/**
 * Maps each column to a uniform or normal distribution: a value to the level of its quantile, `q` values with levels
 * `0, 1/(q−1), ..., 1` and straight lines between them. Values that several quantiles share get the middle of their levels;
 * values beyond the ends get 0 and 1. "normal" is the normal quantile of that level, cut at ±5.1993 (level 1e-7).
 *
 * Quantiles are exact up to `subsample` rows, by linear interpolation as in numpy. Of more rows about so many are chosen at
 * random: the level of a value is then off by about `√(p(1−p) / subsample)`, 0.005 at most by default. The choice depends on
 * `randomState` and each row's position only, not on partitions. Three passes over held data, the last for the chosen rows,
 * which travel.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32 (other dtypes are converted); NaN are left out in `fit` and kept in
 * `transform`; infinities are an error. Weight 2 counts a row twice. `transform` is lazy for distributed X and keeps f32 as
 * f32. Quantiles of a sample cannot be added to: `partialFit` and {@link merge} need `quantileError`, with which all rows
 * are used, whatever `subsample` says, and the quantiles come from a sketch. They then equal one fit on all rows within that
 * error, and exactly up to 8 / quantileError distinct values a column.
 *
 * Differs from scikit-learn: other rows are chosen where there are more than `subsample`; sparse X is refused; weights are
 * taken.
 *
 * @example
 * ```ts
 * const level = await new QuantileTransformer().fit([[1], [2], [100]]);
 * (await level.transform([[2], [51]])).toRows(); // [[0.5], [0.75]]
 * ```
 */
export class QuantileTransformer extends InvertibleTransformer<QuantileTransformerParams, QuantileTransformerState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<QuantileTransformerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): QuantileTransformer {
    return new QuantileTransformer().restore(json);
  }

  /** @throws DataError for infinities, no rows, or sparse X; ParameterError for more quantiles than sampled rows */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    this.setState(await this.#measure("QuantileTransformer.fit", X, options));
    return this;
  }

  /** Adds rows to what was learnt before. Needs `quantileError`. @throws DataError as `fit`, and without `quantileError` */
  async partialFit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "QuantileTransformer.partialFit";
    if (this.params.quantileError === null) throw needsSketch(owner);
    const added = await this.#measure(owner, toMatrix(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The transformer of the union of what two have seen, with the parameters of the first. @throws DataError for other columns or exact fits */
  static merge(a: QuantileTransformer, b: QuantileTransformer): QuantileTransformer {
    return a.mergedWith(b, united);
  }

  /** Quantiles of each column. */
  get quantiles(): readonly Float64Array[] {
    return this.state.quantiles;
  }

  /** Levels of the quantiles. */
  get references(): Float64Array {
    const count = this.state.quantiles[0]?.length ?? 0;
    return Float64Array.from({ length: count }, (_, k) => (count === 1 ? 0 : k / (count - 1)));
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    return this.#map(x, "transform", "toLevelsStep");
  }

  protected invertArray(x: DistributedArray): DistributedArray {
    return this.#map(x, "inverseTransform", "fromLevelsStep");
  }

  async #measure(owner: string, X: MatrixInput, options: FitOptions): Promise<QuantileTransformerState> {
    const { nQuantiles, subsample, randomState, quantileError } = this.params;
    if (quantileError === null && nQuantiles > subsample) {
      throw new ParameterError(
        `${owner}: nQuantiles must be <= subsample; got ${nQuantiles} and ${subsample}. Raise subsample.`,
      );
    }
    using design = Design.open(owner, X, undefined, options);
    if (design.layout === "csr") throw sparseError(owner, "its quantiles are taken over dense columns");
    const ranges = await rangesOf(design, "left out", "hold");
    const { columns } = design;
    if (quantileError !== null)
      return fromSketches(columns, await sketchColumns(design, ranges, quantileError), this.params);
    const sample = await sampleRows(design, ranges.rows, subsample, randomState);
    const levels = levelsOf(nQuantiles, ranges.weight);
    const quantiles = sample.columns.map((values) => sortedQuantiles(values, sample.weights, levels));
    return { ...columns, quantiles };
  }

  #map(x: DistributedArray, verb: string, step: string): DistributedArray {
    if (x.layout === "csr") throw sparseError(`QuantileTransformer.${verb}`, "its quantiles are of dense columns");
    const args = { quantiles: this.quantiles, normal: this.params.outputDistribution === "normal" };
    const { innerShape, names } = x;
    return x.mapChunks("QuantileTransformer", fnRef(STEPS, step), args, {
      innerShape,
      names,
      dtype: floatDtype(x.dtype),
    });
  }
}

registerEstimator("QuantileTransformer", QuantileTransformer);

type Columns = Pick<QuantileTransformerState, "nFeatures" | "featureNames">;

/** Equally spaced levels from 0 to 1, no more than there are rows. */
function levelsOf(nQuantiles: number, weight: number): number[] {
  const count = Math.max(1, Math.min(nQuantiles, Math.floor(weight)));
  return Array.from({ length: count }, (_, k) => (count === 1 ? 0 : k / (count - 1)));
}

function fromSketches(
  columns: Columns,
  sketched: SketchedColumns,
  { nQuantiles }: Readonly<QuantileTransformerParams>,
): QuantileTransformerState {
  const levels = levelsOf(nQuantiles, sketched.ranges.weight);
  return { ...columns, quantiles: sketchedQuantiles(sketched, levels, "linear"), sketched };
}

function united(
  owner: string,
  a: QuantileTransformerState,
  b: QuantileTransformerState,
  params: Readonly<QuantileTransformerParams>,
): QuantileTransformerState {
  const { nFeatures, featureNames } = a;
  const columns = fittedColumns(nFeatures, featureNames);
  return fromSketches(columns, mergeSketched(owner, a.sketched, b.sketched), params);
}
