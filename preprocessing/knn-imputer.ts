import { DataError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { Plain } from "../src/base/plain.js";
import { DEFAULT_SEED } from "../src/base/rng.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { fittedColumns, namesOrNumbers } from "../src/estimator/fitted-columns.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../src/estimator/inputs.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { Transformer } from "../src/estimator/transformer.js";
import { floatDtype, sparseError } from "./column-steps.js";
import { rangesOf } from "./range-fit.js";
import { sampleRows } from "./row-sample.js";

/** Parameters of {@link KNNImputer}. */
export interface KNNImputerParams {
  nNeighbors: number;
  weights: "uniform" | "distance";
  addIndicator: boolean;
  keepEmptyFeatures: boolean;
  subsample: number;
  randomState: number;
}

interface KNNImputerState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  /** The rows that may give values, column by column. */
  readonly rows: readonly Float64Array[];
  readonly weights: Float64Array | null;
  readonly nanCount: Float64Array;
  /** Rows that fit has seen, of which `rows` may be a sample. */
  readonly seen: number;
}

const TABLE = new ParamTable<KNNImputerParams>("KNNImputer", (z) =>
  z.object({
    nNeighbors: z.int().min(1).default(5).describe("rows whose values are averaged"),
    weights: z
      .enum(["uniform", "distance"])
      .default("uniform")
      .describe("neighbours count alike, or by the inverse of their distance"),
    addIndicator: z
      .boolean()
      .default(false)
      .describe("append a column of 0 and 1 for each column in which the fit saw missing values"),
    keepEmptyFeatures: z
      .boolean()
      .default(false)
      .describe("fill columns without any value with 0; otherwise they are left out"),
    subsample: z
      .int()
      .min(1)
      .default(10_000)
      .describe("rows that are kept and searched; all when there are not more, else about so many chosen at random"),
    randomState: z.number().default(DEFAULT_SEED).describe("seed of the choice of rows"),
  }),
);

/**
 * Fills missing values (NaN; null in frames) with the mean of the nearest rows of the fit that have the column. The distance
 * is Euclidean over the columns that both rows have, `√(p / common · Σ(x − y)²)` (Dixon 1979); rows without a common column
 * do not count, and where none is left the column's mean is taken. Scale columns first: units decide who is near.
 *
 * **The rows of the fit are the state**: at most about `subsample` of them, chosen by `randomState` and their position alone,
 * whatever the partitions. `fit` is two or three passes over held data, and the chosen rows travel. `transform` is lazy for
 * distributed X; each row with a missing value is compared with all rows kept: `O(rows · subsample · nFeatures)`.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32 (f32 stays f32); infinities are an error. Weight 2 counts a row as two
 * neighbours, weight 0 leaves it out. It returns the columns that had values in `fit`, then the indicators, named
 * `missingindicator_<name>`. `partialFit` and {@link merge} equal one fit on all rows while these are at most `subsample`,
 * and are refused beyond.
 *
 * Differs from scikit-learn: a sample is kept of more than `subsample` rows; weights are taken; of equally near rows the
 * first ones are taken; sparse X is refused.
 *
 * @example
 * ```ts
 * const imputer = await new KNNImputer({ nNeighbors: 1 }).fit([[1, 10], [2, 20], [9, 90]]);
 * (await imputer.transform([[8, NaN]])).toRows(); // [[8, 90]]
 * ```
 */
export class KNNImputer extends Transformer<KNNImputerParams, KNNImputerState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<KNNImputerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): KNNImputer {
    return new KNNImputer().restore(json);
  }

  /** @throws DataError for infinities, no rows, or sparse X */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    this.setState(await this.#measure("KNNImputer.fit", X, options));
    return this;
  }

  /** Adds rows to those that are kept. @throws DataError as `fit`, and for more than `subsample` rows together */
  async partialFit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "KNNImputer.partialFit";
    const added = await this.#measure(owner, toMatrix(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The imputer with the rows of both, and the parameters of the first. @throws DataError for other columns, or more than `subsample` rows */
  static merge(a: KNNImputer, b: KNNImputer): KNNImputer {
    return a.mergedWith(b, united);
  }

  /** Rows that are kept. */
  get nSamplesKept(): number {
    return this.state.rows[0]?.length ?? 0;
  }

  /** Positions of the columns that get an indicator when `addIndicator` is set. */
  get indicatorFeatures(): number[] {
    return Array.from(this.state.nanCount.keys()).filter((j) => (this.state.nanCount[j] as number) > 0);
  }

  override getFeatureNamesOut(): string[] {
    const names = namesOrNumbers(this.featureNames, this.nFeatures);
    const flags = this.params.addIndicator ? this.indicatorFeatures : [];
    return [...this.#keep().map((j) => names[j] ?? ""), ...flags.map((j) => `missingindicator_${names[j]}`)];
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    const owner = "KNNImputer.transform";
    if (x.layout === "csr") throw sparseError(owner, "the fit was on dense rows");
    const names = this.getFeatureNamesOut();
    if (names.length === 0)
      throw new DataError(
        `${owner}: no column had a value in fit, so none is left. Set keepEmptyFeatures to true, or drop such columns.`,
      );
    const { nNeighbors, weights, addIndicator } = this.params;
    const args = {
      rows: this.state.rows,
      weights: this.state.weights,
      nNeighbors,
      byDistance: weights === "distance",
      keep: this.#keep(),
      indicators: addIndicator ? this.indicatorFeatures : [],
    };
    const step = fnRef(new URL("./neighbour-steps.js", import.meta.url).href, "fillFromNeighbours");
    return x.mapChunks("KNNImputer", step, args as unknown as Plain, {
      innerShape: [names.length],
      names: x.names ? names : undefined,
      dtype: floatDtype(x.dtype),
    });
  }

  #keep(): number[] {
    const { nanCount, seen } = this.state;
    const all = Array.from(nanCount.keys());
    return this.params.keepEmptyFeatures ? all : all.filter((j) => (nanCount[j] as number) < seen);
  }

  async #measure(owner: string, X: MatrixInput, options: FitOptions): Promise<KNNImputerState> {
    using design = Design.open(owner, X, undefined, options);
    if (design.layout === "csr") throw sparseError(owner, "its absent entries are zeros, not missing values");
    const ranges = await rangesOf(design, "left out", "hold");
    const { subsample, randomState } = this.params;
    const sample = await sampleRows(design, ranges.rows, subsample, randomState);
    const kept = sample.weights?.some((weight) => weight === 0)
      ? Array.from(sample.weights.keys()).filter((i) => (sample.weights?.[i] as number) > 0)
      : undefined;
    const pick = (values: Float64Array): Float64Array =>
      kept ? Float64Array.from(kept, (i) => values[i] as number) : values;
    return {
      ...design.columns,
      rows: sample.columns.map(pick),
      weights: sample.weights ? pick(sample.weights) : null,
      nanCount: ranges.nanCount,
      seen: ranges.rows,
    };
  }
}

registerEstimator("KNNImputer", KNNImputer);

function united(
  owner: string,
  a: KNNImputerState,
  b: KNNImputerState,
  { subsample }: Readonly<KNNImputerParams>,
): KNNImputerState {
  const seen = a.seen + b.seen;
  if (seen > subsample) {
    throw new DataError(
      `${owner}: together they have seen ${seen} rows, and at most subsample (${subsample}) can be kept. Raise subsample before both fits, or fit on the union.`,
    );
  }
  const both = (p: Float64Array, q: Float64Array): Float64Array => Float64Array.from([...p, ...q]);
  const ones = ({ rows }: KNNImputerState): Float64Array => new Float64Array(rows[0]?.length ?? 0).fill(1);
  return {
    ...fittedColumns(a.nFeatures, a.featureNames),
    rows: a.rows.map((column, j) => both(column, b.rows[j] as Float64Array)),
    weights: a.weights || b.weights ? both(a.weights ?? ones(a), b.weights ?? ones(b)) : null,
    nanCount: a.nanCount.map((count, j) => count + (b.nanCount[j] as number)),
    seen,
  };
}
