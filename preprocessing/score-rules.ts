import { sortedQuantiles } from "./sorted-quantiles.js";

/** The k highest of scores without NaN; of equal ones the later. */
export function highest(scores: Float64Array, k: number | "all"): boolean[] {
  const order = Array.from(scores.keys()).sort((i, j) => (scores[i] as number) - (scores[j] as number) || i - j);
  const kept = new Set(k === "all" ? order : order.slice(Math.max(0, order.length - k)));
  return Array.from(scores, (_, j) => kept.has(j));
}

/** The highest share of scores without NaN, in per cent; of equal ones at its edge the earlier. */
export function highestShare(scores: Float64Array, percentile: number): boolean[] {
  if (percentile === 100) return Array.from(scores, () => true);
  const [threshold] = sortedQuantiles(scores, undefined, [(100 - percentile) / 100]) as Iterable<number> as [number];
  const kept = Array.from(scores, (score) => score > threshold);
  let room = Math.trunc((scores.length * percentile) / 100) - kept.filter(Boolean).length;
  scores.forEach((score, j) => {
    if (score !== threshold || room <= 0) return;
    kept[j] = true;
    room -= 1;
  });
  return kept;
}

/** Probabilities below alpha: of columns that tell nothing, that share is kept. */
export function belowRate(pValues: Float64Array, alpha: number): boolean[] {
  return Array.from(pValues, (p) => p < alpha);
}

/** Benjamini and Hochberg (1995): of the columns that are kept, at most the share alpha tells nothing, in the mean. */
export function belowDiscoveryRate(pValues: Float64Array, alpha: number): boolean[] {
  // NaN are sorted to the end.
  const sorted = pValues.slice().sort();
  const largest = sorted.findLast((p, k) => p <= (alpha / sorted.length) * (k + 1));
  return Array.from(pValues, (p) => largest !== undefined && p <= largest);
}

/** Bonferroni: the probability that any column is kept that tells nothing is at most alpha. */
export function belowFamilyRate(pValues: Float64Array, alpha: number): boolean[] {
  return belowRate(pValues, alpha / pValues.length);
}
