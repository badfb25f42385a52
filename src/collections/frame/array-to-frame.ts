import { DataError } from "../../base/errors.js";
import type { TaskContext } from "../../engine/engine.js";
import { fnRef } from "../../engine/fn-ref.js";
import type { DenseChunk } from "../../memory/column.js";
import type { DistributedArray } from "../array/distributed-array.js";
import { TaskPlan } from "../plan.js";
import { frameState, labelOf, partitionsOf, planOf, type FrameState } from "./frame-state.js";
import { frameIn, LiveFrame } from "./live-frame.js";
import { polars, type PolarsFrame } from "./polars.js";

/** {@link chunkToFrame} by name. */
const CHUNK_TO_FRAME = fnRef(import.meta.url, "chunkToFrame");

/** A dense chunk as a frame; one copy. */
export function chunkToFrame(
  context: TaskContext,
  args: { readonly names: readonly string[] },
  x: DenseChunk,
): LiveFrame {
  const pl = polars();
  const series = x.columns.map((column, j) =>
    pl.Series(args.names[j] ?? `x${j}`, context.memory.copyOut(column) as Float64Array),
  );
  return new LiveFrame(pl.DataFrame(series));
}

/**
 * A lazy frame of an array's columns under its names (x0, x1, ... where it has none; `name` for a vector).
 * @throws DataError for a sparse array
 */
export function frameOfArray(owner: string, array: DistributedArray, name?: string): FrameState {
  if (array.layout === "csr") {
    throw new DataError(
      `${owner}: the result is sparse, and a frame would make it dense. Pass array.toArray() rows instead of a frame.`,
    );
  }
  const names =
    array.names ??
    Array.from({ length: array.width }, (_, j) => (name !== undefined && array.width === 1 ? name : `x${j}`));
  const plan = TaskPlan.blockwise(array.plan, `${array.plan.label}.toFrame`, CHUNK_TO_FRAME, { names: [...names] });
  return frameState({ kind: "plan", plan }, emptyFrame(names, array.dtype), array.partitionRows);
}

/** {@link hstack} by name. */
const HSTACK = fnRef(import.meta.url, "hstack");

/** A frame with the columns of chunks beside its own. */
export function hstack(
  context: TaskContext,
  args: { readonly owner: string; readonly names: readonly (readonly string[])[] },
  input: unknown,
  ...chunks: DenseChunk[]
): LiveFrame {
  const frame = frameIn(context, input);
  const pl = polars();
  const series = chunks.flatMap((chunk, k) => {
    if (chunk.rows !== frame.height) {
      const partition = context.partition?.index ?? 0;
      throw new DataError(
        `${args.owner}: partition ${partition} has ${frame.height} rows, but ${args.names[k]?.join(", ")} has ${chunk.rows} there. Compute the array from this frame.`,
        { details: { partition } },
      );
    }
    return chunk.columns.map((column, j) =>
      pl.Series(args.names[k]?.[j] ?? `x${j}`, context.memory.copyOut(column) as Float64Array),
    );
  });
  return new LiveFrame(pl.DataFrame([...frame.getColumns(), ...series]));
}

/** A lazy frame of `state`'s columns and those of `arrays`. @throws DataError for names that collide or other partitions */
export function zipColumns(
  owner: string,
  state: FrameState,
  arrays: Readonly<Record<string, DistributedArray>>,
): FrameState {
  const pl = polars();
  const taken = new Set(state.empty.columns);
  const entries = Object.entries(arrays).map(([name, array]) => {
    if (array.layout === "csr")
      throw new DataError(`${owner}: ${name} is sparse, and a frame would make it dense. Select its columns first.`);
    if (array.partitions !== partitionsOf(state)) {
      throw new DataError(
        `${owner}: the frame has ${partitionsOf(state)} partitions and ${name} ${array.partitions}. Compute the array from this frame.`,
      );
    }
    const names =
      array.innerShape.length === 0
        ? [name]
        : Array.from({ length: array.width }, (_, j) => `${name}_${array.names?.[j] ?? j}`);
    for (const own of names) {
      if (taken.has(own))
        throw new DataError(`${owner}: there is a column ${JSON.stringify(own)} already. Use another name.`, {
          details: { column: own },
        });
      taken.add(own);
    }
    return { array, names };
  });
  const frame = planOf(state);
  const plan = new TaskPlan({
    label: `${labelOf(state)}.withArrays`,
    partitions: frame.partitions,
    inputs: [frame, ...entries.map(({ array }) => array.plan)],
    task: (index) => ({
      fn: HSTACK,
      args: { owner, names: entries.map(({ names }) => names) },
      inputs: [{ plan: frame, index }, ...entries.map(({ array }) => ({ plan: array.plan, index }))],
    }),
  });
  const added = entries.map(({ array, names }) => emptyFrame(names, array.dtype));
  const empty = pl.DataFrame([state.empty, ...added].flatMap((one) => one.getColumns()));
  return frameState({ kind: "plan", plan }, empty, state.partitionRows);
}

function emptyFrame(names: readonly string[], dtype: DistributedArray["dtype"]): PolarsFrame {
  const pl = polars();
  const typed = {
    f64: Float64Array,
    f32: Float32Array,
    i64: BigInt64Array,
    i32: Int32Array,
    u8: Uint8Array,
    bool: Uint8Array,
  }[dtype];
  return pl.DataFrame(names.map((name) => pl.Series(name, new typed(0) as Float64Array)));
}
