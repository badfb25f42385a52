import { sourceOf, type PackedTrees } from "../../numeric/trees/packed-trees.js";
import { isCategorical } from "../../numeric/trees/tree-ensemble.js";
import type { GraphValue } from "./graph.js";
import type { Builder } from "./record-graph.js";

/**
 * The trees of a prediction step. `firstWord` is where the set of categories of a node starts in `sets`, -1 for a node with
 * a threshold.
 */
export function treeParams(
  build: Builder,
  packed: PackedTrees,
  baselines: readonly number[],
): Record<string, GraphValue> {
  const trees = sourceOf(packed);
  if (!trees) return build.refuse("its trees are not at hand");
  const { feature, missingLeft, categoryOffsets, categoryBits, otherLeft } = trees;
  const categorical = Array.from(feature, (column, k) => column >= 0 && isCategorical(trees, k));
  const words = (k: number): number => (categorical[k] ? (categoryOffsets?.[k] as number) : -1);
  return {
    offsets: Array.from(trees.offsets),
    feature: Array.from(feature),
    threshold: Array.from(trees.threshold),
    missingLeft: Array.from(missingLeft),
    left: Array.from(trees.left),
    value: Array.from(trees.value),
    firstWord: categorical.map((_, k) => words(k)),
    words: categorical.map((own, k) => (own ? (categoryOffsets?.[k + 1] as number) - words(k) : 0)),
    otherLeft: Array.from(otherLeft ?? missingLeft),
    sets: Array.from(categoryBits ?? []),
    baselines,
  };
}
