import { HISTOGRAM_BINS, MISSING_BIN } from "../../kernels/kernels.js";
import type { GainScale, NodeSums, SplitRules } from "./split-rules.js";

/** The best split of a column of categories. */
export interface CategorySplit {
  /** The bins that go left: bit b mod 32 of word b / 32. */
  readonly set: Uint32Array;
  readonly missingLeft: boolean;
  readonly gain: number;
  readonly g: number;
  readonly h: number;
  readonly count: number;
}

/** Whether a bin is in a set of bins. */
export function inSet(set: Uint32Array, bin: number): boolean {
  return (((set[bin >> 5] as number) >>> (bin & 31)) & 1) === 1;
}

/**
 * The split of one column of categories. Categories are put in the order of `Σg / (Σh + catSmooth)`, which for one step of
 * Newton holds the best of all subsets (Fisher, "On grouping for maximum homogeneity", 1958), and cut once, from both ends up
 * to the middle: the smaller half goes left. Categories of less than `catSmooth` rows (by weight of Σh) are too few to be told
 * apart: they go right, with the larger half, as scikit-learn does. Missing values are a category of their own. Up to
 * `maxCatToOnehot` categories are tried one against the rest instead.
 *
 * @param at first entry of the column in a plane of the histogram
 * @param plane entries of a plane
 * @param bins categories of the column
 */
export function categorySplit(
  histogram: Float64Array,
  at: number,
  plane: number,
  bins: number,
  node: NodeSums,
  rules: SplitRules,
  scale: GainScale,
): CategorySplit | undefined {
  const { gScale, hScale, catSmooth = 10, maxCatToOnehot = 0, minSamplesLeaf } = rules;
  // Σh of a row is 1 where all are alike; else it is measured by the mean of the node.
  const perRow = node.count / node.h;
  const missing = histogram[2 * plane + at + MISSING_BIN] as number;
  const there: { readonly bin: number; readonly order: number }[] = [];
  let present = 0;
  for (let bin = 0; bin < HISTOGRAM_BINS; bin++) {
    if (bin >= bins && bin !== MISSING_BIN) continue;
    if ((histogram[2 * plane + at + bin] as number) === 0) continue;
    present += 1;
    const h = histogram[plane + at + bin] as number;
    if (h * perRow < catSmooth) continue;
    there.push({ bin, order: (histogram[at + bin] as number) / gScale / (h / hScale + catSmooth) });
  }
  // A set has to leave something on the other side.
  if (there.length === 0 || present < 2 || (there.length === 1 && present > maxCatToOnehot)) return undefined;
  const alone = present <= maxCatToOnehot;
  there.sort((a, b) => a.order - b.order || a.bin - b.bin);
  const half = (there.length + 1) >> 1;
  const last = there.length - 1;
  let best = scale.floor;
  let found: { from: number; to: number; g: number; h: number; count: number } | undefined;
  const consider = (from: number, to: number, g: number, h: number, count: number): void => {
    if (count < minSamplesLeaf || h < scale.minHessian) return;
    if (node.count - count < minSamplesLeaf || node.h - h < scale.minHessian) return;
    const gain = scale.gain(g, h, 0);
    if (gain <= best) return;
    best = gain;
    found = { from, to, g, h, count };
  };
  for (const down of [false, true]) {
    let [g, h, count] = [0, 0, 0];
    const end = alone ? (down ? 0 : there.length) : down ? half - 1 : half;
    for (let k = 0; k < end; k++) {
      const place = down ? last - k : k;
      const entry = at + (there[place]?.bin as number);
      if (alone) [g, h, count] = [0, 0, 0];
      g += histogram[entry] as number;
      h += histogram[plane + entry] as number;
      count += histogram[2 * plane + entry] as number;
      if (alone) consider(place, place, g, h, count);
      else consider(down ? place : 0, down ? last : place, g, h, count);
    }
  }
  if (!found) return undefined;
  const { from, to, g, h, count } = found;
  const set = new Uint32Array(HISTOGRAM_BINS / 32);
  const add = (bin: number): void => void (set[bin >> 5] = (set[bin >> 5] as number) | (1 << (bin & 31)));
  for (const { bin } of there.slice(from, to + 1)) add(bin);
  if (missing === 0 && 2 * count > node.count) add(MISSING_BIN);
  return { set, missingLeft: inSet(set, MISSING_BIN), gain: best, g, h, count };
}
