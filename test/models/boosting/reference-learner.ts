/** A tree of {@link referenceTrees}. */
export interface ReferenceNode {
  readonly rows: readonly number[];
  feature?: number;
  threshold?: number;
  missingLeft?: boolean;
  left?: ReferenceNode;
  right?: ReferenceNode;
  value: number;
}

/** Parameters of {@link referenceTrees}. */
export interface ReferenceParams {
  readonly loss: "squared" | "logistic";
  readonly learningRate: number;
  readonly maxIter: number;
  readonly maxLeafNodes: number;
  readonly minSamplesLeaf: number;
  readonly l2Regularization: number;
}

/**
 * Boosted trees by the book, without bins or histograms: every leaf tries every threshold between two values that the whole
 * column has, by sums over its rows; the leaf of largest gain is split next.
 */
export function referenceTrees(
  columns: readonly ArrayLike<number>[],
  y: ArrayLike<number>,
  params: ReferenceParams,
): { baseline: number; trees: ReferenceNode[]; margin: number[] } {
  const n = y.length;
  const all = Array.from({ length: n }, (_, i) => i);
  const mean = all.reduce((sum, i) => sum + y[i]!, 0) / n;
  const baseline = params.loss === "squared" ? mean : Math.log(mean / (1 - mean));
  const margin = all.map(() => baseline);
  const thresholds = columns.map((column) => {
    const values = [...new Set(Array.from(column).filter((v) => !Number.isNaN(v)))].toSorted((a, b) => a - b);
    return values.slice(1).map((v, k) => v / 2 + values[k]! / 2);
  });
  const trees: ReferenceNode[] = [];
  for (let t = 0; t < params.maxIter; t++) {
    const p = margin.map((m) => (params.loss === "squared" ? m : 1 / (1 + Math.exp(-m))));
    const g = p.map((value, i) => value - y[i]!);
    const h = p.map((value) => (params.loss === "squared" ? 1 : value * (1 - value)));
    const total = (list: readonly number[], rows: readonly number[]): number =>
      rows.reduce((sum, i) => sum + list[i]!, 0);
    const part = (rows: readonly number[]): number => total(g, rows) ** 2 / (total(h, rows) + params.l2Regularization);
    const make = (rows: readonly number[]): ReferenceNode => ({
      rows,
      value: (-params.learningRate * total(g, rows)) / (total(h, rows) + params.l2Regularization),
    });
    const best = (
      rows: readonly number[],
    ):
      | { gain: number; feature: number; threshold: number; missingLeft: boolean; left: number[]; right: number[] }
      | undefined => {
      let found: ReturnType<typeof best>;
      columns.forEach((column, feature) => {
        const missing = rows.some((i) => Number.isNaN(column[i]!));
        for (const missingLeft of missing ? [false, true] : [false]) {
          for (const threshold of [...thresholds[feature]!, ...(missing && !missingLeft ? [Infinity] : [])]) {
            const left = rows.filter((i) => (Number.isNaN(column[i]!) ? missingLeft : column[i]! <= threshold));
            const right = rows.filter((i) => !(Number.isNaN(column[i]!) ? missingLeft : column[i]! <= threshold));
            if (
              Math.min(left.length, right.length) < params.minSamplesLeaf ||
              Math.min(total(h, left), total(h, right)) < 1e-3
            )
              continue;
            const gain = part(left) + part(right) - part(rows);
            if (gain > (found?.gain ?? 1e-9))
              found = {
                gain,
                feature,
                threshold,
                missingLeft: missing ? missingLeft : 2 * left.length > rows.length,
                left,
                right,
              };
          }
        }
      });
      return found;
    };
    const root = make(all);
    const leaves = [{ node: root, split: best(all) }];
    for (let count = 1; count < params.maxLeafNodes; count++) {
      const at = leaves.reduce((k, leaf, i) => ((leaf.split?.gain ?? 0) > (leaves[k]!.split?.gain ?? 0) ? i : k), 0);
      const { node, split } = leaves[at]!;
      if (!split) break;
      const { feature, threshold, missingLeft } = split;
      Object.assign(node, { feature, threshold, missingLeft, left: make(split.left), right: make(split.right) });
      leaves.splice(
        at,
        1,
        { node: node.left!, split: best(split.left) },
        { node: node.right!, split: best(split.right) },
      );
    }
    for (const { node } of leaves) for (const i of node.rows) margin[i]! += node.value;
    trees.push(root);
  }
  return { baseline, trees, margin };
}
