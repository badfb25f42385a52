import { DataError, show } from "../../base/errors.js";
import { MAX_TREE_COLUMNS } from "../../kernels/kernels.js";
import { unbundled, type ColumnBundle } from "./bundles.js";
import type { GrownTree } from "./tree-grower.js";

/** Trees one after another as flat arrays; plain data. A leaf has feature −1; children are numbered within their tree. */
export type TreeEnsemble = {
  /** Outputs of the ensemble, 1 when absent: tree t adds to output t mod `outputs`. */
  readonly outputs?: number;
  /** First node of each tree, and the number of nodes at the end. */
  readonly offsets: Int32Array;
  readonly feature: Int32Array;
  /** Values up to it go left; +Infinity when only missing values go right. 0 where a node has a set of categories. */
  readonly threshold: Float64Array;
  /** Whether missing values (NaN) go left; without `otherLeft` also codes that a set of categories has no bit for. */
  readonly missingLeft: Uint8Array;
  /** The left child; the right one follows it. */
  readonly left: Int32Array;
  /** What a leaf adds. */
  readonly value: Float64Array;
  readonly gain: Float64Array;
  /** Training rows of each node. */
  readonly count: Float64Array;
  /** Sum of the second derivatives of each node's training rows; models of older versions have none. */
  readonly cover?: Float64Array;
  /** Where in `categoryBits` the set of each node starts, and the number of words at the end. Absent without categories. */
  readonly categoryOffsets?: Int32Array;
  /**
   * Sets of category codes, 32 a word. A node with at least one word is categorical: code c (the value cut to a whole
   * number) goes left when bit c mod 32 of its word c / 32 is set.
   */
  readonly categoryBits?: Uint32Array;
  /** Whether negative codes and codes beyond a node's words go left; `missingLeft` says so when absent. */
  readonly otherLeft?: Uint8Array;
};

/** How bins of the training data become values. */
export interface BinMeaning {
  /** Thresholds between the bins of each column of bins. */
  readonly thresholds: readonly Float64Array[];
  /** The column that each column of bins is of, where several may be of one. */
  readonly sources?: Int32Array;
  /** Where several columns share a column of bins: how, and then thresholds are those of the columns themselves. */
  readonly bundles?: readonly (ColumnBundle | null)[];
  /** Of categorical columns: the codes in each bin. */
  readonly categories?: readonly (readonly ArrayLike<number>[] | undefined)[];
  /** See {@link TreeEnsemble.outputs}. */
  readonly outputs?: number;
}

/** Grown trees with thresholds and category codes in the place of bins. */
export function joinTrees(grown: readonly GrownTree[], { bundles, ...meaning }: BinMeaning): TreeEnsemble {
  const { thresholds, categories, outputs = 1 } = meaning;
  const sources = bundles ? undefined : meaning.sources;
  const trees = bundles ? grown.map((tree) => unbundled(tree, bundles, meaning.sources as Int32Array)) : grown;
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
  const sets = trees.flatMap((tree) =>
    Array.from(tree.feature, (feature, k) => {
      const bins = tree.sets?.[k];
      return bins && feature >= 0 ? codesOf(bins, categories?.[feature], tree.missingLeft[k] === 1) : undefined;
    }),
  );
  return {
    ...(outputs === 1 ? {} : { outputs }),
    offsets,
    feature: all(new Int32Array(total), (tree) =>
      sources ? tree.feature.map((column) => (column < 0 ? column : (sources[column] as number))) : tree.feature,
    ),
    threshold: all(new Float64Array(total), (tree) =>
      Float64Array.from(tree.feature, (feature, k) =>
        feature < 0 || tree.sets?.[k] ? 0 : (thresholds[feature]?.[tree.bin[k] as number] ?? Infinity),
      ),
    ),
    missingLeft: all(new Uint8Array(total), (tree) => tree.missingLeft),
    left: all(new Int32Array(total), (tree) => tree.left),
    value: all(new Float64Array(total), (tree) => tree.value),
    gain: all(new Float64Array(total), (tree) => tree.gain),
    count: all(new Float64Array(total), (tree) => tree.count),
    cover: all(new Float64Array(total), (tree) => tree.cover),
    ...categorySets(sets),
  };
}

// Bins that go left as the codes that go left; without a table bin b holds code b. Codes that no bin has are missing values:
// up to the largest code they need bits where those go left, and so do the words where known codes go right.
function codesOf(bins: Uint32Array, codes: readonly ArrayLike<number>[] | undefined, missingLeft: boolean): number[] {
  const left: number[] = [];
  if (codes && missingLeft) {
    const known = new Set(codes.flatMap((own) => Array.from(own)));
    const end = 32 * ((codes.reduce((most, own) => Math.max(most, ...Array.from(own)), 0) >> 5) + 1);
    for (let code = 0; code < end; code++) if (!known.has(code)) left.push(code);
    // A last word without a bit would be cut off.
    if (known.has(end - 1)) left.push(end);
  }
  for (let bin = 0; bin < bins.length * 32; bin++) {
    if ((((bins[bin >> 5] as number) >>> (bin & 31)) & 1) === 0) continue;
    if (codes) left.push(...Array.from(codes[bin] ?? []));
    else left.push(bin);
  }
  return left;
}

/** Sets of category codes, one a node, undefined where a node has none, as the fields of a {@link TreeEnsemble}. */
export function categorySets(
  sets: readonly (readonly number[] | undefined)[],
): Pick<TreeEnsemble, "categoryOffsets" | "categoryBits"> {
  if (sets.every((codes) => codes === undefined)) return {};
  const categoryOffsets = new Int32Array(sets.length + 1);
  sets.forEach((codes, k) => {
    const most = codes?.reduce((a, b) => Math.max(a, b), 0) ?? -1;
    categoryOffsets[k + 1] = (categoryOffsets[k] as number) + (codes ? (most >> 5) + 1 : 0);
  });
  const categoryBits = new Uint32Array(categoryOffsets[sets.length] as number);
  sets.forEach((codes, k) => {
    for (const code of codes ?? []) {
      const at = (categoryOffsets[k] as number) + (code >> 5);
      categoryBits[at] = (categoryBits[at] as number) | (1 << (code & 31));
    }
  });
  return { categoryOffsets, categoryBits };
}

/** Ensembles one after another, of as many outputs as the first has. */
export function concatTrees(parts: readonly TreeEnsemble[]): TreeEnsemble {
  const { outputs } = parts[0] ?? {};
  const total = parts.reduce((sum, { feature }) => sum + feature.length, 0);
  const all = <T extends Int32Array | Float64Array | Uint8Array>(out: T, pick: (part: TreeEnsemble) => T): T => {
    let at = 0;
    for (const part of parts) {
      out.set(pick(part), at);
      at += part.feature.length;
    }
    return out;
  };
  const offsets = [0];
  for (const part of parts) {
    const start = offsets.at(-1) as number;
    for (const end of part.offsets.subarray(1)) offsets.push(start + end);
  }
  const withCategories = parts.some(({ categoryOffsets }) => categoryOffsets !== undefined);
  const withOther = parts.some(({ otherLeft }) => otherLeft !== undefined);
  const starts = [0];
  const words: number[] = [];
  for (const { feature, categoryOffsets, categoryBits } of withCategories ? parts : []) {
    const before = words.length;
    for (let k = 1; k <= feature.length; k++) starts.push(before + (categoryOffsets?.[k] ?? 0));
    words.push(...(categoryBits ?? []));
  }
  return {
    ...(outputs === undefined ? {} : { outputs }),
    offsets: Int32Array.from(offsets),
    feature: all(new Int32Array(total), (part) => part.feature),
    threshold: all(new Float64Array(total), (part) => part.threshold),
    missingLeft: all(new Uint8Array(total), (part) => part.missingLeft),
    left: all(new Int32Array(total), (part) => part.left),
    value: all(new Float64Array(total), (part) => part.value),
    gain: all(new Float64Array(total), (part) => part.gain),
    count: all(new Float64Array(total), (part) => part.count),
    ...(parts.every(({ cover }) => cover !== undefined)
      ? { cover: all(new Float64Array(total), (part) => part.cover as Float64Array) }
      : {}),
    ...(withCategories ? { categoryOffsets: Int32Array.from(starts), categoryBits: Uint32Array.from(words) } : {}),
    ...(withOther ? { otherLeft: all(new Uint8Array(total), (part) => part.otherLeft ?? part.missingLeft) } : {}),
  };
}

/** Whether node k (counted over all trees) has a set of categories. */
export function isCategorical({ categoryOffsets }: TreeEnsemble, k: number): boolean {
  return categoryOffsets !== undefined && (categoryOffsets[k + 1] as number) > (categoryOffsets[k] as number);
}

/** Whether a value goes to the left child of node k (counted over all trees), which is no leaf. */
export function goesLeft(trees: TreeEnsemble, k: number, x: number): boolean {
  const missing = trees.missingLeft[k] === 1;
  if (Number.isNaN(x)) return missing;
  if (!isCategorical(trees, k)) return x <= (trees.threshold[k] as number);
  const { categoryOffsets, categoryBits, otherLeft } = trees as Required<TreeEnsemble>;
  const first = categoryOffsets[k] as number;
  const words = (categoryOffsets[k + 1] as number) - first;
  const code = Math.trunc(x);
  if (!(code >= 0 && code < 32 * words)) return otherLeft ? otherLeft[k] === 1 : missing;
  return (((categoryBits[first + (code >>> 5)] as number) >>> (code & 31)) & 1) === 1;
}

/**
 * Checks trees from a file, because the kernels trust them: lengths, columns, and children that come after their parent.
 * @throws DataError naming what is wrong
 */
export function assertSoundTrees(owner: string, trees: TreeEnsemble, nFeatures: number): void {
  const fail = (what: string): never => {
    throw new DataError(`${owner}: the model's trees are damaged: ${what}. Load a file that toJSON() wrote.`);
  };
  const { offsets, feature, threshold, missingLeft, left, value, gain, count, cover, otherLeft } = trees;
  const { outputs = 1, categoryOffsets, categoryBits } = trees;
  if (
    !(
      offsets instanceof Int32Array &&
      feature instanceof Int32Array &&
      left instanceof Int32Array &&
      missingLeft instanceof Uint8Array
    )
  )
    fail("a list has the wrong type");
  if (![threshold, value, gain, count, cover ?? count].every((list) => list instanceof Float64Array))
    fail("a list has the wrong type");
  if (otherLeft !== undefined && !(otherLeft instanceof Uint8Array)) fail("a list has the wrong type");
  const total = offsets.at(-1) as number;
  if (!(Number.isInteger(outputs) && outputs >= 1)) fail(`it has ${show(outputs)} outputs`);
  if (nFeatures > MAX_TREE_COLUMNS) fail(`it has ${nFeatures} columns`);
  if (
    offsets[0] !== 0 ||
    ![feature, threshold, missingLeft, left, value, gain, count, cover ?? count, otherLeft ?? left].every(
      (list) => list.length === total,
    )
  )
    fail("its lists differ in length");
  if (categoryOffsets !== undefined || categoryBits !== undefined) {
    if (!(categoryOffsets instanceof Int32Array && categoryBits instanceof Uint32Array))
      fail("a list has the wrong type");
    const ends = categoryOffsets as Int32Array;
    if (ends.length !== total + 1 || ends[0] !== 0 || ends[total] !== categoryBits?.length)
      fail("its sets of categories differ in length from its nodes");
    if (ends.some((end, k) => k > 0 && end < (ends[k - 1] as number))) fail("its sets of categories overlap");
  }
  // Every node but the root is the child of one other: what walks over a tree relies on it to end.
  const isChild = new Uint8Array(total);
  for (let t = 0; t + 1 < offsets.length; t++) {
    const root = offsets[t] as number;
    const size = (offsets[t + 1] as number) - root;
    if (size < 1) fail(`tree ${t} has no nodes`);
    for (let k = 0; k < size; k++) {
      const at = root + k;
      const column = feature[at] as number;
      if (column < -1 || column >= nFeatures) fail(`node ${k} of tree ${t} reads column ${column} of ${nFeatures}`);
      if (column >= 0) {
        const child = left[at] as number;
        if (!(child > k && child + 1 < size)) fail(`node ${k} of tree ${t} has the children ${child} and ${child + 1}`);
        if (isChild[root + child] !== 0 || isChild[root + child + 1] !== 0)
          fail(`node ${child} of tree ${t} has two parents`);
        isChild[root + child] = isChild[root + child + 1] = 1;
      }
      if (k > 0 && isChild[at] === 0) fail(`node ${k} of tree ${t} has no parent`);
      if (!Number.isFinite(value[at]) || Number.isNaN(threshold[at])) fail(`node ${k} of tree ${t} is not a number`);
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
