import { FitError } from "../../../src/base/errors.js";
import type { Plain } from "../../../src/base/plain.js";
import type { Design } from "../../../src/estimator/design.js";
import { noRows } from "../../../src/estimator/no-rows.js";
import { fTail } from "../../../src/numeric/tail-probabilities.js";
import type { Composition } from "../../../src/numeric/glm/composed-steps.js";
import { familyOf, type Family } from "../../../src/numeric/glm/family.js";
import {
  mergeStatistics,
  PRECISE_SATURATED_STEP,
  STATISTICS_STEP,
  type GlmStatistics,
  type StatisticsArgs,
} from "../../../src/numeric/glm/statistics-steps.js";
import { mergeTargetSums, TARGET_STEP, type TargetSums } from "../../../src/numeric/glm-target.js";
import { nullHalfDeviance } from "../glm-null.js";
import { coefficientsTable } from "./coefficients.js";
import { groupScatter, inverseOf, sandwich, scatterAbout, times, uncentred, type Square } from "./covariance.js";
import { likelihoodNote } from "./likelihood-note.js";
import { ModelSummary, type FTest } from "./model-summary.js";
import type { CheckedSummaryOptions } from "./summary-options.js";

/** A fitted model as its summary needs it. */
export interface FittedGlm {
  readonly model: string;
  readonly composition: Composition;
  readonly names: readonly string[];
  readonly coef: Float64Array;
  readonly intercept: number;
  readonly fitIntercept: boolean;
  /** Least squares: statistics are compared with Student's t, and there is an R². */
  readonly squares: boolean;
  /** What the model is the probability of, of two classes. */
  readonly outcome?: string;
}

/**
 * Statistics of a fitted model on the rows of a design: one pass over X (two for HC2 and HC3, whose leverages need the
 * information first), and cheap ones over y.
 */
export async function summariseGlm(
  design: Design,
  fitted: FittedGlm,
  options: CheckedSummaryOptions,
): Promise<ModelSummary> {
  const { owner } = design;
  const { composition, coef, intercept, fitIntercept } = fitted;
  const family = familyOf(composition.family);
  await design.hold();
  const target = await design.reduce<TargetSums>(
    TARGET_STEP,
    { owner, ...composition } as unknown as Plain,
    mergeTargetSums,
    false,
  );
  if (target.rows === 0) throw noRows(owner);
  if (!(target.weight > 0))
    throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
  const { covariance, counts } = options;
  const args: StatisticsArgs = {
    ...composition,
    coef: Float64Array.of(...coef, intercept),
    counts,
    scores: covariance === "clustered" ? "groups" : covariance === "HC0" || covariance === "HC1" ? "squares" : "none",
  };
  const first = await passOf(design, args);
  const names = fitIntercept ? [...fitted.names, "intercept"] : [...fitted.names];
  const observations = counts ? first.weight : first.rows;
  const residual = observations - names.length;
  if (!family.unitDispersion && !(residual > 0)) {
    throw new FitError(
      `${owner}: ${observations} rows leave nothing over for an error of ${names.length} coefficients. Pass more rows.`,
    );
  }
  const centre = first.information.mean;
  const inverse = inverseOf(owner, scatterAbout(first.information, centre, fitIntercept), names);
  const dispersion = dispersionOf(family, options, first, residual);
  const about = await covarianceAbout(design, fitted, options, args, first, inverse, dispersion);
  const matrix = uncentred(about, centre, fitIntercept);
  const estimate = fitIntercept ? Float64Array.of(...coef, intercept) : coef.slice();
  const groups = first.groups?.groups.length;
  const table = coefficientsTable(
    names,
    estimate,
    matrix,
    !fitted.squares ? Infinity : groups === undefined ? residual : groups - 1,
    options.level,
  );
  const deviance = 2 * first.halfDeviance;
  const nullDeviance = 2 * (await nullHalfDeviance(design, composition, target, fitIntercept));
  const quasi = family.unitDispersion && dispersion !== 1;
  const logLikelihood = quasi ? NaN : await likelihoodOf(design, composition, options, first, dispersion, observations);
  const nullLogLikelihood = family.unitDispersion ? logLikelihood + (deviance - nullDeviance) / 2 : NaN;
  const modelDegreesOfFreedom = coef.length;
  const rSquared = 1 - deviance / nullDeviance;
  const fTest: FTest | undefined =
    fitted.squares && covariance === "classical" && modelDegreesOfFreedom > 0
      ? testOf((nullDeviance - deviance) / modelDegreesOfFreedom / dispersion, modelDegreesOfFreedom, residual)
      : undefined;
  return new ModelSummary({
    model: fitted.model,
    family: composition.family.name,
    link: composition.link.name,
    ...(fitted.outcome === undefined ? {} : { outcome: fitted.outcome }),
    rows: first.rows,
    observations,
    covariance,
    ...(groups === undefined ? {} : { groups }),
    level: options.level,
    coefficients: table,
    covarianceMatrix: matrix.values,
    residualDegreesOfFreedom: residual,
    modelDegreesOfFreedom,
    deviance,
    nullDeviance,
    pearson: first.pearson,
    dispersion,
    logLikelihood,
    nullLogLikelihood,
    aic: 2 * names.length - 2 * logLikelihood,
    bic: Math.log(observations) * names.length - 2 * logLikelihood,
    ...(fitted.squares
      ? { rSquared, adjustedRSquared: 1 - ((1 - rSquared) * (observations - (fitIntercept ? 1 : 0))) / residual }
      : {}),
    ...(fTest ? { fTest } : {}),
    pseudoR2: {
      deviance: rSquared,
      mcFadden: 1 - logLikelihood / nullLogLikelihood,
      coxSnell: 1 - Math.exp((2 * (nullLogLikelihood - logLikelihood)) / observations),
    },
    notes: notesOf(fitted, names, first, inverse, centre, table.standardError, quasi ? dispersion : undefined),
  });
}

async function passOf(design: Design, args: StatisticsArgs): Promise<GlmStatistics> {
  const found = await design.reduce<GlmStatistics>(STATISTICS_STEP, args as unknown as Plain, mergeStatistics, false);
  const sum = found.information.scatter.reduce((total, value) => total + value, found.halfDeviance);
  if (!Number.isFinite(sum)) {
    await design.assertFinite();
    throw new FitError(`${design.owner}: the likelihood overflows on these rows. Pass those of the fit.`);
  }
  return found;
}

function dispersionOf(
  { unitDispersion }: Family,
  { dispersion }: CheckedSummaryOptions,
  { pearson, halfDeviance }: GlmStatistics,
  residual: number,
): number {
  if (typeof dispersion === "number") return dispersion;
  if (dispersion === "deviance") return (2 * halfDeviance) / residual;
  return dispersion === "auto" && unitDispersion ? 1 : pearson / residual;
}

/** The covariance of the coefficients of the columns about the information's centre. */
async function covarianceAbout(
  design: Design,
  { fitIntercept }: FittedGlm,
  { covariance, counts }: CheckedSummaryOptions,
  args: StatisticsArgs,
  first: GlmStatistics,
  inverse: Square,
  dispersion: number,
): Promise<Square> {
  const centre = first.information.mean;
  const n = counts ? first.weight : first.rows;
  const k = inverse.n;
  if (covariance === "classical") return { n: k, values: inverse.values.map((value) => value * dispersion) };
  if (first.groups) {
    const groups = first.groups.groups.length;
    if (groups < 2)
      throw new FitError(`${design.owner}: there is one group only. Clustered standard errors need two or more.`);
    const factor = ((groups / (groups - 1)) * (n - 1)) / (n - k);
    return sandwich(inverse, groupScatter(first.groups, centre, fitIntercept), factor);
  }
  if (covariance === "HC0" || covariance === "HC1") {
    const squares = first.squares as NonNullable<GlmStatistics["squares"]>;
    return sandwich(inverse, scatterAbout(squares, centre, fitIntercept), covariance === "HC1" ? n / (n - k) : 1);
  }
  const leverage = {
    inverse: inverse.values,
    centre: fitIntercept ? centre : new Float64Array(centre.length),
    power: covariance === "HC2" ? 1 : 2,
  } as const;
  const second = await passOf(design, { ...args, scores: "squares", leverage });
  const squares = second.squares as NonNullable<GlmStatistics["squares"]>;
  return sandwich(inverse, scatterAbout(squares, centre, fitIntercept), 1);
}

/** The log-likelihood: that at μ = y less what the deviance takes away. */
async function likelihoodOf(
  design: Design,
  composition: Composition,
  { counts }: CheckedSummaryOptions,
  sums: GlmStatistics,
  estimated: number,
  observations: number,
): Promise<number> {
  const family = familyOf(composition.family);
  if (!family.hasLikelihood) return NaN;
  if (family.unitDispersion) return sums.saturated - sums.halfDeviance;
  // Of least squares, the dispersion of maximum likelihood, as everyone reports it.
  const squares = composition.family.name === "gaussian" && composition.link.name === "identity";
  const dispersion = squares ? (2 * sums.halfDeviance) / observations : estimated;
  // What a dispersion changes at μ = y is the same for every row.
  const change = family.saturated(1, dispersion) - family.saturated(1, 1);
  const saturated = counts
    ? sums.saturated + sums.weight * change
    : await design.reduce<number>(
        PRECISE_SATURATED_STEP,
        { family: composition.family, dispersion } as unknown as Plain,
        (a, b) => a + b,
        false,
      );
  return saturated - sums.halfDeviance / dispersion;
}

function testOf(statistic: number, model: number, residual: number): FTest {
  return { statistic, degreesOfFreedom: [model, residual], pValue: fTail(statistic, model, residual) };
}

function notesOf(
  { fitIntercept, coef }: FittedGlm,
  names: readonly string[],
  { score }: GlmStatistics,
  inverse: Square,
  centre: Float64Array,
  standardError: Float64Array,
  quasi: number | undefined,
): string[] {
  const p = coef.length;
  const total = score[p] ?? 0;
  const about = Float64Array.from({ length: inverse.n }, (_, j) =>
    j === p ? total : (score[j] ?? 0) - (fitIntercept ? total * (centre[j] ?? 0) : 0),
  );
  // Slopes are the same about any centre.
  const step = times(inverse, about).subarray(0, p);
  const notes = likelihoodNote(names, step, standardError);
  if (quasi !== undefined) {
    notes.push(
      `the dispersion of ${quasi.toPrecision(4)} makes this a quasi-likelihood, which has no log-likelihood, AIC or BIC.`,
    );
  }
  return notes;
}
