import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { cellReader } from "../src/estimator/frame-row-steps.js";
import { addCellStep, type RowValue } from "../src/estimator/row-steps.js";
import { DataError, show } from "../src/base/errors.js";
import { vectorsIn, type TableColumn, type TableStepArgs } from "../src/estimator/table.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { PartitionCells, type Category } from "./column-codes.js";
import { mergeRuns, runOf, type Run } from "./order-steps.js";
import { TargetStats } from "./target-stats.js";

/** What a missing value of a group becomes. */
export type GroupStrategy = "mean" | "median" | "mostFrequent";

/** What is known of each group: the values of its columns, group after group. */
export interface GroupSums {
  readonly rows: number;
  /** Σw of all rows. */
  readonly weight: number;
  /** What each group has in the columns that make groups. */
  readonly keys: readonly (readonly Category[])[];
  /** Weight, mean and Σw(x − mean)² of entry `group · columns + column`; for means. */
  readonly stats: Float64Array | null;
  /** Distinct values with their weight, of the same entries; for medians and modes. */
  readonly runs: readonly Run[] | null;
}

interface GroupArgs extends TableStepArgs {
  /** Positions of the columns that make groups, and of those with values. */
  readonly by: readonly number[];
  readonly values: readonly number[];
  readonly strategy: GroupStrategy;
  readonly groupLimit: number;
}

/** One text for what a row has in the columns that make groups: text and numbers that look alike stay apart. */
export function keyOf(key: readonly Category[]): string {
  return key.map((one) => (one === null || Number.isNaN(one) ? "-" : `${typeof one}:${String(one)}`)).join("\u0000");
}

/** The group of each row of a partition, and what its columns have in common. */
export function groupsIn(
  cells: PartitionCells,
  by: readonly number[],
  limit: number,
  tooMany: () => never,
): { codes: Int32Array; keys: Category[][] } {
  const columns = by.map((j) => cells.code(j));
  const codes = new Int32Array(cells.rows);
  const keys: Category[][] = [];
  const [only] = columns;
  if (columns.length === 1 && only) {
    if (only.values.length > limit) tooMany();
    return { codes: only.codes, keys: only.values.map((value) => [value]) };
  }
  const known = new Map<string, number>();
  for (let i = 0; i < codes.length; i++) {
    const place = columns.map((column) => column.codes[i]).join();
    let group = known.get(place);
    if (group === undefined) {
      group = keys.push(columns.map((column) => column.values[column.codes[i] as number] as Category)) - 1;
      if (keys.length > limit) tooMany();
      known.set(place, group);
    }
    codes[i] = group;
  }
  return { codes, keys };
}

/** The error for more groups than are allowed. */
export function tooManyGroups(owner: string, names: readonly string[], limit: number): DataError {
  return new DataError(
    `${owner}: ${names.map(show).join(" and ")} make more than ${limit} groups. Use coarser columns, or raise groupLimit.`,
  );
}

/** Groups of one partition of a fit. @throws DataError for infinities, or too many groups */
export function groupStep(context: TaskContext, args: GroupArgs, value: unknown, ...vectors: DenseChunk[]): GroupSums {
  const { owner } = args.zip;
  const cells = new PartitionCells(context, args.columns, value);
  const { w } = vectorsIn(context, args.zip, cells.rows, vectors);
  const weights = w ? context.memory.view(w) : undefined;
  const names = args.by.map((j) => (args.columns[j] as TableColumn).name);
  const { codes, keys } = groupsIn(cells, args.by, args.groupLimit, () => {
    throw tooManyGroups(owner, names, args.groupLimit);
  });
  const width = args.values.length;
  const stats = args.strategy === "mean" ? TargetStats.of(keys.length * width) : null;
  const runs: Run[] | null = stats ? null : new Array<Run>(keys.length * width);
  args.values.forEach((j, k) => {
    const values = cells.numbers(j);
    const row = values.findIndex((one) => one === Infinity || one === -Infinity);
    if (row >= 0) {
      const { name } = args.columns[j] as TableColumn;
      const partition = context.partition?.index ?? 0;
      throw new DataError(
        `${owner}: X has ${values[row]} in column ${show(name)}, partition ${partition}, row ${row}. Clip or drop such rows first.`,
        { details: { column: name, partition, row } },
      );
    }
    const weightOf = (i: number): number => (weights ? (weights[i] as number) : 1);
    if (stats) {
      for (let i = 0; i < values.length; i++) {
        const one = values[i] as number;
        if (one === one) stats.add((codes[i] as number) * width + k, weightOf(i), one, 0);
      }
      return;
    }
    const rows: number[][] = keys.map(() => []);
    for (let i = 0; i < values.length; i++)
      if (values[i] === values[i] && weightOf(i) > 0) (rows[codes[i] as number] as number[]).push(i);
    rows.forEach((own, group) => {
      const found = Float64Array.from(own, (i) => values[i] as number);
      (runs as Run[])[group * width + k] = runOf(found, (at) => weightOf(own[at] as number), Infinity);
    });
  });
  return {
    rows: cells.rows,
    weight: weights ? weights.reduce((sum, one) => sum + one, 0) : cells.rows,
    keys,
    stats: stats?.values ?? null,
    runs,
  };
}

/** What a pass over the rows of both would have found; groups in the order in which they came. */
export function mergeGroups(a: GroupSums, b: GroupSums, width: number, limit: number, tooMany: () => never): GroupSums {
  const at = new Map(a.keys.map((key, group) => [keyOf(key), group]));
  const keys = [...a.keys];
  const place = b.keys.map((key) => {
    const text = keyOf(key);
    const known = at.get(text);
    if (known !== undefined) return known;
    at.set(text, keys.length);
    return keys.push(key) - 1;
  });
  if (keys.length > limit) tooMany();
  const sums = { rows: a.rows + b.rows, weight: a.weight + b.weight, keys };
  if (a.stats && b.stats) {
    const stats = TargetStats.of(keys.length * width);
    stats.values.set(a.stats);
    const added = new TargetStats(b.stats);
    place.forEach((to, from) => {
      for (let k = 0; k < width; k++) {
        const own = from * width + k;
        stats.add(to * width + k, added.weight(own), added.mean(own), added.squares(own));
      }
    });
    return { ...sums, stats: stats.values, runs: null };
  }
  const runs = [...(a.runs as Run[])];
  place.forEach((to, from) => {
    for (let k = 0; k < width; k++) {
      const own = (b.runs as Run[])[from * width + k] as Run;
      const there = runs[to * width + k];
      runs[to * width + k] = there ? mergeRuns(there, own) : own;
    }
  });
  return { ...sums, stats: null, runs };
}

/** What a fitted imputer by groups knows. */
export interface GroupFillArgs {
  readonly columns: readonly TableColumn[];
  readonly by: readonly number[];
  readonly values: readonly number[];
  readonly keys: readonly (readonly Category[])[];
  /** Of entry `group · columns + column`; the last group's are those of groups that fit has not seen. */
  readonly fill: Float64Array;
  readonly dtype: "f64" | "f32";
}

/** The columns with values of one partition, filled in by group. */
export function groupFillStep(context: TaskContext, args: GroupFillArgs, value: unknown): DenseChunk {
  const cells = new PartitionCells(context, args.columns, value);
  const { codes, keys } = groupsIn(cells, args.by, Infinity, () => {
    throw new DataError("no limit");
  });
  const at = new Map(args.keys.map((key, group) => [keyOf(key), group]));
  const groups = Int32Array.from(keys, (key) => at.get(keyOf(key)) ?? args.keys.length);
  const width = args.values.length;
  const out = context.memory.dense(args.dtype, cells.rows, width);
  args.values.forEach((j, k) => {
    const values = cells.numbers(j);
    const target = context.memory.view(out.columns[k] as Column<"f64" | "f32">);
    for (let i = 0; i < values.length; i++) {
      const one = values[i] as number;
      target[i] = one === one ? one : (args.fill[(groups[codes[i] as number] as number) * width + k] as number);
    }
  });
  return out;
}

addCellStep<GroupFillArgs>(fnRef(import.meta.url, "groupFillStep"), ({ columns, by, values, keys, fill, dtype }) => {
  const read = cellReader(columns);
  const groups = new Map(keys.map((key, group) => [keyOf(key), group]));
  return (row) => {
    const key = by.map((j) => read(row as RowValue, j));
    const cells = values.map((j) => read(row as RowValue, j));
    if (key.includes(undefined) || cells.includes(undefined)) return undefined;
    const group = groups.get(keyOf(key as Category[])) ?? keys.length;
    return Float64Array.from(cells, (cell, k) => {
      const own = cell === null ? NaN : Number(cell);
      const number = Number.isNaN(own) ? (fill[group * values.length + k] as number) : own;
      return dtype === "f32" ? Math.fround(number) : number;
    });
  };
});
