/** What workers load: functions are found by their module, so they live in one of their own. */
import type { BatchInfo } from "partwise";
import type { DataFrame } from "nodejs-polars";

/** What one worker keeps: here a table of prices that stands for a model and a database connection. */
export interface Fares {
  readonly perMile: number;
  readonly base: ReadonlyMap<string, number>;
}

/** Called once in each worker. */
export async function load(args: { readonly perMile: number }): Promise<Fares> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return {
    perMile: args.perMile,
    base: new Map([
      ["airport", 12],
      ["centre", 4],
      ["harbour", 6],
    ]),
  };
}

/** Called with each batch: columns in, columns out. */
export function predict(batch: DataFrame, fares: Fares, _info: BatchInfo): { fare: number[] } {
  const miles = batch.getColumn("miles").toArray() as number[];
  const zones = batch.getColumn("zone").toArray() as string[];
  return { fare: miles.map((value, i) => (fares.base.get(zones[i] ?? "") ?? 0) + value * fares.perMile) };
}

/** The same without a batch: one row after the other. */
export function fareByRow(partition: DataFrame): { id: number[]; fare: number[] } {
  const rows = partition.toRecords() as { id: number; miles: number }[];
  return { id: rows.map((row) => row.id), fare: rows.map((row) => 4 + 2.5 * row.miles) };
}
