import type { Plain } from "../../base/plain.js";
import { MAX_TREE_COLUMNS, nodeFlag } from "../../kernels/kernels.js";
import type { GraphValue } from "./graph.js";
import type { Builder } from "./record-graph.js";

const NODE_BYTES = 16;

/**
 * The trees of a prediction step, from the form that the kernels read (`TreePredictKernel` describes it). `firstWord` is
 * where the set of categories of a node starts in `sets`, -1 for a node with a threshold.
 */
export function treeParams(build: Builder, args: Record<string, Plain>): Record<string, GraphValue> {
  const bytes = args["nodes"] as Uint8Array;
  const offsets = Array.from(args["roots"] as Int32Array);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.byteLength / NODE_BYTES;
  const value = Array.from(args["values"] as Float64Array);
  if (value.length !== count || offsets.at(-1) !== count) return build.refuse("its trees have another form");
  const trees = {
    feature: [] as number[],
    threshold: [] as number[],
    missingLeft: [] as number[],
    left: [] as number[],
    firstWord: [] as number[],
    words: [] as number[],
    otherLeft: [] as number[],
  };
  const columnBits = MAX_TREE_COLUMNS - 1;
  for (let t = 0; t + 1 < offsets.length; t++)
    for (let k = offsets[t] as number; k < (offsets[t + 1] as number); k++) {
      const at = NODE_BYTES * k;
      const tagged = view.getUint32(at + 8, true);
      const child = view.getUint32(at + 12, true);
      const leaf = child === k - (offsets[t] as number);
      const has = (flag: number): boolean => Math.floor(tagged / flag) % 2 === 1;
      const categorical = !leaf && has(nodeFlag.categorical);
      trees.feature.push(leaf ? -1 : tagged & columnBits);
      trees.threshold.push(leaf || categorical ? 0 : view.getFloat64(at, true));
      trees.missingLeft.push(has(nodeFlag.missingLeft) ? 1 : 0);
      trees.left.push(leaf ? 0 : child);
      trees.firstWord.push(categorical ? view.getUint32(at, true) : -1);
      trees.words.push(categorical ? view.getUint32(at + 4, true) : 0);
      trees.otherLeft.push(categorical && has(nodeFlag.otherLeft) ? 1 : 0);
    }
  return {
    ...trees,
    offsets,
    value,
    sets: Array.from((args["categories"] ?? []) as Uint32Array),
    baselines: Array.from(args["baselines"] as Float64Array),
  };
}
