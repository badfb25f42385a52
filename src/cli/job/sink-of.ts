import { ParameterError, show } from "../../base/errors.js";
import { duckdbSink } from "../../inference/sinks/duckdb-sink.js";
import { postgresSink } from "../../inference/sinks/postgres-sink.js";
import type { TableSink } from "../../inference/sinks/table-sink.js";

/** A table of a database, as a job names it. */
export interface TableJob {
  /** A DuckDB file (.duckdb, .ddb or .db), a PostgreSQL connection string, or `env:NAME` for a variable that holds one. */
  readonly database: string;
  readonly table: string;
  readonly ledger?: string | undefined;
}

const PREFIX = "env:";

/**
 * The sink of a job. A connection string holds a password, which other users of a machine see on a command line: `env:NAME`
 * keeps it off.
 * @throws ParameterError for a database that is neither, or a variable that is not set
 */
export function sinkOf(command: string, { database, table, ledger }: TableJob): TableSink {
  const rest = { table, ...(ledger === undefined ? {} : { ledger }) };
  const connection = database.startsWith(PREFIX) ? fromEnvironment(command, database.slice(PREFIX.length)) : database;
  if (/^postgres(ql)?:\/\//.test(connection)) return postgresSink({ connection, ...rest });
  if (/\.(duckdb|ddb|db)$/.test(connection)) return duckdbSink({ path: connection, ...rest });
  // What a variable holds may be a password.
  throw new ParameterError(
    `${command}: into must be a DuckDB file (.duckdb, .ddb or .db) or a connection string (postgres://...)${connection === database ? `; got ${show(database)}` : `; ${database} holds neither`}.`,
  );
}

function fromEnvironment(command: string, name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "")
    throw new ParameterError(
      `${command}: into names the variable ${show(name)}, which is not set. Set it, or name the database.`,
    );
  return value;
}
