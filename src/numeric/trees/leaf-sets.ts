import { PLANE_ROWS, PLANE_THRESHOLDS, planeFlag, planeKind } from "../../kernels/kernels.js";
import { isCategorical, type TreeEnsemble } from "./tree-ensemble.js";

/** Trees in the form that `LeafSetPredictKernel` reads. */
export type LeafSets = {
  readonly planes: Uint32Array;
  readonly thresholds: Float64Array;
  readonly splits: Uint8Array;
  readonly program: Uint32Array;
  readonly values: Float64Array;
};

/** Most leaves of a tree that is predicted by sets; a walk looks at fewer splits of larger ones. */
const MAX_SET_LEAVES = 128;
// More planes than that would leave the second-level cache.
const MAX_PLANES = 1024;

/**
 * Packs trees from `first` on for prediction by sets of leaves: as many as are small enough and have room in the planes.
 * Undefined where not even the first one is or has.
 */
export function packLeafSets(trees: TreeEnsemble, first: number): { end: number; sets: LeafSets } | undefined {
  const plan = new PlaneSet(trees);
  let end = first;
  while (end + 1 < trees.offsets.length && leavesOf(trees, end) <= MAX_SET_LEAVES && plan.take(end)) end++;
  return end > first ? { end, sets: plan.pack(first, end) } : undefined;
}

function leavesOf({ offsets }: TreeEnsemble, t: number): number {
  return ((offsets[t + 1] as number) - (offsets[t] as number) + 1) / 2;
}

/** The planes of a run of trees while it is planned. */
class PlaneSet {
  readonly #trees: TreeEnsemble;
  /** Distinct thresholds of each column that some tree splits. */
  readonly #thresholds = new Map<number, Set<number>>();
  #categorical = 0;

  constructor(trees: TreeEnsemble) {
    this.#trees = trees;
  }

  /** Makes room for a tree; false, and nothing changed, where there is none. */
  take(t: number): boolean {
    const { offsets, feature, threshold } = this.#trees;
    const added = new Map<number, Set<number>>();
    let categorical = this.#categorical;
    for (let k = offsets[t] as number; k < (offsets[t + 1] as number); k++) {
      const column = feature[k] as number;
      if (column < 0) continue;
      if (isCategorical(this.#trees, k)) categorical++;
      else {
        const known = this.#thresholds.get(column);
        const own = added.get(column) ?? new Set<number>();
        added.set(column, own);
        // −0 is 0 here.
        const edge = (threshold[k] as number) + 0;
        if (!known?.has(edge)) own.add(edge);
        if ((known?.size ?? 0) + own.size > PLANE_THRESHOLDS) return false;
      }
    }
    const columns = new Set([...this.#thresholds.keys(), ...added.keys()]);
    if (2 * columns.size + categorical > MAX_PLANES) return false;
    for (const [column, own] of added) {
      const known = this.#thresholds.get(column);
      if (known) own.forEach((edge) => known.add(edge));
      else this.#thresholds.set(column, own);
    }
    this.#categorical = categorical;
    return true;
  }

  pack(first: number, end: number): LeafSets {
    const { offsets, feature, threshold, missingLeft, otherLeft, categoryOffsets, left, value } = this.#trees;
    const planes: number[] = [];
    const thresholds: number[] = [];
    /** Plane of missing values to the left and to the right, and place of each threshold. */
    const columns = new Map<number, { low: number; high: number; place: Map<number, number> }>();
    for (const [column, own] of this.#thresholds) {
      const sorted = [...own].toSorted((a, b) => a - b);
      const directions = [false, false];
      for (let k = offsets[first] as number; k < (offsets[end] as number); k++)
        if (feature[k] === column && !isCategorical(this.#trees, k)) directions[missingLeft[k] as number] = true;
      const at = planes.length / 4;
      const both = directions[0] === true && directions[1] === true;
      planes.push(
        column,
        directions[1] ? planeKind.missingLow : planeKind.missingHigh,
        thresholds.length,
        sorted.length,
      );
      if (both) planes.push(column, planeKind.raised, 0, 0);
      columns.set(column, { low: at, high: both ? at + 1 : at, place: new Map(sorted.map((x, k) => [x, k])) });
      thresholds.push(...sorted);
    }
    const splits: { plane: number; limit: number; mask: number }[] = [];
    const program: number[] = [];
    const values: number[] = [];
    for (let t = first; t < end; t++) {
      const root = offsets[t] as number;
      const groups = Math.ceil(leavesOf(this.#trees, t) / 8);
      const inGroup: { plane: number; limit: number; mask: number }[][] = Array.from({ length: groups }, () => []);
      const leaves = new Float64Array(8 * groups);
      let count = 0;
      // From left to right; a split's left leaves are known when its left side is done.
      const stack: { node: number; from: number }[] = [{ node: root, from: -1 }];
      for (let top = stack.pop(); top; top = stack.pop()) {
        const { node, from } = top;
        const column = feature[node] as number;
        if (column < 0) {
          leaves[count++] = value[node] as number;
        } else if (from < 0) {
          const child = root + (left[node] as number);
          stack.push({ node: child + 1, from: -1 }, { node, from: count }, { node: child, from: -1 });
        } else {
          let plane: number;
          let limit = 0;
          if (isCategorical(this.#trees, node)) {
            plane = planes.length / 4;
            const [begin, stop] = [categoryOffsets?.[node] as number, categoryOffsets?.[node + 1] as number];
            const flags =
              (missingLeft[node] === 1 ? planeFlag.missingLeft : 0) +
              ((otherLeft ?? missingLeft)[node] === 1 ? planeFlag.otherLeft : 0);
            planes.push(column, planeKind.category + flags, begin, stop - begin);
          } else {
            const own = columns.get(column) as { low: number; high: number; place: Map<number, number> };
            plane = missingLeft[node] === 1 ? own.low : own.high;
            limit = (own.place.get((threshold[node] as number) + 0) as number) - 127;
          }
          for (let g = from >> 3; g <= (count - 1) >> 3; g++) {
            const low = Math.max(from, 8 * g) & 7;
            const high = Math.min(count - 1, 8 * g + 7) & 7;
            const mask = (2 << high) - (1 << low);
            inGroup[g]?.push({ plane, limit, mask });
          }
        }
      }
      program.push(groups);
      for (const group of inGroup.toReversed()) {
        splits.push(...group);
        program.push(splits.length);
      }
      values.push(...leaves);
    }
    const packed = new Uint8Array(8 * splits.length);
    const view = new DataView(packed.buffer);
    splits.forEach(({ plane, limit, mask }, k) => {
      view.setUint32(8 * k, PLANE_ROWS * plane, true);
      view.setInt8(8 * k + 4, limit);
      view.setUint8(8 * k + 5, mask);
    });
    return {
      planes: Uint32Array.from(planes),
      thresholds: Float64Array.from(thresholds),
      splits: packed,
      program: Uint32Array.from(program),
      values: Float64Array.from(values),
    };
  }
}
