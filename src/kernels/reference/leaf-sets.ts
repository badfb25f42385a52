import { PLANE_ROWS, planeFlag, planeKind, type LeafSetPredictKernel } from "../tree-kernels.js";
import type { FloatStorage, MemoryViews } from "./views.js";

/** Plain twin of the kernels that predict by sets of leaves. */
export function leafSetPredict(views: MemoryViews, storage: FloatStorage): LeafSetPredictKernel {
  return (
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
    firstOutput,
    outs,
  ) => {
    const results = views.columns("F64", outs, outputs, n);
    const byteOf = (plane: number, i: number): number => {
      const [col, kind, first, count] = Array.from(views.u32(planes + 16 * plane, 4)) as [
        number,
        number,
        number,
        number,
      ];
      const [column] = views.columns(storage, cols + 4 * col, 1, n);
      const x = column![i]!;
      if ((kind & 255) === planeKind.category) {
        const code = Math.trunc(x);
        const left = Number.isNaN(x)
          ? (kind & planeFlag.missingLeft) !== 0
          : code >= 0 && code < 32 * count
            ? ((views.u32(categories + 4 * (first + (code >>> 5)), 1)[0]! >>> (code & 31)) & 1) === 1
            : (kind & planeFlag.otherLeft) !== 0;
        return left ? -128 : 127;
      }
      if (kind === planeKind.raised) {
        const own = byteOf(plane - 1, i);
        return own === -128 ? 127 : own;
      }
      if (Number.isNaN(x)) return kind === planeKind.missingLow ? -128 : 127;
      return views.f64(thresholds + 8 * first, count).filter((threshold) => threshold < x).length - 127;
    };
    for (let i = 0; i < n; i++) {
      const bytes = Array.from({ length: nPlanes }, (_, plane) => byteOf(plane, i));
      let step = program;
      let split = 0;
      let first = 0;
      for (let t = 0; t < nTrees; t++) {
        const [groups] = views.u32(step, 1) as unknown as [number];
        let leaf = 0;
        for (let g = groups - 1; g >= 0; g--) {
          const end = views.u32(step + 4 * (groups - g), 1)[0]!;
          let set = 255;
          for (; split < end; split++) {
            const [offset] = views.u32(splits + 8 * split, 1) as unknown as [number];
            const [limit, mask] = views.u8(splits + 8 * split + 4, 2) as unknown as [number, number];
            if (bytes[offset / PLANE_ROWS]! > (limit << 24) >> 24) set &= ~mask;
          }
          if (set !== 0) leaf = 8 * g + 31 - Math.clz32(set & -set);
        }
        results[(firstOutput + t) % outputs]![i]! += views.f64(values + 8 * (first + leaf), 1)[0]!;
        first += 8 * groups;
        step += 4 + 4 * groups;
      }
    }
  };
}
