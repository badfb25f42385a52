import { describe, expect, it } from "vitest";
import { Workspace } from "#src/kernels/workspace.js";
import { Memory } from "#src/memory/memory.js";
import { addTrees, packTrees, unpackedTrees } from "#src/numeric/trees/packed-trees.js";
import { addRow } from "#src/numeric/trees/row-walk.js";
import { assertSoundTrees, concatTrees, type TreeEnsemble } from "#src/numeric/trees/tree-ensemble.js";
import { numbers } from "../../kernels/kernel-harness.js";
import { someTree } from "./some-trees.js";

/** Predictions by the kernels, and by a plain walk. */
function bothWays(
  trees: TreeEnsemble,
  rows: number,
  nCols: number,
  dtype: "f64" | "f32",
  pack = packTrees,
): [number[][], number[][]] {
  assertSoundTrees("Test", trees, nCols);
  const memory = Memory.create(2 ** 25, 2 ** 25);
  const x = memory.dense(dtype, rows, nCols);
  x.columns.forEach((column, j) => memory.view(column).set(numbers(rows, j, "special")));
  const outputs = trees.outputs ?? 1;
  const out = memory.dense("f64", rows, outputs);
  out.columns.forEach((column, k) => memory.view(column).fill(k + 0.3));
  {
    using space = Workspace.over(memory, x);
    addTrees(memory, space, x, pack(trees), out.columns);
  }
  const values = x.columns.map((column) => memory.view(column));
  const walked = Array.from({ length: rows }, (_, i) => {
    const sums = Float64Array.from({ length: outputs }, (_unused, k) => k + 0.3);
    addRow(
      trees,
      values.map((column) => column[i]!),
      sums,
    );
    return Array.from(sums);
  });
  const kernels = Array.from({ length: rows }, (_, i) => out.columns.map((column) => memory.view(column)[i]!));
  return [kernels, walked];
}

describe("prediction of packed trees", () => {
  it("has the bits of a plain walk, whatever mixture of small and large trees, outputs and missing values", () => {
    const small = Array.from({ length: 5 }, (_, t) => someTree(3 + 7 * t, 4, t));
    const large = someTree(200, 4, 9);
    for (const [parts, outputs] of [
      [[], 1],
      [small, 1],
      [[large], 1],
      [[...small, large, small[2]!, large, large, small[0]!], 3],
    ] as const) {
      const trees = { ...concatTrees(parts.length > 0 ? parts : [someTree(1, 4, 1)]), outputs };
      for (const dtype of ["f64", "f32"] as const) {
        const [kernels, walked] = bothWays(trees, 700, 4, dtype);
        expect(kernels).toEqual(walked);
        const [unpacked] = bothWays(trees, 50, 4, dtype, unpackedTrees);
        expect(unpacked).toEqual(bothWays(trees, 50, 4, dtype)[0]);
      }
    }
  });

  it("starts anew where a column has more thresholds than bytes", () => {
    const parts = Array.from({ length: 40 }, (_, t) => someTree(60, 2, t, false, 1e4));
    const trees = concatTrees(parts);
    expect(packTrees(trees).runs.length).toBeGreaterThan(3);
    const [kernels, walked] = bothWays(trees, 300, 2, "f64");
    expect(kernels).toEqual(walked);
  });

  it("refuses trees whose nodes have two parents, which a walk would not end with", () => {
    const tree = someTree(4, 2, 1, false);
    const left = Int32Array.of(1, 1 + 1, 3, 0, 0, 0, 0);
    const feature = Int32Array.of(0, 0, 0, -1, -1, -1, -1);
    expect(() => assertSoundTrees("Test", { ...tree, feature, left }, 2)).toThrow("two parents");
  });
});
