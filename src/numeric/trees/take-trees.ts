import type { TreeEnsemble } from "./tree-ensemble.js";

/** Trees `from` to `to` of an ensemble as an ensemble of their own. */
export function takeTrees(trees: TreeEnsemble, from: number, to: number): TreeEnsemble {
  const first = trees.offsets[from] as number;
  const end = trees.offsets[to] as number;
  const { categoryOffsets, categoryBits, otherLeft, cover } = trees;
  const sets =
    categoryOffsets && categoryBits
      ? {
          categoryOffsets: categoryOffsets.slice(first, end + 1).map((at) => at - (categoryOffsets[first] as number)),
          categoryBits: categoryBits.slice(categoryOffsets[first], categoryOffsets[end]),
        }
      : {};
  return {
    ...trees,
    offsets: trees.offsets.slice(from, to + 1).map((at) => at - first),
    feature: trees.feature.slice(first, end),
    threshold: trees.threshold.slice(first, end),
    missingLeft: trees.missingLeft.slice(first, end),
    left: trees.left.slice(first, end),
    value: trees.value.slice(first, end),
    gain: trees.gain.slice(first, end),
    count: trees.count.slice(first, end),
    ...(cover ? { cover: cover.slice(first, end) } : {}),
    ...(otherLeft ? { otherLeft: otherLeft.slice(first, end) } : {}),
    ...sets,
  };
}
