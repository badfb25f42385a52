import { DuckDBInstance } from "@duckdb/node-api";

/** Rows of a query over a DuckDB file. */
export async function fromDuckDb(path: string, sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRows() as unknown[][];
  connection.closeSync();
  instance.closeSync();
  return rows;
}
