import { ParameterError, show } from "../../base/errors.js";

/** One part of a scored data set on its way into a table. */
export interface TableBatch {
  /** Names the batch: the same rows of the same run have the same key, wherever and however often they are written. */
  readonly key: string;
  /** A Parquet file. */
  readonly path: string;
  readonly rows: number;
}

/** Where scored rows go besides files: a table of a database. `duckdbSink` and `postgresSink` make one. */
export interface TableSink {
  /** For messages. */
  readonly label: string;
  /** Connects, and makes the ledger where there is none. */
  open(): Promise<OpenTable>;
}

/** A table that is being written. */
export interface OpenTable {
  /**
   * Writes a batch and its key in one transaction: both are there afterwards, or neither. The first batch makes the table
   * where there is none.
   * @returns false when the key was there already and nothing was written
   */
  write(batch: TableBatch): Promise<boolean>;
  close(): Promise<void>;
}

/** Where the keys of finished batches are kept, unless another table is named. */
export const LEDGER = "partwise_batches";

/**
 * A table's name, perhaps with a schema before it, as SQL.
 * @throws ParameterError for a name that is empty or has a zero byte
 */
export function tableSql(owner: string, parameter: string, name: string): string {
  const parts = typeof name === "string" ? name.split(".") : [];
  if (parts.length < 1 || parts.length > 2 || parts.some((part) => part === "" || part.includes("\0")))
    throw new ParameterError(
      `${owner}: ${parameter} must be a table's name, perhaps "schema.table"; got ${show(name)}.`,
    );
  return parts.map(quoted).join(".");
}

/** An identifier as SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
