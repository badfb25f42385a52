import { MISSING_BIN } from "../histogram-kernels.js";
import { CATEGORY_SET_BYTES, nodeFlag, type AddTreeBinsKernel, type TreePredictKernel } from "../tree-kernels.js";
import type { FloatStorage, MemoryViews } from "./views.js";

/** Plain twin of the kernel that adds a tree by bins. */
export function addTreeBins(views: MemoryViews): AddTreeBinsKernel {
  return (bins, stride, rows, n, nodes, sets, values, margin) => {
    for (const row of views.u32(rows, n)) {
      let node = 0;
      for (;;) {
        const [feature, last, left, missingLeft] = Array.from(views.i32(nodes + 16 * node, 4)) as [
          number,
          number,
          number,
          number,
        ];
        if (feature < 0) break;
        const bin = views.u8(bins + row * stride + feature, 1)[0]!;
        const goesLeft =
          last < 0
            ? ((views.u8(sets + CATEGORY_SET_BYTES * (-1 - last) + (bin >> 3), 1)[0]! >> (bin & 7)) & 1) === 1
            : bin === MISSING_BIN
              ? missingLeft === 1
              : bin <= last;
        node = goesLeft ? left : left + 1;
      }
      views.f64(margin + 8 * row, 1)[0]! += views.f64(values + 8 * node, 1)[0]!;
    }
  };
}

/** Plain twin of the prediction kernels. */
export function treePredict(views: MemoryViews, storage: FloatStorage): TreePredictKernel {
  return (cols, nCols, n, nodes, values, categories, roots, nTrees, outputs, outs) => {
    const columns = views.columns(storage, cols, nCols, n);
    const results = views.columns("F64", outs, outputs, n);
    const first = views.u32(roots, nTrees + 1);
    const inSet = (at: number, code: number, otherLeft: boolean): boolean => {
      const [offset, words] = views.u32(at, 2);
      if (!(code >= 0 && code < 32 * words!)) return otherLeft;
      return ((views.u32(categories + 4 * (offset! + (code >>> 5)), 1)[0]! >>> (code & 31)) & 1) === 1;
    };
    for (let i = 0; i < n; i++) {
      for (let t = 0; t < nTrees; t++) {
        let node = 0;
        for (;;) {
          const at = nodes + 16 * (first[t]! + node);
          const [tagged, left] = views.u32(at + 8, 2) as unknown as [number, number];
          if (left === node) break;
          const x = columns[tagged & (nodeFlag.otherLeft - 1)]![i]!;
          const goesLeft = Number.isNaN(x)
            ? (tagged & nodeFlag.missingLeft) !== 0
            : (tagged & nodeFlag.categorical) !== 0
              ? inSet(at, Math.trunc(x), (tagged & nodeFlag.otherLeft) !== 0)
              : x <= views.f64(at, 1)[0]!;
          node = goesLeft ? left : left + 1;
        }
        results[t % outputs]![i]! += views.f64(values + 8 * (first[t]! + node), 1)[0]!;
      }
    }
  };
}
