import { HISTOGRAM_BINS, MISSING_BIN } from "../../kernels/kernels.js";
import type { NodeSums } from "./split-rules.js";
import type { GrownTree } from "./tree-grower.js";

/**
 * Columns of which no row has values in two, as one column of bins. Bin 0 is zero in all of them; each member has its other
 * bins, in their order, and then one for missing values, in a stretch of its own. Plain data.
 */
export interface ColumnBundle {
  /** Its first column; the others follow. */
  readonly first: number;
  /** Bins of each member, that of zero among them, missing values not counted. */
  readonly bins: Int32Array;
  /** The bin of each member that has zero. */
  readonly zeros: Int32Array;
  /** First bin of each member in the bundle. */
  readonly starts: Int32Array;
  /** Thresholds of each member. */
  readonly thresholds: readonly Float64Array[];
}

/** The bin in the bundle of a member's bin; 0 of that which has zero. */
export function bundledBin({ bins, zeros, starts }: ColumnBundle, member: number, bin: number): number {
  const zero = zeros[member] as number;
  const start = starts[member] as number;
  if (bin === MISSING_BIN) return start + (bins[member] as number) - 1;
  return bin === zero ? 0 : start + (bin > zero ? bin - 1 : bin);
}

/**
 * The histogram of a member, as if it were alone: the bin of zero has what the node has besides the others. Sums of integers,
 * so that nothing is lost.
 *
 * @param at first entry of the bundle in a plane of the histogram
 * @param into three planes of 256
 */
export function memberHistogram(
  histogram: Float64Array,
  at: number,
  plane: number,
  bundle: ColumnBundle,
  member: number,
  node: NodeSums,
  into: Float64Array,
): void {
  const [bins, zero] = [bundle.bins[member] as number, bundle.zeros[member] as number];
  [node.g, node.h, node.count].forEach((total, k) => {
    let rest = total;
    const take = (bin: number): void => {
      const sum = histogram[k * plane + at + bundledBin(bundle, member, bin)] as number;
      into[k * HISTOGRAM_BINS + bin] = sum;
      rest -= sum;
    };
    for (let bin = 0; bin < bins; bin++) if (bin !== zero) take(bin);
    take(MISSING_BIN);
    into[k * HISTOGRAM_BINS + zero] = rest;
  });
}

/** The bins of a bundle that go left where a member is split after a bin. */
export function leftOfBundle(bundle: ColumnBundle, member: number, bin: number, missingLeft: boolean): Uint32Array {
  const set = new Uint32Array(HISTOGRAM_BINS / 32);
  // Rows of other members have zero in this one.
  if ((bundle.zeros[member] as number) <= bin) set.fill(0xffff_ffff);
  const put = (own: number, left: boolean): void => {
    const place = bundledBin(bundle, member, own);
    const bit = 1 << (place & 31);
    set[place >> 5] = left ? (set[place >> 5] as number) | bit : (set[place >> 5] as number) & ~bit;
  };
  for (let own = 0; own < (bundle.bins[member] as number); own++) put(own, own <= bin);
  put(MISSING_BIN, missingLeft);
  return set;
}

/** The member that a set of {@link leftOfBundle} splits, and after which bin. */
function splitOfSet(bundle: ColumnBundle, set: Uint32Array): { readonly member: number; readonly bin: number } {
  const isLeft = (bin: number): boolean => (((set[bin >> 5] as number) >>> (bin & 31)) & 1) === 1;
  const others = isLeft(0);
  let ofMissing = -1;
  for (let member = 0; member < bundle.bins.length; member++) {
    const bins = bundle.bins[member] as number;
    for (let bin = 0; bin < bins; bin++) {
      if (isLeft(bundledBin(bundle, member, bin)) === others) continue;
      // Where zero is on the left this is the first on the right; else the first on the left.
      if (others) return { member, bin: bin - 1 };
      let last = bin;
      while (last + 1 < bins && isLeft(bundledBin(bundle, member, last + 1))) last += 1;
      return { member, bin: last };
    }
    if (isLeft(bundledBin(bundle, member, MISSING_BIN)) !== others) ofMissing = member;
  }
  // Only missing values are on a side of their own: all others are left.
  return { member: ofMissing, bin: (bundle.bins[ofMissing] as number) - 1 };
}

/** A grown tree with columns and bins of X in the place of bundles' sets. */
export function unbundled(tree: GrownTree, bundles: readonly (ColumnBundle | null)[], sources: Int32Array): GrownTree {
  const feature = tree.feature.slice();
  const bin = tree.bin.slice();
  const sets = tree.sets?.slice();
  feature.forEach((column, k) => {
    if (column < 0) return;
    const bundle = bundles[column];
    const set = sets?.[k];
    feature[k] = sources[column] as number;
    if (!bundle || !set) return;
    const split = splitOfSet(bundle, set);
    feature[k] = bundle.first + split.member;
    bin[k] = split.bin;
    if (sets) sets[k] = undefined;
  });
  const { sets: _, ...rest } = tree;
  return { ...rest, feature, bin, ...(sets?.some((set) => set !== undefined) ? { sets } : {}) };
}
