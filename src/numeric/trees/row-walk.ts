import { goesLeft, type TreeEnsemble } from "./tree-ensemble.js";

/** The leaf (counted over all trees) where a row of values ends in tree t. */
export function leafOfRow(trees: TreeEnsemble, t: number, row: ArrayLike<number>): number {
  const { offsets, feature, threshold, missingLeft, left, categoryOffsets } = trees;
  const root = offsets[t] as number;
  let node = root;
  let column = feature[node] as number;
  if (categoryOffsets) {
    while (column >= 0) {
      node = root + (left[node] as number) + (goesLeft(trees, node, row[column] as number) ? 0 : 1);
      column = feature[node] as number;
    }
    return node;
  }
  while (column >= 0) {
    const x = row[column] as number;
    // A comparison with NaN fails.
    const toLeft = x <= (threshold[node] as number) || (x !== x && missingLeft[node] === 1);
    node = root + (left[node] as number) + (toLeft ? 0 : 1);
    column = feature[node] as number;
  }
  return node;
}

/** Adds the trees from `first` up to `end` to the outputs of a row, in the order of the trees, as the kernels do. */
export function addRow(
  trees: TreeEnsemble,
  row: ArrayLike<number>,
  out: Float64Array,
  first = 0,
  end = trees.offsets.length - 1,
): void {
  const { value, outputs = 1 } = trees;
  for (let t = first; t < end; t++) {
    const k = t % outputs;
    out[k] = (out[k] as number) + (value[leafOfRow(trees, t, row)] as number);
  }
}

/** Whether a row has an infinity: trees take NaN, which is missing, and nothing else that is not finite. */
export function hasInfinity(row: ArrayLike<number>): boolean {
  for (let j = 0; j < row.length; j++) if (Math.abs(row[j] as number) === Infinity) return true;
  return false;
}
