import { categorySets, type TreeEnsemble } from "#src/numeric/trees/tree-ensemble.js";
import { uniform } from "../../kernels/kernel-harness.js";

/** A tree of `leaves` leaves that lean to one side or the other; every fourth split by category, some by infinity. */
export function someTree(leaves: number, nCols: number, seed: number, categories = true, grain = 6): TreeEnsemble {
  const u = uniform(8 * leaves, seed);
  const feature: number[] = [-1];
  const left: number[] = [0];
  for (let split = 0; split + 1 < leaves; split++) {
    const open = feature.flatMap((column, k) => (column < 0 ? [k] : []));
    const node = open[Math.floor(((u[split]! + 1) / 2) * open.length)]!;
    feature[node] = Math.floor(((u[leaves + split]! + 1) / 2) * nCols);
    left[node] = feature.length;
    feature.push(-1, -1);
    left.push(0, 0);
  }
  const n = feature.length;
  // Rows from the leaves up: children come after their parents.
  const counts = new Float64Array(n);
  for (let k = n - 1; k >= 0; k--)
    counts[k] = feature[k]! < 0 ? 1 + Math.round(9 + 9 * u[k]!) : counts[left[k]!]! + counts[left[k]! + 1]!;
  const category = feature.map((column, k) => categories && column >= 0 && (k + seed) % 4 === 1);
  return {
    offsets: Int32Array.of(0, n),
    feature: Int32Array.from(feature),
    left: Int32Array.from(left),
    threshold: Float64Array.from(feature, (column, k) =>
      column < 0 || category[k] ? 0 : k % 7 === 3 ? Infinity : Math.round(u[k]! * grain) / 4,
    ),
    missingLeft: Uint8Array.from(feature, (_, k) => Number(u[2 * k]! > 0)),
    value: Float64Array.from(feature, (column, k) => (column < 0 ? u[k]! : 0)),
    gain: new Float64Array(n),
    count: counts,
    cover: counts.map((own) => own / 4),
    otherLeft: Uint8Array.from(feature, (_, k) => k & 1),
    ...categorySets(category.map((own, k) => (own ? [k % 3, 2, 33].slice(0, k % 4) : undefined))),
  };
}
