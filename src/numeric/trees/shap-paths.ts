import { SHAP_STEP_BYTES, shapFlag, shapScratchBytes } from "../../kernels/kernels.js";
import type { Workspace } from "../../kernels/workspace.js";
import type { Column, DenseChunk } from "../../memory/column.js";
import type { Memory } from "../../memory/memory.js";
import { isCategorical, type TreeEnsemble } from "./tree-ensemble.js";

/** What a node weighs in the expectations of SHAP values: the sum of its second derivatives, or its rows. */
export type NodeWeight = "cover" | "count";

/** A column on the path to a leaf. */
export interface PathStep {
  readonly column: number;
  /** Values above `low` and up to `high` satisfy it. */
  readonly low: number;
  readonly high: number;
  /** Whether missing values do. */
  readonly missing: boolean;
  /** Where it is split by category: whether each code does, too, and codes beyond. */
  readonly codes?: readonly boolean[];
  readonly other: boolean;
  /** Product over its splits of the child's weight in its parent. */
  readonly share: number;
}

/** A leaf and the columns that lead to it. */
export interface LeafPath {
  readonly output: number;
  readonly value: number;
  readonly steps: readonly PathStep[];
}

/** The paths to all leaves, each column of a path once: its splits taken together. */
export function leafPaths(trees: TreeEnsemble, weight: NodeWeight): LeafPath[] {
  const { offsets, feature, left, value, outputs = 1 } = trees;
  const weights = weight === "cover" ? (trees.cover ?? trees.count) : trees.count;
  const paths: LeafPath[] = [];
  for (let t = 0; t + 1 < offsets.length; t++) {
    const root = offsets[t] as number;
    const stack: { node: number; steps: readonly PathStep[] }[] = [{ node: root, steps: [] }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      const { node, steps } = top;
      if ((feature[node] as number) < 0) {
        paths.push({ output: t % outputs, value: value[node] as number, steps });
        continue;
      }
      const child = root + (left[node] as number);
      const sides = [weights[child] as number, weights[child + 1] as number];
      const whole = (sides[0] as number) + (sides[1] as number);
      [true, false].forEach((toLeft, side) => {
        const share = whole > 0 ? (sides[side] as number) / whole : 0.5;
        stack.push({ node: child + side, steps: withStep(trees, steps, node, toLeft, share) });
      });
    }
  }
  return paths;
}

function withStep(
  trees: TreeEnsemble,
  steps: readonly PathStep[],
  node: number,
  toLeft: boolean,
  share: number,
): readonly PathStep[] {
  const column = trees.feature[node] as number;
  const before = steps.find((step) => step.column === column);
  const old = before ?? { column, low: -Infinity, high: Infinity, missing: true, other: true, share: 1 };
  const missing = old.missing && (trees.missingLeft[node] === 1) === toLeft;
  let made: PathStep = { ...old, missing, share: old.share * share };
  if (isCategorical(trees, node)) {
    const { categoryOffsets, categoryBits } = trees as Required<TreeEnsemble>;
    const first = categoryOffsets[node] as number;
    const words = (categoryOffsets[node + 1] as number) - first;
    const otherLeft = (trees.otherLeft ?? trees.missingLeft)[node] === 1;
    const follows = (code: number): boolean =>
      (code < 32 * words ? (((categoryBits[first + (code >>> 5)] as number) >>> (code & 31)) & 1) === 1 : otherLeft) ===
      toLeft;
    const length = Math.max(32 * words, old.codes?.length ?? 0);
    const codes = Array.from({ length }, (_, code) => (old.codes?.[code] ?? old.other) && follows(code));
    made = { ...made, codes, other: old.other && otherLeft === toLeft };
  } else {
    const threshold = trees.threshold[node] as number;
    made = toLeft ? { ...made, high: Math.min(old.high, threshold) } : { ...made, low: Math.max(old.low, threshold) };
  }
  return before ? steps.map((step) => (step === before ? made : step)) : [...steps, made];
}

/** The means of the outputs over the training rows, baselines left out: what contributions are measured from. */
export function expectedOutputs(paths: readonly LeafPath[], outputs: number): Float64Array {
  const out = new Float64Array(outputs);
  for (const { output, value, steps } of paths)
    out[output] = (out[output] as number) + value * steps.reduce((product, { share }) => product * share, 1);
  return out;
}

/** Points in [0, 1] and weights of Gauss's quadrature with `n` points, exact for polynomials of degree 2n − 1. */
export function gaussPoints(n: number): { readonly t: number; readonly w: number }[] {
  return Array.from({ length: n }, (_, k) => {
    let x = Math.cos((Math.PI * (k + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let step = 0; step < 100; step++) {
      let [below, own] = [1, x];
      for (let d = 2; d <= n; d++) [below, own] = [own, ((2 * d - 1) * x * own - (d - 1) * below) / d];
      slope = (n * (x * own - below)) / (x * x - 1);
      const next = x - own / slope;
      const done = Math.abs(next - x) < 1e-16;
      x = next;
      if (done) break;
    }
    return { t: (1 + x) / 2, w: 1 / ((1 - x * x) * slope * slope) };
  });
}

/** Paths in the form that `ShapPathsKernel` reads; plain data. */
export type ShapPaths = {
  readonly leaves: Uint32Array;
  readonly values: Float64Array;
  readonly steps: Uint8Array;
  readonly categories: Uint32Array;
  readonly points: Float64Array;
  readonly mostSteps: number;
};

/** Packs paths for {@link addContributions}. */
export function packPaths(paths: readonly LeafPath[]): ShapPaths {
  const total = paths.reduce((sum, { steps }) => sum + steps.length, 0);
  const mostSteps = paths.reduce((most, { steps }) => Math.max(most, steps.length), 0);
  const steps = new Uint8Array(total * SHAP_STEP_BYTES);
  const view = new DataView(steps.buffer);
  const words: number[] = [];
  const leaves: number[] = [];
  let at = 0;
  for (const path of paths) {
    leaves.push(path.output, at / SHAP_STEP_BYTES, path.steps.length, 0);
    for (const { column, low, high, missing, codes, other, share } of path.steps) {
      view.setFloat64(at, low, true);
      view.setFloat64(at + 8, high, true);
      view.setFloat64(at + 16, share, true);
      view.setUint32(at + 24, column, true);
      view.setUint32(
        at + 28,
        (missing ? shapFlag.missing : 0) + (codes ? shapFlag.category : 0) + (codes && other ? shapFlag.other : 0),
        true,
      );
      view.setUint32(at + 32, words.length, true);
      view.setUint32(at + 36, (codes?.length ?? 0) / 32, true);
      const own = codes ?? [];
      for (let from = 0; from < own.length; from += 32) {
        let word = 0;
        for (let bit = 0; bit < 32; bit++) if (own[from + bit]) word |= 1 << bit;
        words.push(word >>> 0);
      }
      at += SHAP_STEP_BYTES;
    }
  }
  const points: number[] = [];
  for (let n = 1; n <= (mostSteps + 1) >> 1; n++) for (const { t, w } of gaussPoints(n)) points.push(t, w);
  return {
    leaves: Uint32Array.from(leaves),
    values: Float64Array.from(paths, ({ value }) => value),
    steps,
    categories: Uint32Array.from(words),
    points: Float64Array.from(points),
    mostSteps,
  };
}

/** Adds the contributions of the columns to `outs`, `nCols` columns an output, in the arena of `space`. */
export function addContributions(
  memory: Memory,
  space: Workspace,
  x: DenseChunk,
  paths: ShapPaths,
  nCols: number,
  outs: readonly Column<"f64">[],
): void {
  if (x.rows === 0) return;
  const bytes = ({ buffer, byteOffset, byteLength }: Uint8Array | Uint32Array): number => {
    const pointer = space.bytes(Math.max(8, byteLength));
    const target = new Uint8Array(memory.memoryOf(space.arena).buffer as ArrayBuffer, pointer, byteLength);
    target.set(new Uint8Array(buffer, byteOffset, byteLength));
    return pointer;
  };
  const { table, suffix } = space.matrix(x);
  space.kernels[`shapPaths${suffix}`](
    table,
    x.rows,
    bytes(paths.leaves),
    space.vector(paths.values),
    paths.values.length,
    bytes(paths.steps),
    bytes(paths.categories),
    space.vector(paths.points),
    nCols,
    space.table(outs),
    space.bytes(shapScratchBytes(paths.mostSteps)),
  );
}
