import type { HostColumn } from "../../src/memory/host-column.js";
import { bestSplit, sumsOf, type SplitRules } from "../../src/numeric/trees/split-search.js";
import type { FoundSplit, GrowthRequest } from "../../src/numeric/trees/tree-grower.js";
import { add, subtract } from "./search-tasks.js";

/** Histograms of one chunk as they reach the driver, node by node. */
export type MeasuredNodes = readonly HostColumn<"i32" | "f64">[];

/** Of two chunks: integers, so that the sum is exact and the same in any order. The first may hold it, being a copy. */
export function mergeMeasured(a: MeasuredNodes, b: MeasuredNodes): MeasuredNodes {
  return a.map((sums, k) => {
    // Sums of 32 bits are those of one chunk: two may need more.
    const total = sums.data instanceof Float64Array ? sums.data : Float64Array.from(sums.data);
    add(total, (b[k] as HostColumn<"i32" | "f64">).data);
    return { ...sums, dtype: "f64", data: total } as HostColumn<"f64">;
  });
}

/**
 * The histograms of the tree that grows, on the driver: for engines where a task costs more than a search. Only what is
 * measured travels, and a sibling is what its parent has besides.
 */
export class DriverHistograms {
  readonly #nodes = new Map<number, Float64Array>();

  /** Takes in what was measured for a request, and finds what it asks for. */
  search(request: GrowthRequest, measured: MeasuredNodes, rules: SplitRules): FoundSplit[] {
    const totals = measured.map(({ data }) => (data instanceof Float64Array ? data : Float64Array.from(data)));
    measuredNodes(request).forEach((node, k) => this.#nodes.set(node, totals[k] as Float64Array));
    for (const { node, left, right, measured: own } of request.expansions) {
      if (own < 0) continue;
      const rest = this.#nodes.get(node) as Float64Array;
      subtract(rest, this.#nodes.get(own) as Float64Array, rest);
      this.#nodes.set(own === left ? right : left, rest);
      this.#nodes.delete(node);
    }
    return request.searches.map(({ node, sums: known, limits }) => {
      const total = this.#nodes.get(node) as Float64Array;
      const sums = known ?? sumsOf(total);
      return { sums, split: bestSplit(total, sums, rules, limits) ?? null };
    });
  }
}

/** The nodes to measure for a request: the smaller children, or the root when nothing was split. */
export function measuredNodes({ expansions, searches }: GrowthRequest): number[] {
  if (expansions.length === 0) return searches.map(({ node }) => node);
  return expansions.filter(({ measured }) => measured >= 0).map(({ measured }) => measured);
}
