import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { Column, CsrChunk, DenseChunk } from "../src/memory/column.js";
import type { DesignChunk } from "../src/numeric/design-chunk.js";
import { chiSquareTail, fTail } from "../src/numeric/tail-probabilities.js";
import { eachColumn } from "./column-steps.js";

/** A score for each column, and the probability of one as large where column and target are not related. */
export interface Scores {
  readonly scores: Float64Array;
  readonly pValues: Float64Array;
}

/** Moments of each column in each group of rows: entry [g · columns + j]. */
export interface GroupMoments {
  readonly rows: number;
  readonly groups: number;
  /** Σw of each group. */
  readonly weight: Float64Array;
  readonly mean: Float64Array;
  /** Σw(x − mean)². */
  readonly m2: Float64Array;
  /** Smallest value of each column. */
  readonly min: Float64Array;
}

/** Group moments of one partition; y holds the group of each row, from 0. Two passes over its memory. */
export function groupMomentsStep(context: TaskContext, args: { groups: number }, design: DesignChunk): GroupMoments {
  const { x } = design;
  const width = x.kind === "dense" ? x.columns.length : x.cols;
  const y = context.memory.view(design.y as Column<"f64">);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const weight = new Float64Array(args.groups);
  for (let i = 0; i < y.length; i++) {
    const g = y[i] as number;
    weight[g] = (weight[g] as number) + (w ? (w[i] as number) : 1);
  }
  const size = args.groups * width;
  const found = {
    mean: new Float64Array(size),
    m2: new Float64Array(size),
    min: new Float64Array(width).fill(Infinity),
  };
  if (x.kind === "dense") denseGroups(context, x, y, w, weight, found);
  else csrGroups(context, x, y, w, weight, found);
  return { rows: x.rows, groups: args.groups, weight, ...found };
}

/** Names {@link groupMomentsStep} for the engine. */
export const GROUP_MOMENTS_STEP = fnRef(import.meta.url, "groupMomentsStep");

type Found = Pick<GroupMoments, "mean" | "m2" | "min">;

function denseGroups(
  context: TaskContext,
  x: DenseChunk,
  y: Float64Array,
  w: Float64Array | undefined,
  weight: Float64Array,
  found: Found,
): void {
  const width = x.columns.length;
  const groups = weight.length;
  const sum = new Float64Array(groups);
  const squares = new Float64Array(groups);
  eachColumn(context, x, (values, j) => {
    sum.fill(0);
    squares.fill(0);
    let min = Infinity;
    for (let i = 0; i < values.length; i++) {
      const g = y[i] as number;
      const value = values[i] as number;
      const wi = w ? (w[i] as number) : 1;
      sum[g] = (sum[g] as number) + wi * value;
      if (value < min && wi > 0) min = value;
    }
    for (let g = 0; g < groups; g++)
      sum[g] = (weight[g] as number) > 0 ? (sum[g] as number) / (weight[g] as number) : 0;
    for (let i = 0; i < values.length; i++) {
      const g = y[i] as number;
      const gap = (values[i] as number) - (sum[g] as number);
      squares[g] = (squares[g] as number) + (w ? (w[i] as number) : 1) * gap * gap;
    }
    for (let g = 0; g < groups; g++) {
      found.mean[g * width + j] = sum[g] as number;
      found.m2[g * width + j] = squares[g] as number;
    }
    found.min[j] = min;
  });
}

function csrGroups(
  context: TaskContext,
  x: CsrChunk,
  y: Float64Array,
  w: Float64Array | undefined,
  weight: Float64Array,
  found: Found,
): void {
  const { mean, m2, min } = found;
  const stored = new Float64Array(mean.length);
  const entries = new Float64Array(x.cols);
  const visit = (see: (at: number, value: number, wi: number, j: number) => void): void => {
    const [indptr, indices, values] = [
      context.memory.view(x.indptr),
      context.memory.view(x.indices),
      context.memory.view(x.values),
    ];
    for (let i = 0; i < x.rows; i++) {
      const first = (y[i] as number) * x.cols;
      for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++) {
        const j = indices[k] as number;
        see(first + j, values[k] as number, w ? (w[i] as number) : 1, j);
      }
    }
  };
  visit((at, value, wi, j) => {
    mean[at] = (mean[at] as number) + wi * value;
    stored[at] = (stored[at] as number) + wi;
    entries[j] = (entries[j] as number) + 1;
    if (value < (min[j] as number) && wi > 0) min[j] = value;
  });
  for (let at = 0; at < mean.length; at++) {
    const total = weight[Math.floor(at / x.cols)] as number;
    mean[at] = total > 0 ? (mean[at] as number) / total : 0;
  }
  visit((at, value, wi) => {
    m2[at] = (m2[at] as number) + wi * (value - (mean[at] as number)) ** 2;
  });
  // Entries that are absent are zeros.
  for (let at = 0; at < mean.length; at++) {
    const absent = (weight[Math.floor(at / x.cols)] as number) - (stored[at] as number);
    m2[at] = (m2[at] as number) + absent * (mean[at] as number) ** 2;
  }
  for (let j = 0; j < x.cols; j++) if ((entries[j] as number) < x.rows) min[j] = Math.min(0, min[j] as number);
}

/** Group moments of the union (Chan, Golub and LeVeque 1979). */
export function mergeGroupMoments(a: GroupMoments, b: GroupMoments): GroupMoments {
  const width = a.min.length;
  const mean = new Float64Array(a.mean.length);
  const m2 = new Float64Array(a.mean.length);
  for (let at = 0; at < mean.length; at++) {
    const g = Math.floor(at / width);
    const wa = a.weight[g] as number;
    const wb = b.weight[g] as number;
    const [ma, mb] = [a.mean[at] as number, b.mean[at] as number];
    if (wa === 0 || wb === 0) {
      mean[at] = wb === 0 ? ma : mb;
      m2[at] = (wb === 0 ? a.m2[at] : b.m2[at]) as number;
      continue;
    }
    const delta = mb - ma;
    mean[at] = ma + (delta * wb) / (wa + wb);
    m2[at] = (a.m2[at] as number) + (b.m2[at] as number) + delta * delta * ((wa * wb) / (wa + wb));
  }
  return {
    rows: a.rows + b.rows,
    groups: a.groups,
    weight: a.weight.map((value, g) => value + (b.weight[g] as number)),
    mean,
    m2,
    min: a.min.map((value, j) => Math.min(value, b.min[j] as number)),
  };
}

/** The same moments among `groups` groups of which group g becomes `positions[g]`; the others have no rows. */
export function regroup(moments: GroupMoments, positions: readonly number[], groups: number): GroupMoments {
  const width = moments.min.length;
  const weight = new Float64Array(groups);
  const mean = new Float64Array(groups * width);
  const m2 = new Float64Array(groups * width);
  positions.forEach((to, g) => {
    weight[to] = moments.weight[g] as number;
    mean.set(moments.mean.subarray(g * width, (g + 1) * width), to * width);
    m2.set(moments.m2.subarray(g * width, (g + 1) * width), to * width);
  });
  return { rows: moments.rows, groups, weight, mean, m2, min: moments.min };
}

/** One-way analysis of variance: `F = (between / (k − 1)) / (within / (W − k))`; NaN for constant columns. */
export function anovaScores({ groups, weight, mean, m2, min }: GroupMoments): Scores {
  const width = min.length;
  const total = weight.reduce((sum, value) => sum + value, 0);
  const between = groups - 1;
  const within = total - groups;
  const scores = Float64Array.from({ length: width }, (_, j) => {
    let grand = 0;
    for (let g = 0; g < groups; g++) grand += ((weight[g] as number) / total) * (mean[g * width + j] as number);
    let ssb = 0;
    let ssw = 0;
    for (let g = 0; g < groups; g++) {
      ssb += (weight[g] as number) * ((mean[g * width + j] as number) - grand) ** 2;
      ssw += m2[g * width + j] as number;
    }
    return ssb / between / (ssw / within);
  });
  return { scores, pValues: scores.map((f) => fTail(f, between, within)) };
}

/** Chi-square of the sums of each column in each group against those of independence; columns hold no negative numbers. */
export function chiSquareScores({ groups, weight, mean, min }: GroupMoments): Scores {
  const width = min.length;
  const total = weight.reduce((sum, value) => sum + value, 0);
  const scores = Float64Array.from({ length: width }, (_, j) => {
    const observed = Array.from(weight, (value, g) => value * (mean[g * width + j] as number));
    const sum = observed.reduce((all, value) => all + value, 0);
    return observed.reduce((chi, value, g) => {
      const expected = ((weight[g] as number) / total) * sum;
      return chi + (value - expected) ** 2 / expected;
    }, 0);
  });
  return { scores, pValues: scores.map((chi) => chiSquareTail(chi, groups - 1)) };
}

/** Centred sums of each column with a target. */
export interface TargetMoments {
  readonly rows: number;
  readonly weight: number;
  readonly yMean: number;
  /** Σw(y − ȳ)². */
  readonly yy: number;
  readonly mean: Float64Array;
  /** Σw(x − x̄)². */
  readonly xx: Float64Array;
  /** Σw(x − x̄)(y − ȳ). */
  readonly xy: Float64Array;
}

/** Target moments of one partition. Two passes over its memory. */
export function targetMomentsStep(context: TaskContext, _args: undefined, design: DesignChunk): TargetMoments {
  const { x } = design;
  const width = x.kind === "dense" ? x.columns.length : x.cols;
  const y = context.memory.view(design.y as Column<"f64">);
  const w = design.w ? context.memory.view(design.w) : undefined;
  let weight = 0;
  let yMean = 0;
  for (let i = 0; i < y.length; i++) {
    const wi = w ? (w[i] as number) : 1;
    weight += wi;
    yMean += wi * (y[i] as number);
  }
  yMean = weight > 0 ? yMean / weight : 0;
  let yy = 0;
  for (let i = 0; i < y.length; i++) yy += (w ? (w[i] as number) : 1) * ((y[i] as number) - yMean) ** 2;
  const [mean, xx, xy] = [new Float64Array(width), new Float64Array(width), new Float64Array(width)];
  if (x.kind === "dense") {
    eachColumn(context, x, (values, j) => {
      let sum = 0;
      for (let i = 0; i < values.length; i++) sum += (w ? (w[i] as number) : 1) * (values[i] as number);
      const centre = weight > 0 ? sum / weight : 0;
      let squares = 0;
      let products = 0;
      for (let i = 0; i < values.length; i++) {
        const gap = (values[i] as number) - centre;
        const wi = w ? (w[i] as number) : 1;
        squares += wi * gap * gap;
        products += wi * gap * ((y[i] as number) - yMean);
      }
      mean[j] = centre;
      xx[j] = squares;
      xy[j] = products;
    });
  } else csrTarget(context, x, y, w, { weight, yMean, mean, xx, xy });
  return { rows: x.rows, weight, yMean, yy, mean, xx, xy };
}

/** Names {@link targetMomentsStep} for the engine. */
export const TARGET_MOMENTS_STEP = fnRef(import.meta.url, "targetMomentsStep");

function csrTarget(
  context: TaskContext,
  x: CsrChunk,
  y: Float64Array,
  w: Float64Array | undefined,
  { weight, yMean, mean, xx, xy }: Pick<TargetMoments, "weight" | "yMean" | "mean" | "xx" | "xy">,
): void {
  const [indptr, indices, values] = [
    context.memory.view(x.indptr),
    context.memory.view(x.indices),
    context.memory.view(x.values),
  ];
  const stored = new Float64Array(x.cols);
  for (let i = 0; i < x.rows; i++) {
    const wi = w ? (w[i] as number) : 1;
    for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++) {
      const j = indices[k] as number;
      mean[j] = (mean[j] as number) + wi * (values[k] as number);
      stored[j] = (stored[j] as number) + wi;
      // The weighted gaps of y add up to zero, so x need not be centred too.
      xy[j] = (xy[j] as number) + wi * (values[k] as number) * ((y[i] as number) - yMean);
    }
  }
  for (let j = 0; j < x.cols; j++) mean[j] = weight > 0 ? (mean[j] as number) / weight : 0;
  for (let i = 0; i < x.rows; i++) {
    const wi = w ? (w[i] as number) : 1;
    for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++) {
      const j = indices[k] as number;
      xx[j] = (xx[j] as number) + wi * ((values[k] as number) - (mean[j] as number)) ** 2;
    }
  }
  for (let j = 0; j < x.cols; j++)
    xx[j] = (xx[j] as number) + (weight - (stored[j] as number)) * (mean[j] as number) ** 2;
}

/** Target moments of the union (Chan, Golub and LeVeque 1979). */
export function mergeTargetMoments(a: TargetMoments, b: TargetMoments): TargetMoments {
  const rows = a.rows + b.rows;
  if (a.weight === 0) return { ...b, rows };
  if (b.weight === 0) return { ...a, rows };
  const weight = a.weight + b.weight;
  const factor = (a.weight * b.weight) / weight;
  const yGap = b.yMean - a.yMean;
  const gap = b.mean.map((value, j) => value - (a.mean[j] as number));
  return {
    rows,
    weight,
    yMean: a.yMean + (yGap * b.weight) / weight,
    yy: a.yy + b.yy + yGap * yGap * factor,
    mean: a.mean.map((value, j) => value + ((gap[j] as number) * b.weight) / weight),
    xx: a.xx.map((value, j) => value + (b.xx[j] as number) + (gap[j] as number) ** 2 * factor),
    xy: a.xy.map((value, j) => value + (b.xy[j] as number) + (gap[j] as number) * yGap * factor),
  };
}

/**
 * The F test of a line through each column: `F = r² / (1 − r²) · (W − 2)`. 0 with probability 1 for a constant column or
 * target, the largest number with probability 0 for a perfect line, as scikit-learn's `force_finite`.
 */
export function regressionScores({ weight, yy, xx, xy }: TargetMoments): Scores {
  const degrees = weight - 2;
  const scores = xy.map((product, j) => {
    const spread = (xx[j] as number) * yy;
    if (!(spread > 0)) return 0;
    const r2 = Math.min(1, (product * product) / spread);
    const f = (r2 / (1 - r2)) * degrees;
    return f === Infinity ? Number.MAX_VALUE : Number.isNaN(f) ? 0 : f;
  });
  const pValues = scores.map((f) => (f === 0 ? 1 : f === Number.MAX_VALUE ? 0 : fTail(f, 1, degrees)));
  return { scores, pValues };
}
