import { ParameterError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import type { LabelInput, MatrixInput, VectorInput } from "../src/estimator/inputs.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { InvertibleTransformer } from "./column-scaler.js";
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
}

interface QuantileTransformerState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  /** Quantiles of each column, at equally spaced levels from 0 to 1. */
  readonly quantiles: readonly Float64Array[];
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
 * f32. Quantiles of a union do not follow from those of its parts, so there is no `partialFit` and no `merge`.
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
    const owner = "QuantileTransformer.fit";
    const { nQuantiles, subsample, randomState } = this.params;
    if (nQuantiles > subsample) {
      throw new ParameterError(
        `${owner}: nQuantiles must be <= subsample; got ${nQuantiles} and ${subsample}. Raise subsample.`,
      );
    }
    using design = Design.open(owner, X, undefined, options);
    if (design.layout === "csr") throw sparseError(owner, "its quantiles are taken over dense columns");
    const ranges = await rangesOf(design, "left out", "hold");
    const sample = await sampleRows(design, ranges.rows, subsample, randomState);
    const count = Math.max(1, Math.min(nQuantiles, Math.floor(ranges.weight)));
    const levels = Array.from({ length: count }, (_, k) => (count === 1 ? 0 : k / (count - 1)));
    const quantiles = sample.columns.map((values) => sortedQuantiles(values, sample.weights, levels));
    this.setState({ nFeatures: design.nFeatures, ...(design.names ? { featureNames: design.names } : {}), quantiles });
    return this;
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
