import { HISTOGRAM_BINS, MISSING_BIN } from "../../kernels/kernels.js";
import { leftOfBundle, memberHistogram, type ColumnBundle } from "./bundles.js";
import { categorySplit } from "./category-split.js";
import {
  gainScale,
  NO_LIMITS,
  type GainScale,
  type NodeLimits,
  type NodeSums,
  type Split,
  type SplitRules,
} from "./split-rules.js";

export { MIN_HESSIAN, nodeStep, type NodeLimits, type NodeSums, type Split, type SplitRules } from "./split-rules.js";

/**
 * The split of largest gain `G_l² / (H_l + λ) + G_r² / (H_r + λ) − G² / (H + λ)` (Chen and Guestrin, "XGBoost", 2016, eq. 7,
 * twice of it) over all columns, bins and both directions of missing values. Of equal gains the first column, then the
 * smallest bin, then missing values to the right. Where a node has no missing values in the column they go to the child with
 * more rows. Undefined when no split gains anything or keeps to the rules.
 *
 * Steps that something limits (l1, a largest step, bounds of monotone columns) enter the gain as they are taken: the decrease
 * `−(2Gv + (H + λ)v² + 2·l1·|v|)` at the limited step v. Columns of categories: see {@link categorySplit}.
 *
 * @param histogram f64[3 × columns × 256]: Σg of each bin, then Σh, then rows
 */
export function bestSplit(
  histogram: Float64Array,
  node: NodeSums,
  rules: SplitRules,
  limits: NodeLimits = NO_LIMITS,
): Split | undefined {
  const { bins, minSamplesLeaf, monotonic, categorical, bundles } = rules;
  const plane = bins.length * HISTOGRAM_BINS;
  const scale = gainScale(node, rules, limits);
  let best = scale.floor;
  let found:
    | { feature: number; bin: number; missingLeft: boolean; g: number; h: number; count: number; set?: Uint32Array }
    | undefined;
  for (let feature = 0; feature < bins.length; feature++) {
    if (limits.columns && limits.columns[feature] !== 1) continue;
    const at = feature * HISTOGRAM_BINS;
    const own = bins[feature] as number;
    if (categorical?.[feature] === 1) {
      const split = categorySplit(histogram, at, plane, own, node, rules, scale);
      if (split && split.gain > best) {
        best = split.gain;
        found = { feature, bin: -1, ...split };
      }
      continue;
    }
    const bundle = bundles?.[feature];
    if (bundle) {
      const split = bundleSplit(histogram, at, plane, bundle, node, minSamplesLeaf, scale, best);
      if (split) {
        best = split.gain;
        found = { feature, bin: -1, ...split };
      }
      continue;
    }
    const direct = monotonic?.[feature] ?? 0;
    const split = columnSplit(histogram, at, plane, own, node, minSamplesLeaf, scale, direct, best);
    if (split) {
      best = split.gain;
      found = { feature, ...split };
    }
  }
  if (!found) return undefined;
  const { g, h, count, set } = found;
  return {
    feature: found.feature,
    bin: found.bin,
    missingLeft: found.missingLeft,
    ...(set ? { set } : {}),
    gain: best,
    left: { g, h, count },
    right: { g: node.g - g, h: node.h - h, count: node.count - count },
  };
}

/** The split of largest gain, above `best`, of one column of numbers: the first of equal ones. */
function columnSplit(
  histogram: Float64Array,
  at: number,
  plane: number,
  own: number,
  node: NodeSums,
  minSamplesLeaf: number,
  scale: GainScale,
  direct: number,
  best: number,
): (Pick<Split, "bin" | "missingLeft" | "gain"> & NodeSums) | undefined {
  const { minHessian } = scale;
  let found: (Pick<Split, "bin" | "missingLeft" | "gain"> & NodeSums) | undefined;
  const missing = histogram[2 * plane + at + MISSING_BIN] as number;
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
      const gain = scale.gain(g, h, direct);
      if (gain > best) {
        best = gain;
        found = { bin, missingLeft: missing > 0 ? missingLeft : 2 * count > node.count, gain, g, h, count };
      }
    }
  }
  return found;
}

/** The split of largest gain, above `best`, of the members of a bundle, each as if it were a column of its own. */
function bundleSplit(
  histogram: Float64Array,
  at: number,
  plane: number,
  bundle: ColumnBundle,
  node: NodeSums,
  minSamplesLeaf: number,
  scale: GainScale,
  best: number,
): (Pick<Split, "missingLeft" | "gain"> & NodeSums & { readonly set: Uint32Array }) | undefined {
  const own = new Float64Array(3 * HISTOGRAM_BINS);
  let found: (Pick<Split, "bin" | "missingLeft" | "gain"> & NodeSums & { readonly member: number }) | undefined;
  for (let member = 0; member < bundle.bins.length; member++) {
    memberHistogram(histogram, at, plane, bundle, member, node, own);
    const bins = bundle.bins[member] as number;
    const split = columnSplit(own, 0, HISTOGRAM_BINS, bins, node, minSamplesLeaf, scale, 0, best);
    if (!split) continue;
    best = split.gain;
    found = { member, ...split };
  }
  if (!found) return undefined;
  const { member, bin, ...split } = found;
  return { ...split, set: leftOfBundle(bundle, member, bin, split.missingLeft) };
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
