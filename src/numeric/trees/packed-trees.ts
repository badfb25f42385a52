import { leafSetScratchBytes, nodeFlag, treeScratchBytes } from "../../kernels/kernels.js";
import { Workspace } from "../../kernels/workspace.js";
import type { Column, DenseChunk } from "../../memory/column.js";
import type { Memory } from "../../memory/memory.js";
import { packLeafSets, type LeafSets } from "./leaf-sets.js";
import { leafOfRow } from "./row-walk.js";
import { isCategorical, type TreeEnsemble } from "./tree-ensemble.js";

/** Trees one after another that are predicted alike: by sets of leaves, by walking down, or for few rows as they are. */
export type PackedRun = {
  readonly first: number;
  readonly end: number;
  readonly sets?: LeafSets;
  readonly walk?: WalkedTrees;
  readonly plain?: TreeEnsemble;
};

/** Trees in the form that `TreePredictKernel` reads. */
export type WalkedTrees = {
  /** 16 bytes a node. */
  readonly nodes: Uint8Array;
  readonly values: Float64Array;
  readonly roots: Int32Array;
};

/** Trees in the form that the prediction kernels read; plain data. */
export type PackedTrees = {
  readonly outputs: number;
  readonly runs: readonly PackedRun[];
  /** Words of the sets of categories; empty without categories. */
  readonly categories: Uint32Array;
};

/** Packs trees for {@link addTrees}: small ones by sets of leaves, large ones to be walked. */
export function packTrees(trees: TreeEnsemble): PackedTrees {
  const runs: PackedRun[] = [];
  const nTrees = trees.offsets.length - 1;
  for (let first = 0; first < nTrees;) {
    let packed = packLeafSets(trees, first);
    let end = packed?.end ?? first;
    if (packed) runs.push({ first, end, sets: packed.sets });
    else {
      do packed = packLeafSets(trees, ++end);
      while (end < nTrees && !packed);
      runs.push({ first, end, walk: packWalk(trees, first, end) });
    }
    first = end;
  }
  return withSource(trees, runs);
}

// Packing takes about a microsecond a node, a plain walk some hundred nanoseconds a tree and row.
const FEW_ROWS = 256;

/**
 * True for so few rows that packing trees for them would take longer than walking over the trees as they are.
 * @param rows undefined where nobody knows
 */
export function areFew(rows: number | undefined): boolean {
  return rows !== undefined && rows <= FEW_ROWS;
}

/** Trees as they are for {@link addTrees}, which walks over them without a kernel: right for few rows. */
export function unpackedTrees(trees: TreeEnsemble): PackedTrees {
  return withSource(trees, [{ first: 0, end: trees.offsets.length - 1, plain: trees }]);
}

/** Packed trees that remember, in this thread, what they were packed from: packing loses the form that exports start from. */
export function withSource(trees: TreeEnsemble, runs: readonly PackedRun[]): PackedTrees {
  sources.set(runs, trees);
  return { outputs: trees.outputs ?? 1, runs, categories: trees.categoryBits ?? new Uint32Array(0) };
}

const sources = new WeakMap<readonly PackedRun[], TreeEnsemble>();

/** The trees that were packed in this thread; undefined where these came as data. */
export function sourceOf({ runs }: PackedTrees): TreeEnsemble | undefined {
  return sources.get(runs);
}

/** Packs the trees from `first` up to `end` to be walked. */
export function packWalk(trees: TreeEnsemble, first: number, end: number): WalkedTrees {
  const { offsets, feature, threshold, missingLeft, left, value, categoryOffsets, otherLeft } = trees;
  const begin = offsets[first] as number;
  const stop = offsets[end] as number;
  const nodes = new Uint8Array((stop - begin) * 16);
  const view = new DataView(nodes.buffer);
  for (let t = first; t < end; t++) {
    const root = offsets[t] as number;
    for (let k = root; k < (offsets[t + 1] as number); k++) {
      const at = 16 * (k - begin);
      const leaf = (feature[k] as number) < 0;
      let tagged = leaf ? 0 : (feature[k] as number);
      if (leaf || missingLeft[k] === 1) tagged += nodeFlag.missingLeft;
      if (!leaf && isCategorical(trees, k)) {
        const [word, after] = [categoryOffsets?.[k] as number, categoryOffsets?.[k + 1] as number];
        view.setUint32(at, word, true);
        view.setUint32(at + 4, after - word, true);
        tagged += nodeFlag.categorical + ((otherLeft ?? missingLeft)[k] === 1 ? nodeFlag.otherLeft : 0);
      } else view.setFloat64(at, leaf ? Infinity : (threshold[k] as number), true);
      view.setUint32(at + 8, tagged, true);
      view.setUint32(at + 12, leaf ? k - root : (left[k] as number), true);
    }
  }
  return {
    nodes,
    values: value.slice(begin, stop),
    roots: offsets.slice(first, end + 1).map((root) => root - begin),
  };
}

/**
 * Adds the trees to the outputs of each row, in the order of the trees: the same bits by whatever kernel.
 *
 * @param out one column an output, in the arena of `space`; holds what the rows start at
 */
export function addTrees(
  memory: Memory,
  space: Workspace,
  x: DenseChunk,
  { outputs, runs, categories }: PackedTrees,
  out: readonly Column<"f64">[],
): void {
  if (x.rows === 0) return;
  const { kernels } = space;
  const { table, width, suffix } = space.matrix(x);
  const outs = space.table(out);
  const bytes = ({ buffer, byteOffset, byteLength }: Uint8Array | Int32Array | Uint32Array): number => {
    const pointer = space.bytes(Math.max(8, byteLength));
    const target = new Uint8Array(memory.memoryOf(space.arena).buffer as ArrayBuffer, pointer, byteLength);
    target.set(new Uint8Array(buffer, byteOffset, byteLength));
    return pointer;
  };
  const codes = categories.length > 0 ? bytes(categories) : 0;
  for (const { first, end, sets, walk, plain } of runs) {
    if (plain) walkRows(memory, x, plain, first, end, out);
    else if (sets) {
      const nPlanes = sets.planes.length / 4;
      kernels[`leafSetPredict${suffix}`](
        table,
        x.rows,
        bytes(sets.planes),
        nPlanes,
        space.vector(sets.thresholds),
        codes,
        bytes(sets.splits),
        bytes(sets.program),
        space.vector(sets.values),
        end - first,
        outputs,
        first % outputs,
        outs,
        space.bytes(leafSetScratchBytes(nPlanes)),
      );
    } else if (walk) {
      const turned = Array.from({ length: outputs }, (_, k) => out[(first + k) % outputs] as Column<"f64">);
      kernels[`treePredict${suffix}`](
        table,
        width,
        x.rows,
        bytes(walk.nodes),
        space.vector(walk.values),
        codes,
        bytes(walk.roots),
        end - first,
        outputs,
        space.table(turned),
        space.bytes(treeScratchBytes(width)),
      );
    }
  }
}

/** {@link addTrees} without a kernel: tree by tree, because one tree is all that stays in the cache. */
function walkRows(
  memory: Memory,
  x: DenseChunk,
  trees: TreeEnsemble,
  first: number,
  end: number,
  out: readonly Column<"f64">[],
): void {
  const columns = x.columns.map((column) => memory.view(column) as Float64Array);
  const rows = Array.from({ length: x.rows }, (_, i) => Float64Array.from(columns, (column) => column[i] as number));
  const outputs = out.map((column) => memory.view(column));
  for (let t = first; t < end; t++) {
    const target = outputs[t % outputs.length] as Float64Array;
    for (let i = 0; i < rows.length; i++)
      target[i] = (target[i] as number) + (trees.value[leafOfRow(trees, t, rows[i] as Float64Array)] as number);
  }
}
