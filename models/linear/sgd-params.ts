import type * as Zod from "zod";
import type { ZodNamespace } from "../../src/base/params.js";
import { DEFAULT_SEED } from "../../src/base/rng.js";
import { sgdLoss, sgdSchedule, type SgdLossCode } from "../../src/kernels/sgd-kernels.js";
import type { SgdProblem } from "./sgd-fit.js";

/** Penalties of stochastic gradient descent. */
export type SgdPenalty = "l2" | "l1" | "elasticnet" | null;

/** Parameters that every estimator by stochastic gradient descent has. */
export interface SgdEpochParams {
  fitIntercept: boolean;
  maxIter: number;
  tol: number | null;
  shuffle: boolean;
  average: boolean | number;
  earlyStopping: boolean;
  validationFraction: number;
  nIterNoChange: number;
  warmStart: boolean;
  batchSize: number;
  randomState: number;
}

/** Parameters of the penalty. */
export interface SgdPenaltyParams {
  penalty: SgdPenalty;
  alpha: number;
  l1Ratio: number;
}

/** Parameters of the steps' sizes. */
export interface SgdStepParams {
  learningRate: "constant" | "optimal" | "invscaling" | "adaptive";
  eta0: number;
  powerT: number;
}

/** Table entries of {@link SgdEpochParams}. */
export function epochFields(z: ZodNamespace): Record<keyof SgdEpochParams, Zod.ZodType> {
  return {
    fitIntercept: z.boolean().default(true).describe("estimate a constant term, which is never penalised"),
    maxIter: z.int().min(1).default(1000).describe("most epochs of fit; partialFit takes one"),
    tol: z
      .number()
      .min(0)
      .nullable()
      .default(1e-3)
      .describe("what an epoch has to improve the objective (or validation score) by; null to take all epochs"),
    shuffle: z.boolean().default(true).describe("go over the rows in a new random order in each epoch"),
    average: z
      .union([z.boolean(), z.int().min(1)])
      .default(false)
      .describe("give the mean of the coefficients over all steps, or over those from this one on"),
    earlyStopping: z
      .boolean()
      .default(false)
      .describe("stop by the score of rows set aside, not by the objective of those learned from"),
    validationFraction: z
      .number()
      .min(0.001)
      .max(0.999)
      .default(0.1)
      .describe("share of rows set aside with earlyStopping"),
    nIterNoChange: z.int().min(1).default(5).describe("epochs without improvement before the fit ends"),
    warmStart: z.boolean().default(false).describe("start at the coefficients of the fit before"),
    batchSize: z.int().min(1).default(1).describe("rows a step, whose mean gradient it takes; 1 is plain SGD"),
    randomState: z.int().default(DEFAULT_SEED).describe("seed of the order of rows and of those set aside"),
  };
}

/** Table entries of {@link SgdPenaltyParams}. */
export function penaltyFields(z: ZodNamespace, penalty: SgdPenalty): Record<keyof SgdPenaltyParams, Zod.ZodType> {
  return {
    penalty: z
      .enum(["l2", "l1", "elasticnet"])
      .nullable()
      .default(penalty)
      .describe("penalty of the coefficients; null for none"),
    alpha: z
      .number()
      .positive()
      .default(1e-4)
      .describe('strength of the penalty; also sets the steps of learningRate "optimal"'),
    l1Ratio: z.number().min(0).max(1).default(0.15).describe('share of the L1 part of penalty "elasticnet"'),
  };
}

/** Table entries of {@link SgdStepParams}. */
export function stepFields(z: ZodNamespace, defaults: SgdStepParams): Record<keyof SgdStepParams, Zod.ZodType> {
  return {
    learningRate: z
      .enum(["constant", "optimal", "invscaling", "adaptive"])
      .default(defaults.learningRate)
      .describe(
        'size of step t: eta0; 1 / (alpha (t0 + t)); eta0 / t^powerT; eta0, shrunk to a fifth where "constant" would stop',
      ),
    eta0: z.number().positive().default(defaults.eta0).describe('first size of the steps, unused by "optimal"'),
    powerT: z.number().min(0).default(defaults.powerT).describe('exponent of learningRate "invscaling"'),
  };
}

/** Losses of classifiers by their parameter's names, with thresholds. */
export const CLASS_LOSSES = {
  hinge: { loss: sgdLoss.hinge, parameter: 1 },
  log_loss: { loss: sgdLoss.log, parameter: 0 },
  modified_huber: { loss: sgdLoss.modifiedHuber, parameter: 0 },
  squared_hinge: { loss: sgdLoss.squaredHinge, parameter: 0 },
  perceptron: { loss: sgdLoss.hinge, parameter: 0 },
} as const satisfies Record<string, { loss: SgdLossCode; parameter: number }>;

/** Losses of regressors by their parameter's names. */
export const REGRESSION_LOSSES = {
  squared_error: sgdLoss.squared,
  huber: sgdLoss.huber,
  epsilon_insensitive: sgdLoss.epsilonInsensitive,
  squared_epsilon_insensitive: sgdLoss.squaredEpsilonInsensitive,
} as const satisfies Record<string, SgdLossCode>;

const SCHEDULES = {
  constant: sgdSchedule.constant,
  optimal: sgdSchedule.optimal,
  invscaling: sgdSchedule.invscaling,
  adaptive: sgdSchedule.constant,
} as const;

/** The part of a problem that says when to stop and in which order rows come. */
export function epochsOf(
  params: SgdEpochParams,
): Pick<
  SgdProblem,
  "averageFrom" | "fitIntercept" | "batchSize" | "shuffle" | "seed" | "validation" | "nIterNoChange" | "tol" | "maxIter"
> {
  const { average, fitIntercept, batchSize, shuffle, nIterNoChange, tol, maxIter } = params;
  return {
    averageFrom: Number(average),
    validation: params.earlyStopping ? params.validationFraction : 0,
    seed: params.randomState,
    fitIntercept,
    batchSize,
    shuffle,
    nIterNoChange,
    tol,
    maxIter,
  };
}

/** The part of a problem that is the penalty. */
export function penaltyParts({ penalty, alpha, l1Ratio }: SgdPenaltyParams): Pick<SgdProblem, "alpha" | "l1" | "l2"> {
  const share = penalty === "elasticnet" ? l1Ratio : penalty === "l1" ? 1 : 0;
  const strength = penalty === null ? 0 : alpha;
  return { alpha, l1: strength * share, l2: strength * (1 - share) };
}

/** The part of a problem that is the size of its steps. */
export function stepsOf({
  learningRate,
  eta0,
  powerT,
}: SgdStepParams): Pick<SgdProblem, "schedule" | "eta0" | "powerT" | "adaptive"> {
  return { schedule: SCHEDULES[learningRate], eta0, powerT, adaptive: learningRate === "adaptive" };
}
