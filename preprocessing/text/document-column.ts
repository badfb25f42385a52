import { DataError, show } from "../../src/base/errors.js";
import {
  frameIn,
  isSealedFrame,
  sealFrame,
  SealedView,
  type SealedFrame,
} from "../../src/collections/frame/live-frame.js";
import { polars } from "../../src/collections/frame/polars.js";
import { textBatches, type TextBatch } from "../../src/collections/frame/text-views.js";
import type { TaskContext } from "../../src/engine/engine.js";
import type { TableColumn } from "../../src/estimator/table.js";

/** Strings up to this length lie in their view. */
const INLINE = 12;

/** Takes a document: its row in the partition, and where its UTF-8 bytes lie in the arena. */
export type TakeDocument = (row: number, pointer: number, length: number) => void;

/** The text of one partition, as bytes in an arena: no string of JavaScript is made. */
export class DocumentColumn {
  readonly rows: number;
  readonly arena: number;
  readonly #context: TaskContext;
  readonly #owner: string;
  readonly #name: string;
  readonly #batches: readonly TextBatch[];

  constructor(context: TaskContext, owner: string, column: TableColumn, value: unknown) {
    this.#context = context;
    this.#owner = owner;
    this.#name = column.name;
    const sealed = value instanceof SealedView ? value.frame : isSealedFrame(value) ? value : undefined;
    const found = sealed && batchesOf(context, sealed, column.name);
    const frame = found ? sealed : columnAlone(context, value, column.name);
    this.rows = frame.rows;
    this.arena = frame.bytes.arena;
    this.#batches = found ?? (frame.rows === 0 ? [] : (batchesOf(context, frame, column.name) ?? []));
  }

  /** Goes through the documents in order. @throws DataError for null, naming its row */
  forEach(take: TakeDocument): void {
    let first = 0;
    for (const { rows, validity, views, buffers } of this.#batches) {
      for (let i = 0; i < rows; i++) {
        if (validity !== undefined && (((validity[i >> 3] as number) >> (i & 7)) & 1) === 0)
          throw this.#isNull(first + i);
        const at = i * 4;
        const length = views[at] as number;
        const pointer =
          length > INLINE
            ? (buffers[views[at + 2] as number] as Uint8Array).byteOffset + (views[at + 3] as number)
            : views.byteOffset + at * 4 + 4;
        take(first + i, pointer, length);
        if ((i & 1023) === 1023) this.#context.throwIfAborted();
      }
      first += rows;
    }
  }

  #isNull(row: number): DataError {
    const partition = this.#context.partition?.index ?? 0;
    const name = show(this.#name);
    return new DataError(
      `${this.#owner}: column ${name}, partition ${partition}, row ${row}: null is no text. Fill it first (frame.fillNull({ ${name}: "" })), or drop such rows.`,
      { details: { column: this.#name, partition, row } },
    );
  }
}

function batchesOf(context: TaskContext, frame: SealedFrame, name: string): TextBatch[] | undefined {
  return textBatches(context.memory.view(frame.bytes), [name])?.get(name);
}

/** The column alone, as a frame in an arena; categories become strings. */
function columnAlone(context: TaskContext, value: unknown, name: string): SealedFrame {
  const pl = polars();
  return sealFrame(context, frameIn(context, value, [name]).select(pl.col(name).cast(pl.String)));
}
