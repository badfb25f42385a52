import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { binaryTable, mergeBinaryTables, type BinaryTable } from "../numeric/binary-table.js";
import type { MetricRows } from "./metric-kernel.js";

/** The distinct scores of every class in every column, with their weights (on the second side of each table). */
export interface ClassScoreTables {
  /** Codes of the classes seen, ascending. */
  readonly labels: readonly number[];
  /** Entry [i][j]: scores in column j of the rows of `labels[i]`. */
  readonly tables: readonly (readonly BinaryTable[])[];
}

/** {@link ClassScoreTables} of a partition; rows of weight 0 are left out. Cost: a sort of each column. */
export function classScoresStep(_context: TaskContext, _args: undefined, rows: MetricRows): ClassScoreTables {
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const columns = rows.columns.yScore as readonly Float64Array[];
  const groups = new Map<number, number[]>();
  for (let i = 0; i < rows.rows; i++) {
    if (rows.weight && rows.weight[i] === 0) continue;
    const label = t[i] as number;
    const group = groups.get(label);
    if (group) group.push(i);
    else if (groups.size < columns.length) groups.set(label, [i]);
    else {
      throw new DataError(
        `${rows.owner}: partition ${rows.partition}, row ${i} has class number ${columns.length + 1} of yTrue, but yScore has ${columns.length} columns. Pass one column a class.`,
        { details: { partition: rows.partition, row: i } },
      );
    }
  }
  const labels = [...groups.keys()].sort((a, b) => a - b);
  const tables = labels.map((label) => {
    const own = groups.get(label) ?? [];
    const take = (values: Float64Array): Float64Array => Float64Array.from(own, (i) => values[i] as number);
    const y = new Float64Array(own.length).fill(1);
    const weight = rows.weight ? take(rows.weight) : undefined;
    const place = { owner: rows.owner, partition: rows.partition, positive: 1 };
    return columns.map((column) => binaryTable(y, take(column), weight, place));
  });
  return { labels, tables };
}

/** Names {@link classScoresStep} for the engine. */
export const CLASS_SCORES_STEP = fnRef(import.meta.url, "classScoresStep");

/** The tables of both. Cost: O(scores). */
export function mergeClassScores(owner: string, a: ClassScoreTables, b: ClassScoreTables): ClassScoreTables {
  const labels = [...new Set([...a.labels, ...b.labels])].sort((p, q) => p - q);
  const tables = labels.map((label) => {
    const left = a.tables[a.labels.indexOf(label)];
    const right = b.tables[b.labels.indexOf(label)];
    if (!left || !right) return (left ?? right) as readonly BinaryTable[];
    return left.map((table, j) => mergeBinaryTables(owner, table, right[j] as BinaryTable));
  });
  return { labels, tables };
}
