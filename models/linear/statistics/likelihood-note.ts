/** Above this share of a standard error, a step towards the likelihood's maximum is worth a note. */
const NOTABLE = 0.05;

/**
 * Says so where the coefficients are not at the maximum of the likelihood that the statistics are those of.
 *
 * @param step Newton's step from the coefficients to that maximum
 */
export function likelihoodNote(names: readonly string[], step: Float64Array, standardError: Float64Array): string[] {
  let worst = 0;
  let share = 0;
  step.forEach((value, j) => {
    const own = Math.abs(value) / (standardError[j] ?? NaN);
    if (own > share) [worst, share] = [j, own];
  });
  if (!(share > NOTABLE)) return [];
  return [
    `the likelihood of these rows has its maximum elsewhere: a Newton step from these coefficients moves ${JSON.stringify(names[worst])} by ${share.toPrecision(2)} standard errors. ` +
      "A penalty, class weights, an early stop or other rows than those of the fit do that. Standard errors, p and intervals are those of maximum likelihood and leave this bias out; fit without a penalty for valid ones.",
  ];
}
