import type { GraphNode } from "../graph/graph.js";
import { tensor } from "./onnx-graph.js";

type Params = GraphNode["params"];

const nums = (params: Params, name: string): readonly number[] => params[name] as readonly number[];

// Modes of nodes.
const LESS_OR_EQUAL = 0;
const MEMBER = 6;

/**
 * The attributes of TreeEnsemble (ai.onnx.ml 5), which numbers inner nodes and leaves apart. A node with a set of categories
 * asks for membership in it; where unknown codes go left it asks for those that go right, so that all others go left.
 */
export function treeAttributes(
  params: Params,
): Record<string, { ints: number[] } | { int: number } | { tensor: ReturnType<typeof tensor> }> {
  const offsets = nums(params, "offsets");
  const [feature, left, value] = [nums(params, "feature"), nums(params, "left"), nums(params, "value")];
  const [threshold, missingLeft] = [nums(params, "threshold"), nums(params, "missingLeft")];
  const outputs = nums(params, "baselines").length;
  const [firstWord, words] = [nums(params, "firstWord"), nums(params, "words")];
  const [sets, otherLeft] = [nums(params, "sets"), nums(params, "otherLeft")];
  const codesOf = (k: number, bit: 0 | 1): number[] =>
    Array.from({ length: 32 * (words[k] as number) }, (_, code) => code).filter(
      (code) => (((sets[(firstWord[k] as number) + (code >> 5)] as number) >>> (code & 31)) & 1) === bit,
    );
  const inner: number[] = [];
  const leaves: number[] = [];
  // The place of each node among the inner nodes or among the leaves.
  const place = feature.map((column, k) => (column < 0 ? leaves.push(k) : inner.push(k)) - 1);
  const roots: number[] = [];
  const nodes = {
    feature: [] as number[],
    split: [] as number[],
    missing: [] as number[],
    yes: [] as number[],
    no: [] as number[],
    yesLeaf: [] as number[],
    noLeaf: [] as number[],
    mode: [] as number[],
  };
  // The sets one after another, a NaN behind each.
  const members: number[] = [];
  const targets: number[] = Array.from({ length: leaves.length }, () => 0);
  for (let t = 0; t + 1 < offsets.length; t++) {
    const root = offsets[t] as number;
    for (let k = root; k < (offsets[t + 1] as number); k++) {
      if ((feature[k] as number) < 0) {
        targets[place[k] as number] = t % outputs;
        continue;
      }
      const isSet = (firstWord[k] as number) >= 0;
      const turned = isSet && otherLeft[k] === 1;
      const child = root + (left[k] as number);
      const [yes, no] = turned ? [child + 1, child] : [child, child + 1];
      nodes.feature.push(feature[k] as number);
      nodes.split.push(threshold[k] as number);
      nodes.missing.push(turned ? 1 - (missingLeft[k] as number) : (missingLeft[k] as number));
      nodes.yes.push(place[yes] as number);
      nodes.no.push(place[no] as number);
      nodes.yesLeaf.push((feature[yes] as number) < 0 ? 1 : 0);
      nodes.noLeaf.push((feature[no] as number) < 0 ? 1 : 0);
      nodes.mode.push(isSet ? MEMBER : LESS_OR_EQUAL);
      if (isSet) members.push(...codesOf(k, turned ? 0 : 1), NaN);
    }
  }
  for (let t = 0; t + 1 < offsets.length; t++) {
    const root = offsets[t] as number;
    if ((feature[root] as number) >= 0) {
      roots.push(place[root] as number);
      continue;
    }
    // A tree of one leaf becomes a node both of whose sides are that leaf.
    roots.push(nodes.feature.length);
    nodes.feature.push(0);
    nodes.split.push(0);
    nodes.missing.push(1);
    nodes.yes.push(place[root] as number);
    nodes.no.push(place[root] as number);
    nodes.yesLeaf.push(1);
    nodes.noLeaf.push(1);
    nodes.mode.push(LESS_OR_EQUAL);
  }
  const count = nodes.feature.length;
  return {
    aggregate_function: { int: 1 },
    n_targets: { int: outputs },
    post_transform: { int: 0 },
    tree_roots: { ints: roots },
    nodes_featureids: { ints: nodes.feature },
    nodes_splits: { tensor: tensor("float64", [count], nodes.split) },
    nodes_modes: { tensor: tensor("uint8", [count], nodes.mode) },
    ...(members.length > 0 ? { membership_values: { tensor: tensor("float64", [members.length], members) } } : {}),
    nodes_missing_value_tracks_true: { ints: nodes.missing },
    nodes_truenodeids: { ints: nodes.yes },
    nodes_trueleafs: { ints: nodes.yesLeaf },
    nodes_falsenodeids: { ints: nodes.no },
    nodes_falseleafs: { ints: nodes.noLeaf },
    leaf_targetids: { ints: targets },
    leaf_weights: {
      tensor: tensor(
        "float64",
        [leaves.length],
        leaves.map((k) => value[k] as number),
      ),
    },
  };
}
