import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { glmFamily, type GlmFamilyCode } from "../kernels/kernels.js";
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
  const y = design.y ? context.memory.view(design.y) : new Float64Array();
  const w = design.w ? context.memory.view(design.w) : undefined;
  const { power } = args;
  let weight = 0;
  let sum = 0;
  let constant = 0;
  for (let i = 0; i < y.length; i++) {
    const value = y[i] ?? 0;
    if (power >= 1 && (value < 0 || (power >= 2 && value === 0))) throw targetError(context, args, value, i);
    const wi = w ? (w[i] ?? 0) : 1;
    weight += wi;
    sum += wi * value;
    constant += wi * lossConstant(args, value);
  }
  return { rows: y.length, weight, sum, constant };
}

/** Names {@link targetStep} for the engine. */
export const TARGET_STEP = fnRef(import.meta.url, "targetStep");

/** Sums over the union. */
export function mergeTargetSums(a: TargetSums, b: TargetSums): TargetSums {
  return { rows: a.rows + b.rows, weight: a.weight + b.weight, sum: a.sum + b.sum, constant: a.constant + b.constant };
}

/** Half the deviance of y from a mean, less the loss that the kernels have for it. */
function lossConstant({ family, power }: GlmDistribution, y: number): number {
  if (family === glmFamily.poisson) return y === 0 ? 0 : y * Math.log(y) - y;
  if (family === glmFamily.gamma) return -Math.log(y) - 1;
  if (family === glmFamily.tweedie) return y ** (2 - power) / ((1 - power) * (2 - power));
  return 0;
}

/** Σ w loss of the model without columns, whose mean is that of the targets; for families with a log link. */
export function nullLoss({ family, power }: GlmDistribution, { weight, sum }: TargetSums): number {
  const mean = sum / weight;
  if (family === glmFamily.poisson) return sum - (sum === 0 ? 0 : sum * Math.log(mean));
  if (family === glmFamily.gamma) return weight * (Math.log(mean) + 1);
  return (weight * mean ** (2 - power)) / (2 - power) - (sum * mean ** (1 - power)) / (1 - power);
}

function targetError(context: TaskContext, { owner, power }: TargetArgs, value: number, row: number): DataError {
  const partition = context.partition?.index ?? 0;
  return new DataError(
    `${owner}: y must be ${power >= 2 ? "> 0" : ">= 0"}; got ${value} in partition ${partition}, row ${row}. ` +
      `Drop such rows, or use a model that has such targets (${power >= 2 ? "PoissonRegressor for zeros, " : ""}LinearRegression).`,
    { details: { partition, row } },
  );
}
