import { abortedError } from "../../base/errors.js";
import type { RunOptions } from "../../collections/plan-run.js";
import type { TableBatch, TableSink } from "./table-sink.js";

/** What went into a table. */
export interface TableReport {
  readonly table: string;
  /** Batches that this run wrote, and those that were there. */
  readonly written: number;
  readonly present: number;
  /** Rows that this run wrote. */
  readonly rows: number;
}

/**
 * Writes batches into a table one after another. Each is one transaction with its key: a run that is killed at any moment
 * and called again leaves every row in the table once.
 */
export async function writeScores(
  owner: string,
  sink: TableSink,
  batches: readonly TableBatch[],
  options: RunOptions,
): Promise<TableReport> {
  const table = await sink.open();
  let written = 0;
  let rows = 0;
  try {
    for (const [done, batch] of batches.entries()) {
      if (options.signal?.aborted) throw abortedError(options.signal, owner);
      if (await table.write(batch)) {
        written += 1;
        rows += batch.rows;
      }
      options.onProgress?.({ stage: `${owner}: ${sink.label}`, done: done + 1, total: batches.length });
    }
  } finally {
    await table.close();
  }
  return { table: sink.label, written, present: batches.length - written, rows };
}
