import { DataError, ParameterError, show } from "../../base/errors.js";
import { optionalPackage } from "./optional-package.js";
import { LEDGER, tableSql, type OpenTable, type TableBatch, type TableSink } from "./table-sink.js";

const OWNER = "duckdbSink";

/** Options of {@link duckdbSink}. */
export interface DuckDbSinkOptions {
  /** The database's file; made when it is not there. */
  readonly path: string;
  /** The table, perhaps "schema.table"; made from the first batch when it is not there. */
  readonly table: string;
  /** The table of finished batches; "partwise_batches" unless given. */
  readonly ledger?: string;
}

interface Connection {
  run(sql: string, values?: unknown): Promise<unknown>;
  runAndReadAll(sql: string, values?: unknown): Promise<{ readonly currentRowCount: number }>;
  closeSync(): void;
}

interface DuckDb {
  readonly DuckDBInstance: {
    create(path: string): Promise<{ connect(): Promise<Connection>; closeSync(): void }>;
  };
}

/**
 * A table of a DuckDB file. DuckDB reads the parts itself; a batch and its key in the ledger are one transaction. Needs the
 * package `@duckdb/node-api`.
 *
 * @throws ParameterError for a path or a name that is none; at the start of a run, when the package is not installed
 *
 * @example
 * ```ts
 * await scoreDataset({ model: "late.partwise", input: "flights/*.parquet", output: "scored",
 *   into: duckdbSink({ path: "scores.duckdb", table: "scores" }) });
 * ```
 */
export function duckdbSink({ path, table, ledger = LEDGER }: DuckDbSinkOptions): TableSink {
  if (typeof path !== "string" || path === "")
    throw new ParameterError(`${OWNER}: path must be a file's name; got ${show(path)}.`);
  const target = tableSql(OWNER, "table", table);
  const keys = tableSql(OWNER, "ledger", ledger);
  return {
    label: `${table} of ${path}`,
    async open() {
      const { DuckDBInstance } = await optionalPackage<DuckDb>(OWNER, "@duckdb/node-api");
      let instance;
      try {
        instance = await DuckDBInstance.create(path);
      } catch (cause) {
        throw new DataError(
          `${OWNER}: ${show(path)} cannot be opened: ${(cause as Error).message} Close the program that has it open, or name another file.`,
          { cause },
        );
      }
      const connection = await instance.connect();
      await connection.run(
        `CREATE TABLE IF NOT EXISTS ${keys} ("key" VARCHAR PRIMARY KEY, "rows" BIGINT, "written" TIMESTAMP DEFAULT current_timestamp)`,
      );
      return new DuckDbTable(connection, target, keys, () => instance.closeSync());
    },
  };
}

class DuckDbTable implements OpenTable {
  constructor(
    readonly connection: Connection,
    readonly table: string,
    readonly ledger: string,
    readonly end: () => void,
  ) {}

  async write({ key, path, rows }: TableBatch): Promise<boolean> {
    const { connection, table, ledger } = this;
    const file = `read_parquet('${path.replaceAll("'", "''")}')`;
    await connection.run("BEGIN TRANSACTION");
    try {
      const known = await connection.runAndReadAll(`SELECT 1 FROM ${ledger} WHERE "key" = $1`, [key]);
      const fresh = known.currentRowCount === 0;
      if (fresh) {
        await connection.run(`CREATE TABLE IF NOT EXISTS ${table} AS SELECT * FROM ${file} LIMIT 0`);
        await connection.run(`INSERT INTO ${table} BY NAME SELECT * FROM ${file}`);
        await connection.run(`INSERT INTO ${ledger} ("key", "rows") VALUES ($1, $2)`, [key, BigInt(rows)]);
      }
      await connection.run("COMMIT");
      return fresh;
    } catch (cause) {
      await connection.run("ROLLBACK");
      throw new DataError(`${OWNER}: ${show(path)} cannot be written into ${table}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  async close(): Promise<void> {
    this.connection.closeSync();
    this.end();
  }
}
