/** Rules of {@link rankingGroup}. */
export interface RankingRules {
  /** Pairs count when at least one of both is among so many best. */
  readonly truncation: number;
  /** Steepness of the pairs' loss. */
  readonly sigmoid: number;
  /** Divides by the distance of scores, and scales each group by the logarithm of its total. */
  readonly normalize: boolean;
  /** NDCG of the scores counts so many best; Infinity for all. */
  readonly at: number;
}

/**
 * Derivatives of lambdarank for one group (Burges, "From RankNet to LambdaRank to LambdaMART", 2010), as LightGBM has them:
 * each pair of different relevance pulls its scores apart by `σ(s_low − s_high)` times the change of NDCG that swapping both
 * would make. Gains are `2^relevance − 1`, discounts `1 / log2(2 + rank)`.
 *
 * @param score margins of the group's rows; of equal ones the first ranks first
 * @param y their relevance
 * @param g out: added to, one a row
 * @param h out: added to, one a row
 * @returns NDCG of the scores; 1 when no row is relevant
 */
export function rankingGroup(
  score: Float64Array,
  y: Float64Array,
  rules: RankingRules,
  g: Float64Array,
  h: Float64Array,
): number {
  const n = score.length;
  const order = Array.from(score.keys()).sort((a, b) => (score[b] as number) - (score[a] as number) || a - b);
  const gain = y.map((relevance) => 2 ** relevance - 1);
  const ideal = gain.toSorted((a, b) => b - a);
  const discount = Float64Array.from({ length: n }, (_, rank) => 1 / Math.log2(2 + rank));
  const dcg = (gains: (rank: number) => number, most: number): number => {
    let sum = 0;
    for (let rank = 0; rank < Math.min(n, most); rank++) sum += gains(rank) * (discount[rank] as number);
    return sum;
  };
  const best = dcg((rank) => ideal[rank] as number, rules.truncation);
  const bestAt = dcg((rank) => ideal[rank] as number, rules.at);
  if (bestAt === 0 || best === 0) return 1;
  const spread = score[order[0] as number] !== score[order[n - 1] as number];
  let total = 0;
  for (let i = 0; i < Math.min(n - 1, rules.truncation); i++) {
    for (let j = i + 1; j < n; j++) {
      const [a, b] = [order[i] as number, order[j] as number];
      if (y[a] === y[b]) continue;
      const aboveIsA = (y[a] as number) > (y[b] as number);
      const [high, low] = aboveIsA ? [a, b] : [b, a];
      const apart = (score[high] as number) - (score[low] as number);
      let change =
        (((gain[high] as number) - (gain[low] as number)) * ((discount[i] as number) - (discount[j] as number))) / best;
      if (rules.normalize && spread) change /= 0.01 + Math.abs(apart);
      const p = 1 / (1 + Math.exp(rules.sigmoid * apart));
      const pull = rules.sigmoid * change * p;
      const curve = rules.sigmoid ** 2 * change * p * (1 - p);
      g[high] = (g[high] as number) - pull;
      g[low] = (g[low] as number) + pull;
      h[high] = (h[high] as number) + curve;
      h[low] = (h[low] as number) + curve;
      total += 2 * pull;
    }
  }
  if (rules.normalize && total > 0) {
    const factor = Math.log2(1 + total) / total;
    for (let i = 0; i < n; i++) {
      g[i] = (g[i] as number) * factor;
      h[i] = (h[i] as number) * factor;
    }
  }
  return dcg((rank) => gain[order[rank] as number] as number, rules.at) / bestAt;
}
