import { DataError, show } from "../src/base/errors.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import { DistributedSeries, type FrameRunOptions } from "../src/collections/frame/distributed-series.js";
import { TaskPlan } from "../src/collections/plan.js";
import { reducePartitions } from "../src/collections/reduce.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { Label } from "../src/estimator/labels.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { sortedClasses } from "./label-transformer.js";

/** Labels: a list of one type, a column of a frame, or a vector of numbers. */
export type Labels = ArrayLike<Label> | DistributedSeries | DistributedArray;

const LIMIT = 100_000;

/** The distinct labels, ascending; one pass. @throws DataError for no labels, missing ones, mixed types, or too many */
export async function learnLabels(owner: string, y: Labels, options: FrameRunOptions): Promise<Label[]> {
  return sortedClasses(owner, await distinct(owner, y, options));
}

/** Each label's position among the classes; lazy for distributed labels. @throws DataError naming the row of another label */
export function codesOf(owner: string, classes: readonly Label[], y: Labels): DistributedArray | Float64Array {
  if (y instanceof DistributedSeries) return y.encode(classes);
  if (y instanceof DistributedArray) {
    assertVector(owner, y);
    const args = { owner, classes: [...classes] };
    const plan = TaskPlan.blockwise(y.plan, owner, fnRef(import.meta.url, "codeStep"), args);
    return new DistributedArray({ plan, innerShape: [], dtype: "f64", partitionRows: y.partitionRows });
  }
  const codeOf = new Map(classes.map((label, code) => [label, code]));
  return Float64Array.from(y, (label, row) => {
    const code = codeOf.get(label);
    if (code === undefined) throw unknownLabel(owner, label, row, classes.length);
    return code;
  });
}

async function distinct(owner: string, y: Labels, options: FrameRunOptions): Promise<Label[]> {
  if (y instanceof DistributedSeries) {
    const values = await y.unique(options);
    if (values.includes(null))
      throw new DataError(`${owner}: column ${show(y.name)} has missing labels. Drop or fill them first.`, {
        details: { column: y.name },
      });
    return values as Label[];
  }
  if (!(y instanceof DistributedArray)) return [...new Set(Array.from(y))];
  assertVector(owner, y);
  const union = (a: number[], b: number[]): number[] => [...new Set([...a, ...b])];
  const step = fnRef(import.meta.url, "distinctStep");
  const found = await reducePartitions<number[]>(
    [y.plan],
    { label: owner, step, args: { owner, limit: LIMIT }, combine: union },
    options,
  );
  return found ?? [];
}

function assertVector(owner: string, y: DistributedArray): void {
  if (y.width !== 1 || y.layout === "csr")
    throw new DataError(`${owner}: y has ${y.width} columns; it needs one dense one.`);
}

/** The distinct numbers of one partition. */
export function distinctStep(context: TaskContext, args: { owner: string; limit: number }, y: DenseChunk): number[] {
  const found = new Set<number>();
  for (const value of context.memory.view(y.columns[0] as Column)) {
    found.add(Number(value));
    if (found.size > args.limit) {
      throw new DataError(
        `${args.owner}: y has more than ${args.limit} distinct values by partition ${context.partition?.index ?? 0}. Labels are fewer; bin a number first.`,
      );
    }
  }
  return [...found];
}

/** Codes of one partition. */
export function codeStep(context: TaskContext, args: { owner: string; classes: Label[] }, y: DenseChunk): DenseChunk {
  const codeOf = new Map(args.classes.map((label, code) => [Number(label), code]));
  const out = context.memory.dense("f64", y.rows, 1);
  const target = context.memory.view(out.columns[0] as Column<"f64">);
  const values = context.memory.view(y.columns[0] as Column);
  for (let i = 0; i < y.rows; i++) {
    const code = codeOf.get(Number(values[i]));
    if (code === undefined)
      throw unknownLabel(args.owner, Number(values[i]), i, args.classes.length, context.partition?.index ?? 0);
    target[i] = code;
  }
  return out;
}

function unknownLabel(owner: string, label: unknown, row: number, known: number, partition?: number): DataError {
  const where = partition === undefined ? "" : `partition ${partition}, `;
  return new DataError(
    `${owner}: ${where}row ${row}: ${show(label)} is not among the ${known} classes. Fit on labels that have it.`,
    {
      details: { row, ...(partition === undefined ? {} : { partition }) },
    },
  );
}
