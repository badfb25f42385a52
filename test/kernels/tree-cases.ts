import { leafSetScratchBytes, shapScratchBytes, treeScratchBytes, type Kernels } from "#src/kernels/kernels.js";
import { packLeafSets } from "#src/numeric/trees/leaf-sets.js";
import { leafPaths, packPaths } from "#src/numeric/trees/shap-paths.js";
import { concatTrees } from "#src/numeric/trees/tree-ensemble.js";
import { someTree } from "../numeric/trees/some-trees.js";
import { binRows, somePositions } from "./histogram-cases.js";
import { expectSame, expectWithin, numbers, uniform, type Storage } from "./kernel-harness.js";
import { matrix, type TwinCase } from "./matrix-cases.js";

/** A tree of 7 nodes over `nCols` columns: column, bin, left child, missing values to the left. */
const shape = (nCols: number): [number, number, number, number][] => [
  [0, 120, 1, 1],
  [nCols - 1, 60, 3, 0],
  [nCols >> 1, 254, 5, 0],
  [-1, 0, 0, 0],
  [-1, 0, 0, 0],
  [-1, 0, 0, 0],
  [-1, 0, 0, 0],
];

const addTreeBins: TwinCase = (h, n) => {
  for (const categorical of [false, true]) {
    const nCols = 1 + (n % 5);
    h.reset();
    const { bins, stride } = binRows(h, n, nCols);
    const list = somePositions(Math.min(n, 1100));
    const rows = h.u32(list);
    // The second and third node with sets of bins.
    const nodes = h.u32(
      shape(nCols)
        .flatMap(([feature, bin, left, missing], k) => [
          feature,
          categorical && (k === 1 || k === 2) ? -k : bin,
          left,
          missing,
        ])
        .map((v) => v >>> 0),
    );
    const sets = categorical ? h.u8(uniform(64, 21).map((u) => Math.floor((u + 1) * 128))) : 0;
    const values = h.f64(numbers(7, 2, "plain"));
    const margin = h.accumulator(numbers(n, 3, "plain"));
    h.run((k) => k.addTreeBins(bins, stride, rows, list.length, nodes, sets, values, margin));
    expectSame(h.f64At(margin, n), `n ${n}, categorical ${categorical}`);
  }
};

function treePredict(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    for (const [nTrees, outputs, categorical] of [
      [0, 1, false],
      [1, 1, false],
      [3, 1, true],
      [4, 2, false],
      [4, 3, true],
    ] as const) {
      const nCols = 1 + (n % 5);
      h.reset();
      const cols = h.columns(storage, matrix(nCols, n, flavour, storage));
      const words: number[] = [];
      const bits = new DataView(new ArrayBuffer(8));
      for (let t = 0; t < nTrees; t++) {
        shape(nCols).forEach(([feature, , left, missingLeft], k) => {
          bits.setFloat64(0, feature < 0 ? Infinity : [0, -0.2, Infinity][k]! + t * 0.1, true);
          let tagged = feature < 0 ? 0x80000000 : feature + missingLeft * 0x80000000;
          if (categorical && (k === 1 || k === 2)) {
            // Sets of no words, of one and of two, with other codes to either side.
            bits.setUint32(0, t, true);
            bits.setUint32(4, (t + k) % 3, true);
            tagged += 0x40000000 + (k === 1 ? 0x20000000 : 0);
          }
          words.push(bits.getUint32(0, true), bits.getUint32(4, true), tagged, feature < 0 ? k : left);
        });
      }
      // Nodes hold doubles: at a multiple of 8, which a list of 64-bit integers has.
      const pairs = Array.from({ length: words.length / 2 }, (_, k) =>
        BigInt.asIntN(64, BigInt(words[2 * k]!) + (BigInt(words[2 * k + 1]!) << 32n)),
      );
      const nodes = h.i64(pairs);
      const values = h.f64(numbers(7 * nTrees, 2, "plain"));
      const sets = categorical ? h.u32(uniform(8, 31).map((u) => Math.floor((u + 1) * 2 ** 31))) : 0;
      const roots = h.u32(Array.from({ length: nTrees + 1 }, (_, t) => 7 * t));
      const each = Array.from({ length: outputs }, (_, o) => h.accumulator(numbers(n, 4 + o, "plain")));
      const outs = h.u32(each);
      const scratch = h.room(treeScratchBytes(nCols));
      h.run((k) =>
        k[`treePredict${storage}`](cols, nCols, n, nodes, values, sets, roots, nTrees, outputs, outs, scratch),
      );
      for (const out of each) expectSame(h.f64At(out, n), `${nTrees} trees, ${outputs} outputs, n ${n}`);
    }
  };
}

function leafSetPredict(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    for (const [nTrees, outputs, most] of [
      [1, 1, 9],
      [3, 2, 40],
    ] as const) {
      const nCols = 1 + (n % 5);
      h.reset();
      const cols = h.columns(storage, matrix(nCols, n, flavour, storage));
      const trees = concatTrees(
        Array.from({ length: nTrees }, (_, t) => someTree(1 + ((n + 13 * t) % most), nCols, n + t)),
      );
      const { sets } = packLeafSets(trees, 0)!;
      const words = (bytes: Uint8Array): number[] => Array.from(new Uint32Array(bytes.buffer));
      const planes = h.u32(Array.from(sets.planes));
      const nPlanes = sets.planes.length / 4;
      const thresholds = h.f64(Array.from(sets.thresholds));
      const categories = h.u32(Array.from(trees.categoryBits ?? []));
      const splits = h.u32(words(sets.splits));
      const program = h.u32(Array.from(sets.program));
      const values = h.f64(Array.from(sets.values));
      const each = Array.from({ length: outputs }, (_, o) => h.accumulator(numbers(n, 4 + o, "plain")));
      const outs = h.u32(each);
      const scratch = h.room(leafSetScratchBytes(nPlanes));
      h.run((k) =>
        k[`leafSetPredict${storage}`](
          cols,
          n,
          planes,
          nPlanes,
          thresholds,
          categories,
          splits,
          program,
          values,
          nTrees,
          outputs,
          outputs - 1,
          outs,
          scratch,
        ),
      );
      for (const out of each) expectSame(h.f64At(out, n), `${nTrees} trees, ${outputs} outputs, n ${n}`);
    }
  };
}

function shapPaths(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    const nCols = 1 + (n % 7);
    h.reset();
    const cols = h.columns(storage, matrix(nCols, n, flavour, storage));
    const trees = { ...concatTrees([0, 1].map((t) => someTree(1 + ((n + 5 * t) % 14), nCols, n + t))), outputs: 2 };
    const paths = packPaths(leafPaths(trees, "cover"));
    const leaves = h.u32(Array.from(paths.leaves));
    const values = h.f64(Array.from(paths.values));
    // Steps hold doubles: at a multiple of 8, which a list of 64-bit integers has.
    const steps = h.i64(Array.from(new BigInt64Array(paths.steps.buffer)));
    const categories = h.u32(Array.from(paths.categories));
    const points = h.f64(Array.from(paths.points));
    const each = Array.from({ length: 2 * nCols }, (_, o) => h.accumulator(numbers(n, 4 + o, "plain").map(Math.abs)));
    const outs = h.u32(each);
    const scratch = h.room(shapScratchBytes(paths.mostSteps));
    h.run((k) =>
      k[`shapPaths${storage}`](
        cols,
        n,
        leaves,
        values,
        paths.values.length,
        steps,
        categories,
        points,
        nCols,
        outs,
        scratch,
      ),
    );
    for (const out of each) {
      const { wasm, twin } = h.f64At(out, n);
      expectWithin({ wasm, twin, magnitude: twin }, (i) => 1e-13 * (20 + Math.abs(twin[i]!)), `columns of ${n} rows`);
    }
  };
}

/** Cases of the kernels that evaluate trees. */
export const treeCases = {
  addTreeBins,
  treePredictF64: treePredict("F64"),
  treePredictF32: treePredict("F32"),
  leafSetPredictF64: leafSetPredict("F64"),
  leafSetPredictF32: leafSetPredict("F32"),
  shapPathsF64: shapPaths("F64"),
  shapPathsF32: shapPaths("F32"),
} satisfies Partial<Record<keyof Kernels, TwinCase>>;
