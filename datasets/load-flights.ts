import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { FileError, PartwiseError } from "../src/base/errors.js";
import type { DistributedDataFrame } from "../src/collections/frame/distributed-data-frame.js";
import { readParquet } from "../src/io/read-parquet.js";

/** The columns of {@link loadFlights}. */
export type FlightColumns = {
  /** Time of departure, Datetime. */
  date: Date;
  /** Minutes late at the destination; negative is early. */
  delay: number;
  /** Miles. */
  distance: number;
  /** Airport code. */
  origin: string;
  /** Airport code. */
  destination: string;
};

/** Options of {@link loadFlights}. */
export interface FlightsOptions {
  /** At least so many partitions; about 16 MB of file each unless given. */
  readonly partitions?: number;
}

const FILE = join("data", "flights-3m.parquet");

/**
 * 3,000,000 flights within the United States, January to June 2001 (U.S. Bureau of Transportation Statistics), lazily from
 * the npm package `vega-datasets` (BSD-3-Clause), which is not a dependency: install it beside partwise.
 *
 * @throws PartwiseError when vega-datasets is not installed, FileError when it lacks the file
 *
 * @example
 * ```ts
 * const flights = await loadFlights({ partitions: 12 });
 * ```
 */
export async function loadFlights(options: FlightsOptions = {}): Promise<DistributedDataFrame<FlightColumns>> {
  const path = join(vegaDatasets(), FILE);
  if (!existsSync(path)) {
    throw new FileError(
      `loadFlights: vega-datasets is installed but has no ${FILE}. Run: npm install vega-datasets@3`,
      { details: { path } },
    );
  }
  return readParquet<FlightColumns>(path, options);
}

function vegaDatasets(): string {
  // Where the program runs first, then where partwise lies: a linked package has its own node_modules.
  for (const from of [join(process.cwd(), "package.json"), import.meta.url]) {
    const entry = entryOf(from);
    if (entry === undefined) continue;
    // Its exports map hides package.json, so the root is found from the entry (build/index.js).
    for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
      if (existsSync(join(folder, "package.json"))) return folder;
    }
  }
  throw new PartwiseError(
    "loadFlights: the package vega-datasets, which holds the data, is not installed. Run: npm install vega-datasets",
  );
}

function entryOf(from: string): string | undefined {
  try {
    return createRequire(from).resolve("vega-datasets");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
