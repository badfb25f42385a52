import type { TaskContext } from "../../src/engine/engine.js";
import type { Exchange, Reads } from "../../src/engine/team/exchange.js";
import { HISTOGRAM_BINS } from "../../src/kernels/kernels.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column } from "../../src/memory/column.js";
import { ELEMENT_BYTES } from "../../src/memory/dtype.js";
import { FOUND_RECORD, readFound, writeFound } from "../../src/numeric/trees/found-records.js";
import { bestSplit, sumsOf } from "../../src/numeric/trees/split-search.js";
import {
  TreeGrower,
  type Expansion,
  type FoundSplit,
  type GrowthRequest,
  type GrowthRules,
  type GrownTree,
  type NodeSearch,
} from "../../src/numeric/trees/tree-grower.js";
import type { GrowingChunk } from "./boost-chunk.js";
import { LeafRows, type LeafOrder } from "./leaf-rows.js";
import { RowHistograms, type Sums } from "./row-histograms.js";
import { add, subtract } from "./search-tasks.js";

// Histograms that a member shows at once.
const SHOWN_AT_ONCE = 16;

/** A tree, and the rows of the chunks that it was grown on, leaf by leaf. */
export interface TreeWithRows {
  readonly tree: GrownTree;
  /** All splits that the rows have followed. */
  readonly expansions: readonly Expansion[];
  /** One for each chunk. */
  readonly rows: readonly LeafOrder[];
}

interface OwnChunk {
  readonly space: Workspace;
  readonly rows: LeafRows;
  readonly histograms: RowHistograms;
  /** Room for one histogram. */
  readonly scratch: Sums;
}

/**
 * Grows trees, each in one task a member of a team. Every member runs the same growth: it splits and counts the rows of its
 * own chunks, adds the histograms of all members up in its share of the columns, and searches these; what all have found
 * decides the next split. Sums are integers, and of equal gains the first column counts, so that the tree has the same bits
 * as one that is grown by rounds of tasks.
 */
export class TreeTeam {
  readonly #context: TaskContext;
  readonly #team: Exchange;
  // What is shown stays until the others have read it: a buffer is used again when another has been shown since.
  readonly #shown: (Column<"i32" | "f64"> | undefined)[] = [undefined, undefined];
  #found: Column<"f64"> | undefined;
  /** Room for histograms of this member's share of the columns, for tree after tree. */
  readonly #spare: Float64Array[] = [];

  constructor(context: TaskContext, team: Exchange) {
    this.#context = context;
    this.#team = team;
  }

  /** @param chunks begun trees, at least one */
  async grow(rules: GrowthRules, chunks: readonly GrowingChunk[]): Promise<TreeWithRows> {
    const { memory } = this.#context;
    const own = chunks.map((chunk): OwnChunk => {
      const space = new Workspace(memory, chunk.bins.arena);
      const histograms = new RowHistograms(this.#context, space, chunk);
      return { space, histograms, scratch: histograms.empty(), rows: new LeafRows(memory, space, chunk) };
    });
    try {
      return await this.#grow(rules, own);
    } finally {
      for (const { space, scratch } of own) {
        space[Symbol.dispose]();
        memory.free(scratch);
      }
    }
  }

  /** Frees what was shown; to be called when all members have read it. */
  free(): void {
    for (const column of [...this.#shown.splice(0, 2, undefined, undefined), this.#found])
      if (column) this.#context.memory.free(column);
    this.#found = undefined;
  }

  async #grow(rules: GrowthRules, chunks: readonly OwnChunk[]): Promise<TreeWithRows> {
    const expansions: Expansion[] = [];
    const share = new ColumnShare(rules, this.#team, this.#spare);
    // Nothing is guessed: to ask costs less than what would be done in vain.
    const grower = new TreeGrower(rules, false);
    for (let asked = grower.next(); asked; asked = grower.next()) {
      expansions.push(...asked.expansions);
      for (const { rows } of chunks) rows.split(asked.expansions);
      await this.#measure(asked, chunks, share);
      grower.accept(await this.#search(asked.searches, share));
    }
    share.keep([]);
    const tree = grower.finish();
    const pending = grower.takePending();
    expansions.push(...pending);
    const rows = chunks.map((chunk) => {
      chunk.rows.split(pending);
      return chunk.rows.now;
    });
    return { tree, expansions, rows };
  }

  /** Brings the histograms of a share of the columns up to date with what has been split. */
  async #measure({ expansions, open }: GrowthRequest, chunks: readonly OwnChunk[], share: ColumnShare): Promise<void> {
    share.keep([...open, ...expansions.map(({ node }) => node)]);
    const needed = expansions.filter(({ measured }) => measured >= 0);
    const nodes = expansions.length === 0 ? [0] : needed.map(({ measured }) => measured);
    for (let from = 0; from < nodes.length; from += SHOWN_AT_ONCE) {
      const now = nodes.slice(from, from + SHOWN_AT_ONCE);
      const all = await this.#team.exchange(this.#count(now, chunks), share.readsOf(now.length));
      const parts = all.map((column) => this.#context.memory.view(column));
      now.forEach((node, k) => share.take(node, parts, k, needed[from + k]));
    }
  }

  /** Histograms of this member's rows of some nodes, one after another. */
  #count(nodes: readonly number[], chunks: readonly OwnChunk[]): Column<"i32" | "f64"> {
    const { memory } = this.#context;
    const [{ histograms, space, rows }, ...others] = chunks as [OwnChunk, ...OwnChunk[]];
    const { length } = histograms;
    // Sums of 32 bits are those of one chunk: two may need more.
    const dtype = others.length > 0 ? "f64" : histograms.dtype;
    let shown = this.#shown.shift();
    if (!shown || shown.length < nodes.length * length) {
      if (shown) memory.free(shown);
      shown = memory.denseIn(dtype, nodes.length * length, 1, space.arena).columns[0] as Column<"i32" | "f64">;
    }
    this.#shown.push(shown);
    for (const [k, node] of nodes.entries()) {
      const own = { ...shown, offset: shown.offset + ELEMENT_BYTES[dtype] * k * length, length } as Sums;
      if (others.length === 0) {
        histograms.count(rows.rowsOf(node), own);
        continue;
      }
      const into = memory.view(own as Column<"f64">).fill(0);
      for (const { rows: its, histograms: counter, scratch } of chunks)
        add(into, memory.view(counter.count(its.rowsOf(node), scratch)));
    }
    return shown;
  }

  async #search(searches: readonly NodeSearch[], share: ColumnShare): Promise<FoundSplit[]> {
    const { memory } = this.#context;
    const length = FOUND_RECORD * searches.length;
    if (!this.#found || this.#found.length < length) {
      if (this.#found) memory.free(this.#found);
      this.#found = memory.column("f64", length);
    }
    const records = memory.view(this.#found);
    searches.forEach((search, k) => {
      this.#context.throwIfAborted();
      writeFound(share.search(search), records, k * FOUND_RECORD);
    });
    const all = (await this.#team.exchange(this.#found)).map((column) => memory.view(column));
    return searches.map((_, k) => readFound(all, k * FOUND_RECORD));
  }
}

/** The columns that one member searches, and their histograms, of all rows, of the open nodes of one tree. */
class ColumnShare {
  readonly #rules: GrowthRules;
  readonly #width: number;
  readonly #members: number;
  readonly #from: number;
  readonly #to: number;
  readonly #totals = new Map<number, Float64Array>();
  readonly #spare: Float64Array[];

  constructor(rules: GrowthRules, { member, members }: Exchange, spare: Float64Array[]) {
    const width = rules.bins.length;
    this.#spare = spare;
    this.#width = width;
    this.#members = members;
    this.#from = this.#edge(member);
    this.#to = this.#edge(member + 1);
    const own = <T extends Int32Array | Int8Array | Uint8Array>(values: T): T =>
      values.slice(this.#from, this.#to) as T;
    const { monotonic, categorical, bundles } = rules;
    this.#rules = {
      ...rules,
      bins: own(rules.bins),
      ...(monotonic ? { monotonic: own(monotonic) } : {}),
      ...(categorical ? { categorical: own(categorical) } : {}),
      ...(bundles ? { bundles: bundles.slice(this.#from, this.#to) } : {}),
    };
  }

  /** Of the histograms of some nodes, one after another, a member reads those of its own columns. */
  readsOf(nodes: number): Reads {
    return (member) => {
      const [from, to] = [this.#edge(member), this.#edge(member + 1)];
      return Array.from({ length: 3 * nodes }, (_, plane) => ({
        from: (plane * this.#width + from) * HISTOGRAM_BINS,
        length: (to - from) * HISTOGRAM_BINS,
      }));
    };
  }

  // The first member has a column in any case: the sums of the rows are taken from its columns.
  #edge(member: number): number {
    return Math.ceil((member * this.#width) / this.#members);
  }

  /** Forgets all nodes but these, and keeps their room. */
  keep(nodes: readonly number[]): void {
    const kept = new Set(nodes);
    for (const [node, total] of this.#totals) {
      if (kept.has(node)) continue;
      this.#totals.delete(node);
      this.#spare.push(total);
    }
  }

  /** Adds the k-th histograms of all members up, for a node; its sibling's is what their parent's has besides. */
  take(node: number, parts: readonly (Float64Array | Int32Array)[], k: number, split: Expansion | undefined): void {
    const own = (this.#to - this.#from) * HISTOGRAM_BINS;
    const total = this.#spare.pop() ?? new Float64Array(3 * own);
    for (let plane = 0; plane < 3; plane++) {
      const into = total.subarray(plane * own, (plane + 1) * own);
      const at = ((3 * k + plane) * this.#width + this.#from) * HISTOGRAM_BINS;
      parts.forEach((part, member) => {
        const from = part.subarray(at, at + own);
        if (member === 0) into.set(from);
        else add(into, from);
      });
    }
    this.#totals.set(node, total);
    if (!split) return;
    const rest = this.#totals.get(split.node) as Float64Array;
    this.#totals.delete(split.node);
    subtract(rest, total, rest);
    this.#totals.set(node === split.left ? split.right : split.left, rest);
  }

  search({ node, sums: known, limits }: NodeSearch): FoundSplit {
    const total = this.#totals.get(node) as Float64Array;
    const sums = known ?? sumsOf(total);
    const { columns } = limits;
    const own = columns ? { ...limits, columns: columns.slice(this.#from, this.#to) } : limits;
    const split = bestSplit(total, sums, this.#rules, own);
    return { sums, split: split ? { ...split, feature: split.feature + this.#from } : null };
  }
}
