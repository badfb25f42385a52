import { DataError } from "../base/errors.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";

/**
 * Area under a curve given as points, by the trapezoidal rule: of {@link rocCurve}, say. x ascends or descends.
 *
 * @throws DataError for fewer than two points, lengths that differ, and x that goes both ways
 *
 * @example
 * ```ts
 * const { fpr, tpr } = await rocCurve(y, scores);
 * auc(fpr, tpr);
 * ```
 */
export function auc(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length)
    throw new DataError(`auc: x has ${x.length} points but y has ${y.length}. Both need the same points.`);
  if (x.length < 2) throw new DataError(`auc: there are ${x.length} points; an area needs at least two.`);
  const area = new CompensatedSum();
  let direction = 0;
  for (let k = 1; k < x.length; k++) {
    const step = (x[k] as number) - (x[k - 1] as number);
    if (Number.isNaN(step) || Math.sign(step) * direction < 0)
      throw new DataError(
        `auc: x must ascend or descend; at point ${k} it goes from ${x[k - 1]} to ${x[k]}. Sort the points.`,
      );
    direction ||= Math.sign(step);
    area.add((step * ((y[k] as number) + (y[k - 1] as number))) / 2);
  }
  return (direction < 0 ? -1 : 1) * area.value;
}
