import { DataError, ParameterError, show } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { Plain, PlainRecord } from "../src/base/plain.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../src/collections/array/local-matrix.js";
import type { DistributedDataFrame } from "../src/collections/frame/distributed-data-frame.js";
import type { PolarsFrame } from "../src/collections/frame/polars.js";
import { TaskPlan } from "../src/collections/plan.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { fittedColumns, namesOrNumbers } from "../src/estimator/fitted-columns.js";
import { FrameTransformer } from "../src/estimator/frame-transformer.js";
import type { LabelInput, MatrixInput, VectorInput } from "../src/estimator/inputs.js";
import { statisticsByMerge, type FoldStatistics } from "../src/estimator/fold-statistics.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { fittedTable, toTable, type FittedTable, type Table, type TableInput } from "../src/estimator/table.js";
import { learnCategories, mergeLearnt, rareCategories, type Learnt } from "./categories.js";
import type { Category } from "./column-codes.js";
import { categoryListsParam } from "./encoder-params.js";
import { decodeCategories } from "./decode-categories.js";

/** Parameters of {@link OneHotEncoder}. */
export interface OneHotEncoderParams {
  categories: "auto" | readonly (readonly Category[])[];
  drop: null | "first" | "if_binary";
  handleUnknown: "error" | "ignore" | "infrequent_if_exist";
  minFrequency: number | null;
  maxCategories: number | null;
  sparseOutput: boolean;
  dtype: "f64" | "f32";
  categoryLimit: number;
}

/** One input column as the fit has laid it out. */
interface OneHotColumn {
  readonly categories: readonly Category[];
  /** Σw of each category in fit. */
  readonly counts: Float64Array;
  /** 1 for categories that share the column of the rare ones; null where there are none. */
  readonly rare: Uint8Array | null;
  /** Output column of each category from the feature's first, -1 for the dropped one. */
  readonly slots: Int32Array;
  /** Output columns of the feature. */
  readonly width: number;
  /** The slot of the rare categories, -1 where there is none. */
  readonly rareSlot: number;
}

interface OneHotState extends FittedTable {
  readonly rows: number;
  readonly weight: number;
  readonly columns: readonly OneHotColumn[];
}

const TABLE = new ParamTable<OneHotEncoderParams>("OneHotEncoder", (z) =>
  z.object({
    categories: categoryListsParam(z),
    drop: z
      .union([z.null(), z.literal("first"), z.literal("if_binary")])
      .default(null)
      .describe('leave out one category a column: the first, or the first of columns with two ("if_binary")'),
    handleUnknown: z
      .enum(["error", "ignore", "infrequent_if_exist"])
      .default("error")
      .describe("a category that fit has not seen: an error, all zeros, or the column of the rare ones"),
    minFrequency: z
      .union([z.null(), z.number().positive()])
      .default(null)
      .describe("categories with fewer rows are rare and share one column; below 1 it is a share of the rows"),
    maxCategories: z
      .union([z.null(), z.int().min(1)])
      .default(null)
      .describe("output columns a feature at most; the rarest categories share one"),
    sparseOutput: z.boolean().default(true).describe("whether the result is in compressed rows"),
    dtype: z.enum(["f64", "f32"]).default("f64").describe("type of a dense result; sparse values are doubles"),
    categoryLimit: z.int().min(1).default(100_000).describe("more categories in a column are an error"),
  }),
);

const REMEDY = 'Use handleUnknown: "ignore", or fit on rows that have it.';

/**
 * A column of zeros and ones for each category of each column: text, booleans, or numbers (each distinct number is a
 * category).
 *
 * `fit` is one pass that counts the categories of all columns; text is compared inside Polars, and only the distinct values
 * travel. Missing values are a category of their own, last: null in text and booleans, NaN in numbers. `transform` is lazy
 * for distributed X; it returns compressed rows (a {@link DistributedArray} with layout "csr") unless `sparseOutput` is
 * false: then frames give frames. Local rows come back dense.
 *
 * Output columns are called `column_category`, the shared one of rare categories `column_infrequent`. With sample weights a
 * category counts Σw, and one that has only rows of weight 0 does not exist.
 *
 * `partialFit` over any batches and {@link merge} equal one fit on all rows: what is rare is decided anew by the sums.
 *
 * Differs from scikit-learn: numbers in names are as JavaScript prints them (`x0_1`, not `x0_1.0`); missing is `null` or
 * `NaN`; text sorts by UTF-16 code; `drop` takes no list; in `inverseTransform` the shared column of rare categories gives
 * null or NaN, as does a row of an unknown category.
 *
 * @example
 * ```ts
 * const encoder = new OneHotEncoder({ sparseOutput: false });
 * await encoder.fit({ city: ["Bern", "Basel", "Bern"] });
 * encoder.getFeatureNamesOut(); // ["city_Basel", "city_Bern"]
 * ```
 */
export class OneHotEncoder extends FrameTransformer<OneHotEncoderParams, OneHotState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter, a value out of range, or dtype "f32" with a sparse result */
  constructor(params: Partial<OneHotEncoderParams> = {}) {
    super(TABLE, params);
    checkParams(this.params);
  }

  static fromJSON(json: EstimatorJson): OneHotEncoder {
    return new OneHotEncoder().restore(json);
  }

  override setParams(params: Partial<OneHotEncoderParams>): this {
    checkParams(TABLE.parse({ ...this.params, ...params }));
    return super.setParams(params);
  }

  /** One pass. @throws DataError for infinities, no rows, too many categories, or names that collide */
  async fit(X: TableInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "OneHotEncoder.fit";
    this.setState(await this.#learn(owner, toTable(owner, X), options));
    return this;
  }

  /** Adds rows to what was learnt before: one pass over them. @throws DataError as `fit`, and for other columns */
  async partialFit(X: TableInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "OneHotEncoder.partialFit";
    const added = await this.#learn(owner, toTable(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The encoder of the union of what two encoders have seen, with the parameters of the first. @throws DataError for other columns */
  static merge(a: OneHotEncoder, b: OneHotEncoder): OneHotEncoder {
    return a.mergedWith(b, united);
  }

  /** @internal Fits of cross-validation's folds from one scan. */
  get foldStatistics(): FoldStatistics<OneHotEncoder> | undefined {
    return statisticsByMerge<OneHotEncoder>(this, (a, b) => OneHotEncoder.merge(a, b));
  }

  /** Categories of each column in the order of the output. */
  get categories(): readonly (readonly Category[])[] {
    return this.state.columns.map((column) => column.categories);
  }

  /** Rare categories of each column; empty where none is. */
  get infrequentCategories(): readonly (readonly Category[])[] {
    return this.state.columns.map(({ categories, rare }) => categories.filter((_, k) => rare?.[k] === 1));
  }

  /** The share of entries that are not zero in the transformed training rows. */
  get outputDensity(): number {
    const { columns, weight } = this.state;
    const ones = columns.reduce(
      (sum, { counts, slots }) => sum + counts.reduce((own, count, k) => own + ((slots[k] ?? -1) < 0 ? 0 : count), 0),
      0,
    );
    return ones / Math.max(1, weight * this.width);
  }

  /** Columns of the result. */
  get width(): number {
    return this.state.columns.reduce((sum, column) => sum + column.width, 0);
  }

  getFeatureNamesOut(): string[] {
    return namesOf(this.state);
  }

  /**
   * Categories from rows of zeros and ones: an array where all columns were numbers, else a frame. A row without a one in a
   * feature is its dropped category, else null or NaN.
   */
  inverseTransform(X: MatrixInput): DistributedArray | DistributedDataFrame | Promise<LocalMatrix | PolarsFrame> {
    const owner = "OneHotEncoder.inverseTransform";
    const { columns, kinds } = this.state;
    const features = columns.map(({ categories, slots, rare, width }, j) => {
      const own = new Int32Array(width).fill(-1);
      slots.forEach((slot, k) => {
        if (slot >= 0 && !rare?.[k]) own[slot] = k;
      });
      return {
        name: this.#inputName(j),
        kind: kinds[j] ?? "number",
        categories,
        positions: own,
        none: slots.findIndex((slot, k) => slot < 0 && !rare?.[k]),
      };
    });
    return decodeCategories(owner, X, features, "hot", this.state.featureNames);
  }

  protected transformTable(table: Table): DistributedArray {
    const { columns } = this.state;
    const { sparseOutput, dtype, handleUnknown } = this.params;
    const infrequent = handleUnknown === "infrequent_if_exist";
    const args = {
      owner: "OneHotEncoder.transform",
      columns: table.columns,
      categories: columns.map((column) => column.categories),
      refuse: handleUnknown === "error" ? REMEDY : null,
      slots: columns.map((column) => column.slots),
      unknown: columns.map((column) => (infrequent ? column.rareSlot : -1)),
      widths: columns.map((column) => column.width),
      dtype,
    };
    const width = this.width;
    const bytes =
      table.rows === undefined
        ? undefined
        : table.rows * (sparseOutput ? columns.length * 12 + 4 : width * (dtype === "f32" ? 4 : 8));
    const step = fnRef(new URL("./one-hot-tasks.js", import.meta.url).href, sparseOutput ? "oneHotCsr" : "oneHotDense");
    const plan = TaskPlan.blockwise(table.plan, "OneHotEncoder", step, args as unknown as Plain, bytes);
    return new DistributedArray({
      plan,
      innerShape: [width],
      dtype: sparseOutput ? "f64" : dtype,
      layout: sparseOutput ? "csr" : "dense",
      partitionRows: table.partitionRows,
      names: this.getFeatureNamesOut(),
    });
  }

  /** Kernels trust the slots, so those of a file are looked at first. */
  protected override decodeFitted(plain: PlainRecord): OneHotState {
    const state = plain as unknown as OneHotState;
    const sound =
      Array.isArray(state.columns) &&
      state.columns.length === state.nFeatures &&
      (state.columns as readonly OneHotColumn[]).every(
        ({ categories, counts, slots, width, rareSlot }) =>
          Array.isArray(categories) &&
          slots instanceof Int32Array &&
          slots.length === categories.length &&
          counts.length === categories.length &&
          Number.isInteger(width) &&
          width >= 0 &&
          width <= categories.length &&
          [...slots, rareSlot].every((slot) => Number.isInteger(slot) && slot >= -1 && slot < width),
      );
    if (!sound)
      throw new DataError("OneHotEncoder: the state does not fit together. The file is damaged; save it again.");
    return state;
  }

  #inputName(j: number): string {
    return this.state.featureNames?.[j] ?? `x${j}`;
  }

  async #learn(owner: string, table: Table, options: FitOptions): Promise<OneHotState> {
    const { categories, categoryLimit: limit, handleUnknown } = this.params;
    const refuse = handleUnknown === "error" ? REMEDY : undefined;
    const learnt = await learnCategories(owner, table, { categories, limit, refuse }, options);
    const fitted = {
      ...fittedTable(table),
    };
    return stateOf(owner, fitted, learnt, this.params);
  }
}

registerEstimator("OneHotEncoder", OneHotEncoder);

function checkParams({ sparseOutput, dtype }: Readonly<OneHotEncoderParams>): void {
  if (sparseOutput && dtype === "f32") {
    throw new ParameterError(
      'OneHotEncoder: dtype must be "f64" with sparseOutput: true; got "f32". Sparse values are doubles: set sparseOutput: false for f32.',
    );
  }
}

function stateOf(
  owner: string,
  fitted: FittedTable,
  learnt: Learnt,
  params: Readonly<OneHotEncoderParams>,
): OneHotState {
  const columns = learnt.columns.map((column) => layOut(column, learnt.weight, params, params.drop));
  const state = { ...fitted, rows: learnt.rows, weight: learnt.weight, columns };
  assertDistinct(owner, namesOf(state));
  return state;
}

function united(owner: string, a: OneHotState, b: OneHotState, params: Readonly<OneHotEncoderParams>): OneHotState {
  const { nFeatures, featureNames, kinds } = a;
  const given = params.categories !== "auto";
  const names = namesOrNumbers(featureNames, nFeatures);
  const learnt = mergeLearnt(owner, names, { given, limit: params.categoryLimit }, a, b);
  return stateOf(owner, { ...fittedColumns(nFeatures, featureNames), kinds }, learnt, params);
}

/** Common categories first in their order, then one column for the rare; without the dropped one. */
function layOut(
  column: Learnt["columns"][number],
  weight: number,
  settings: Pick<OneHotEncoderParams, "minFrequency" | "maxCategories">,
  drop: OneHotEncoderParams["drop"],
): OneHotColumn {
  const { categories, counts } = column;
  const rare = rareCategories(column, weight, settings);
  const slots = new Int32Array(categories.length);
  let next = 0;
  categories.forEach((_, k) => {
    if (!rare?.[k]) slots[k] = next++;
  });
  let rareSlot = -1;
  if (rare) {
    rareSlot = next++;
    rare.forEach((is, k) => {
      if (is) slots[k] = rareSlot;
    });
  }
  // What is dropped is a column of the output: with rare categories, the first of the common ones, or theirs.
  const dropped = drop === "first" || (drop === "if_binary" && next === 2);
  if (dropped) {
    for (let k = 0; k < slots.length; k++) slots[k] = (slots[k] as number) - 1;
    rareSlot = Math.max(-1, rareSlot - 1);
  }
  return {
    categories,
    counts,
    rare: rare ? Uint8Array.from(rare, Number) : null,
    slots,
    width: Math.max(0, next - (dropped ? 1 : 0)),
    rareSlot,
  };
}

function namesOf(state: OneHotState): string[] {
  return state.columns.flatMap(({ categories, slots, rare, width }, j) => {
    const name = state.featureNames?.[j] ?? `x${j}`;
    const names = new Array<string>(width);
    slots.forEach((slot, k) => {
      if (slot >= 0) names[slot] = rare?.[k] ? `${name}_infrequent` : `${name}_${String(categories[k])}`;
    });
    return names;
  });
}

function assertDistinct(owner: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name))
      throw new DataError(`${owner}: two output columns would be called ${show(name)}. Rename a column of X.`, {
        details: { column: name },
      });
    seen.add(name);
  }
}
