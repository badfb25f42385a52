import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import { TaskPlan } from "../src/collections/plan.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import type { LabelInput, MatrixInput, VectorInput } from "../src/estimator/inputs.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { mergeMoments, type Moments } from "../src/numeric/moments.js";
import { boundedMinimum } from "./bounded-minimum.js";
import type { ColumnRanges } from "./column-ranges.js";
import { InvertibleTransformer } from "./column-scaler.js";
import { floatDtype, sparseError } from "./column-steps.js";
import { LOGARITHMS_STEP, POSITIVE_STEP, POWER_MOMENTS_STEP, type PowerMethod } from "./power-steps.js";
import { rangesOf } from "./range-fit.js";

/** Parameters of {@link PowerTransformer}. */
export interface PowerTransformerParams {
  method: PowerMethod;
  standardize: boolean;
}

interface PowerTransformerState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  readonly method: PowerMethod;
  readonly lambdas: Float64Array;
  /** Mean and population standard deviation (1 for constant columns) of the transformed columns. */
  readonly mean: Float64Array;
  readonly scale: Float64Array;
}

const TABLE = new ParamTable<PowerTransformerParams>("PowerTransformer", (z) =>
  z.object({
    method: z
      .enum(["yeo-johnson", "box-cox"])
      .default("yeo-johnson")
      .describe("the family of transforms: Yeo-Johnson takes any numbers, Box-Cox those above 0"),
    standardize: z.boolean().default(true).describe("bring the transformed columns to mean 0 and variance 1"),
  }),
);

const STEPS = new URL("./power-steps.js", import.meta.url).href;
// scipy's.
const TOLERANCE = 1.48e-8;
const LOG_MAX = (Math.log(Number.MAX_VALUE) + Math.log(Number.EPSILON)) / 2;

/**
 * Makes columns more like a normal distribution: Yeo-Johnson `((1 + x)^λ − 1) / λ` for x >= 0 and
 * `−((1 − x)^(2 − λ) − 1) / (2 − λ)` below, or Box-Cox `(x^λ − 1) / λ`; the logarithm where a divisor is 0. λ maximises the
 * likelihood of a normal distribution, i.e. minimises `½ ln Var_w(t) − (λ − 1) Σw·L / Σw` with `L = sign(x)·ln(1 + |x|)`
 * (Box-Cox: `ln x`), column by column, by Brent's method. Constant columns have λ = 1.
 *
 * Passes of `fit` over held data: extremes, logarithms (kept, 8 bytes a value, until the fit ends), then 15 to 40
 * evaluations, each for all columns whose search goes on, and one for the mean and variance. 40 bytes a column travel.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32 (other dtypes are converted); NaN are left out in `fit` and kept in
 * `transform`; infinities are an error, and for Box-Cox values that are not above 0, by column, partition and row. Weight 2
 * counts a row twice. `transform` is lazy for distributed X and keeps f32 as f32.
 *
 * Differs from scikit-learn: constant columns are taken by Box-Cox too; weights are taken.
 *
 * @example
 * ```ts
 * const power = await new PowerTransformer().fit([[1], [2], [4], [8], [16]]);
 * power.lambdas; // about -0.19: nearly the logarithm
 * ```
 */
export class PowerTransformer extends InvertibleTransformer<PowerTransformerParams, PowerTransformerState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or value */
  constructor(params: Partial<PowerTransformerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): PowerTransformer {
    return new PowerTransformer().restore(json);
  }

  /** @throws DataError for infinities, no rows, sparse X, or values that the method cannot take */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "PowerTransformer.fit";
    const { method } = this.params;
    using design = Design.open(owner, X, undefined, options);
    if (design.layout === "csr") throw sparseError(owner, "its zeros would not stay zeros");
    const ranges = await rangesOf(design, "left out", "hold");
    if (method === "box-cox" && ranges.min.some((value) => value <= 0)) {
      await design.reduce<number>(POSITIVE_STEP, { owner, names: design.names }, (a, b) => a + b, false);
    }
    using logarithms = await design.derive(TaskPlan.blockwise(design.plan, owner, LOGARITHMS_STEP, { method }));
    const measure = (lambdas: Float64Array): Promise<Moments> =>
      logarithms.reduce<Moments>(POWER_MOMENTS_STEP, { method, lambdas }, mergeMoments, false);
    // With λ = 1 and Box-Cox's c both 1 the transform is x itself up to a constant: its variance tells constant columns.
    const plain = await measure(new Float64Array(design.nFeatures).fill(1));
    const lambdas = await this.#search(logarithms, ranges, plain, measure);
    const { mean, m2, weight, rows } = await measure(lambdas);
    const scale = m2.map((value, j) => {
      const variance = value / (weight[j] as number);
      return isConstant(variance, mean[j] as number, rows) ? 1 : Math.sqrt(variance);
    });
    this.setState({
      ...design.columns,
      method,
      lambdas,
      mean,
      scale,
    });
    return this;
  }

  /** λ of each column. */
  get lambdas(): Float64Array {
    return this.state.lambdas;
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    return this.#map(
      x,
      "transform",
      "powerStep",
      this.state.scale.map((value) => 1 / value),
    );
  }

  protected invertArray(x: DistributedArray): DistributedArray {
    return this.#map(x, "inverseTransform", "inversePowerStep", this.state.scale);
  }

  #map(x: DistributedArray, verb: string, step: string, scale: Float64Array): DistributedArray {
    const owner = `PowerTransformer.${verb}`;
    if (x.layout === "csr") throw sparseError(owner, "its zeros would not stay zeros");
    const { method, lambdas, mean } = this.state;
    const { standardize } = this.params;
    const args = {
      method,
      lambdas,
      shift: standardize ? mean : new Float64Array(lambdas.length),
      scale: standardize ? scale : new Float64Array(lambdas.length).fill(1),
      owner,
      names: this.featureNames,
    };
    const { innerShape, names } = x;
    return x.mapChunks("PowerTransformer", fnRef(STEPS, step), args, { innerShape, names, dtype: floatDtype(x.dtype) });
  }

  // All columns go one step in each pass; those that have arrived are left out.
  async #search(
    logarithms: Design,
    ranges: ColumnRanges,
    plain: Moments,
    measure: (lambdas: Float64Array) => Promise<Moments>,
  ): Promise<Float64Array> {
    const { method } = this.params;
    const sums = await logarithms.reduce<Moments>(
      fnRef(new URL("./standard-scaler.js", import.meta.url).href, "momentsOfDesign"),
      undefined,
      mergeMoments,
      false,
    );
    const lambdas = new Float64Array(ranges.min.length).fill(1);
    const searches = new Map<number, Generator<number, number, number>>();
    const next = new Float64Array(lambdas.length).fill(NaN);
    lambdas.forEach((_, j) => {
      const variance = (plain.m2[j] as number) / (plain.weight[j] as number);
      const constant =
        !((ranges.min[j] as number) < (ranges.max[j] as number)) ||
        isConstant(variance, plain.mean[j] as number, ranges.rows);
      if (constant) return;
      const [low, high] = boundsOf(method, ranges.min[j] as number, ranges.max[j] as number);
      const search = boundedMinimum(low, high, TOLERANCE);
      searches.set(j, search);
      next[j] = search.next().value;
    });
    while (searches.size > 0) {
      const { m2, weight } = await measure(next);
      for (const [j, search] of searches) {
        const variance = (m2[j] as number) / (weight[j] as number);
        const loss = 0.5 * Math.log(variance) - ((next[j] as number) - 1) * (sums.mean[j] as number);
        const { value, done } = search.next(Number.isNaN(loss) ? Infinity : loss);
        if (!done) next[j] = value;
        else {
          lambdas[j] = value;
          next[j] = NaN;
          searches.delete(j);
        }
      }
    }
    return lambdas;
  }
}

registerEstimator("PowerTransformer", PowerTransformer);

// Where the transform of values up to 20 times the largest, and its variance, neither overflow nor vanish (as scipy has it).
function boundsOf(method: PowerMethod, min: number, max: number): [number, number] {
  if (method === "box-cox") {
    const bound = LOG_MAX / Math.max(Math.abs(Math.log(min)), Math.abs(Math.log(max)), 1);
    return [-bound, bound];
  }
  const bound = LOG_MAX / Math.log1p(20 * Math.max(Math.abs(min), Math.abs(max)));
  if (max < 0) return [2 - bound, 2 + bound];
  return min < 0 ? [Math.max(2 - bound, -bound), Math.min(2 + bound, bound)] : [-bound, bound];
}

// scikit-learn's bound: below it a variance is rounding, which differs from split to split.
function isConstant(variance: number, mean: number, rows: number): boolean {
  const eps = Number.EPSILON;
  return !(variance > rows * eps * variance + (rows * mean * eps) ** 2);
}
