import { DataError, ParameterError, show } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { Plain } from "../src/base/plain.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "../src/collections/frame/distributed-data-frame.js";
import { frameState } from "../src/collections/frame/frame-state.js";
import { emptyFrame } from "../src/collections/frame/frame-types.js";
import type { PolarsFrame } from "../src/collections/frame/polars.js";
import { TaskPlan } from "../src/collections/plan.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { fittedColumns, namesOrNumbers } from "../src/estimator/fitted-columns.js";
import { FrameTransformer } from "../src/estimator/frame-transformer.js";
import { isLocal, toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../src/estimator/inputs.js";
import { registerEstimator } from "../src/estimator/registry.js";
import {
  assertNotEmpty,
  fittedTable,
  toTable,
  type FittedTable,
  type Rows,
  type Table,
  type TableInput,
} from "../src/estimator/table.js";
import { learnCategories, mergeLearnt, type Learnt } from "./categories.js";
import { DUMMY_DTYPES, type DummyColumn } from "./dummy-steps.js";

/** Parameters of {@link DummyEncoder}. */
export interface DummyEncoderParams {
  columns: readonly (string | number)[] | null;
  drop: null | "first" | "if_binary";
  handleUnknown: "error" | "ignore";
  dtype: "f64" | "f32";
  categoryLimit: number;
}

interface DummyState extends FittedTable {
  /** Positions of the columns that become zeros and ones, and what was learnt of each. */
  readonly encoded: readonly number[];
  readonly learnt: Learnt;
  readonly columns: readonly DummyColumn[];
  readonly width: number;
}

const TABLE = new ParamTable<DummyEncoderParams>("DummyEncoder", (z) =>
  z.object({
    columns: z
      .union([z.null(), z.array(z.union([z.string(), z.int().min(0)])).min(1)])
      .default(null)
      .describe("the columns that become zeros and ones, by name or position; null for text and booleans"),
    drop: z
      .union([z.null(), z.literal("first"), z.literal("if_binary")])
      .default(null)
      .describe('leave out one category a column: the first, or the first of columns with two ("if_binary")'),
    handleUnknown: z
      .enum(["error", "ignore"])
      .default("error")
      .describe("a category that fit has not seen: an error, or all zeros"),
    dtype: z.enum(["f64", "f32"]).default("f64").describe("type of the result"),
    categoryLimit: z.int().min(1).default(100_000).describe("more categories in a column are an error"),
  }),
);

const STEPS = new URL("./dummy-steps.js", import.meta.url).href;
const REMEDY = 'Use handleUnknown: "ignore", or fit on rows that have it.';

/**
 * The columns of a frame as numbers: columns of text and booleans (or those named) become a column of zeros and ones for
 * each category, the others stay as they are. Those come first, then the categories, column by column, called
 * `column_category`: pandas' `get_dummies`, with categories that are the same for every partition and every later frame.
 *
 * `fit` is one pass over the categorical columns; `transform` is lazy for distributed X and dense. Missing values are a
 * category of their own, last. {@link inverseTransform} gives the columns back. `partialFit` and {@link merge} equal one fit
 * on all rows.
 *
 * Differs from Dask-ML: columns need not be categorical beforehand; unknown categories are named; see OneHotEncoder for
 * sparse results and rare categories.
 *
 * @example
 * ```ts
 * const encoder = await new DummyEncoder().fit({ city: ["Bern", "Basel"], rent: [3, 4] });
 * encoder.getFeatureNamesOut(); // ["rent", "city_Basel", "city_Bern"]
 * ```
 */
export class DummyEncoder extends FrameTransformer<DummyEncoderParams, DummyState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<DummyEncoderParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): DummyEncoder {
    return new DummyEncoder().restore(json);
  }

  /** One pass. @throws DataError for infinities among categories, no rows, dates, too many categories, or names that collide */
  async fit(X: TableInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "DummyEncoder.fit";
    this.setState(await this.#learn(owner, toTable(owner, X), options));
    return this;
  }

  /** Adds rows to what was learnt before: one pass over them. @throws DataError as `fit`, and for other columns */
  async partialFit(X: TableInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "DummyEncoder.partialFit";
    const added = await this.#learn(owner, toTable(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The encoder of the union of what two have seen, with the parameters of the first. @throws DataError for other columns */
  static merge(a: DummyEncoder, b: DummyEncoder): DummyEncoder {
    return a.mergedWith(b, united);
  }

  /** Columns of the result. */
  get width(): number {
    return this.state.width;
  }

  getFeatureNamesOut(): string[] {
    return namesOf(this.state);
  }

  /** The columns that these were made from, as a frame: a row without a one is the dropped category, else null or NaN. */
  inverseTransform(X: MatrixInput): DistributedDataFrame | Promise<PolarsFrame> {
    const owner = "DummyEncoder.inverseTransform";
    const { columns, kinds, featureNames, nFeatures, width } = this.state;
    const x = toMatrix(owner, X);
    if (x.width !== width)
      throw new DataError(
        `${owner}: X has ${x.width} columns, but transform gives ${width}. Pass what transform returned.`,
      );
    const names = namesOrNumbers(featureNames, nFeatures);
    const step = fnRef(STEPS, "undummyStep");
    const plan = TaskPlan.blockwise(x.plan, owner, step, { names, kinds, columns } as unknown as Plain);
    const schema = Object.fromEntries(names.map((name, j) => [name, DUMMY_DTYPES[kinds[j] ?? "number"]]));
    const result = new DistributedDataFrame(
      frameState({ kind: "plan", plan }, emptyFrame(schema, owner), x.partitionRows),
    );
    return isLocal(X) ? result.compute() : result;
  }

  protected transformTable(table: Table): DistributedArray {
    const { columns, width } = this.state;
    const { handleUnknown, dtype } = this.params;
    const refuse = handleUnknown === "error" ? REMEDY : null;
    const args = { owner: "DummyEncoder.transform", table: table.columns, columns, width, refuse, dtype };
    const step = fnRef(STEPS, "dummyStep");
    const bytes = table.rows === undefined ? undefined : table.rows * width * (dtype === "f32" ? 4 : 8);
    const plan = TaskPlan.blockwise(table.plan, "DummyEncoder", step, args as unknown as Plain, bytes);
    const { partitionRows } = table;
    return new DistributedArray({ plan, innerShape: [width], dtype, partitionRows, names: this.getFeatureNamesOut() });
  }

  async #learn(owner: string, table: Table, options: FitOptions): Promise<DummyState> {
    assertNotEmpty(owner, table);
    const { columns, categoryLimit: limit } = this.params;
    const named = columns?.map((one) => positionOf(owner, table, one));
    const encoded = table.columns
      .map((_, j) => j)
      .filter((j) => named?.includes(j) ?? ["text", "boolean"].includes(table.columns[j]?.kind ?? ""));
    const odd = table.columns.find(({ kind }, j) => kind !== "number" && kind !== "boolean" && !encoded.includes(j));
    if (odd)
      throw new DataError(
        `${owner}: column ${show(odd.name)} is ${odd.dtype}, which is no number. Name it in columns, take its parts (DateFeatures), or drop it.`,
        { details: { column: odd.name } },
      );
    // Without categories to learn, a pass still says whether there are rows.
    const part = toTable(owner, selected(table.source, encoded.length > 0 ? encoded : [0]));
    const found = await learnCategories(
      owner,
      part,
      { categories: "auto", limit: encoded.length > 0 ? limit : Infinity },
      options,
    );
    const learnt = encoded.length > 0 ? found : { ...found, columns: [] };
    const fitted = {
      ...fittedTable(table),
    };
    return stateOf(owner, fitted, encoded, learnt, this.params);
  }
}

registerEstimator("DummyEncoder", DummyEncoder);

function positionOf(owner: string, table: Table, one: string | number): number {
  const j = typeof one === "number" ? one : table.columns.findIndex(({ name }) => name === one);
  if (j >= 0 && j < table.width) return j;
  throw new ParameterError(
    `${owner}: columns names ${show(one)}, but X has ${table.columns.map(({ name }) => show(name)).join(", ")}. Name some of these.`,
  );
}

function selected(rows: Rows, columns: readonly number[]): Rows {
  if (!(rows instanceof DistributedDataFrame)) return rows.columns(columns);
  return rows.select(...columns.map((j) => rows.columns[j] as string));
}

function stateOf(
  owner: string,
  fitted: FittedTable,
  encoded: readonly number[],
  learnt: Learnt,
  { drop }: Readonly<DummyEncoderParams>,
): DummyState {
  let first = 0;
  const places = fitted.kinds.map((_, j) => (encoded.includes(j) ? -1 : first++));
  const columns = fitted.kinds.map((_, j): DummyColumn => {
    const own = learnt.columns[encoded.indexOf(j)];
    if (!own) return { categories: null, first: places[j] as number, dropped: 0 };
    const count = own.categories.length;
    const dropped = drop === "first" || (drop === "if_binary" && count === 2) ? 1 : 0;
    const column = { categories: own.categories, first, dropped };
    first += count - dropped;
    return column;
  });
  if (first === 0)
    throw new DataError(`${owner}: no column is left: each has one category, which drop leaves out. Set drop to null.`);
  const state = { ...fitted, encoded, learnt, columns, width: first };
  const names = namesOf(state);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined)
    throw new DataError(`${owner}: two output columns would be called ${show(twice)}. Rename a column of X.`, {
      details: { column: twice },
    });
  return state;
}

function namesOf({ columns, width, featureNames, nFeatures }: DummyState): string[] {
  const names = new Array<string>(width);
  const inputs = namesOrNumbers(featureNames, nFeatures);
  columns.forEach(({ categories, first, dropped }, j) => {
    if (!categories) names[first] = inputs[j] as string;
    else categories.slice(dropped).forEach((one, k) => (names[first + k] = `${inputs[j]}_${String(one)}`));
  });
  return names;
}

function united(owner: string, a: DummyState, b: DummyState, params: Readonly<DummyEncoderParams>): DummyState {
  if (a.encoded.join() !== b.encoded.join())
    throw new DataError(
      `${owner}: one encodes columns ${a.encoded.join()}, the other ${b.encoded.join()}. Use the same.`,
    );
  const { nFeatures, featureNames, kinds, encoded } = a;
  const inputs = namesOrNumbers(featureNames, nFeatures);
  const names = encoded.map((j) => inputs[j] as string);
  const learnt = mergeLearnt(owner, names, { given: false, limit: params.categoryLimit }, a.learnt, b.learnt);
  return stateOf(owner, { ...fittedColumns(nFeatures, featureNames), kinds }, encoded, learnt, params);
}
