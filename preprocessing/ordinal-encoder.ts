import { ParameterError, show } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../src/collections/array/local-matrix.js";
import type { DistributedDataFrame } from "../src/collections/frame/distributed-data-frame.js";
import type { PolarsFrame } from "../src/collections/frame/polars.js";
import type { FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { fittedColumns, namesOrNumbers } from "../src/estimator/fitted-columns.js";
import { FrameTransformer } from "../src/estimator/frame-transformer.js";
import type { LabelInput, MatrixInput, VectorInput } from "../src/estimator/inputs.js";
import { statisticsByMerge, type FoldStatistics } from "../src/estimator/fold-statistics.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { fittedTable, toTable, type FittedTable, type Table, type TableInput } from "../src/estimator/table.js";
import { isMissing, learnCategories, learntOf, mergeLearnt, type Learnt } from "./categories.js";
import type { Category } from "./column-codes.js";
import { decodeCategories } from "./decode-categories.js";
import { categoryListsParam } from "./encoder-params.js";
import { mapCategories } from "./map-categories.js";

/** Parameters of {@link OrdinalEncoder}. */
export interface OrdinalEncoderParams {
  categories: "auto" | readonly (readonly Category[])[];
  handleUnknown: "error" | "use_encoded_value";
  unknownValue: number | null;
  encodedMissingValue: number;
  dtype: "f64" | "f32";
  categoryLimit: number;
}

interface OrdinalState extends FittedTable {
  readonly rows: number;
  readonly weight: number;
  /** Σw of each category of each column. */
  readonly counts: readonly Float64Array[];
  readonly categories: readonly (readonly Category[])[];
  /** The code of each category of each column. */
  readonly codes: readonly Float64Array[];
}

const TABLE = new ParamTable<OrdinalEncoderParams>("OrdinalEncoder", (z) =>
  z.object({
    categories: categoryListsParam(z),
    handleUnknown: z
      .enum(["error", "use_encoded_value"])
      .default("error")
      .describe("a category that fit has not seen: an error, or unknownValue"),
    unknownValue: z
      .union([z.null(), z.number(), z.nan()])
      .default(null)
      .describe('the code of unknown categories with handleUnknown "use_encoded_value"'),
    encodedMissingValue: z.union([z.number(), z.nan()]).default(NaN).describe("the code of null and NaN"),
    dtype: z.enum(["f64", "f32"]).default("f64").describe("type of the result"),
    categoryLimit: z.int().min(1).default(100_000).describe("more categories in a column are an error"),
  }),
);

const REMEDY = 'Use handleUnknown: "use_encoded_value" with unknownValue: -1, or fit on rows that have it.';

/**
 * Each category of each column as its position in the sorted list of the column's categories (or in the list given).
 * Missing values (null, NaN) become `encodedMissingValue`.
 *
 * `fit` is one pass over all columns; `transform` is lazy for distributed X and dense: frames give frames. Text is compared
 * inside Polars. With sample weights, categories that have only rows of weight 0 do not exist. `partialFit` over any
 * batches and {@link merge} equal one fit on all rows.
 *
 * Differs from scikit-learn: null is missing as NaN is; text sorts by UTF-16 code; no grouping of rare categories (see OneHotEncoder); in
 * `inverseTransform` a code that stands for no category gives null or NaN.
 *
 * @example
 * ```ts
 * const encoder = await new OrdinalEncoder().fit({ size: ["S", "M", "L", "S"] });
 * encoder.categories; // [["L", "M", "S"]]
 * await encoder.transform({ size: ["M"] }); // 1
 * ```
 */
export class OrdinalEncoder extends FrameTransformer<OrdinalEncoderParams, OrdinalState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<OrdinalEncoderParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): OrdinalEncoder {
    return new OrdinalEncoder().restore(json);
  }

  /**
   * One pass.
   * @throws ParameterError when unknownValue does not go with handleUnknown, or a special code is a category's
   * @throws DataError for infinities, no rows, or too many categories
   */
  async fit(X: TableInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "OrdinalEncoder.fit";
    this.setState(await this.#learn(owner, toTable(owner, X), options));
    return this;
  }

  /** Adds rows to what was learnt before: one pass over them. New categories move the codes of those that sort after them. @throws as `fit` */
  async partialFit(X: TableInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "OrdinalEncoder.partialFit";
    const added = await this.#learn(owner, toTable(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The encoder of the union of what two encoders have seen, with the parameters of the first. @throws DataError for other columns */
  static merge(a: OrdinalEncoder, b: OrdinalEncoder): OrdinalEncoder {
    return a.mergedWith(b, united);
  }

  /** @internal Fits of cross-validation's folds from one scan. */
  get foldStatistics(): FoldStatistics<OrdinalEncoder> | undefined {
    return statisticsByMerge<OrdinalEncoder>(this, (a, b) => OrdinalEncoder.merge(a, b));
  }

  /** Categories of each column; a category's position is its code (missing, last, has `encodedMissingValue`). */
  get categories(): readonly (readonly Category[])[] {
    return this.state.categories;
  }

  getFeatureNamesOut(): string[] {
    return this.state.kinds.map((_, j) => this.state.featureNames?.[j] ?? `x${j}`);
  }

  /** Categories from codes: an array where all columns were numbers, else a frame. */
  inverseTransform(X: MatrixInput): DistributedArray | DistributedDataFrame | Promise<LocalMatrix | PolarsFrame> {
    const { categories, kinds, featureNames } = this.state;
    const features = categories.map((list, j) => {
      // Given lists may have their missing value anywhere: codes are positions without it.
      const positions = Int32Array.from(list.flatMap((category, k) => (isMissing(category) ? [] : [k])));
      return { name: featureNames?.[j] ?? `x${j}`, kind: kinds[j] ?? "number", categories: list, positions, none: -1 };
    });
    return decodeCategories("OrdinalEncoder.inverseTransform", X, features, "code", featureNames);
  }

  protected transformTable(table: Table): DistributedArray {
    const { categories, codes, featureNames } = this.state;
    const { handleUnknown, unknownValue, dtype } = this.params;
    const unknown = new Float64Array(table.width).fill(unknownValue ?? NaN);
    const refuse = handleUnknown === "error" ? REMEDY : null;
    const numbers = {
      owner: "OrdinalEncoder.transform",
      columns: table.columns,
      categories,
      refuse,
      values: codes,
      unknown,
      dtype,
    };
    return mapCategories("OrdinalEncoder", table, numbers, featureNames);
  }

  async #learn(owner: string, table: Table, options: FitOptions): Promise<OrdinalState> {
    const { categories, categoryLimit: limit, handleUnknown, unknownValue } = this.params;
    if ((unknownValue === null) !== (handleUnknown === "error")) {
      throw new ParameterError(
        `${owner}: unknownValue must be ${handleUnknown === "error" ? 'null with handleUnknown "error"' : 'a number with handleUnknown "use_encoded_value"'}; got ${show(unknownValue)}.`,
      );
    }
    const refuse = handleUnknown === "error" ? REMEDY : undefined;
    const learnt = await learnCategories(owner, table, { categories, limit, refuse }, options);
    const fitted = {
      ...fittedTable(table),
    };
    return stateOf(owner, fitted, learnt, this.params);
  }
}

registerEstimator("OrdinalEncoder", OrdinalEncoder);

/** @throws ParameterError when a special code is one of a category */
function stateOf(
  owner: string,
  fitted: FittedTable,
  { rows, weight, columns }: Learnt,
  { unknownValue, encodedMissingValue }: Readonly<OrdinalEncoderParams>,
): OrdinalState {
  columns.forEach(({ categories }, j) => {
    const codes = categories.length - Number(categories.some(isMissing));
    const special: [string, number | null, boolean][] = [
      ["unknownValue", unknownValue, true],
      ["encodedMissingValue", encodedMissingValue, codes < categories.length],
    ];
    for (const [name, value, used] of special) {
      if (!used || value === null || !(Number.isInteger(value) && value >= 0 && value < codes)) continue;
      const column = namesOrNumbers(fitted.featureNames, fitted.nFeatures)[j];
      throw new ParameterError(
        `${owner}: ${name} must not be a code of a category; got ${value}, which is one of column ${show(column)}. Use -1.`,
      );
    }
  });
  return {
    ...fitted,
    rows,
    weight,
    counts: columns.map(({ counts }) => counts),
    categories: columns.map(({ categories }) => categories),
    codes: columns.map(({ categories }) => {
      let next = 0;
      return Float64Array.from(categories, (category) => (isMissing(category) ? encodedMissingValue : next++));
    }),
  };
}

function united(owner: string, a: OrdinalState, b: OrdinalState, params: Readonly<OrdinalEncoderParams>): OrdinalState {
  const { nFeatures, featureNames, kinds } = a;
  const names = namesOrNumbers(featureNames, nFeatures);
  const settings = { given: params.categories !== "auto", limit: params.categoryLimit };
  const learnt = mergeLearnt(owner, names, settings, learntOf(a), learntOf(b));
  return stateOf(owner, { ...fittedColumns(nFeatures, featureNames), kinds }, learnt, params);
}
