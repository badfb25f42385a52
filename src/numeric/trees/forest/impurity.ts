/** How mixed the targets of a node are. */
export type Impurity = "gini" | "entropy" | "squared_error" | "poisson";

/**
 * What a node of sums `s` adds to the score that splits maximise: its weight times its impurity, negated, less what every
 * split of the parent has in common. So `score(left) + score(right) − score(node)` is the weight of the node times the
 * decrease of impurity.
 *
 * gini: `Σₖ sₖ² / W`; entropy: `Σₖ sₖ log2(sₖ / W)`, with `sₖ` the weight of class k and `W = Σₖ sₖ`. squared_error: `s² / W`;
 * poisson: `s log(s / W)`, half of the deviance, with `s = Σwy` and `W = Σw`.
 *
 * @param sums weight of each class; or Σw and Σwy
 */
export function impurityScore(impurity: Impurity, sums: Float64Array): number {
  if (impurity === "squared_error" || impurity === "poisson") {
    const w = sums[0] as number;
    const s = sums[1] as number;
    if (impurity === "squared_error") return (s * s) / w;
    // A leaf that expects nothing cannot be told by its logarithm.
    return s > 0 ? s * Math.log(s / w) : -Infinity;
  }
  let total = 0;
  for (let k = 0; k < sums.length; k++) total += sums[k] as number;
  let score = 0;
  for (let k = 0; k < sums.length; k++) {
    const own = sums[k] as number;
    if (impurity === "gini") score += own * own;
    else if (own > 0) score += own * Math.log2(own / total);
  }
  return impurity === "gini" ? score / total : score;
}
