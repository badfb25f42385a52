import type { TaskContext } from "../../src/engine/engine.js";
import { HISTOGRAM_BINS, HISTOGRAM_ROWS, histogramScratchBytes, PACKED_ROWS } from "../../src/kernels/kernels.js";
import type { Workspace } from "../../src/kernels/workspace.js";
import type { Column } from "../../src/memory/column.js";
import type { GrowingChunk } from "./boost-chunk.js";

/** `3 × columns × 256` sums: whole numbers of 32 bits where derivatives are packed, else in doubles. */
export type Sums = Column<"i32"> | Column<"f64">;

/** A list of rows. */
export interface NodeRows {
  readonly pointer: number;
  readonly count: number;
}

/** Counts rows of a chunk into histograms. */
export class RowHistograms {
  readonly dtype: "i32" | "f64";
  /** Sums of a histogram. */
  readonly length: number;
  readonly #context: TaskContext;
  readonly #space: Workspace;
  readonly #chunk: GrowingChunk;
  readonly #hist: number;
  readonly #scratch: number;

  constructor(context: TaskContext, space: Workspace, chunk: GrowingChunk) {
    const { packed, width, stride } = chunk;
    this.#context = context;
    this.#space = space;
    this.#chunk = chunk;
    const entries = width * HISTOGRAM_BINS;
    this.dtype = packed ? "i32" : "f64";
    this.length = 3 * entries;
    this.#hist = space.zeros(packed ? entries : entries * 2).pointer;
    this.#scratch = space.bytes(histogramScratchBytes(stride));
  }

  /** Room for a histogram, contents undefined. */
  empty(): Sums {
    return this.#context.memory.denseIn(this.dtype, this.length, 1, this.#space.arena).columns[0] as Sums;
  }

  /** Writes the histogram of some rows. */
  count({ pointer, count }: NodeRows, sums: Sums): Sums {
    const { kernels } = this.#space;
    const { bins, stride, width, pairs, packed } = this.#chunk;
    const [addRows, emptyOut] = packed
      ? [kernels.packedHistogram, kernels.packedHistogramSums]
      : [kernels.histogram, kernels.histogramSums];
    const most = packed ? PACKED_ROWS : HISTOGRAM_ROWS;
    this.#context.throwIfAborted();
    this.#context.memory.view(sums).fill(0);
    for (let from = 0; from < count; from += most) {
      const n = Math.min(most, count - from);
      addRows(bins.offset, stride, width, pointer + 4 * from, n, pairs.offset, this.#hist, this.#scratch);
      emptyOut(this.#hist, this.length / 3, sums.offset);
    }
    return sums;
  }
}
