import type { GrownTree } from "../../src/numeric/trees/tree-grower.js";
import type { FinishedTree } from "./round-tasks.js";

/** The tree with other values of its leaves, in the order of `tree.leaves`. */
export function withValues(tree: GrownTree, values: ArrayLike<number>): GrownTree {
  const value = tree.value.slice();
  let next = 0;
  tree.feature.forEach((feature, k) => {
    if (feature < 0) value[k] = values[next++] as number;
  });
  return { ...tree, value, leaves: tree.leaves.map(({ node }, k) => ({ node, value: values[k] as number })) };
}

/** What rows need of a tree to move with it. */
export function forRows(tree: GrownTree): Pick<FinishedTree, "leaves" | "nodes" | "sets" | "values"> {
  const sets: Uint32Array[] = [];
  const last = tree.feature.map((_, k) => {
    const set = tree.sets?.[k];
    return set ? -sets.push(set) : (tree.bin[k] as number);
  });
  const nodes = Int32Array.from({ length: 4 * tree.feature.length }, (_, i) => {
    const k = i >> 2;
    return [tree.feature[k], last[k], tree.left[k], tree.missingLeft[k]][i & 3] as number;
  });
  return {
    leaves: tree.leaves,
    nodes,
    sets: Uint32Array.from(sets.flatMap((set) => Array.from(set))),
    values: tree.value,
  };
}
