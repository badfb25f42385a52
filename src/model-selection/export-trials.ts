import { mkdirSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { ParameterError, show } from "../base/errors.js";
import { polars } from "../collections/frame/polars.js";
import { fileError } from "../io/file-error.js";
import { describeValue } from "./search-space.js";
import type { SearchResults } from "./search-results.js";
import type { HistoryEntry } from "./trial-book.js";

/** What `exportTrials` writes. */
export interface ExportOptions {
  /** Every training and scoring, in place of the trials; false unless given. */
  readonly history?: boolean;
}

/** Writes results or a history as one Parquet or CSV file. @throws ParameterError for another ending, FileError */
export function exportTable(owner: string, table: SearchResults | readonly HistoryEntry[], path: string): string {
  const ending = extname(String(path)).toLowerCase();
  if (ending !== ".parquet" && ending !== ".csv")
    throw new ParameterError(`${owner}: the path must end in .parquet or .csv; got ${show(path)}.`);
  const columns = Array.isArray(table)
    ? historyColumns(table as readonly HistoryEntry[])
    : trialColumns(table as SearchResults);
  const frame = polars().DataFrame(Object.fromEntries(columns.map(([name, values]) => [name, cells(values)])));
  try {
    mkdirSync(dirname(resolve(path)), { recursive: true });
    if (ending === ".csv") frame.writeCSV(path);
    else frame.writeParquet(path);
  } catch (cause) {
    throw fileError(owner, path, cause);
  }
  return path;
}

type TableColumn = readonly [name: string, values: readonly unknown[]];

function trialColumns(results: SearchResults): TableColumn[] {
  const single = Object.entries(results).filter(([name]) => name !== "params");
  return single.map(([name, values]) => [name, Array.from(values)]);
}

function historyColumns(entries: readonly HistoryEntry[]): TableColumn[] {
  const names = [...new Set(entries.flatMap(({ params }) => Object.keys(params)))].sort();
  const own = ["modelId", "bracket", "resource", "score", "fitTime", "scoreTime", "elapsed"] as const;
  return [
    ...own.map((name): TableColumn => [name, entries.map((entry) => entry[name])]),
    ...names.map((name): TableColumn => [`param_${name}`, entries.map(({ params }) => params[name])]),
  ];
}

/** Values of one type: those of several, and objects, as text. */
function cells(values: readonly unknown[]): unknown[] {
  const given = values.filter((value) => value !== undefined && value !== null);
  const type = typeof given[0];
  const simple = given.every((value) => typeof value === type) && ["number", "string", "boolean"].includes(type);
  return values.map((value) => {
    if (value === undefined || value === null) return null;
    return simple ? value : typeof value === "string" ? value : describeValue(value);
  });
}
