import type { Memory } from "../../src/memory/memory.js";
import type { Workspace } from "../../src/kernels/workspace.js";
import type { Column } from "../../src/memory/column.js";
import type { Expansion } from "../../src/numeric/trees/tree-grower.js";
import type { GrowingChunk } from "./boost-chunk.js";

/** Rows of a chunk ordered by leaf, as a {@link GrowingChunk} has them. */
export type LeafOrder = Pick<GrowingChunk, "order" | "starts" | "counts">;

/** The rows of a chunk while leaves are split: an order of its own, which changes in place once it differs from the chunk's. */
export class LeafRows {
  readonly #memory: Memory;
  readonly #space: Workspace;
  readonly #chunk: GrowingChunk;
  readonly #starts: number[];
  readonly #counts: number[];
  #order: Column<"i32"> | undefined;
  #scratch = 0;

  constructor(memory: Memory, space: Workspace, chunk: GrowingChunk) {
    this.#memory = memory;
    this.#space = space;
    this.#chunk = chunk;
    this.#starts = Array.from(chunk.starts);
    this.#counts = Array.from(chunk.counts);
  }

  /** The rows of a node: where their list is, and how many they are. */
  rowsOf(node: number): { readonly pointer: number; readonly count: number } {
    const { offset } = this.#order ?? this.#chunk.order;
    return { pointer: offset + 4 * (this.#starts[node] as number), count: this.#counts[node] as number };
  }

  /** Splits leaves, parents before children. */
  split(expansions: readonly Expansion[]): void {
    const { kernels } = this.#space;
    const { columns, rows, root } = this.#chunk;
    for (const { node, left, right, feature, bin, missingLeft, set } of expansions) {
      const { pointer: source, count } = this.rowsOf(node);
      if (!this.#order) {
        const total = root.length;
        const { arena } = this.#space;
        this.#order = this.#memory.denseIn("i32", total, 1, arena).columns[0] as Column<"i32">;
        this.#scratch = this.#space.bytes(Math.max(8, total * 4));
        if (count < total) kernels.copy(this.#order.offset, this.#chunk.order.offset, total * 4);
      }
      const start = this.#starts[node] as number;
      const target = this.#order.offset + 4 * start;
      // The chunk's own list where all rows are split, for nothing was copied; else in place.
      const from = count === root.length ? source : target;
      const column = columns.offset + feature * rows;
      const first = set
        ? kernels.partitionRowsBySet(column, from, count, this.#space.words(set), target, this.#scratch)
        : kernels.partitionRows(column, from, count, bin, Number(missingLeft), target, this.#scratch);
      this.#starts[left] = start;
      this.#counts[left] = first;
      this.#starts[right] = start + first;
      this.#counts[right] = count - first;
    }
  }

  /** The rows as they are now. */
  get now(): LeafOrder {
    const order = this.#order ?? this.#chunk.order;
    return { order, starts: Int32Array.from(this.#starts), counts: Int32Array.from(this.#counts) };
  }
}
