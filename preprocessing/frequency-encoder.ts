import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { fittedColumns, namesOrNumbers } from "../src/estimator/fitted-columns.js";
import { FrameTransformer } from "../src/estimator/frame-transformer.js";
import type { LabelInput, VectorInput } from "../src/estimator/inputs.js";
import { statisticsByMerge, type FoldStatistics } from "../src/estimator/fold-statistics.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { fittedTable, toTable, type FittedTable, type Table, type TableInput } from "../src/estimator/table.js";
import { learnCategories, learntOf, mergeLearnt, type Learnt } from "./categories.js";
import type { Category } from "./column-codes.js";
import { mapCategories } from "./map-categories.js";

/** Parameters of {@link FrequencyEncoder}. */
export interface FrequencyEncoderParams {
  normalize: boolean;
  handleUnknown: "error" | "zero";
  dtype: "f64" | "f32";
  categoryLimit: number;
}

interface FrequencyState extends FittedTable {
  readonly rows: number;
  readonly weight: number;
  readonly categories: readonly (readonly Category[])[];
  readonly counts: readonly Float64Array[];
}

const TABLE = new ParamTable<FrequencyEncoderParams>("FrequencyEncoder", (z) =>
  z.object({
    normalize: z
      .boolean()
      .default(true)
      .describe("whether the result is the share of the rows rather than their number"),
    handleUnknown: z
      .enum(["error", "zero"])
      .default("zero")
      .describe("a category that fit has not seen: an error, or 0"),
    dtype: z.enum(["f64", "f32"]).default("f64").describe("type of the result"),
    categoryLimit: z.int().min(1).default(100_000).describe("more categories in a column are an error"),
  }),
);

const REMEDY = 'Use handleUnknown: "zero", or fit on rows that have it.';

/**
 * Each category of each column as how often it occurred in fit: `Σw of its rows / Σw of all rows`, or `Σw of its rows`
 * with `normalize: false`. Missing values are a category of their own. Two categories that are equally frequent get the
 * same number. `partialFit` over any batches and {@link merge} equal one fit on all rows.
 *
 * `fit` is one pass over all columns; `transform` is lazy for distributed X and dense: frames give frames. scikit-learn has
 * no such encoder; it is `CountFrequencyEncoder` elsewhere.
 *
 * @example
 * ```ts
 * const encoder = await new FrequencyEncoder().fit({ city: ["Bern", "Basel", "Bern", "Bern"] });
 * await encoder.transform({ city: ["Bern", "Basel", "Chur"] }); // 0.75, 0.25, 0
 * ```
 */
export class FrequencyEncoder extends FrameTransformer<FrequencyEncoderParams, FrequencyState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<FrequencyEncoderParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): FrequencyEncoder {
    return new FrequencyEncoder().restore(json);
  }

  /** One pass. @throws DataError for infinities, no rows, or too many categories */
  async fit(X: TableInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "FrequencyEncoder.fit";
    this.setState(await this.#learn(owner, toTable(owner, X), options));
    return this;
  }

  /** Adds rows to what was learnt before: one pass over them. @throws DataError as `fit`, and for other columns */
  async partialFit(X: TableInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "FrequencyEncoder.partialFit";
    const added = await this.#learn(owner, toTable(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The encoder of the union of what two encoders have seen, with the parameters of the first. @throws DataError for other columns */
  static merge(a: FrequencyEncoder, b: FrequencyEncoder): FrequencyEncoder {
    return a.mergedWith(b, united);
  }

  /** @internal Fits of cross-validation's folds from one scan. */
  get foldStatistics(): FoldStatistics<FrequencyEncoder> | undefined {
    return statisticsByMerge<FrequencyEncoder>(this, (a, b) => FrequencyEncoder.merge(a, b));
  }

  /** Categories of each column, ascending, missing last. */
  get categories(): readonly (readonly Category[])[] {
    return this.state.categories;
  }

  /** What each category becomes. */
  get encodings(): readonly Float64Array[] {
    const { counts, weight } = this.state;
    return this.params.normalize ? counts.map((own) => own.map((count) => count / weight)) : counts;
  }

  getFeatureNamesOut(): string[] {
    return this.state.kinds.map((_, j) => this.state.featureNames?.[j] ?? `x${j}`);
  }

  protected transformTable(table: Table): DistributedArray {
    const { categories, featureNames } = this.state;
    const { handleUnknown, dtype } = this.params;
    const refuse = handleUnknown === "error" ? REMEDY : null;
    const unknown = new Float64Array(table.width);
    const numbers = {
      owner: "FrequencyEncoder.transform",
      columns: table.columns,
      categories,
      refuse,
      values: this.encodings,
      unknown,
      dtype,
    };
    return mapCategories("FrequencyEncoder", table, numbers, featureNames);
  }

  async #learn(owner: string, table: Table, options: FitOptions): Promise<FrequencyState> {
    const settings = { categories: "auto", limit: this.params.categoryLimit } as const;
    const learnt = await learnCategories(owner, table, settings, options);
    return stateOf(fittedTable(table), learnt);
  }
}

registerEstimator("FrequencyEncoder", FrequencyEncoder);

function stateOf(fitted: FittedTable, { rows, weight, columns }: Learnt): FrequencyState {
  return {
    ...fitted,
    rows,
    weight,
    categories: columns.map((column) => column.categories),
    counts: columns.map((column) => column.counts),
  };
}

function united(
  owner: string,
  a: FrequencyState,
  b: FrequencyState,
  params: Readonly<FrequencyEncoderParams>,
): FrequencyState {
  const { nFeatures, featureNames, kinds } = a;
  const names = namesOrNumbers(featureNames, nFeatures);
  const merged = mergeLearnt(owner, names, { given: false, limit: params.categoryLimit }, learntOf(a), learntOf(b));
  return stateOf({ ...fittedColumns(nFeatures, featureNames), kinds }, merged);
}
