import {
  boostLoss,
  type BoostDerivativesKernel,
  type BoostGradientsKernel,
  type BoostLossCode,
  type BoostSoftmaxKernel,
  type PackDerivativesKernel,
} from "../boost-loss-kernels.js";
import type { MemoryViews } from "./views.js";

/** Loss of one row and its derivatives by the margin. */
export interface BoostTerm {
  readonly loss: number;
  readonly g: number;
  readonly h: number;
}

/** Loss of one row and its derivatives by the margin. */
export function boostTerm(loss: BoostLossCode, parameter: number, m: number, y: number): BoostTerm {
  const d = m - y;
  if (loss === boostLoss.squared) return { loss: 0.5 * d * d, g: d, h: 1 };
  if (loss === boostLoss.poisson) return { loss: Math.exp(m) - y * m, g: Math.exp(m) - y, h: Math.exp(m) };
  if (loss === boostLoss.absolute) return { loss: Math.abs(d), g: d > 0 ? 1 : -1, h: 1 };
  if (loss === boostLoss.quantile) {
    return d > 0
      ? { loss: (1 - parameter) * d, g: 1 - parameter, h: 1 }
      : { loss: -parameter * d, g: -parameter, h: 1 };
  }
  if (loss === boostLoss.huber) {
    const inner = Math.max(-parameter, Math.min(parameter, d));
    return { loss: inner * (d - 0.5 * inner), g: inner, h: 1 };
  }
  if (loss === boostLoss.gamma) return { loss: m + y * Math.exp(-m), g: 1 - y * Math.exp(-m), h: y * Math.exp(-m) };
  if (loss === boostLoss.tweedie) {
    const a = y * Math.exp((1 - parameter) * m);
    const b = Math.exp((2 - parameter) * m);
    return { loss: b / (2 - parameter) - a / (1 - parameter), g: b - a, h: (2 - parameter) * b - (1 - parameter) * a };
  }
  const u = Math.exp(-Math.abs(m));
  const numerator = m >= 0 ? 1 - y - y * u : (1 - y) * u - y;
  return { loss: Math.max(m, 0) - y * m + Math.log1p(u), g: numerator / (1 + u), h: u / (1 + u) ** 2 };
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
      const [m, target] = [margins[i]!, targets[i]!];
      const term = boostTerm(loss, 0, m, target);
      const weight = weights?.[i] ?? 1;
      derivatives[2 * i] = roundEven(term.g * weight * gScale);
      derivatives[2 * i + 1] = roundEven(term.h * weight * hScale);
      const most =
        loss === boostLoss.squared ? Math.abs(m - target) : loss === boostLoss.logistic ? Math.abs(m) : term.h;
      sums[0] = Math.max(sums[0]!, most);
      sums[held?.[i] === 1 ? 2 : 1]! += roundEven(term.loss * weight * lossScale);
    }
  };
}

/** Plain twin of the kernel of derivatives in doubles. */
export function boostDerivatives(views: MemoryViews): BoostDerivativesKernel {
  return (loss, parameter, margin, y, w, n, g, h, losses) => {
    const weights = views.optionalF64(w, n);
    const targets = views.f64(y, n);
    const out = [views.f64(g, n), views.f64(h, n), views.f64(losses, n)] as const;
    views.f64(margin, n).forEach((m, i) => {
      const term = boostTerm(loss, parameter, m, targets[i]!);
      const weight = weights?.[i] ?? 1;
      out[0][i] = term.g * weight;
      out[1][i] = term.h * weight;
      out[2][i] = term.loss * weight;
    });
  };
}

/** Plain twin of the multinomial kernel. */
export function boostSoftmax(views: MemoryViews): BoostSoftmaxKernel {
  return (margin, classes, y, w, n, g, h, losses) => {
    const weights = views.optionalF64(w, n);
    const targets = views.f64(y, n);
    const [margins, first, second] = [margin, g, h].map((table) => views.columns("F64", table, classes, n));
    for (let i = 0; i < n; i++) {
      const own = Array.from(margins!, (column) => column[i]!);
      const top = Math.max(...own);
      const powers = own.map((m) => Math.exp(m - top));
      const sum = powers.reduce((a, b) => a + b, 0);
      const weight = weights?.[i] ?? 1;
      powers.forEach((power, k) => {
        const p = power / sum;
        first![k]![i] = (targets[i] === k ? p - 1 : p) * weight;
        second![k]![i] = p * (1 - p) * weight;
      });
      views.f64(losses, n)[i] = (top - own[targets[i]!]! + Math.log(sum)) * weight;
    }
  };
}

/** Plain twin of the kernel that makes integers of derivatives. */
export function packDerivatives(views: MemoryViews): PackDerivativesKernel {
  return (g, h, n, gScale, hScale, pairs) => {
    const seconds = views.f64(h, n);
    const out = views.i32(pairs, 2 * n);
    views.f64(g, n).forEach((first, i) => {
      out[2 * i] = roundEven(first * gScale);
      out[2 * i + 1] = roundEven(seconds[i]! * hScale);
    });
  };
}
