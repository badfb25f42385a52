import { DataError, show } from "../../src/base/errors.js";
import type { PlainRecord } from "../../src/base/plain.js";
import { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "../../src/collections/frame/distributed-data-frame.js";
import { DistributedSeries } from "../../src/collections/frame/distributed-series.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { FitOptions } from "../../src/estimator/design.js";
import { Estimator } from "../../src/estimator/estimator.js";
import type { RowsTransform } from "../../src/estimator/frame-transformer.js";
import type { LabelInput, VectorInput } from "../../src/estimator/inputs.js";
import { noRows } from "../../src/estimator/no-rows.js";
import {
  fittedTable,
  toTable,
  type FittedTable,
  type Rows,
  type Table,
  type TableInput,
} from "../../src/estimator/table.js";
import { sparseRows } from "../sparse-rows.js";

/** Documents: a list of strings, a frame's column of text, or a table of one such column. */
export type TextInput = TableInput | DistributedSeries;

/**
 * What turns documents into compressed rows of numbers. It takes one column of text, whatever its name; pipelines and
 * column transformers give it frames. Results are always lazy and sparse: text has many more terms than a row can hold.
 */
export abstract class TextVectorizer<P extends object, S extends FittedTable & object> extends Estimator<P, S> {
  /** Tells pipelines that frames come as they are. */
  get takesFrames(): boolean {
    return true;
  }

  /** Learns from documents; resolves to the vectorizer itself. */
  abstract fit(X: TextInput, y?: VectorInput | LabelInput, options?: FitOptions): Promise<this>;

  /** Names of the columns that `transform` returns. */
  abstract getFeatureNamesOut(): string[];

  /** The task that makes rows of a partition's documents, its arguments beside the columns, and the rows' width. */
  protected abstract rowTask(): {
    readonly step: string;
    readonly args: Readonly<Record<string, unknown>>;
    readonly width: number;
  };

  /**
   * Documents as compressed rows (layout "csr"), lazily. Its columns have no names on them; see {@link getFeatureNamesOut}.
   * @throws DataError for X that is not one column of text; when the rows are computed, for null, naming its row
   */
  transform(X: TextInput): DistributedArray {
    const owner = `${this.kind}.transform`;
    const { step, args, width } = this.rowTask();
    const table = documentTable(owner, X);
    const tasks = new URL("./text-tasks.js", import.meta.url).href;
    return sparseRows(this.kind, table, fnRef(tasks, step), { owner, ...args } as unknown as PlainRecord, width);
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

  /** `fit`, then the transform of the same documents. */
  async fitTransform(X: TextInput, y?: VectorInput | LabelInput, options?: FitOptions): Promise<DistributedArray> {
    const rows = textRows(X);
    await this.fit(rows, y, options);
    return this.transform(rows);
  }
}

/** Local lists become a frame once, so that a fit and a transform do not each make one. */
function textRows(X: TextInput): TextInput {
  return X instanceof DistributedSeries ? new DistributedDataFrame(X.state) : X;
}

/**
 * X as a table of one column of text; starts nothing.
 * @throws DataError for several columns, none, or one that is no text
 */
export function documentTable(owner: string, X: TextInput): Table {
  if (typeof X === "string")
    throw new DataError(`${owner}: X is one string; got ${show(X)}. Pass a list of documents: [text].`);
  if (Array.isArray(X) && X.length === 0) throw noRows(owner);
  const table = toTable(owner, textRows(X) as TableInput);
  const [column] = table.columns;
  if (column === undefined) throw new DataError(`${owner}: X has no columns. Select the one of text.`);
  if (table.width > 1) {
    throw new DataError(
      `${owner}: X has ${table.width} columns (${table.columns
        .slice(0, 3)
        .map(({ name }) => show(name))
        .join(
          ", ",
        )}${table.width > 3 ? ", ..." : ""}), but documents are one column of text. Select it, or give each its own vectorizer in a ColumnTransformer.`,
    );
  }
  if (column.kind !== "text") {
    throw new DataError(
      `${owner}: column ${show(column.name)} is ${column.dtype}, not text. Select the column of text, or cast it to String.`,
      { details: { column: column.name } },
    );
  }
  return table;
}

/** What a fitted state says of the table. */
export function fittedOf(table: Table): FittedTable {
  return {
    ...fittedTable(table),
  };
}
