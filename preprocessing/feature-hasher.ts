import { DataError, show, throwIfAborted } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import { isPlainObject } from "../src/base/plain.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "../src/collections/frame/distributed-data-frame.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { FitOptions } from "../src/estimator/design.js";
import { Estimator, type EstimatorJson } from "../src/estimator/estimator.js";
import type { RowsTransform } from "../src/estimator/frame-transformer.js";
import type { LabelInput, VectorInput } from "../src/estimator/inputs.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { cellReader } from "../src/estimator/frame-row-steps.js";
import { addCellStep, type RowValue } from "../src/estimator/row-steps.js";
import {
  assertNotEmpty,
  checkTable,
  fittedTable,
  toTable,
  type FittedTable,
  type Rows,
  type TableColumn,
  type TableInput,
} from "../src/estimator/table.js";
import type { CsrChunk } from "../src/memory/column.js";
import { assertCategorical } from "./categories.js";
import { PartitionCells } from "./column-codes.js";
import { hashParams, type HashParams } from "./text/hash-params.js";
import { hashOf, type HashedPlace } from "./hashed-place.js";
import { sparseRows } from "./sparse-rows.js";

/** Parameters of {@link FeatureHasher}. */
export interface FeatureHasherParams extends HashParams {
  inputType: "dict" | "pair" | "string";
}

/** Rows of features by name in this process: records, lists of `[name, value]`, or lists of names. */
export type HashedRows =
  | readonly Readonly<Record<string, string | number | boolean | null>>[]
  | readonly (readonly (readonly [name: string, value: number])[])[]
  | readonly (readonly string[])[];

const TABLE = new ParamTable<FeatureHasherParams>("FeatureHasher", (z) =>
  z.object({
    inputType: z
      .enum(["dict", "pair", "string"])
      .default("dict")
      .describe("what a row is: columns or a record, a list of [name, value], or a list of names that count 1"),
    ...hashParams(z),
  }),
);

/**
 * Features by name in a fixed number of columns: a feature's column is the hash of its name. Categories by the million need
 * no list, and data can come in any order.
 *
 * X is a frame, an array, or columns by name ("dict"): a text column `city` with the value `Bern` is the feature
 * `city=Bern` with the value 1; a number or boolean is the feature `city` with that value; null and NaN are no feature. In
 * this process rows can be records ("dict"), lists of `[name, value]` ("pair"), or lists of names ("string").
 *
 * With h the MurmurHash3 of the feature's UTF-8 bytes (32 bits, seed 0, signed), the column is `|h| mod nFeatures`, and
 * with `alternateSign` the value counts negative where h is, so that features that meet cancel on average. The features of a
 * row that meet are added. Columns and values equal scikit-learn's.
 *
 * `fit` records the columns and reads nothing; `transform` works without it, is lazy, one pass, and gives
 * `(nRows, nFeatures)`, f64, layout "csr". Each distinct text of a partition is hashed once. Sample weights do not matter.
 *
 * Reference: K. Weinberger et al. (2009). Feature hashing for large scale multitask learning. ICML.
 *
 * Differs from scikit-learn: missing values are left out, infinities refused; after a fit, columns have to be those of it.
 *
 * @example
 * ```ts
 * const X = new FeatureHasher({ nFeatures: 1024 }).transform({ city: ["Bern", "Basel"], size: [1.5, 2] });
 * X.shape; // [2, 1024]
 * ```
 */
export class FeatureHasher extends Estimator<FeatureHasherParams, FittedTable> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<FeatureHasherParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): FeatureHasher {
    return new FeatureHasher().restore(json);
  }

  /** Tells pipelines that frames come as they are. */
  get takesFrames(): boolean {
    return true;
  }

  /** Records the columns; reads no rows. @throws DataError for no rows, no columns, or dates */
  async fit(X: TableInput | HashedRows, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "FeatureHasher.fit";
    throwIfAborted(options.signal, owner);
    if (this.params.inputType !== "dict") {
      requireLists(owner, X, this.params.inputType);
      this.setState({ nFeatures: 1, kinds: ["other"] });
      return this;
    }
    const table = toTable(owner, asColumns(X));
    assertNotEmpty(owner, table);
    assertCategorical(owner, table);
    this.setState({
      ...fittedTable(table),
    });
    return this;
  }

  /** Rows of hashed features, lazily. @throws DataError for X of another form, or other columns than in fit */
  transform(X: TableInput | HashedRows): DistributedArray {
    const owner = "FeatureHasher.transform";
    const { inputType, nFeatures, alternateSign } = this.params;
    if (inputType !== "dict") return this.#lists(requireLists(owner, X, inputType));
    const table = toTable(owner, asColumns(X));
    assertCategorical(owner, table);
    // A record may lack any feature: only tables have columns.
    if (this.stateIfFitted && !isRecords(X)) checkTable(owner, table, this.state);
    // Rows without names are taken by position: their features are called as in fit.
    const known = table.names ?? this.stateIfFitted?.featureNames;
    const names = known ?? table.columns.map(({ name }) => name);
    const args = { owner, names, nFeatures, alternateSign };
    return sparseRows("FeatureHasher", table, fnRef(import.meta.url, "hashColumnsStep"), args, nFeatures);
  }

  /** The transform as pipelines pass it on. */
  transformRows(rows: Rows): DistributedArray {
    return this.transform(rows);
  }

  /** Fits; returns how the training rows are transformed. Pipelines fit their steps with it. */
  async fitRows(rows: Rows, y?: VectorInput | LabelInput, options?: FitOptions): Promise<RowsTransform> {
    await this.fit(rows, y, options);
    return (other) => this.transform(other);
  }

  /** `fit`, then the transform of the same rows. */
  async fitTransform(
    X: TableInput | HashedRows,
    y?: VectorInput | LabelInput,
    options?: FitOptions,
  ): Promise<DistributedArray> {
    await this.fit(X, y, options);
    return this.transform(X);
  }

  /** `featurehasher0`, `featurehasher1`, ...: what a column means is not known. */
  getFeatureNamesOut(): string[] {
    return Array.from({ length: this.params.nFeatures }, (_, j) => `featurehasher${j}`);
  }

  /** For column transformers: a row has at most as many entries as X has columns. */
  get outputDensity(): number {
    return Math.min(1, this.state.nFeatures / this.params.nFeatures);
  }

  #lists(rows: readonly (readonly (readonly [string, number])[])[]): DistributedArray {
    const { nFeatures, alternateSign } = this.params;
    const builder = new RowBuilder(rows.length);
    const hash = hashOf(nFeatures, alternateSign);
    for (const row of rows) {
      for (const [name, value] of row) if (value !== 0) builder.put(hash(name), value);
      builder.endRow();
    }
    const { indptr, indices, values } = builder.finish();
    return DistributedArray.fromCsr({ indptr, indices, values, cols: nFeatures });
  }
}

registerEstimator("FeatureHasher", FeatureHasher);

/** Compressed rows: entries in any order, those of one column added. */
class RowBuilder {
  readonly #indptr: Int32Array;
  #indices: Int32Array;
  #values: Float64Array;
  #rows = 0;
  #start = 0;
  #end = 0;

  constructor(rows: number, entries = 1024) {
    this.#indptr = new Int32Array(rows + 1);
    this.#indices = new Int32Array(entries);
    this.#values = new Float64Array(entries);
  }

  put({ column, sign }: HashedPlace, value: number): void {
    let at = this.#end;
    while (at > this.#start && (this.#indices[at - 1] as number) > column) at--;
    if (at > this.#start && this.#indices[at - 1] === column) {
      this.#values[at - 1] = (this.#values[at - 1] as number) + sign * value;
      return;
    }
    if (this.#end === this.#indices.length) this.#grow();
    this.#indices.copyWithin(at + 1, at, this.#end);
    this.#values.copyWithin(at + 1, at, this.#end);
    this.#indices[at] = column;
    this.#values[at] = sign * value;
    this.#end++;
  }

  endRow(): void {
    this.#indptr[++this.#rows] = this.#end;
    this.#start = this.#end;
  }

  finish(): { indptr: Int32Array; indices: Int32Array; values: Float64Array } {
    const indices = this.#indices.subarray(0, this.#end);
    return { indptr: this.#indptr, indices, values: this.#values.subarray(0, this.#end) };
  }

  #grow(): void {
    const [indices, values] = [new Int32Array(2 * this.#end), new Float64Array(2 * this.#end)];
    indices.set(this.#indices);
    values.set(this.#values);
    this.#indices = indices;
    this.#values = values;
  }
}

interface HashArgs extends HashParams {
  readonly owner: string;
  readonly columns: readonly TableColumn[];
  /** What the features of each column are called. */
  readonly names: readonly string[];
}

/** One partition's columns as hashed features. @throws DataError for infinities */
export function hashColumnsStep(context: TaskContext, args: HashArgs, value: unknown): CsrChunk {
  const { owner, columns, names, nFeatures, alternateSign } = args;
  const cells = new PartitionCells(context, columns, value);
  const hash = hashOf(nFeatures, alternateSign);
  const sources = columns.map(({ kind }, j) => {
    const name = names[j] ?? `x${j}`;
    if (kind !== "text") return { values: cells.numbers(j), place: hash(name) };
    const { codes, values } = cells.code(j);
    return { codes, places: values.map((text) => (text === null ? undefined : hash(`${name}=${String(text)}`))) };
  });
  const builder = new RowBuilder(cells.rows);
  for (let i = 0; i < cells.rows; i++) {
    for (const [j, source] of sources.entries()) {
      if (source.codes) {
        const place = source.places[source.codes[i] as number];
        if (place) builder.put(place, 1);
        continue;
      }
      const number = source.values[i] as number;
      if (number === 0 || Number.isNaN(number)) continue;
      if (!Number.isFinite(number)) throw infinite(owner, names[j] ?? "", context.partition?.index ?? 0, i, number);
      builder.put(source.place, number);
    }
    builder.endRow();
  }
  const rows = builder.finish();
  const out = context.memory.csr(cells.rows, nFeatures, rows.indices.length);
  context.memory.view(out.indptr).set(rows.indptr);
  context.memory.view(out.indices).set(rows.indices);
  context.memory.view(out.values).set(rows.values);
  return out;
}

function infinite(owner: string, column: string, partition: number, row: number, value: number): DataError {
  return new DataError(
    `${owner}: X has ${value} in column ${show(column)}, partition ${partition}, row ${row}. Clip or drop such rows first.`,
    { details: { column, partition, row } },
  );
}

function isRecords(X: unknown): X is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(X) && X.length > 0 && X.every((row) => isPlainObject(row));
}

/** Records as a frame; other tables as they are. */
function asColumns(X: TableInput | HashedRows): TableInput {
  return isRecords(X) ? DistributedDataFrame.fromRows(X) : (X as TableInput);
}

/** @throws DataError for X that is no list of such lists */
function requireLists(
  owner: string,
  X: unknown,
  inputType: "pair" | "string",
): readonly (readonly (readonly [string, number])[])[] {
  const what = inputType === "pair" ? "lists of [name, value]" : "lists of names";
  if (!Array.isArray(X)) {
    throw new DataError(
      `${owner}: inputType ${show(inputType)} takes ${what} in this process; got ${show(X)}. For frames and columns use inputType "dict".`,
    );
  }
  return X.map((row: unknown, i) => {
    const bad = (value: unknown): DataError =>
      new DataError(`${owner}: row ${i} has ${show(value)}; with inputType ${show(inputType)} rows are ${what}.`, {
        details: { row: i },
      });
    if (!Array.isArray(row)) throw bad(row);
    return row.map((item: unknown): readonly [string, number] => {
      if (inputType === "string" && typeof item === "string") return [item, 1];
      if (inputType === "pair" && Array.isArray(item) && typeof item[0] === "string" && Number.isFinite(item[1]))
        return [item[0], item[1] as number];
      throw bad(item);
    });
  });
}

addCellStep<HashArgs>(fnRef(import.meta.url, "hashColumnsStep"), ({ columns, names, nFeatures, alternateSign }) => {
  const read = cellReader(columns);
  const hash = hashOf(nFeatures, alternateSign);
  const places = columns.map(({ kind }, j) => (kind === "text" ? undefined : hash(names[j] ?? `x${j}`)));
  return (row) => {
    const builder = new RowBuilder(1, columns.length);
    for (let j = 0; j < columns.length; j++) {
      const cell = read(row as RowValue, j);
      const place = places[j];
      if (cell === undefined) return undefined;
      if (cell === null || cell === 0 || Number.isNaN(cell)) continue;
      if (!place) builder.put(hash(`${names[j] ?? `x${j}`}=${String(cell)}`), 1);
      else if (!Number.isFinite(Number(cell))) return undefined;
      else if (cell !== false) builder.put(place, Number(cell));
    }
    builder.endRow();
    return { width: nFeatures, ...builder.finish() };
  };
});
