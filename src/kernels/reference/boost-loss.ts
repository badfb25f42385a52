import { boostLoss, type BoostGradientsKernel, type BoostLossCode } from "../boost-loss-kernels.js";
import type { MemoryViews } from "./views.js";

/** Loss of one row and its derivatives by the margin; `most` is what bounds them. */
export function boostTerm(
  loss: BoostLossCode,
  m: number,
  y: number,
): { loss: number; g: number; h: number; most: number } {
  if (loss === boostLoss.squared) return { loss: 0.5 * (m - y) * (m - y), g: m - y, h: 1, most: Math.abs(m - y) };
  if (loss === boostLoss.poisson) {
    const mean = Math.exp(m);
    return { loss: mean - y * m, g: mean - y, h: mean, most: mean };
  }
  const u = Math.exp(-Math.abs(m));
  const numerator = m >= 0 ? 1 - y - y * u : (1 - y) * u - y;
  return {
    loss: Math.max(m, 0) - y * m + Math.log1p(u),
    g: numerator / (1 + u),
    h: u / (1 + u) ** 2,
    most: Math.abs(m),
  };
}

/** To the nearest integer, ties to the even one, for |x| < 2^51. */
export function roundEven(x: number): number {
  return Math.abs(x) < 2 ** 51 ? x + 1.5 * 2 ** 52 - 1.5 * 2 ** 52 : x;
}

/** Plain twin of the gradient kernel. */
export function boostGradients(views: MemoryViews): BoostGradientsKernel {
  return (loss, margin, y, w, heldOut, n, gScale, hScale, lossScale, pairs, out) => {
    const margins = views.f64(margin, n);
    const targets = views.f64(y, n);
    const weights = views.optionalF64(w, n);
    const held = heldOut === 0 ? undefined : views.u8(heldOut, n);
    const derivatives = views.i32(pairs, 2 * n);
    const sums = views.f64(out, 3);
    sums.fill(0);
    for (let i = 0; i < n; i++) {
      const term = boostTerm(loss, margins[i]!, targets[i]!);
      const weight = weights?.[i] ?? 1;
      derivatives[2 * i] = roundEven(term.g * weight * gScale);
      derivatives[2 * i + 1] = roundEven(term.h * weight * hScale);
      sums[0] = Math.max(sums[0]!, term.most);
      sums[held?.[i] === 1 ? 2 : 1]! += roundEven(term.loss * weight * lossScale);
    }
  };
}
