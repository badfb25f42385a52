import { DataError, ParameterError, show } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { Plain } from "../src/base/plain.js";
import { DEFAULT_SEED } from "../src/base/rng.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { namesOrNumbers } from "../src/estimator/fitted-columns.js";
import type { LabelInput, MatrixInput, VectorInput } from "../src/estimator/inputs.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { Transformer } from "../src/estimator/transformer.js";
import { floatDtype, sparseError } from "./column-steps.js";
import { imputeInRounds, type ImputationOrder } from "./iterative-fit.js";
import { STEPS, type ColumnRegression } from "./iterative-steps.js";
import { rangesOf } from "./range-fit.js";
import { heldStatistics } from "./simple-imputer.js";

/** Parameters of {@link IterativeImputer}. */
export interface IterativeImputerParams {
  alpha: number;
  initialStrategy: "mean" | "median" | "mostFrequent" | "constant";
  fillValue: number;
  maxIter: number;
  tol: number;
  imputationOrder: ImputationOrder;
  skipComplete: boolean;
  minValue: number | readonly number[] | null;
  maxValue: number | readonly number[] | null;
  addIndicator: boolean;
  keepEmptyFeatures: boolean;
  randomState: number;
}

interface IterativeState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  /** Columns that are returned, and what a missing value of each is at first. */
  readonly keep: readonly number[];
  readonly fill: Float64Array;
  readonly sequence: readonly ColumnRegression[];
  readonly nIter: number;
  /** Columns in which the fit saw missing values. */
  readonly indicators: readonly number[];
}

const TABLE = new ParamTable<IterativeImputerParams>("IterativeImputer", (z) => {
  const limits = z.union([z.null(), z.number(), z.array(z.number()).min(1)]).default(null);
  return z.object({
    alpha: z.number().min(0).default(0).describe("ridge penalty of each regression; 0 is least squares"),
    initialStrategy: z
      .enum(["mean", "median", "mostFrequent", "constant"])
      .default("mean")
      .describe("what missing values are before the first round"),
    fillValue: z.number().default(0).describe('the value of initialStrategy "constant"'),
    maxIter: z.int().min(0).default(10).describe("rounds at most"),
    tol: z
      .number()
      .min(0)
      .default(1e-3)
      .describe("a round is the last one when no row changes by more than this share of the largest magnitude"),
    imputationOrder: z
      .enum(["ascending", "descending", "roman", "arabic", "random"])
      .default("ascending")
      .describe(
        "columns by their number of missing values, or from left to right, right to left, or another order a round",
      ),
    skipComplete: z
      .boolean()
      .default(false)
      .describe("learn nothing for columns without missing values; new ones in transform then stay at the first fill"),
    minValue: limits.describe("predictions are no less than this: one number, or one a column"),
    maxValue: limits.describe("predictions are no more than this: one number, or one a column"),
    addIndicator: z
      .boolean()
      .default(false)
      .describe("append a column of 0 and 1 for each column in which the fit saw missing values"),
    keepEmptyFeatures: z
      .boolean()
      .default(false)
      .describe("fill columns without any value with 0 (or fillValue); otherwise they are left out"),
    randomState: z.number().default(DEFAULT_SEED).describe('seed of imputationOrder "random"'),
  });
});

/**
 * Fills missing values (NaN; null in frames) by regressions: each column in turn on all the others, over the rows where it
 * is there, with what is known of the others so far; then the next one; round after round until little changes (van Buuren
 * and Groothuis-Oudshoorn, "mice", 2011). The regressions minimise `Σw(y − x·b − a)² + alpha·|b|²`.
 *
 * `fit` holds the rows and, in each round, makes one pass for each column with missing values and one more; co-moments of
 * all columns travel, `8·nFeatures²` bytes a partition. `transform` replays all rounds' regressions and is lazy for
 * distributed X; f32 stays f32. A warning says when `maxIter` was not enough.
 *
 * X: `(nRows, nFeatures)`, dense; infinities are an error. Weight 2 counts a row twice, weight 0 leaves it out. It returns
 * the columns that had values in `fit`, then the indicators, named `missingindicator_<name>`.
 *
 * Differs from scikit-learn: the estimator is least squares or ridge, where scikit-learn's default is BayesianRidge (with
 * the same estimator the values are the same); columns that are nearly dependent get a penalty of 1e-10 of their mean
 * square; no sampling from the posterior, no choice of nearest features; sparse X is refused; "random" draws otherwise.
 * Sums of a round depend on the round before, so there is no `partialFit` and no `merge`.
 *
 * @example
 * ```ts
 * const imputer = await new IterativeImputer().fit([[1, 2], [2, 4], [3, 6], [NaN, 8]]);
 * (await imputer.transform([[NaN, 10]])).toRows(); // [[5, 10]]
 * ```
 */
export class IterativeImputer extends Transformer<IterativeImputerParams, IterativeState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<IterativeImputerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): IterativeImputer {
    return new IterativeImputer().restore(json);
  }

  /** @throws DataError for infinities, no rows, sparse X, or no column with a value; ParameterError for limits that do not fit X */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "IterativeImputer.fit";
    const { initialStrategy, fillValue, keepEmptyFeatures, maxIter, tol, alpha, imputationOrder } = this.params;
    using design = Design.open(owner, X, undefined, options);
    if (design.layout === "csr") throw sparseError(owner, "its absent entries are zeros, not missing values");
    const ranges = await rangesOf(design, "left out", "hold");
    const statistics = await heldStatistics(design, ranges, initialStrategy, fillValue);
    const all = Array.from(ranges.min.keys());
    const isEmpty = (j: number): boolean => !((ranges.min[j] as number) <= (ranges.max[j] as number));
    const keep = all.filter((j) => keepEmptyFeatures || !isEmpty(j));
    if (keep.length === 0) {
      throw new DataError(
        `${owner}: no column has a value, so none would be left. Set keepEmptyFeatures to true, or drop such columns.`,
      );
    }
    const fill = Float64Array.from(keep, (j) =>
      isEmpty(j) ? (initialStrategy === "constant" ? fillValue : 0) : (statistics[j] as number),
    );
    const missing = Float64Array.from(keep, (j) => (isEmpty(j) ? 0 : (ranges.nanCount[j] as number)));
    const [low, high] = [
      this.#limits("minValue", -Infinity, keep, all.length),
      this.#limits("maxValue", Infinity, keep, all.length),
    ];
    const crossed = keep.findIndex((_, k) => (low[k] as number) >= (high[k] as number));
    if (crossed >= 0)
      throw new ParameterError(
        `${owner}: minValue must be below maxValue; got ${low[crossed]} and ${high[crossed]} for column ${show(design.names?.[keep[crossed] as number] ?? keep[crossed])}.`,
      );
    const largest = keep.reduce(
      (most, j) =>
        isEmpty(j) ? most : Math.max(most, Math.abs(ranges.min[j] as number), Math.abs(ranges.max[j] as number)),
      0,
    );
    const isNeeded = keep.length > 1 && maxIter > 0;
    const { skipComplete, randomState: seed } = this.params;
    const settings = { keep, fill, missing, low, high, alpha, maxIter, tolerance: tol * largest };
    const rounds = isNeeded
      ? await imputeInRounds(design, { ...settings, order: imputationOrder, skipComplete, seed })
      : { sequence: [], nIter: 0, converged: true, change: 0 };
    if (!rounds.converged) {
      process.emitWarning(
        `${owner}: not converged after ${maxIter} rounds (a row changed by ${rounds.change.toExponential(2)}, tol allows ${settings.tolerance.toExponential(2)}). Raise maxIter or tol.`,
        "ConvergenceWarning",
      );
    }
    this.setState({
      ...design.columns,
      keep,
      fill,
      sequence: rounds.sequence,
      nIter: rounds.nIter,
      indicators: all.filter((j) => (ranges.nanCount[j] as number) > 0),
    });
    return this;
  }

  /** Rounds made. */
  get nIter(): number {
    return this.state.nIter;
  }

  /** What missing values of each column are before the first round; NaN for columns that are left out. */
  get initialStatistics(): Float64Array {
    const { keep, fill, nFeatures } = this.state;
    const out = new Float64Array(nFeatures).fill(NaN);
    keep.forEach((j, k) => (out[j] = fill[k] as number));
    return out;
  }

  /** Positions of the columns that get an indicator when `addIndicator` is set. */
  get indicatorFeatures(): readonly number[] {
    return this.state.indicators;
  }

  override getFeatureNamesOut(): string[] {
    const names = namesOrNumbers(this.featureNames, this.nFeatures);
    const { keep, indicators } = this.state;
    const flags = this.params.addIndicator ? indicators : [];
    return [...keep.map((j) => names[j] ?? ""), ...flags.map((j) => `missingindicator_${names[j]}`)];
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    if (x.layout === "csr") throw sparseError("IterativeImputer.transform", "the fit was on dense rows");
    const { keep, fill, sequence, indicators } = this.state;
    const names = this.getFeatureNamesOut();
    const args = { keep, fill, sequence, indicators: this.params.addIndicator ? indicators : [] } as unknown as Plain;
    return x.mapChunks("IterativeImputer", STEPS.replay, args, {
      innerShape: [names.length],
      names: x.names ? names : undefined,
      dtype: floatDtype(x.dtype),
    });
  }

  #limits(name: "minValue" | "maxValue", none: number, keep: readonly number[], width: number): Float64Array {
    const given = this.params[name];
    if (given === null || typeof given === "number") return new Float64Array(keep.length).fill(given ?? none);
    if (given.length === width) return Float64Array.from(keep, (j) => given[j] as number);
    throw new ParameterError(
      `IterativeImputer.fit: ${name} has ${given.length} numbers, but X has ${width} columns. Give one number for each, or one for all.`,
    );
  }
}

registerEstimator("IterativeImputer", IterativeImputer);
