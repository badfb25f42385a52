import { DataError, FileError, PartwiseError, show } from "../../base/errors.js";
import { isPlainObject, type Plain } from "../../base/plain.js";
import type { TaskContext } from "../../engine/engine.js";
import { fnRef } from "../../engine/fn-ref.js";
import { openSource, type SourcePart } from "../../io/open-source.js";
import { decodeUserFn } from "../user-function.js";
import { schemaOf, type FrameSchema } from "./frame-types.js";
import { frameIn, isSealedFrame, LiveFrame, SealedView } from "./live-frame.js";
import { isSealedNumbers, pickColumns, type SealedNumbers } from "./number-frame.js";
import { isPolarsFrame, polars, type PolarsFrame, type PolarsLazyFrame } from "./polars.js";
import { columnNames } from "./text-views.js";
import { applyVerbs, onlyColumns, type VerbCall } from "./verbs.js";

/** A chain of verbs over a file part or over a frame that arrives as input. */
export interface FrameTaskArgs {
  readonly part?: SourcePart;
  /** The columns of the input that the verbs need; null means all. */
  readonly columns?: readonly string[] | null;
  readonly verbs: readonly VerbCall[];
}

/** {@link frameTask} by name. */
export const FRAME_TASK = fnRef(import.meta.url, "frameTask");
/** {@link concatTask} by name. */
export const CONCAT_TASK = fnRef(import.meta.url, "concatTask");
/** {@link piecesTask} by name. */
export const PIECES_TASK = fnRef(import.meta.url, "piecesTask");
/** {@link userTask} by name. */
export const USER_TASK = fnRef(import.meta.url, "userTask");

/** One partition of a frame: opens its part (or takes its input), applies the verbs as one Polars query, collects it. */
export function frameTask(
  context: TaskContext,
  args: FrameTaskArgs,
  input?: unknown,
): LiveFrame | SealedNumbers | SealedView {
  const owner = context.partition?.of ?? "frame";
  const index = context.partition?.index ?? 0;
  return guarded(owner, index, args.part?.path, () => {
    const given = args.part ? openSource(args.part, args.verbs, context) : input;
    if (isSealedNumbers(given)) {
      const columns = onlyColumns(args.verbs, given.names);
      if (columns) return pickColumns(given, columns);
    }
    const chosen = chooseSealed(context, args.verbs, given);
    if (chosen) return chosen;
    const lazy =
      args.part && !isSealedNumbers(given) ? (given as PolarsLazyFrame) : frameIn(context, given, args.columns).lazy();
    return new LiveFrame(applyVerbs(lazy, args.verbs, index).collectSync());
  });
}

/** Columns of a sealed frame, where the verbs do nothing but choose some: nothing need be read for it. */
function chooseSealed(context: TaskContext, verbs: readonly VerbCall[], input: unknown): SealedView | undefined {
  const frame = input instanceof SealedView ? input.frame : isSealedFrame(input) ? input : undefined;
  if (!frame || frame.rows === 0) return undefined;
  const names = input instanceof SealedView ? input.columns : columnNames(context.memory.view(frame.bytes));
  const columns = names && onlyColumns(verbs, names);
  return columns && columns.length > 0 ? new SealedView(frame, columns) : undefined;
}

/** Joins frames one below the other; with `limit`, keeps the first or last rows of the whole. */
export function concatTask(
  context: TaskContext,
  args: { readonly limit?: number; readonly from?: "head" | "tail" },
  ...inputs: readonly unknown[]
): LiveFrame {
  const frames = inputs.map((input) => frameIn(context, input));
  const whole = stack(frames);
  if (args.limit === undefined) return new LiveFrame(whole);
  return new LiveFrame(args.from === "tail" ? whole.tail(args.limit) : whole.head(args.limit));
}

/** A new partition from pieces of old ones: rows [from, to) of each input, or that fraction of its rows. */
export function piecesTask(
  context: TaskContext,
  args: { readonly unit: "row" | "fraction"; readonly spans: readonly (readonly [number, number])[] },
  ...inputs: readonly unknown[]
): LiveFrame {
  const frames = inputs.map((input, i) => {
    const frame = frameIn(context, input);
    const [from, to] = args.spans[i] ?? [0, 0];
    const scale = args.unit === "row" ? 1 : frame.height;
    const start = Math.floor(from * scale);
    return frame.slice(start, Math.floor(to * scale) - start);
  });
  return new LiveFrame(stack(frames));
}

/** Calls a user's function with the partition and checks what it returns against the declared schema. */
export async function userTask(
  context: TaskContext,
  args: { readonly fn: Plain; readonly args: Plain; readonly schema: FrameSchema; readonly label: string },
  input: unknown,
): Promise<LiveFrame> {
  const pl = polars();
  const index = context.partition?.index ?? 0;
  const fn = (await decodeUserFn(args.fn)) as unknown as (frame: PolarsFrame, info: object) => unknown;
  const result = await fn(frameIn(context, input), { args: args.args, partition: index, pl });
  const frame = isPolarsFrame(result)
    ? result
    : isPlainObject(result)
      ? pl.DataFrame(result as Record<string, unknown[]>)
      : undefined;
  if (!frame) {
    throw new DataError(
      `${args.label}: the function returned ${show(result)} for partition ${index}. Return a Polars DataFrame or an object of columns.`,
    );
  }
  const got = schemaOf(frame);
  const wanted = Object.entries(args.schema);
  const same =
    wanted.length === Object.keys(got).length &&
    wanted.every(([name, dtype], i) => Object.keys(got)[i] === name && got[name] === dtype);
  if (!same) {
    throw new DataError(
      `${args.label}: the function returned ${schemaText(got)} for partition ${index}; declared is ${schemaText(args.schema)}. ` +
        "Cast what it returns, or pass its columns as `schema`.",
    );
  }
  return new LiveFrame(frame);
}

/** Frames one below the other, in order. */
export function stack(frames: readonly PolarsFrame[]): PolarsFrame {
  const [first] = frames;
  if (!first) throw new DataError("A frame of no partitions has no columns.");
  if (frames.length === 1) return first;
  // Empty parts carry only their columns, which all parts share.
  const filled = frames.filter((frame) => frame.height > 0);
  if (filled.length === 0) return first;
  return filled.length === 1 ? (filled[0] as PolarsFrame) : polars().concat(filled);
}

function schemaText(schema: FrameSchema): string {
  return `{ ${Object.entries(schema)
    .map(([name, dtype]) => `${name}: ${dtype}`)
    .join(", ")} }`;
}

function guarded<T>(owner: string, index: number, path: string | undefined, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof PartwiseError) throw cause;
    const reason = reasonOf(cause);
    const details = { partition: index, ...(path === undefined ? {} : { path }) };
    if (path === undefined) throw new DataError(`${owner}: partition ${index} failed: ${reason}`, { cause, details });
    throw new FileError(`${owner}: partition ${index} of ${show(path)} cannot be read: ${reason}`, { cause, details });
  }
}

/** The first paragraph of a Polars error: what follows is the query plan and settings of another library. */
export function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split("\n\n")[0]?.trim() ?? text;
}
