import type { Plain } from "../../base/plain.js";
import { DataError, ParameterError, PartwiseError } from "../../base/errors.js";
import { plainPart, type SourcePart } from "../../io/open-source.js";
import { TaskPlan, type Plan } from "../plan.js";
import { unknownColumn } from "./expressions.js";
import { FRAME_TASK, reasonOf } from "./frame-task.js";
import type { PolarsFrame } from "./polars.js";
import { applyVerbs, columnsNeeded, keepRows, plainVerbs, type VerbCall } from "./verbs.js";

/** Files as a source: partition i reads `part(i)`. */
export interface ReaderSource {
  readonly kind: "reader";
  /** In the user's words: `readCsv("a.csv")`. */
  readonly label: string;
  readonly partitions: number;
  readonly bytes: number | undefined;
  /** True when the format stores columns apart, so that Polars reads just the ones that a chain needs. */
  readonly columnar: boolean;
  readonly part: (index: number) => SourcePart;
}

/** Where a frame's rows come from: files, or frames that another plan makes. */
export type FrameSource = ReaderSource | { readonly kind: "plan"; readonly plan: Plan };

/** A lazy frame: a source, verbs that are still to be done, and what is known without work. */
export interface FrameState {
  readonly source: FrameSource;
  /** The columns of the source, in order. */
  readonly sourceColumns: readonly string[];
  readonly verbs: readonly VerbCall[];
  /** A frame without rows that has the columns and types after the verbs. */
  readonly empty: PolarsFrame;
  readonly partitionRows: readonly number[] | undefined;
}

/** A state without verbs. */
export function frameState(
  source: FrameSource,
  empty: PolarsFrame,
  partitionRows: readonly number[] | undefined,
): FrameState {
  return { source, sourceColumns: empty.columns, verbs: [], empty, partitionRows };
}

/**
 * The state with one more verb. The verb runs over the empty frame, so that unknown columns and impossible types show
 * here and not in a worker.
 * @throws DataError naming the column, with the nearest name, or with what Polars says
 */
export function withVerb(state: FrameState, call: VerbCall): FrameState {
  const owner = `DistributedDataFrame.${call.verb}`;
  return {
    ...state,
    verbs: [...state.verbs, call],
    empty: tryVerbs(owner, state.empty, [call]),
    partitionRows: keepRows([call]) ? state.partitionRows : undefined,
  };
}

function tryVerbs(owner: string, empty: PolarsFrame, calls: readonly VerbCall[]): PolarsFrame {
  try {
    return applyVerbs(empty.lazy(), calls, 0).collectSync();
  } catch (cause) {
    if (cause instanceof PartwiseError) throw cause;
    const text = reasonOf(cause);
    const [, missing] =
      /unable to find column "([^"]*)"|"([^"]*)" not found/.exec(text)?.filter((group) => group !== undefined) ?? [];
    if (missing !== undefined) throw unknownColumn(owner, missing, empty.columns);
    throw new DataError(`${owner}: ${text}. Check the expression and the types of its columns (see .schema).`, {
      cause,
    });
  }
}

/** Throws for a name that is no column, with the nearest one. */
export function assertColumns(owner: string, state: FrameState, names: readonly string[]): void {
  const { columns } = state.empty;
  for (const name of names) {
    if (typeof name !== "string") throw new ParameterError(`${owner}: column names are strings; got ${typeof name}.`);
    if (!columns.includes(name)) throw unknownColumn(owner, name, columns);
  }
}

export function partitionsOf(state: FrameState): number {
  return state.source.kind === "plan" ? state.source.plan.partitions : state.source.partitions;
}

/** What the frame is, in the user's words. */
export function labelOf(state: FrameState): string {
  const base = state.source.kind === "plan" ? state.source.plan.label : state.source.label;
  return base + state.verbs.map((call) => `.${call.verb}`).join("");
}

const plans = new WeakMap<FrameState, Plan>();

/** The plan whose partitions are the frame's; the same one for the same state, so that its users share it. */
export function planOf(state: FrameState): Plan {
  let plan = plans.get(state);
  if (!plan) {
    plan = makePlan(state);
    plans.set(state, plan);
  }
  return plan;
}

function makePlan(state: FrameState): Plan {
  const { source, verbs } = state;
  const label = labelOf(state);
  if (source.kind === "reader" && (source.columnar || isLimit(verbs[0]))) {
    return new TaskPlan({
      label,
      partitions: source.partitions,
      inputs: [],
      bytes: source.bytes,
      task: (index) => ({
        fn: FRAME_TASK,
        args: { part: plainPart(source.part(index)), verbs: plainVerbs(verbs) },
        inputs: [],
      }),
    });
  }
  const columns = columnsNeeded(verbs, state.sourceColumns);
  const input = source.kind === "plan" ? source.plan : sharedReader(source, state.sourceColumns).want(columns);
  if (verbs.length === 0) return input;
  return TaskPlan.blockwise(input, label, FRAME_TASK, { verbs: plainVerbs(verbs), columns: columns ?? null } as Plain);
}

function isLimit(call: VerbCall | undefined): boolean {
  return call?.verb === "limit" && call.args.from === "head";
}

/**
 * The reading of a row format, shared by every frame that descends from it: features and labels of one file are parsed
 * once. It parses the columns that any of them has asked for; each asks when its plan is made, before any task exists.
 */
class SharedReader {
  readonly #plan: TaskPlan;
  #wanted: Set<string> | undefined = new Set();

  constructor(source: ReaderSource, columns: readonly string[]) {
    this.#plan = new TaskPlan({
      label: source.label,
      partitions: source.partitions,
      inputs: [],
      bytes: source.bytes,
      task: (index) => {
        // Without any column the number of rows would be lost.
        const wanted =
          this.#wanted?.size === 0 ? columns.slice(0, 1) : columns.filter((name) => this.#wanted?.has(name));
        const part = { ...source.part(index), columns: this.#wanted && wanted.length < columns.length ? wanted : null };
        return { fn: FRAME_TASK, args: { part: plainPart(part as SourcePart), verbs: [] }, inputs: [] };
      },
    });
  }

  want(columns: readonly string[] | undefined): Plan {
    if (columns === undefined) this.#wanted = undefined;
    else for (const name of columns) this.#wanted?.add(name);
    return this.#plan;
  }
}

const readers = new WeakMap<ReaderSource, SharedReader>();

function sharedReader(source: ReaderSource, columns: readonly string[]): SharedReader {
  let reader = readers.get(source);
  if (!reader) {
    reader = new SharedReader(source, columns);
    readers.set(source, reader);
  }
  return reader;
}
