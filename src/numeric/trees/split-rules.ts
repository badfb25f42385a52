import type { ColumnBundle } from "./bundles.js";
/** Sums over the rows of a node, as integers: derivatives times their scales, and rows. */
export interface NodeSums {
  readonly g: number;
  readonly h: number;
  readonly count: number;
}

/** What a split has to keep to, and the units of the sums. Plain data. */
export interface SplitRules {
  readonly minSamplesLeaf: number;
  readonly l2Regularization: number;
  /** Powers of two by which the derivatives were multiplied. */
  readonly gScale: number;
  readonly hScale: number;
  /** Bins of each column, missing values not counted. */
  readonly bins: Int32Array;
  /** Smallest Σh of a child; {@link MIN_HESSIAN} unless given. */
  readonly minChildWeight?: number;
  /** A split has to gain more than this; 0 unless given. */
  readonly minSplitGain?: number;
  /** Weight of the absolute value of a step; 0 unless given. */
  readonly l1Regularization?: number;
  /** Largest step, before the learning rate; 0 (or not given) for no limit. */
  readonly maxDeltaStep?: number;
  /** For each column 1, −1 or 0: predictions must not fall, must not rise, or may do both as the column rises. */
  readonly monotonic?: Int8Array;
  /** 1 for each column whose bins are categories; none unless given. */
  readonly categorical?: Uint8Array;
  /** Of columns of bins that several columns share: how they do. */
  readonly bundles?: readonly (ColumnBundle | null)[];
  /** Added to Σh where categories are put in order; also the rows that a category needs to be told apart. 10 unless given. */
  readonly catSmooth?: number;
  /** Up to so many categories are tried one against the rest; 0 unless given. */
  readonly maxCatToOnehot?: number;
}

/** What a node has to keep to beyond the rules of its tree. Plain data. */
export interface NodeLimits {
  /** 1 for each column that may split the node; all unless given. */
  readonly columns?: Uint8Array;
  /** Bounds of the steps of the node and all below it. */
  readonly lower?: number;
  readonly upper?: number;
}

/** The best split of a node. */
export interface Split {
  readonly feature: number;
  /** Last bin that goes left; −1 where `set` tells. */
  readonly bin: number;
  /** Whether missing values go left. */
  readonly missingLeft: boolean;
  /** The bins that go left, of a column of categories: bit b mod 32 of word b / 32. Bit 255 is `missingLeft`. */
  readonly set?: Uint32Array;
  /** Decrease of the loss (twice of it, by its second order expansion). */
  readonly gain: number;
  readonly left: NodeSums;
  readonly right: NodeSums;
}

/** Smallest Σh of a child, unless a rule is given. */
export const MIN_HESSIAN = 1e-3;
/** Keeps quotients finite where every second derivative was rounded to nothing. */
export const TINY = 1e-15;

/** No limits. */
export const NO_LIMITS: NodeLimits = {};

type StepRules = Pick<SplitRules, "gScale" | "hScale" | "l2Regularization" | "l1Regularization" | "maxDeltaStep">;

/** The step of a node that loses most, within the limits: `−(G − sign(G)·min(|G|, l1)) / (H + l2)`, cut to the bounds. */
export function nodeStep(sums: Pick<NodeSums, "g" | "h">, rules: StepRules, limits: NodeLimits = NO_LIMITS): number {
  const g = sums.g / rules.gScale;
  const { l1Regularization: l1 = 0, maxDeltaStep = 0, l2Regularization: l2 } = rules;
  const pull = l1 === 0 ? g : Math.sign(g) * Math.max(0, Math.abs(g) - l1);
  let step = -pull / (sums.h / rules.hScale + l2 + TINY);
  if (maxDeltaStep > 0) step = Math.min(maxDeltaStep, Math.max(-maxDeltaStep, step));
  return Math.min(limits.upper ?? Infinity, Math.max(limits.lower ?? -Infinity, step)) + 0;
}

/** Twice the decrease of the loss, by its second order expansion, when a node takes a step. */
export function stepDecrease(sums: Pick<NodeSums, "g" | "h">, step: number, rules: StepRules): number {
  const { l1Regularization: l1 = 0, l2Regularization: l2 } = rules;
  const slope = sums.g / rules.gScale;
  const curve = sums.h / rules.hScale + l2 + TINY;
  return -(2 * slope * step + curve * step * step + 2 * l1 * Math.abs(step));
}

/** Gains of splits of one node. */
export interface GainScale {
  /** Gain of sending `g` and `h` of the node to the left; −1 where the direction of `monotonic` is not kept to. */
  gain(g: number, h: number, monotonic: number): number;
  /** Σh that a child needs, in units of the sums. */
  readonly minHessian: number;
  /** What a gain has to exceed. */
  readonly floor: number;
}

/** The {@link GainScale} of a node: `G_l² / (H_l + λ) + G_r² / (H_r + λ) − G² / (H + λ)` where nothing limits the steps. */
export function gainScale(node: NodeSums, rules: SplitRules, limits: NodeLimits): GainScale {
  const { l2Regularization: l2, l1Regularization: l1 = 0, maxDeltaStep = 0 } = rules;
  const minHessian = (rules.minChildWeight ?? MIN_HESSIAN) * rules.hScale;
  const floor = rules.minSplitGain ?? 0;
  const bounded = limits.lower !== undefined || limits.upper !== undefined;
  if (l1 === 0 && maxDeltaStep === 0 && !bounded && !rules.monotonic) {
    const gUnit = 1 / rules.gScale;
    const hUnit = 1 / rules.hScale;
    const part = (g: number, h: number): number => (g * gUnit) ** 2 / (h * hUnit + l2 + TINY);
    const whole = part(node.g, node.h);
    return { minHessian, floor, gain: (g, h) => part(g, h) + part(node.g - g, node.h - h) - whole };
  }
  const whole = stepDecrease(node, nodeStep(node, rules, limits), rules);
  return {
    minHessian,
    floor,
    gain: (g, h, monotonic) => {
      const left = { g, h };
      const right = { g: node.g - g, h: node.h - h };
      const a = nodeStep(left, rules, limits);
      const b = nodeStep(right, rules, limits);
      if (monotonic * (b - a) < 0) return -1;
      return stepDecrease(left, a, rules) + stepDecrease(right, b, rules) - whole;
    },
  };
}

/** Limits of both children of a split (scikit-learn's and LightGBM's basic rule: the middle of both steps parts them). */
export function childLimits(split: Split, rules: SplitRules, limits: NodeLimits): [NodeLimits, NodeLimits] {
  const direction = rules.monotonic?.[split.feature] ?? 0;
  const { lower, upper } = limits;
  const own = { ...(lower === undefined ? {} : { lower }), ...(upper === undefined ? {} : { upper }) };
  if (direction === 0) return [own, own];
  const middle = (nodeStep(split.left, rules, limits) + nodeStep(split.right, rules, limits)) / 2;
  const below = { ...own, upper: middle };
  const above = { ...own, lower: middle };
  return direction > 0 ? [below, above] : [above, below];
}
