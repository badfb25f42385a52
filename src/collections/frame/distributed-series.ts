import { DataError, show } from "../../base/errors.js";
import { fnRef } from "../../engine/fn-ref.js";
import type { TaskContext } from "../../engine/engine.js";
import type { Engine } from "../../engine/engine.js";
import type { DistributedArray } from "../array/distributed-array.js";
import { readPlans } from "../hold.js";
import type { RunOptions } from "../plan-run.js";
import { reducePartitions } from "../reduce.js";
import { columnToCodes, frameToArray } from "./frame-to-array.js";
import { labelOf, partitionsOf, planOf, type FrameState } from "./frame-state.js";
import { isNumericDtype, schemaOf } from "./frame-types.js";
import { frameFromHost, frameIn } from "./live-frame.js";
import type { Plan } from "../plan.js";
import { labelsOf } from "./to-array-task.js";

/** A label of a classifier. */
export type Label = string | number | boolean;

/** Options of what starts work on a frame. */
export interface FrameRunOptions extends RunOptions {
  /** The engine to run on: the one that holds the data, or the default, unless given. */
  readonly engine?: Engine;
}

/** How often a value occurs. */
export interface ValueCount {
  readonly value: unknown;
  readonly count: number;
}

type Counts = readonly (readonly [unknown, number])[];

/** One column of a {@link DistributedDataFrame}; lazy and immutable. */
export class DistributedSeries {
  readonly name: string;
  /** @internal a frame of just this column */
  readonly state: FrameState;

  /** @param state a frame of just this column */
  constructor(name: string, state: FrameState) {
    this.name = name;
    this.state = state;
  }

  /** The column's type in words: `Float64`, `String`, `Datetime(us)`. */
  get dtype(): string {
    return schemaOf(this.state.empty)[this.name] ?? "";
  }
  get partitions(): number {
    return partitionsOf(this.state);
  }
  /** Rows of each partition, where they are known without work. */
  get partitionRows(): readonly number[] | undefined {
    return this.state.partitionRows;
  }
  get plan(): Plan {
    return planOf(this.state);
  }
  /** True when {@link toArray} works: numbers, booleans, dates and durations. */
  get isNumeric(): boolean {
    return isNumericDtype(this.dtype);
  }

  /**
   * The column as a vector of numbers, lazily; null becomes NaN, dates milliseconds.
   * @throws DataError when it is not numeric; use {@link encode}
   */
  toArray(options: { readonly dtype?: "f64" | "f32" } = {}): DistributedArray {
    return frameToArray("DistributedSeries.toArray", this.state, [this.name], options.dtype ?? "f64", true);
  }

  /** The distinct values in ascending order (text by UTF-16 code), null left out. One pass. */
  async classes(options: FrameRunOptions = {}): Promise<Label[]> {
    const counts = await this.#counts("classes", options);
    const values = counts.map(([value]) => value).filter((value) => value !== null) as Label[];
    return values.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /**
   * The column as codes, lazily: 0 for `classes[0]`, and so on.
   * @throws DataError (when it runs) naming column, partition, row and value for one that is not among `classes`
   */
  encode(classes: readonly Label[]): DistributedArray {
    if (new Set(classes).size < classes.length)
      throw new DataError(`DistributedSeries.encode: a class occurs twice in ${show(classes)}.`);
    return columnToCodes(this.state, this.name, classes);
  }

  /** How often each value occurs, most frequent first, equal counts by value; null counts too. One pass. */
  async valueCounts(options: FrameRunOptions = {}): Promise<ValueCount[]> {
    const counts = await this.#counts("valueCounts", options);
    return counts
      .map(([value, count]) => ({ value, count }))
      .sort((a, b) => b.count - a.count || compare(a.value, b.value));
  }

  /** The distinct values, ascending, null last. One pass. */
  async unique(options: FrameRunOptions = {}): Promise<unknown[]> {
    return (await this.#counts("unique", options)).map(([value]) => value).sort(compare);
  }

  /** Smallest value, NaN and null left out. */
  async min(options: FrameRunOptions = {}): Promise<number> {
    return (await this.toArray().min(options))[0] as number;
  }
  /** Largest value, NaN and null left out. */
  async max(options: FrameRunOptions = {}): Promise<number> {
    return (await this.toArray().max(options))[0] as number;
  }
  /** Arithmetic mean. */
  async mean(options: FrameRunOptions = {}): Promise<number> {
    return (await this.toArray().mean(options))[0] as number;
  }

  /** All values in order; null stays null. */
  async compute(options: FrameRunOptions = {}): Promise<unknown[]> {
    const values = await readPlans([this.plan], `${labelOf(this.state)}.compute`, options);
    return values.flatMap((value) => labelsOf(frameFromHost(value), this.name));
  }

  async #counts(what: string, options: FrameRunOptions): Promise<Counts> {
    const label = `${labelOf(this.state)}.${what}`;
    const reduction = { label, step: COUNT_STEP, args: { column: this.name }, combine: mergeCounts };
    return (await reducePartitions<Counts>([this.plan], reduction, options)) ?? [];
  }
}

const COUNT_STEP = fnRef(import.meta.url, "countStep");

/** Counts of the values of one partition's column, in no particular order; dates as milliseconds. */
export function countStep(context: TaskContext, args: { readonly column: string }, input: unknown): Counts {
  const frame = frameIn(context, input, [args.column]);
  if (frame.height === 0) return [];
  const counted = frame.getColumn(args.column).valueCounts(false, false, "partwise-count");
  const values = labelsOf(counted, args.column).map((value) => (value instanceof Date ? value.getTime() : value));
  const counts = counted.getColumn("partwise-count").toArray() as (number | bigint)[];
  return values.map((value, i) => [value, Number(counts[i])] as const);
}

function mergeCounts(a: Counts, b: Counts): Counts {
  const counts = new Map(a);
  for (const [value, count] of b) counts.set(value, (counts.get(value) ?? 0) + count);
  return [...counts];
}

function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return (a as number) < (b as number) ? -1 : 1;
}
