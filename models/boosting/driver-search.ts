import type { HostColumn } from "../../src/memory/host-column.js";
import { bestSplit, sumsOf, type SplitRules } from "../../src/numeric/trees/split-search.js";
import type { Expansion, FoundSplit, GrowthRequest } from "../../src/numeric/trees/tree-grower.js";
import { add, addScores, subtract } from "./search-tasks.js";

/** Histograms of one chunk as they reach the driver, node by node. */
export type MeasuredNodes = readonly HostColumn<"i32" | "f64">[];

/** A tree that begins, of one chunk or of several: scores, and the histogram of the root. */
export interface BegunTree {
  readonly scores: Float64Array;
  readonly root: MeasuredNodes;
}

/** Of two chunks: integers, so that the sum is exact and the same in any order. The first may hold it, being a copy. */
export function mergeMeasured(a: MeasuredNodes, b: MeasuredNodes): MeasuredNodes {
  return a.map((sums, k) => {
    // Sums of 32 bits are those of one chunk: two may need more.
    const total = inDoubles(sums);
    add(total, (b[k] as HostColumn<"i32" | "f64">).data);
    return { ...sums, dtype: "f64", data: total } as HostColumn<"f64">;
  });
}

/** {@link mergeMeasured} with the scores. */
export function mergeBegun(a: BegunTree, b: BegunTree): BegunTree {
  return { scores: addScores(a.scores, b.scores), root: mergeMeasured(a.root, b.root) };
}

/**
 * The histograms of the tree that grows, on the driver: for engines where a task costs more than a search. Only what is
 * measured travels, and a sibling is what its parent has besides.
 */
export class DriverHistograms {
  readonly #nodes = new Map<number, Float64Array>();

  /** @param root the histogram of the root */
  constructor(root: MeasuredNodes) {
    root.forEach((sums) => this.#nodes.set(0, inDoubles(sums)));
  }

  /** Takes in what was measured for a request, and finds what it asks for. */
  search({ expansions, searches }: GrowthRequest, measured: MeasuredNodes, rules: SplitRules): FoundSplit[] {
    measuredNodes(expansions).forEach((node, k) =>
      this.#nodes.set(node, inDoubles(measured[k] as MeasuredNodes[number])),
    );
    for (const { node, left, right, measured: own } of expansions) {
      if (own < 0) continue;
      const rest = this.#nodes.get(node) as Float64Array;
      subtract(rest, this.#nodes.get(own) as Float64Array, rest);
      this.#nodes.set(own === left ? right : left, rest);
      this.#nodes.delete(node);
    }
    return searches.map(({ node, sums: known, limits }) => {
      const total = this.#nodes.get(node) as Float64Array;
      const sums = known ?? sumsOf(total);
      return { sums, split: bestSplit(total, sums, rules, limits) ?? null };
    });
  }
}

/** The nodes to measure for some splits: the smaller children, where histograms are needed. */
export function measuredNodes(expansions: readonly Expansion[]): number[] {
  return expansions.filter(({ measured }) => measured >= 0).map(({ measured }) => measured);
}

function inDoubles({ data }: HostColumn<"i32" | "f64">): Float64Array {
  return data instanceof Float64Array ? data : new Float64Array(data);
}
