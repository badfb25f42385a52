import { SHAP_STEP_BYTES, shapFlag, type ShapPathsKernel } from "../tree-kernels.js";
import type { FloatStorage, MemoryViews } from "./views.js";

/** Plain twin of the kernels of Shapley values: by the sizes of subsets, without quadrature. */
export function shapPaths(views: MemoryViews, storage: FloatStorage): ShapPathsKernel {
  return (cols, n, leaves, values, nLeaves, steps, categories, _points, nCols, outs) => {
    for (let leaf = 0; leaf < nLeaves; leaf++) {
      const [output, first, count] = Array.from(views.u32(leaves + 16 * leaf, 3)) as [number, number, number];
      const [value] = views.f64(values + 8 * leaf, 1) as unknown as [number];
      const path = Array.from({ length: count }, (_, k) => {
        const at = steps + SHAP_STEP_BYTES * (first + k);
        const [low, high, share] = Array.from(new Float64Array(views.u8(at, 24).slice().buffer)) as [
          number,
          number,
          number,
        ];
        const [column, kind, word, words] = Array.from(views.u32(at + 24, 4)) as [number, number, number, number];
        return { low, high, share, column, kind, word, words };
      });
      for (let i = 0; i < n; i++) {
        const satisfied = path.map(({ low, high, column, kind, word, words }) => {
          const x = views.columns(storage, cols + 4 * column, 1, n)[0]![i]!;
          if (Number.isNaN(x)) return (kind & shapFlag.missing) !== 0;
          if (!(x > low && x <= high)) return false;
          if ((kind & shapFlag.category) === 0) return true;
          const code = Math.trunc(x);
          if (!(code >= 0 && code < 32 * words)) return (kind & shapFlag.other) !== 0;
          return ((views.u32(categories + 4 * (word + (code >>> 5)), 1)[0]! >>> (code & 31)) & 1) === 1;
        });
        path.forEach(({ column, share }, j) => {
          // Sums over all subsets of each size of products, others taking their share.
          let sums = [1];
          path.forEach((other, k) => {
            if (k === j) return;
            const one = Number(satisfied[k]);
            sums = [...sums, 0].map((sum, size) => sum * other.share + (size > 0 ? sums[size - 1]! * one : 0));
          });
          let weighted = 0;
          let choose = 1;
          sums.forEach((sum, size) => {
            // One over the number of columns, and of subsets of the size.
            weighted += sum / (count * choose);
            choose = (choose * (count - 1 - size)) / (size + 1);
          });
          const table = views.u32(outs, (output + 1) * nCols)[output * nCols + column]!;
          views.f64(table, n)[i]! += value * (Number(satisfied[j]) - share) * weighted;
        });
      }
    }
  };
}
