import { HISTOGRAM_BINS, MISSING_BIN } from "../../kernels/kernels.js";

/** Sums over the rows of a node, as integers: derivatives times their scales, and rows. */
export interface NodeSums {
  readonly g: number;
  readonly h: number;
  readonly count: number;
}

/** What a split has to keep to, and the units of the sums. */
export interface SplitRules {
  readonly minSamplesLeaf: number;
  readonly l2Regularization: number;
  /** Powers of two by which the derivatives were multiplied. */
  readonly gScale: number;
  readonly hScale: number;
  /** Bins of each column, missing values not counted. */
  readonly bins: Int32Array;
}

/** The best split of a node. */
export interface Split {
  readonly feature: number;
  /** Last bin that goes left. */
  readonly bin: number;
  /** Whether missing values go left. */
  readonly missingLeft: boolean;
  /** Decrease of the loss (twice of it, by its second order expansion). */
  readonly gain: number;
  readonly left: NodeSums;
  readonly right: NodeSums;
}

/** Smallest Σh of a child. */
export const MIN_HESSIAN = 1e-3;
// Keeps the quotient finite where every second derivative was rounded to nothing.
const TINY = 1e-15;

/** `−G / (H + l2)`, the step of a node. */
export function nodeStep(sums: NodeSums, rules: Pick<SplitRules, "gScale" | "hScale" | "l2Regularization">): number {
  const step = -(sums.g / rules.gScale) / (sums.h / rules.hScale + rules.l2Regularization + TINY);
  return step + 0;
}

/**
 * The split of largest gain `G_l² / (H_l + λ) + G_r² / (H_r + λ) − G² / (H + λ)` (Chen and Guestrin, "XGBoost", 2016, eq. 7,
 * twice of it) over all columns, bins and both directions of missing values. Of equal gains the first column, then the
 * smallest bin, then missing values to the right. Where a node has no missing values in the column they go to the child with
 * more rows. Undefined when no split gains anything or keeps to the rules.
 *
 * @param histogram f64[3 × columns × 256]: Σg of each bin, then Σh, then rows
 */
export function bestSplit(histogram: Float64Array, node: NodeSums, rules: SplitRules): Split | undefined {
  const { bins, minSamplesLeaf, l2Regularization: l2 } = rules;
  const plane = bins.length * HISTOGRAM_BINS;
  const gUnit = 1 / rules.gScale;
  const hUnit = 1 / rules.hScale;
  const part = (g: number, h: number): number => (g * gUnit) ** 2 / (h * hUnit + l2 + TINY);
  const whole = part(node.g, node.h);
  const minHessian = MIN_HESSIAN * rules.hScale;
  let best = 0;
  let found: { feature: number; bin: number; missingLeft: boolean; g: number; h: number; count: number } | undefined;
  for (let feature = 0; feature < bins.length; feature++) {
    const at = feature * HISTOGRAM_BINS;
    const missing = histogram[2 * plane + at + MISSING_BIN] as number;
    const own = bins[feature] as number;
    for (let direction = 0; direction < (missing > 0 ? 2 : 1); direction++) {
      const missingLeft = direction === 1;
      let g = missingLeft ? (histogram[at + MISSING_BIN] as number) : 0;
      let h = missingLeft ? (histogram[plane + at + MISSING_BIN] as number) : 0;
      let count = missingLeft ? missing : 0;
      // With missing values on the right, all others on the left is a split, too.
      const end = missing > 0 && !missingLeft ? own : own - 1;
      for (let bin = 0; bin < end; bin++) {
        const inBin = histogram[2 * plane + at + bin] as number;
        if (inBin === 0) continue;
        g += histogram[at + bin] as number;
        h += histogram[plane + at + bin] as number;
        count += inBin;
        if (count < minSamplesLeaf || h < minHessian) continue;
        if (node.count - count < minSamplesLeaf || node.h - h < minHessian) break;
        const gain = part(g, h) + part(node.g - g, node.h - h) - whole;
        if (gain > best) {
          best = gain;
          found = { feature, bin, missingLeft: missing > 0 ? missingLeft : 2 * count > node.count, g, h, count };
        }
      }
    }
  }
  if (!found) return undefined;
  const { g, h, count } = found;
  return {
    feature: found.feature,
    bin: found.bin,
    missingLeft: found.missingLeft,
    gain: best,
    left: { g, h, count },
    right: { g: node.g - g, h: node.h - h, count: node.count - count },
  };
}

/** Sums of all rows of a histogram. */
export function sumsOf(histogram: Float64Array): NodeSums {
  const plane = histogram.length / 3;
  // Every column holds every row: the first one is enough.
  const sum = (from: number): number => {
    let total = 0;
    for (let k = 0; k < HISTOGRAM_BINS; k++) total += histogram[from + k] as number;
    return total;
  };
  return { g: sum(0), h: sum(plane), count: sum(2 * plane) };
}
