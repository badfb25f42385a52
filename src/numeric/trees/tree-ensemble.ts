import { DataError } from "../../base/errors.js";
import type { GrownTree } from "./tree-grower.js";

/** Trees one after another as flat arrays; plain data. A leaf has feature −1; children are numbered within their tree. */
export interface TreeEnsemble {
  /** First node of each tree, and the number of nodes at the end. */
  readonly offsets: Int32Array;
  readonly feature: Int32Array;
  /** Values up to it go left; +Infinity when only missing values go right. */
  readonly threshold: Float64Array;
  readonly missingLeft: Uint8Array;
  /** The left child; the right one follows it. */
  readonly left: Int32Array;
  /** What a leaf adds. */
  readonly value: Float64Array;
  readonly gain: Float64Array;
  /** Training rows of each node. */
  readonly count: Float64Array;
}

/** Grown trees with thresholds in the place of bins. */
export function joinTrees(trees: readonly GrownTree[], thresholds: readonly Float64Array[]): TreeEnsemble {
  const offsets = new Int32Array(trees.length + 1);
  trees.forEach((tree, t) => (offsets[t + 1] = (offsets[t] as number) + tree.feature.length));
  const total = offsets[trees.length] as number;
  const all = <T extends Int32Array | Float64Array | Uint8Array>(
    out: T,
    pick: (tree: GrownTree) => ArrayLike<number>,
  ): T => {
    trees.forEach((tree, t) => out.set(pick(tree), offsets[t]));
    return out;
  };
  return {
    offsets,
    feature: all(new Int32Array(total), (tree) => tree.feature),
    threshold: all(new Float64Array(total), (tree) =>
      Float64Array.from(tree.feature, (feature, k) =>
        feature < 0 ? 0 : (thresholds[feature]?.[tree.bin[k] as number] ?? Infinity),
      ),
    ),
    missingLeft: all(new Uint8Array(total), (tree) => tree.missingLeft),
    left: all(new Int32Array(total), (tree) => tree.left),
    value: all(new Float64Array(total), (tree) => tree.value),
    gain: all(new Float64Array(total), (tree) => tree.gain),
    count: all(new Float64Array(total), (tree) => tree.count),
  };
}

/** Trees in the form that the prediction kernels read. */
export interface PackedTrees {
  /** 16 bytes a node. */
  readonly nodes: Uint8Array;
  readonly values: Float64Array;
  readonly roots: Int32Array;
}

/** Packs trees for the prediction kernels; see `TreePredictKernel`. */
export function packTrees({ offsets, feature, threshold, missingLeft, left, value }: TreeEnsemble): PackedTrees {
  const nodes = new Uint8Array(feature.length * 16);
  const view = new DataView(nodes.buffer);
  for (let t = 0; t + 1 < offsets.length; t++) {
    const root = offsets[t] as number;
    for (let k = root; k < (offsets[t + 1] as number); k++) {
      const leaf = (feature[k] as number) < 0;
      const column = leaf ? 0 : (feature[k] as number);
      const toLeft = leaf || missingLeft[k] === 1;
      view.setFloat64(16 * k, leaf ? Infinity : (threshold[k] as number), true);
      view.setUint32(16 * k + 8, (column | (toLeft ? 0x80000000 : 0)) >>> 0, true);
      view.setUint32(16 * k + 12, leaf ? k - root : (left[k] as number), true);
    }
  }
  return { nodes, values: value, roots: offsets };
}

/**
 * Checks trees from a file, because the kernels trust them: lengths, columns, and children that come after their parent.
 * @throws DataError naming what is wrong
 */
export function assertSoundTrees(owner: string, trees: TreeEnsemble, nFeatures: number): void {
  const fail = (what: string): never => {
    throw new DataError(`${owner}: the model's trees are damaged: ${what}. Load a file that toJSON() wrote.`);
  };
  const { offsets, feature, threshold, missingLeft, left, value, gain, count } = trees;
  if (
    !(
      offsets instanceof Int32Array &&
      feature instanceof Int32Array &&
      left instanceof Int32Array &&
      missingLeft instanceof Uint8Array
    )
  )
    fail("a list has the wrong type");
  if (![threshold, value, gain, count].every((list) => list instanceof Float64Array)) fail("a list has the wrong type");
  const total = offsets.at(-1);
  if (
    offsets[0] !== 0 ||
    ![feature, threshold, missingLeft, left, value, gain, count].every((list) => list.length === total)
  )
    fail("its lists differ in length");
  for (let t = 0; t + 1 < offsets.length; t++) {
    const root = offsets[t] as number;
    const size = (offsets[t + 1] as number) - root;
    if (size < 1) fail(`tree ${t} has no nodes`);
    for (let k = 0; k < size; k++) {
      const column = feature[root + k] as number;
      if (column < -1 || column >= nFeatures) fail(`node ${k} of tree ${t} reads column ${column} of ${nFeatures}`);
      const child = left[root + k] as number;
      if (column >= 0 && !(child > k && child + 1 < size))
        fail(`node ${k} of tree ${t} has the children ${child} and ${child + 1}`);
      if (!Number.isFinite(value[root + k]) || Number.isNaN(threshold[root + k]))
        fail(`node ${k} of tree ${t} is not a number`);
    }
  }
}

/** What the splits of each column say of its weight: their number, or the sum of their gains. */
export function columnImportances(trees: TreeEnsemble, nFeatures: number, kind: "gain" | "split"): Float64Array {
  const out = new Float64Array(nFeatures);
  trees.feature.forEach((feature, k) => {
    if (feature >= 0) out[feature] = (out[feature] as number) + (kind === "split" ? 1 : (trees.gain[k] as number));
  });
  return out;
}
