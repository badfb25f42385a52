import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { binaryOp, glmFamily, unaryOp, type GlmFamilyCode } from "../kernels/kernels.js";
import { Workspace } from "../kernels/workspace.js";
import type { Column } from "../memory/column.js";
import type { DesignChunk } from "./design-chunk.js";

/** A family of the GLM kernels, with the power of its variance. */
export interface GlmDistribution {
  readonly family: GlmFamilyCode;
  /** Variance ∝ mean^power: 0 normal, 1 Poisson, 2 gamma. */
  readonly power: number;
}

/** What {@link targetStep} is told. */
export interface TargetArgs extends GlmDistribution {
  readonly owner: string;
}

/** Sums over the targets that a GLM starts from. */
export interface TargetSums {
  readonly rows: number;
  /** Σw. */
  readonly weight: number;
  /** Σ w y. */
  readonly sum: number;
  /** Σ w c(y): what the loss of the kernels lacks to be half the deviance. */
  readonly constant: number;
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
  const { power } = args;
  const extent = space.numbers(2);
  kernels.minMaxF64(space.table([column]), 1, rows, extent.pointer);
  const least = extent.values[0] ?? Infinity;
  if (power >= 1 && (least < 0 || (power >= 2 && least === 0))) throw targetError(context, args, column);
  const w = design.w ? space.pointer(design.w) : 0;
  const sum = kernels.weightedSum(column.offset, w, rows);
  return { rows, weight: kernels.weightedSum(0, w, rows), sum, constant: lossConstants(space, args, column, w, sum) };
}

/** Σ w c(y): half the deviance of y from a mean, less the loss that the kernels have for it. */
function lossConstants(
  space: Workspace,
  { family, power }: GlmDistribution,
  { offset: y, length }: Column<"f64">,
  w: number,
  sum: number,
): number {
  if (family === glmFamily.squared || length === 0) return 0;
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
  return { rows: a.rows + b.rows, weight: a.weight + b.weight, sum: a.sum + b.sum, constant: a.constant + b.constant };
}

/** Σ w loss of the model without columns, whose mean is that of the targets; for families with a log link. */
export function nullLoss({ family, power }: GlmDistribution, { weight, sum }: TargetSums): number {
  const mean = sum / weight;
  if (family === glmFamily.poisson) return sum - (sum === 0 ? 0 : sum * Math.log(mean));
  if (family === glmFamily.gamma) return weight * (Math.log(mean) + 1);
  return (weight * mean ** (2 - power)) / (2 - power) - (sum * mean ** (1 - power)) / (1 - power);
}

function targetError(context: TaskContext, { owner, power }: TargetArgs, column: Column<"f64">): DataError {
  const values = context.memory.view(column);
  const row = values.findIndex((value) => value < 0 || (power >= 2 && value === 0));
  const value = values[row];
  const partition = context.partition?.index ?? 0;
  return new DataError(
    `${owner}: y must be ${power >= 2 ? "> 0" : ">= 0"}; got ${value} in partition ${partition}, row ${row}. ` +
      `Drop such rows, or use a model that has such targets (${power >= 2 ? "PoissonRegressor for zeros, " : ""}LinearRegression).`,
    { details: { partition, row } },
  );
}
