import { DataError, show } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { binaryOp, glmFamily, unaryOp, type GlmFamilyCode } from "../kernels/kernels.js";
import { Workspace } from "../kernels/workspace.js";
import type { Column } from "../memory/column.js";
import type { DesignChunk } from "./design-chunk.js";
import type { Composition } from "./glm/composed-steps.js";
import { familyOf, type FamilySpec } from "./glm/family.js";
import { kernelOf } from "./glm/kernel-of.js";

/** A family of the GLM kernels, with the power of its variance. */
export interface GlmDistribution {
  readonly family: GlmFamilyCode;
  /** Variance ∝ mean^power: 0 normal, 1 Poisson, 2 gamma. */
  readonly power: number;
}

/** What {@link targetStep} is told. */
export interface TargetArgs extends Composition {
  readonly owner: string;
}

/** Sums over the targets that a GLM starts from. */
export interface TargetSums {
  readonly rows: number;
  /** Σw. */
  readonly weight: number;
  /** Σ w y. */
  readonly sum: number;
  /** Σ w c(y): what the loss of the kernels lacks to be half the deviance; 0 where the loss is no kernel's. */
  readonly constant: number;
  /** Σ w offset. */
  readonly offset: number;
  /** Whether the rows have offsets. */
  readonly shifted: boolean;
}

/**
 * Checks and sums the targets of one partition.
 * @throws DataError naming partition and row of the first target that the family cannot have
 */
export function targetStep(context: TaskContext, args: TargetArgs, design: DesignChunk): TargetSums {
  const column = design.y as Column<"f64">;
  const rows = column.length;
  using space = new Workspace(context.memory, column.arena);
  const { kernels } = space;
  const extent = space.numbers(2);
  kernels.minMaxF64(space.table([column]), 1, rows, extent.pointer);
  const { allows } = familyOf(args.family);
  // What a family allows is an interval, so the extremes decide.
  if (rows > 0 && !(allows(extent.values[0] ?? 0) && allows(extent.values[1] ?? 0)))
    throw targetError(context, args, column);
  const w = design.w ? space.pointer(design.w) : 0;
  const sum = kernels.weightedSum(column.offset, w, rows);
  const kernel = kernelOf(args);
  return {
    rows,
    weight: kernels.weightedSum(0, w, rows),
    sum,
    constant: kernel ? lossConstants(context, space, kernel, column, design.w, sum) : 0,
    offset: design.offset ? kernels.weightedSum(space.pointer(design.offset), w, rows) : 0,
    shifted: design.offset !== undefined,
  };
}

/** Σ w c(y): half the deviance of y from a mean, less the loss that the kernels have for it. */
function lossConstants(
  context: TaskContext,
  space: Workspace,
  { family, power }: GlmDistribution,
  column: Column<"f64">,
  weights: Column<"f64"> | undefined,
  sum: number,
): number {
  const { offset: y, length } = column;
  if (family === glmFamily.squared || length === 0) return 0;
  const w = weights ? space.pointer(weights) : 0;
  if (family === glmFamily.logistic) {
    const { saturated } = familyOf({ name: "binomial" });
    const own = weights ? context.memory.view(weights) : undefined;
    return context.memory
      .view(column)
      .reduce((total, value, i) => total + (own ? (own[i] ?? 0) : 1) * saturated(value, 1), 0);
  }
  const { kernels } = space;
  const values = space.numbers(length).pointer;
  if (family === glmFamily.tweedie && power === 0) {
    kernels.unary(unaryOp.square, y, length, values);
    return kernels.weightedSum(values, w, length) / 2;
  }
  if (family === glmFamily.poisson) {
    // y log y is 0 at 0: a tiny number in its place gives that without an infinity.
    kernels.binaryScalar(binaryOp.max, y, Number.MIN_VALUE, 0, length, values);
    kernels.unary(unaryOp.log, values, length, values);
    kernels.binary(binaryOp.mul, values, y, length, values);
    return kernels.weightedSum(values, w, length) - sum;
  }
  kernels.unary(unaryOp.log, y, length, values);
  if (family === glmFamily.gamma) return -kernels.weightedSum(values, w, length) - kernels.weightedSum(0, w, length);
  kernels.binaryScalar(binaryOp.mul, values, 2 - power, 0, length, values);
  kernels.unary(unaryOp.exp, values, length, values);
  return kernels.weightedSum(values, w, length) / ((1 - power) * (2 - power));
}

/** Names {@link targetStep} for the engine. */
export const TARGET_STEP = fnRef(import.meta.url, "targetStep");

/** Sums over the union. */
export function mergeTargetSums(a: TargetSums, b: TargetSums): TargetSums {
  return {
    rows: a.rows + b.rows,
    weight: a.weight + b.weight,
    sum: a.sum + b.sum,
    constant: a.constant + b.constant,
    offset: a.offset + b.offset,
    shifted: a.shifted || b.shifted,
  };
}

/** Σ w loss of the model without columns and offsets, whose mean is that of the targets, by the kernel's loss. */
export function nullLoss(
  { family, power }: GlmDistribution,
  { weight, sum }: Pick<TargetSums, "weight" | "sum">,
): number {
  const mean = sum / weight;
  if (family === glmFamily.poisson) return sum - (sum === 0 ? 0 : sum * Math.log(mean));
  if (family === glmFamily.gamma) return weight * (Math.log(mean) + 1);
  if (family === glmFamily.logistic) {
    const rest = weight - sum;
    return -(sum === 0 ? 0 : sum * Math.log(mean)) - (rest === 0 ? 0 : rest * Math.log(rest / weight));
  }
  return (weight * mean ** (2 - power)) / (2 - power) - (sum * mean ** (1 - power)) / (1 - power);
}

function targetError(context: TaskContext, { owner, family }: TargetArgs, column: Column<"f64">): DataError {
  const values = context.memory.view(column);
  const { allows, rule } = familyOf(family);
  const row = values.findIndex((value) => !allows(value));
  const partition = context.partition?.index ?? 0;
  return new DataError(
    `${owner}: y must be ${rule}; got ${show(values[row])} in partition ${partition}, row ${row}. ` +
      `Drop such rows, or use a model that has such targets (${insteadOf(family, rule)}).`,
    { details: { partition, row } },
  );
}

function insteadOf({ name }: FamilySpec, rule: string): string {
  if (name === "binomial") return "PoissonRegressor for counts, LinearRegression";
  return rule === "> 0" ? "PoissonRegressor for zeros, LinearRegression" : "LinearRegression";
}
