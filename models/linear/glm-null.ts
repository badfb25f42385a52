import type { Plain } from "../../src/base/plain.js";
import type { Design } from "../../src/estimator/design.js";
import { mergeNullSums, NULL_STEP, type Composition, type NullSums } from "../../src/numeric/glm/composed-steps.js";
import { kernelOf } from "../../src/numeric/glm/kernel-of.js";
import { linkOf } from "../../src/numeric/glm/link.js";
import { nullLoss, type TargetSums } from "../../src/numeric/glm-target.js";

/**
 * Half the deviance of the model without columns: its mean is that of y, or with offsets the intercept that fits best (a few
 * passes over y and the offsets). Without an intercept its linear predictor is the offset alone.
 */
export async function nullHalfDeviance(
  design: Design,
  composition: Composition,
  target: TargetSums,
  fitIntercept = true,
): Promise<number> {
  const kernel = kernelOf(composition);
  const mean = target.sum / target.weight;
  if (kernel && !target.shifted && fitIntercept && kernel.family !== 0)
    return nullLoss(kernel, target) + target.constant;
  const at = (intercept: number): Promise<NullSums> =>
    design.reduce<NullSums>(NULL_STEP, { ...composition, intercept } as unknown as Plain, mergeNullSums, false);
  if (!fitIntercept) return (await at(0)).loss;
  const link = linkOf(composition.link);
  let intercept = link.link(mean) - target.offset / target.weight;
  let best = await at(intercept);
  if (!target.shifted) return best.loss;
  for (let i = 0; i < 100; i++) {
    const direction = -best.gradient / best.curvature;
    if (!(Math.abs(direction * best.gradient) > 1e-14 * Math.abs(best.loss))) break;
    let step = direction;
    let next = await at(intercept + step);
    while (!(next.loss <= best.loss) && Math.abs(step) > 1e-12 * Math.abs(direction)) {
      step /= 2;
      next = await at(intercept + step);
    }
    if (!(next.loss < best.loss)) break;
    intercept += step;
    best = next;
  }
  return best.loss;
}
