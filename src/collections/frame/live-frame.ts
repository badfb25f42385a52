import { DataError, show } from "../../base/errors.js";
import { isPlainObject, type Plain } from "../../base/plain.js";
import type { TaskContext } from "../../engine/engine.js";
import { addSealer } from "../../engine/seal.js";
import { isColumn, type Column } from "../../memory/column.js";
import { hostColumn, isHostColumn, type HostColumn } from "../../memory/host-column.js";
import { isSealedNumbers, NumberFrame, type HostNumbers } from "./number-frame.js";
import { polars, type PolarsFrame } from "./polars.js";

/**
 * A Polars frame on its way between two steps of one task. Polars frames are bound to their thread, and are proxies that
 * look like plain objects; the wrapper keeps the engine from walking into them.
 */
export class LiveFrame {
  readonly frame: PolarsFrame;

  constructor(frame: PolarsFrame) {
    this.frame = frame;
  }
}

/** A frame between tasks: uncompressed Arrow IPC (file format) in an arena. */
export interface SealedFrame {
  readonly kind: "frame";
  readonly rows: number;
  readonly bytes: Column<"u8">;
}

/** A frame outside the engines' memory. */
export interface HostFrame {
  readonly kind: "frame";
  readonly rows: number;
  readonly bytes: HostColumn<"u8">;
}

addSealer({
  is: (value) => value instanceof LiveFrame,
  seal: (context, value) => sealFrame(context, (value as LiveFrame).frame) as unknown as Plain,
});

/**
 * Columns of a sealed frame, chosen without reading it, on their way between two steps of one task: what comes next reads
 * the ones it needs, or looks at them in place.
 */
export class SealedView {
  readonly frame: SealedFrame;
  readonly columns: readonly string[];

  constructor(frame: SealedFrame, columns: readonly string[]) {
    this.frame = frame;
    this.columns = columns;
  }
}

addSealer({
  is: (value) => value instanceof SealedView,
  // What leaves the task holds its own columns alone.
  seal: (context, value) => sealFrame(context, frameIn(context, value)) as unknown as Plain,
});

/** Writes a frame into an arena. */
export function sealFrame(context: TaskContext, frame: PolarsFrame): SealedFrame {
  return { kind: "frame", rows: frame.height, bytes: context.memory.columnFrom("u8", frameBytes(frame)) };
}

/** A frame as uncompressed Arrow IPC. */
export function frameBytes(frame: PolarsFrame): Uint8Array {
  // Frames that were joined have a dictionary of categories for each piece, and the file format takes one.
  const categorical = frame.dtypes.some((dtype) => String(dtype.variant) === "Categorical");
  return (categorical ? frame.rechunk() : frame).writeIPC({ compression: "uncompressed" });
}

/** A frame outside the engines' memory, from a Polars frame. */
export function hostFrame(frame: PolarsFrame): HostFrame {
  return { kind: "frame", rows: frame.height, bytes: hostColumn("u8", frameBytes(frame)) };
}

/** The Polars frame of a partition's value in a task, whichever form it arrives in; a sealed one reads only `columns`. */
export function frameIn(context: TaskContext, value: unknown, columns?: readonly string[] | null): PolarsFrame {
  if (value instanceof LiveFrame) return value.frame;
  if (value instanceof SealedView) {
    const wanted = columns && columns.length > 0 ? columns : value.columns;
    // Readers give columns in the order of the file.
    return frameIn(context, value.frame, wanted).select(...wanted);
  }
  if (isSealedFrame(value)) {
    const view = context.memory.view(value.bytes);
    // Polars copies what it keeps: the arena's bytes may go as soon as this returns.
    const bytes = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
    // A frame without columns would lose its number of rows.
    return polars().readIPC(bytes, columns && columns.length > 0 ? { columns: [...columns] } : {});
  }
  if (isSealedNumbers(value)) return NumberFrame.unseal(context, value, columns).toPolars();
  throw new DataError(`A frame task got ${show(value)} instead of a frame.`);
}

/** The Polars frame of a value that has left its engine. */
export function frameFromHost(value: unknown): PolarsFrame {
  if (isPlainObject(value) && value["kind"] === "frame" && isHostColumn(value["bytes"])) {
    const data = value["bytes"].data as Uint8Array;
    return polars().readIPC(Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength));
  }
  if (isPlainObject(value) && value["kind"] === "numbers")
    return NumberFrame.fromHost(value as unknown as HostNumbers).toPolars();
  throw new DataError(`Expected a frame from the engine; got ${show(value)}.`);
}

/** The number of rows of a frame's value, where it is written on it. */
export function sealedRows(value: unknown): number | undefined {
  return isSealedFrame(value) || isSealedNumbers(value) ? value.rows : undefined;
}

/** True for a {@link SealedFrame}. */
export function isSealedFrame(value: unknown): value is SealedFrame {
  return isPlainObject(value) && value["kind"] === "frame" && isColumn(value["bytes"]);
}
