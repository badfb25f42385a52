import { DataError, FitError } from "../../../src/base/errors.js";
import type { Plain } from "../../../src/base/plain.js";
import type { Design } from "../../../src/estimator/design.js";
import type { Label } from "../../../src/estimator/labels.js";
import {
  mergeSoftmaxStatistics,
  SOFTMAX_STATISTICS_STEP,
  type SoftmaxStatistics,
  type SoftmaxStatisticsArgs,
} from "../../../src/numeric/softmax-statistics.js";
import { classPairs } from "../../../src/numeric/softmax-steps.js";
import { coefficientsTable } from "./coefficients.js";
import { groupScatter, inverseOf, sandwich, times, type Square } from "./covariance.js";
import { likelihoodNote } from "./likelihood-note.js";
import { ModelSummary } from "./model-summary.js";
import type { CheckedSummaryOptions } from "./summary-options.js";

/** A fitted multinomial model as its summary needs it. */
export interface FittedSoftmax {
  readonly model: string;
  readonly classes: readonly Label[];
  readonly names: readonly string[];
  /** One row a class. */
  readonly coef: Float64Array;
  readonly intercepts: Float64Array;
  readonly fitIntercept: boolean;
}

/**
 * Statistics of a multinomial model on the rows of a design whose targets are positions of classes: one pass over X. Only
 * differences between classes are determined: coefficients are those of each class less those of the first.
 */
export async function summariseSoftmax(
  design: Design,
  fitted: FittedSoftmax,
  options: CheckedSummaryOptions,
): Promise<ModelSummary> {
  const { owner } = design;
  const { covariance, counts, level } = options;
  if (covariance === "HC2" || covariance === "HC3") {
    throw new DataError(
      `${owner}: covariance ${JSON.stringify(covariance)} needs one leverage a row, which more than two classes do not have. Use "HC0", "HC1" or "clustered".`,
    );
  }
  const { coef, intercepts, fitIntercept, classes } = fitted;
  const k = classes.length;
  const p = fitted.names.length;
  const args: SoftmaxStatisticsArgs = {
    k,
    coef: Float64Array.from({ length: k * (p + 1) }, (_, at) => {
      const [c, j] = [Math.floor(at / (p + 1)), at % (p + 1)];
      return j === p ? (intercepts[c] ?? 0) : (coef[c * p + j] ?? 0);
    }),
    counts,
    scores: covariance === "classical" ? "none" : covariance === "clustered" ? "groups" : "squares",
  };
  const sums = await design.reduce<SoftmaxStatistics>(
    SOFTMAX_STATISTICS_STEP,
    args as unknown as Plain,
    mergeSoftmaxStatistics,
    false,
  );
  if (!Number.isFinite(sums.logLikelihood)) {
    await design.assertFinite();
    throw new FitError(`${owner}: the likelihood overflows on these rows. Pass those of the fit.`);
  }
  const width = fitIntercept ? p + 1 : p;
  const own = fitIntercept ? [...fitted.names, "intercept"] : [...fitted.names];
  const names = classes.slice(1).flatMap((label) => own.map((name) => `${label}: ${name}`));
  const pairs = classPairs(k, true);
  const inner = pairs.flatMap(([a, b], at) =>
    a > 0 && b > 0 ? [sums.information.blocks[at] ?? new Float64Array()] : [],
  );
  const information = assembled(inner, k - 1, p + 1, width);
  const inverse = inverseOf(owner, information, names);
  const weight = sums.weights.reduce((total, value) => total + value, 0);
  const observations = counts ? weight : sums.rows;
  const groups = sums.groups?.groups.length;
  let found = inverse;
  if (sums.groups) {
    if (sums.groups.groups.length < 2)
      throw new FitError(`${owner}: there is one group only. Clustered standard errors need two or more.`);
    const count = sums.groups.groups.length;
    // All entries of a group's sums are coefficients here, those of left-out intercepts are taken out.
    const kept = keptOf(k - 1, p, fitIntercept);
    const cut = {
      groups: sums.groups.groups,
      sums: Float64Array.from({ length: count * (kept.length + 1) }, (_, at) => {
        const [g, j] = [Math.floor(at / (kept.length + 1)), at % (kept.length + 1)];
        return j === kept.length ? 0 : (sums.groups?.sums[g * (k - 1) * (p + 1) + (kept[j] ?? 0)] ?? 0);
      }),
    };
    const meat = groupScatter(cut, new Float64Array(kept.length), false);
    found = sandwich(inverse, meat, ((count / (count - 1)) * (observations - 1)) / (observations - names.length));
  } else if (sums.squares) {
    const factor = covariance === "HC1" ? observations / (observations - names.length) : 1;
    found = sandwich(inverse, assembled(sums.squares, k - 1, p + 1, width), factor);
  }
  const estimate = Float64Array.from(names, (_, at) => {
    const [c, j] = [Math.floor(at / width) + 1, at % width];
    return j === p ? (intercepts[c] ?? 0) - (intercepts[0] ?? 0) : (coef[c * p + j] ?? 0) - (coef[j] ?? 0);
  });
  const table = coefficientsTable(names, estimate, found, Infinity, level);
  const logLikelihood = sums.logLikelihood;
  const nullLogLikelihood = fitIntercept
    ? sums.weights.reduce((total, value) => total + (value > 0 ? value * Math.log(value / weight) : 0), 0)
    : -weight * Math.log(k);
  const score = Float64Array.from(keptOf(k - 1, p, fitIntercept), (at) => -(sums.score[p + 1 + at] ?? 0));
  return new ModelSummary({
    model: fitted.model,
    family: `multinomial (${k} classes, against ${String(classes[0])})`,
    link: "logit",
    rows: sums.rows,
    observations,
    covariance,
    ...(groups === undefined ? {} : { groups }),
    level,
    coefficients: table,
    covarianceMatrix: found.values,
    residualDegreesOfFreedom: observations - names.length,
    modelDegreesOfFreedom: (k - 1) * p,
    deviance: -2 * logLikelihood,
    nullDeviance: -2 * nullLogLikelihood,
    pearson: NaN,
    dispersion: 1,
    logLikelihood,
    nullLogLikelihood,
    aic: 2 * names.length - 2 * logLikelihood,
    bic: Math.log(observations) * names.length - 2 * logLikelihood,
    pseudoR2: {
      deviance: 1 - logLikelihood / nullLogLikelihood,
      mcFadden: 1 - logLikelihood / nullLogLikelihood,
      coxSnell: 1 - Math.exp((2 * (nullLogLikelihood - logLikelihood)) / observations),
    },
    notes: likelihoodNote(names, times(inverse, score), table.standardError),
  });
}

/** A symmetric matrix from its blocks (a, b), a ≤ b, of which the first `width` rows and columns are kept. */
function assembled(blocks: readonly Float64Array[], classes: number, size: number, width: number): Square {
  const n = classes * width;
  const values = new Float64Array(n * n);
  classPairs(classes, true).forEach(([a, b], at) => {
    const block = blocks[at] ?? new Float64Array();
    for (let i = 0; i < width; i++) {
      for (let j = 0; j < width; j++) {
        const value = block[i * size + j] ?? 0;
        values[(a * width + i) * n + b * width + j] = value;
        values[(b * width + j) * n + a * width + i] = value;
      }
    }
  });
  return { values, n };
}

/** Positions of the coefficients among `classes x (p + 1)`, without the intercepts where there are none. */
function keptOf(classes: number, p: number, fitIntercept: boolean): number[] {
  const all = Array.from({ length: classes * (p + 1) }, (_, at) => at);
  return fitIntercept ? all : all.filter((at) => at % (p + 1) < p);
}
