import { DataError, ParameterError, show } from "../../base/errors.js";
import { schemaOf } from "../../collections/frame/frame-types.js";
import { polars, type PolarsFrame } from "../../collections/frame/polars.js";
import { optionalPackage } from "./optional-package.js";
import { LEDGER, quoted, tableSql, type OpenTable, type TableBatch, type TableSink } from "./table-sink.js";

const OWNER = "postgresSink";
// Rows of one INSERT: an array a column, some hundred KB each.
const ROWS_AT_ONCE = 10_000;

/** As much of a client of PostgreSQL as a sink needs: `pg`'s `Client` and PGlite have it. One connection, not a pool. */
export interface PostgresClient {
  query(sql: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** Options of {@link postgresSink}. */
export interface PostgresSinkOptions {
  /** A connection string, for the package `pg`; or a connected client, which stays open. */
  readonly connection: string | PostgresClient;
  /** The table, perhaps "schema.table"; made from the first batch when it is not there. */
  readonly table: string;
  /** The table of finished batches; "partwise_batches" unless given. */
  readonly ledger?: string;
}

/** The types of PostgreSQL for those of Polars. */
const TYPES: Readonly<Record<string, string>> = {
  Float64: "double precision",
  Float32: "real",
  Int64: "bigint",
  Int32: "integer",
  Int16: "smallint",
  Int8: "smallint",
  UInt32: "bigint",
  UInt16: "integer",
  UInt8: "smallint",
  Bool: "boolean",
  String: "text",
  Categorical: "text",
  Date: "date",
};

/**
 * A table of PostgreSQL. Rows go as arrays of columns, some thousand in a statement; a batch and its key in the ledger are
 * one transaction. Numbers, booleans, text, dates and timestamps; NaN stays NaN and null stays null. Needs the package
 * `pg`, or a client of yours.
 *
 * @throws ParameterError for a name that is none; at the start of a run, when the package is not installed
 *
 * @example
 * ```ts
 * await scoreDataset({ model: "late.partwise", input: "flights/*.parquet", output: "scored",
 *   into: postgresSink({ connection: process.env.DATABASE_URL, table: "scores" }) });
 * ```
 */
export function postgresSink({ connection, table, ledger = LEDGER }: PostgresSinkOptions): TableSink {
  const own = typeof connection === "string";
  if (own ? connection === "" : typeof connection?.query !== "function")
    throw new ParameterError(
      `${OWNER}: connection must be a connection string or a client with \`query\`; got ${show(connection)}.`,
    );
  const target = tableSql(OWNER, "table", table);
  const keys = tableSql(OWNER, "ledger", ledger);
  return {
    label: `${table} of PostgreSQL`,
    async open() {
      const { client, end } = own ? await connect(connection) : { client: connection, end: async () => undefined };
      await client.query(
        `CREATE TABLE IF NOT EXISTS ${keys} ("key" text PRIMARY KEY, "rows" bigint, "written" timestamptz DEFAULT now())`,
      );
      return new PostgresTable(client, target, keys, end);
    },
  };
}

interface Pg {
  readonly default: {
    readonly Client: new (options: { connectionString: string }) => PostgresClient & {
      connect(): Promise<void>;
      end(): Promise<void>;
    };
  };
}

async function connect(connectionString: string): Promise<{ client: PostgresClient; end: () => Promise<void> }> {
  const pg = await optionalPackage<Pg>(OWNER, "pg");
  const client = new pg.default.Client({ connectionString });
  try {
    await client.connect();
  } catch (cause) {
    // The string holds a password: it is not repeated.
    throw new DataError(
      `${OWNER}: the database cannot be reached: ${(cause as Error).message}. Check the connection string.`,
      {
        cause,
      },
    );
  }
  return { client, end: () => client.end() };
}

class PostgresTable implements OpenTable {
  constructor(
    readonly client: PostgresClient,
    readonly table: string,
    readonly ledger: string,
    readonly close: () => Promise<void>,
  ) {}

  async write({ key, path, rows }: TableBatch): Promise<boolean> {
    const { client, table, ledger } = this;
    const frame = polars().readParquet(path);
    const columns = Object.entries(schemaOf(frame)).map(([name, dtype]) => ({ name, type: sqlType(name, dtype) }));
    await client.query("BEGIN");
    try {
      // Another run that writes the same batch waits here for this one's end, and then finds the key.
      const claimed = await client.query(
        `INSERT INTO ${ledger} ("key", "rows") VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING "key"`,
        [key, rows],
      );
      const fresh = claimed.rows.length > 0;
      if (fresh) {
        const list = columns.map(({ name, type }) => `${quoted(name)} ${type}`).join(", ");
        await client.query(`CREATE TABLE IF NOT EXISTS ${table} (${list})`);
        const names = columns.map(({ name }) => quoted(name)).join(", ");
        const arrays = columns.map(({ type }, j) => `$${j + 1}::${type}[]`).join(", ");
        const insert = `INSERT INTO ${table} (${names}) SELECT * FROM unnest(${arrays})`;
        for (let from = 0; from < frame.height; from += ROWS_AT_ONCE)
          await client.query(insert, valuesOf(frame.slice(from, ROWS_AT_ONCE), columns));
      }
      await client.query("COMMIT");
      return fresh;
    } catch (cause) {
      await client.query("ROLLBACK");
      throw new DataError(`${OWNER}: ${show(path)} cannot be written into ${table}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
}

function sqlType(column: string, dtype: string): string {
  const type = TYPES[dtype] ?? (dtype.startsWith("Datetime") ? "timestamp" : undefined);
  if (type === undefined)
    throw new DataError(
      `${OWNER}: column ${show(column)} is ${dtype}, which has no type in PostgreSQL here. Cast it, or leave it out of \`passthrough\`.`,
      { details: { column } },
    );
  return type;
}

function valuesOf(frame: PolarsFrame, columns: readonly { name: string; type: string }[]): unknown[][] {
  return columns.map(({ name, type }) => {
    const values = Array.from(frame.getColumn(name).toArray() as Iterable<unknown>);
    if (type === "timestamp") return values.map((value) => (value instanceof Date ? value.toISOString() : value));
    if (type === "date")
      return values.map((value) => (value instanceof Date ? value.toISOString().slice(0, 10) : value));
    return values.map((value) => (typeof value === "bigint" ? String(value) : value));
  });
}
