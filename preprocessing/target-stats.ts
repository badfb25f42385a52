import { DataError, show } from "../src/base/errors.js";
import { CounterRng } from "../src/base/rng.js";
import type { TaskContext } from "../src/engine/engine.js";
import { vectorsIn, type TableStepArgs } from "../src/estimator/table.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { matchColumns, type CodeTable } from "./code-table.js";
import { PartitionCells, type Category } from "./column-codes.js";

/** How rows are dealt out to folds: by their number in the whole, whatever the partitions. */
export interface Folds {
  readonly count: number;
  readonly seed: number;
  /** The first row's number in each partition. */
  readonly starts: readonly number[];
}

/** The fold of each row of a partition. */
export function foldsOf(folds: Folds | null, partition: number, rows: number): Uint8Array {
  const out = new Uint8Array(rows);
  if (!folds) return out;
  const rng = new CounterRng(folds.seed, "target encoder folds");
  const start = folds.starts[partition] ?? 0;
  for (let i = 0; i < rows; i++) out[i] = rng.integer(start + i, folds.count);
  return out;
}

/** Weight, mean and Σw(y − mean)² of the targets of many groups, three numbers a group. */
export class TargetStats {
  readonly values: Float64Array;

  constructor(values: Float64Array) {
    this.values = values;
  }

  static of(groups: number): TargetStats {
    return new TargetStats(new Float64Array(groups * 3));
  }

  /** Adds a group's weight, mean and sum of squares (Chan, Golub and LeVeque 1979). */
  add(group: number, weight: number, mean: number, squares: number): void {
    if (weight === 0) return;
    const at = group * 3;
    const { values } = this;
    const own = values[at] as number;
    const total = own + weight;
    const delta = mean - (values[at + 1] as number);
    values[at] = total;
    // The larger side's mean is moved, so that a first value is taken over exactly.
    values[at + 1] = own === 0 ? mean : (values[at + 1] as number) + (delta * weight) / total;
    values[at + 2] = (values[at + 2] as number) + squares + (delta * delta * own * weight) / total;
  }

  weight(group: number): number {
    return this.values[group * 3] as number;
  }
  mean(group: number): number {
    return this.values[group * 3 + 1] as number;
  }
  squares(group: number): number {
    return this.values[group * 3 + 2] as number;
  }
}

/** What one partition tells of its targets. */
export interface TargetPartial {
  readonly rows: number;
  /** Distinct targets, three at most: enough to tell two classes from more. */
  readonly distinct: readonly number[];
  /** Of each fold. */
  readonly target: Float64Array;
  /** Of each fold of each category: `category · folds + fold`. */
  readonly columns: readonly { readonly values: readonly Category[]; readonly stats: Float64Array }[];
}

interface StatsArgs extends TableStepArgs {
  readonly folds: Folds | null;
  readonly limit: number;
}

/** Targets by category and fold in one partition. */
export function targetStep(
  context: TaskContext,
  args: StatsArgs,
  value: unknown,
  ...vectors: DenseChunk[]
): TargetPartial {
  const { owner } = args.zip;
  const partition = context.partition?.index ?? 0;
  const cells = new PartitionCells(context, args.columns, value);
  const { rows } = cells;
  const { y, w } = vectorsIn(context, args.zip, rows, vectors);
  const targets = context.memory.view(y as Column<"f64">);
  const weights = w ? context.memory.view(w) : undefined;
  const folds = foldsOf(args.folds, partition, rows);
  const count = args.folds?.count ?? 1;
  const target = TargetStats.of(count);
  const distinct = new Set<number>();
  for (let i = 0; i < rows; i++) {
    const weight = weights ? (weights[i] as number) : 1;
    target.add(folds[i] as number, weight, targets[i] as number, 0);
    if (weight > 0 && distinct.size < 3) distinct.add(targets[i] as number);
  }
  const columns = args.columns.map(({ name }, j) => {
    const { codes, values, firstRows } = cells.code(j, args.limit, () => {
      throw new DataError(
        `${owner}: column ${show(name)} has more than ${args.limit} categories in partition ${partition} alone. Drop it, bin it, or raise categoryLimit.`,
        {
          details: { column: name, partition },
        },
      );
    });
    const infinite = values.findIndex((one) => one === Infinity || one === -Infinity);
    if (infinite >= 0) {
      const row = firstRows[infinite] ?? 0;
      throw new DataError(
        `${owner}: X has ${String(values[infinite])} in column ${JSON.stringify(name)}, partition ${partition}, row ${row}. Clip or drop such rows first.`,
        {
          details: { column: name, partition, row },
        },
      );
    }
    const stats = TargetStats.of(values.length * count);
    for (let i = 0; i < rows; i++) {
      stats.add(
        (codes[i] as number) * count + (folds[i] as number),
        weights ? (weights[i] as number) : 1,
        targets[i] as number,
        0,
      );
    }
    return { values, stats: stats.values };
  });
  return { rows, distinct: [...distinct], target: target.values, columns };
}

/** Targets of two partitions together; `tooMany` is told the column that has more than `limit` categories. */
export function mergeTargets(
  a: TargetPartial,
  b: TargetPartial,
  folds: number,
  limit: number,
  tooMany: (column: number) => never,
): TargetPartial {
  const columns = a.columns.map((left, j) => {
    const right = b.columns[j] as TargetPartial["columns"][number];
    const at = new Map(left.values.map((value, k) => [value, k]));
    for (const value of right.values) if (!at.has(value)) at.set(value, at.size);
    if (at.size > limit) tooMany(j);
    const stats = TargetStats.of(at.size * folds);
    stats.values.set(left.stats);
    const added = new TargetStats(right.stats);
    right.values.forEach((value, k) => {
      for (let fold = 0; fold < folds; fold++) {
        const from = k * folds + fold;
        stats.add((at.get(value) ?? 0) * folds + fold, added.weight(from), added.mean(from), added.squares(from));
      }
    });
    return { values: [...at.keys()], stats: stats.values };
  });
  const target = new TargetStats(a.target.slice());
  const more = new TargetStats(b.target);
  for (let fold = 0; fold < folds; fold++) target.add(fold, more.weight(fold), more.mean(fold), more.squares(fold));
  return {
    rows: a.rows + b.rows,
    distinct: [...new Set([...a.distinct, ...b.distinct])].slice(0, 3),
    target: target.values,
    columns,
  };
}

interface CrossArgs extends CodeTable {
  readonly folds: Folds;
  /** The number of each category: `values[fold][column][category]`. */
  readonly values: readonly (readonly Float64Array[])[];
  /** Of categories that occur in the fold alone. */
  readonly unknown: Float64Array;
  readonly dtype: "f64" | "f32";
}

/** Training rows of one partition, each by the encoding that its own fold had no part in. */
export function crossStep(context: TaskContext, args: CrossArgs, value: unknown): DenseChunk {
  const { rows, columns } = matchColumns(context, args, value);
  const folds = foldsOf(args.folds, context.partition?.index ?? 0, rows);
  const out = context.memory.dense(args.dtype, rows, columns.length);
  columns.forEach(({ codes, positions }, j) => {
    const target = context.memory.view(out.columns[j] as Column<"f64" | "f32">);
    for (let i = 0; i < rows; i++) {
      const fold = folds[i] as number;
      const position = positions[codes[i] as number] as number;
      target[i] = args.values[fold]?.[j]?.[position] ?? (args.unknown[fold] as number);
    }
  });
  return out;
}
