import type { TaskContext } from "../../engine/engine.js";
import { fnRef } from "../../engine/fn-ref.js";
import type { Scratch } from "../../kernels/workspace.js";
import type { Column, DenseChunk } from "../../memory/column.js";
import { comomentsStep, mergeComoments, type Comoments } from "../comoments.js";
import { densify } from "../densify.js";
import type { DesignChunk } from "../design-chunk.js";
import { rowTerm, type Composition } from "./composed-steps.js";
import { familyOf } from "./family.js";
import { mergeFitSums, type FitSums } from "./fit-sums.js";
import { linearPredictor, transposedProduct, workspaceOf } from "./linear-predictor.js";
import { linkOf } from "./link.js";

/** What {@link statisticsStep} is told. */
export interface StatisticsArgs extends Composition {
  /** Coefficients, intercept last. */
  readonly coef: Float64Array;
  /** Whether a weight is so many rows; else it is the precision of one. */
  readonly counts: boolean;
  /** What the covariance needs besides the information. */
  readonly scores: "none" | "squares" | "groups";
  /** For squares that are divided by (1 − leverage)^power: the inverse of the information about `centre`, intercept last. */
  readonly leverage?: { readonly inverse: Float64Array; readonly centre: Float64Array; readonly power: 1 | 2 };
}

/** Sums of scores `Σ r·[x, 1]` by group, in the order of the groups' numbers. */
export interface GroupSums {
  readonly groups: Float64Array;
  /** `groups x (p + 1)` row by row. */
  readonly sums: Float64Array;
}

/** What the statistics of a generalised linear model are made from. */
export interface GlmStatistics extends FitSums {
  /** Σ w of the log-likelihood at μ = y and dispersion 1; of precisions the sum over rows. */
  readonly saturated: number;
  /** Σ of the scores, intercept last: 0 where the likelihood is at its maximum. */
  readonly score: Float64Array;
  /** Moments of x under the weights of the information. */
  readonly information: Comoments;
  /** Moments of x under the squares of the scores. */
  readonly squares?: Comoments;
  readonly groups?: GroupSums;
}

/** Statistics of one partition, in one pass over its memory. Sparse rows are made dense a partition at a time. */
export function statisticsStep(context: TaskContext, args: StatisticsArgs, own: DesignChunk): GlmStatistics {
  const x = densify(context, own.x);
  const design: DesignChunk = { ...own, x };
  const p = x.columns.length;
  const { memory } = context;
  using space = workspaceOf(context, design);
  const family = familyOf(args.family);
  const link = linkOf(args.link);
  const eta = linearPredictor(context, space, design, args.coef).values;
  const y = memory.view(design.y as Column<"f64">);
  const w = design.w ? memory.view(design.w) : undefined;
  const arena = x.columns[0]?.arena ?? 0;
  const information = memory.column("f64", x.rows, arena);
  const informations = memory.view(information);
  const square = memory.column("f64", x.rows, arena);
  const squares = memory.view(square);
  const score: Scratch = space.numbers(x.rows);
  const trials = args.family.name === "binomial" && !args.counts;
  const levers = args.leverage && leverages(context, x, args.leverage.inverse, args.leverage.centre);
  const sums = { rows: 0, weight: 0, halfDeviance: 0, pearson: 0, saturated: 0 };
  for (let i = 0; i < x.rows; i++) {
    const wi = w ? (w[i] ?? 0) : 1;
    if (wi === 0) {
      informations[i] = squares[i] = score.values[i] = 0;
      continue;
    }
    const yi = y[i] ?? 0;
    const term = rowTerm(family, link, yi, eta[i] ?? 0);
    sums.rows += 1;
    sums.weight += wi;
    sums.halfDeviance += wi * term.halfDeviance;
    if (yi !== term.mean) sums.pearson += (wi * (yi - term.mean) ** 2) / term.variance;
    // A share of so many trials has the likelihood of their count.
    if (trials) sums.saturated += family.saturated(yi, 1 / wi);
    else sums.saturated += (args.counts || family.unitDispersion ? wi : 1) * family.saturated(yi, 1);
    informations[i] = wi * term.information;
    score.values[i] = -wi * term.residual;
    const lever = levers ? (levers[i] ?? 0) * term.information * (args.counts ? 1 : wi) : 0;
    squares[i] =
      (wi * term.residual * term.residual * (args.counts ? 1 : wi)) / (1 - lever) ** (args.leverage?.power ?? 0);
  }
  return {
    ...sums,
    score: transposedProduct(space, design, score, p),
    information: comomentsStep(context, undefined, { x, w: information }),
    ...(args.scores === "squares" ? { squares: comomentsStep(context, undefined, { x, w: square }) } : {}),
    ...(args.scores === "groups"
      ? { groups: groupSums(context, x, design.groups as Column<"f64">, score.values) }
      : {}),
  };
}

/** Names {@link statisticsStep} for the engine. */
export const STATISTICS_STEP = fnRef(import.meta.url, "statisticsStep");

/** `x̃ᵀ·inverse·x̃` of every row, with `x̃ = [x − centre, 1]` where the inverse has the intercept. */
function leverages(context: TaskContext, x: DenseChunk, inverse: Float64Array, centre: Float64Array): Float64Array {
  const d = Math.round(Math.sqrt(inverse.length));
  const columns = x.columns.map((column) => context.memory.view(column));
  const found = new Float64Array(x.rows);
  const row = new Float64Array(d).fill(1);
  for (let i = 0; i < x.rows; i++) {
    columns.forEach((column, j) => (row[j] = Number(column[i]) - (centre[j] ?? 0)));
    let total = 0;
    for (let a = 0; a < d; a++) {
      const ra = row[a] ?? 0;
      let sum = (inverse[a * d + a] ?? 0) * ra;
      for (let b = 0; b < a; b++) sum += 2 * (inverse[a * d + b] ?? 0) * (row[b] ?? 0);
      total += ra * sum;
    }
    found[i] = total;
  }
  return found;
}

/** Sums of `r·[x, 1]` by group. */
export function groupSums(
  context: TaskContext,
  x: DenseChunk,
  groups: Column<"f64">,
  ...residuals: Float64Array[]
): GroupSums {
  const numbers = context.memory.view(groups);
  const names = Float64Array.from(new Set(numbers)).sort();
  const place = new Map(Array.from(names, (group, k) => [group, k]));
  const at = Uint32Array.from(numbers, (group) => place.get(group) ?? 0);
  const width = x.columns.length + 1;
  const size = width * residuals.length;
  const sums = new Float64Array(names.length * size);
  residuals.forEach((r, block) => {
    const add = (j: number, value: (i: number) => number): void => {
      for (let i = 0; i < x.rows; i++) {
        const to = (at[i] ?? 0) * size + block * width + j;
        sums[to] = (sums[to] ?? 0) + (r[i] ?? 0) * value(i);
      }
    };
    x.columns.forEach((column, j) => {
      const values = context.memory.view(column);
      add(j, (i) => Number(values[i]));
    });
    add(width - 1, () => 1);
  });
  return { groups: names, sums };
}

/** Sums over the union. */
export function mergeGroupSums(a: GroupSums, b: GroupSums): GroupSums {
  if (a.groups.length === 0) return b;
  if (b.groups.length === 0) return a;
  const size = a.sums.length / a.groups.length;
  const groups = Float64Array.from(new Set([...a.groups, ...b.groups])).sort();
  const place = new Map(Array.from(groups, (group, k) => [group, k]));
  const sums = new Float64Array(groups.length * size);
  for (const part of [a, b]) {
    part.groups.forEach((group, k) => {
      const to = (place.get(group) ?? 0) * size;
      for (let j = 0; j < size; j++) sums[to + j] = (sums[to + j] ?? 0) + (part.sums[k * size + j] ?? 0);
    });
  }
  return { groups, sums };
}

/** Statistics of the union. */
export function mergeStatistics(a: GlmStatistics, b: GlmStatistics): GlmStatistics {
  return {
    ...mergeFitSums(a, b),
    saturated: a.saturated + b.saturated,
    score: a.score.map((value, j) => value + (b.score[j] ?? 0)),
    information: mergeComoments(a.information, b.information),
    ...(a.squares && b.squares ? { squares: mergeComoments(a.squares, b.squares) } : {}),
    ...(a.groups && b.groups ? { groups: mergeGroupSums(a.groups, b.groups) } : {}),
  };
}

/** The log-likelihood at μ = y of rows whose precision is their weight: Σ over one partition. */
export function preciseSaturatedStep(
  context: TaskContext,
  args: Pick<Composition, "family"> & { dispersion: number },
  design: DesignChunk,
): number {
  const family = familyOf(args.family);
  const w = design.w ? context.memory.view(design.w) : undefined;
  let sum = 0;
  context.memory.view(design.y as Column<"f64">).forEach((y, i) => {
    const wi = w ? (w[i] ?? 0) : 1;
    if (wi > 0) sum += family.saturated(y, args.dispersion / wi);
  });
  return sum;
}

/** Names {@link preciseSaturatedStep} for the engine. */
export const PRECISE_SATURATED_STEP = fnRef(import.meta.url, "preciseSaturatedStep");
