import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { gramScratchBytes } from "../kernels/kernels.js";
import { Workspace } from "../kernels/workspace.js";
import type { Column, DenseChunk } from "../memory/column.js";
import { densify } from "./densify.js";
import type { DesignChunk } from "./design-chunk.js";
import { groupSums, mergeGroupSums, type GroupSums } from "./glm/statistics-steps.js";
import { classPairs, mergeSoftmaxCurvature, softmaxCurvatureStep, type SoftmaxCurvature } from "./softmax-steps.js";

/** What {@link softmaxStatisticsStep} is told. */
export interface SoftmaxStatisticsArgs {
  readonly k: number;
  /** `k x (p + 1)` row-major, intercept last. */
  readonly coef: Float64Array;
  /** Whether a weight is so many rows; else it is the precision of one. */
  readonly counts: boolean;
  readonly scores: "none" | "squares" | "groups";
}

/** What the statistics of a multinomial model are made from. */
export interface SoftmaxStatistics {
  /** Rows with a weight above 0. */
  readonly rows: number;
  /** Σw of each class. */
  readonly weights: Float64Array;
  /** Σ w log p of the rows' own classes. */
  readonly logLikelihood: number;
  /** Σ w (p_c − [y = c])·[x, 1], class by class. */
  readonly score: Float64Array;
  /** Blocks of the information. */
  readonly information: SoftmaxCurvature;
  /** Blocks (a, b), a ≤ b, of `Σ s sᵀ` over rows, for classes from the second on, in the order of `classPairs(k - 1, true)`. */
  readonly squares?: readonly Float64Array[];
  /** For classes from the second on. */
  readonly groups?: GroupSums;
}

/** Statistics of one partition whose targets are classes 0 to k - 1. Sparse rows are made dense a partition at a time. */
export function softmaxStatisticsStep(
  context: TaskContext,
  args: SoftmaxStatisticsArgs,
  own: DesignChunk,
): SoftmaxStatistics {
  const { k, coef } = args;
  const { memory } = context;
  const x = densify(context, own.x);
  const design: DesignChunk = { ...own, x };
  const p = x.columns.length;
  using space = Workspace.over(memory, x);
  const { kernels } = space;
  const { table, suffix } = space.matrix(x);
  const slopes = space.numbers(p * k);
  const bias = space.numbers(k);
  for (let c = 0; c < k; c++) {
    for (let j = 0; j < p; j++) slopes.values[j * k + c] = coef[c * (p + 1) + j] ?? 0;
    bias.values[c] = coef[c * (p + 1) + p] ?? 0;
  }
  const shares = memory.denseIn("f64", x.rows, k, space.arena);
  const shareTable = space.table(shares.columns);
  kernels[`matMul${suffix}`](table, p, x.rows, slopes.pointer, k, bias.pointer, shareTable);
  kernels.softmax(shareTable, k, x.rows);
  const y = memory.view(design.y as Column<"f64">);
  const w = design.w ? memory.view(design.w) : undefined;
  const residuals = shares.columns.map((column) => memory.view(column as Column<"f64">));
  const weights = new Float64Array(k);
  let [rows, logLikelihood] = [0, 0];
  for (let i = 0; i < x.rows; i++) {
    const wi = w ? (w[i] ?? 0) : 1;
    const label = y[i] ?? 0;
    if (wi > 0) {
      rows += 1;
      weights[label] = (weights[label] ?? 0) + wi;
      logLikelihood += wi * Math.log(Math.max(residuals[label]?.[i] ?? 0, Number.MIN_VALUE));
    }
    residuals.forEach((r, c) => (r[i] = wi * ((r[i] ?? 0) - (c === label ? 1 : 0))));
  }
  const score = new Float64Array(k * (p + 1));
  shares.columns.forEach((column, c) => {
    const out = space.zeros(p);
    kernels[`matTVec${suffix}`](table, p, x.rows, column.offset, out.pointer);
    score.set(out.values, c * (p + 1));
    score[c * (p + 1) + p] = kernels.weightedSum(column.offset, 0, x.rows);
  });
  const ofOthers = residuals.slice(1);
  return {
    rows,
    weights,
    logLikelihood,
    score,
    information: softmaxCurvatureStep(context, { k, coef, full: true }, design),
    ...(args.scores === "squares" ? { squares: squaresOf(space, x, ofOthers, args.counts ? w : undefined) } : {}),
    ...(args.scores === "groups" ? { groups: groupSums(context, x, design.groups as Column<"f64">, ...ofOthers) } : {}),
  };
}

/** `Σ r_a r_b / w·x̃x̃ᵀ` for each pair of classes, divided by the weights that count rows. */
function squaresOf(
  space: Workspace,
  x: DenseChunk,
  residuals: readonly Float64Array[],
  counts: Float64Array | undefined,
): Float64Array[] {
  const p = x.columns.length;
  const { table, suffix } = space.matrix(x);
  const h = space.numbers(x.rows);
  const scratch = space.bytes(gramScratchBytes(p));
  return classPairs(residuals.length, true).map(([a, b]) => {
    const [ra, rb] = [residuals[a] ?? h.values, residuals[b] ?? h.values];
    for (let i = 0; i < x.rows; i++) {
      const wi = counts ? (counts[i] ?? 0) : 1;
      h.values[i] = wi === 0 ? 0 : ((ra[i] ?? 0) * (rb[i] ?? 0)) / wi;
    }
    const gram = space.zeros(p * p);
    const sums = space.zeros(p);
    const total = space.kernels[`gram${suffix}`](table, p, x.rows, h.pointer, 0, gram.pointer, sums.pointer, scratch);
    const n = p + 1;
    return Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      if (i < p && j < p) return gram.values[i * p + j] ?? 0;
      return i === p && j === p ? total : (sums.values[Math.min(i, j)] ?? 0);
    });
  });
}

/** Names {@link softmaxStatisticsStep} for the engine. */
export const SOFTMAX_STATISTICS_STEP = fnRef(import.meta.url, "softmaxStatisticsStep");

/** Statistics of the union. */
export function mergeSoftmaxStatistics(a: SoftmaxStatistics, b: SoftmaxStatistics): SoftmaxStatistics {
  const add = (p: Float64Array, q: Float64Array | undefined): Float64Array => p.map((v, j) => v + (q?.[j] ?? 0));
  return {
    rows: a.rows + b.rows,
    weights: add(a.weights, b.weights),
    logLikelihood: a.logLikelihood + b.logLikelihood,
    score: add(a.score, b.score),
    information: mergeSoftmaxCurvature(a.information, b.information),
    ...(a.squares && b.squares ? { squares: a.squares.map((block, at) => add(block, b.squares?.[at])) } : {}),
    ...(a.groups && b.groups ? { groups: mergeGroupSums(a.groups, b.groups) } : {}),
  };
}
