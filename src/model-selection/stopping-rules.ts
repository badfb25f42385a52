/** A trial's score when it had had so much of the resource. */
export interface ScoredAt {
  readonly amount: number;
  readonly score: number;
}

/** Fewer trials than this have no median worth the name. */
const FEWEST_OTHERS = 3;

/**
 * Dask-ML's plateau: over the last `patience` of the resource no score was above the first of them by more than `tol`.
 */
export function hasPlateaued(scores: readonly ScoredAt[], patience: number, tol: number): boolean {
  const last = scores.at(-1);
  if (!last || last.amount < patience) return false;
  const [first, ...rest] = scores.filter(({ amount }) => last.amount - patience <= amount);
  return rest.length > 0 && rest.every(({ score }) => score <= (first?.score ?? NaN) + tol);
}

/**
 * The median stopping rule (Golovin et al., "Google Vizier", KDD 2017): a trial's best score is below the median of the
 * other trials' means of their scores up to the same amount. Trials that have not come so far do not count; with fewer
 * than three that have, nothing is stopped.
 */
export function hasFallenBehind(own: readonly ScoredAt[], others: readonly (readonly ScoredAt[])[]): boolean {
  const last = own.at(-1);
  if (!last) return false;
  const means = others
    .filter((scores) => (scores.at(-1)?.amount ?? 0) >= last.amount)
    .map((scores) => {
      const until = scores.filter(({ amount, score }) => amount <= last.amount && !Number.isNaN(score));
      return until.reduce((sum, { score }) => sum + score, 0) / until.length;
    })
    .filter((mean) => !Number.isNaN(mean))
    .sort((a, b) => a - b);
  if (means.length < FEWEST_OTHERS) return false;
  const middle = means.length / 2;
  const median = ((means[Math.ceil(middle) - 1] as number) + (means[Math.floor(middle)] as number)) / 2;
  return own.every(({ score }) => !(score >= median));
}
