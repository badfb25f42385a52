import { DataError, FitError, ParameterError, show } from "../../src/base/errors.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import { codeLabels, holdWithLabels } from "../../src/estimator/labels.js";
import {
  checkColumns,
  requireTarget,
  toMatrix,
  type LabelInput,
  type MatrixInput,
  type VectorInput,
} from "../../src/estimator/inputs.js";
import { glmFamily } from "../../src/kernels/kernels.js";
import { twoSided, twoSidedQuantile } from "../../src/numeric/distributions.js";
import { GLM_STEP, mergeGlmSums, type GlmSums } from "../../src/numeric/glm-steps.js";
import { mergeTargetSums, nullLoss, TARGET_STEP, type TargetSums } from "../../src/numeric/glm-target.js";
import { cholesky, choleskySolve } from "../../src/numeric/linalg/cholesky.js";
import { squaredError } from "../../src/numeric/normal-system.js";
import { LinearRegression } from "./linear-regression.js";
import { LogisticRegression } from "./logistic-regression.js";
import { momentsOfDesign } from "./moments-of-design.js";
import { PoissonRegressor } from "./poisson-regressor.js";

/** Options of {@link coefficientTable}. */
export interface CoefficientTableOptions extends FitOptions {
  /** Coverage of the confidence intervals; 0.95 unless given. */
  readonly level?: number;
}

/** What the data say about each coefficient, the intercept (where there is one) last, as in `names`. */
export interface CoefficientTable {
  readonly names: readonly string[];
  readonly estimate: Float64Array;
  readonly standardError: Float64Array;
  /** Estimate over standard error. */
  readonly statistic: Float64Array;
  /** Whether the statistic is compared with Student's t or the normal distribution. */
  readonly distribution: "t" | "normal";
  /** Probability of a statistic at least as large if the coefficient were 0. */
  readonly pValue: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** Σw less the number of coefficients; infinite for the normal distribution. */
  readonly degreesOfFreedom: number;
  /** Of the model; for least squares the sum of squared residuals. */
  readonly deviance: number;
  /** Of the model without columns: its mean where there is an intercept, else a linear predictor of 0. */
  readonly nullDeviance: number;
}

/**
 * Standard errors, tests and confidence intervals of the coefficients of a fitted LinearRegression, LogisticRegression of
 * two classes or PoissonRegressor, on the rows it was fitted on. One pass over X (two for text labels).
 *
 * Least squares: `s² (X̃ᵀWX̃)⁻¹` with `X̃ = [X, 1]` and s² the weighted sum of squared residuals over Σw less the number of
 * coefficients, compared with Student's t. Logistic and Poisson: the inverse of `X̃ᵀ W diag(variance) X̃` at the
 * coefficients, compared with the normal distribution (Wald tests). Weights count rows: weight 2 is the row twice.
 *
 * The figures are those of maximum likelihood: they mean what they say where the model was fitted without a penalty
 * (`alpha: 0`, a large `C`).
 *
 * @throws NotFittedError before fit; ParameterError for a level outside (0, 1); DataError for other columns, NaN, or labels
 * that are not two; FitError for dependent columns, whose coefficients are not determined, and for too few rows
 *
 * @example
 * ```ts
 * const model = await new LinearRegression().fit(X, y);
 * const { names, estimate, standardError, pValue } = await coefficientTable(model, X, y);
 * ```
 */
export async function coefficientTable(
  model: LinearRegression | LogisticRegression | PoissonRegressor,
  X: MatrixInput,
  y: VectorInput | LabelInput,
  options: CoefficientTableOptions = {},
): Promise<CoefficientTable> {
  const owner = "coefficientTable";
  const { level = 0.95 } = options;
  if (!(level > 0 && level < 1))
    throw new ParameterError(`${owner}: level must be above 0 and below 1; got ${show(level)}. Pass 0.95 for 95 %.`);
  requireTarget(owner, y);
  const intercept = model instanceof LogisticRegression ? (model.intercepts[0] ?? 0) : model.intercept;
  if (model instanceof LogisticRegression && model.classes.length > 2) {
    throw new DataError(
      `${owner}: the model has ${model.classes.length} classes. It is for two; fit one class against the rest.`,
    );
  }
  const matrix = toMatrix(owner, X);
  checkColumns(owner, matrix, { nFeatures: model.nFeatures, featureNames: model.featureNames });
  const { fitIntercept } = model.getParams();
  const found =
    model instanceof LinearRegression
      ? await leastSquares(owner, model, X, y as VectorInput, options)
      : model instanceof LogisticRegression
        ? await logistic(owner, model, X, y as LabelInput, options)
        : await poisson(owner, model, X, y as VectorInput, options);
  const names = Array.from(
    model.featureNames ?? matrix.names ?? Array.from({ length: model.nFeatures }, (_, j) => `x${j}`),
  );
  const estimate = fitIntercept ? Float64Array.of(...model.coef, intercept) : model.coef.slice();
  const standardError = estimate.map((_, j) => Math.sqrt(found.covariance[j] ?? NaN));
  const statistic = estimate.map((value, j) => value / (standardError[j] ?? NaN));
  const { degreesOfFreedom } = found;
  const width = twoSidedQuantile(1 - level, degreesOfFreedom);
  return {
    names: fitIntercept ? [...names, "intercept"] : names,
    estimate,
    standardError,
    statistic,
    distribution: degreesOfFreedom === Infinity ? "normal" : "t",
    pValue: statistic.map((value) => twoSided(value, degreesOfFreedom)),
    lower: estimate.map((value, j) => value - width * (standardError[j] ?? NaN)),
    upper: estimate.map((value, j) => value + width * (standardError[j] ?? NaN)),
    degreesOfFreedom,
    deviance: found.deviance,
    nullDeviance: found.nullDeviance,
  };
}

interface Found {
  /** Its diagonal. */
  readonly covariance: Float64Array;
  readonly degreesOfFreedom: number;
  readonly deviance: number;
  readonly nullDeviance: number;
}

async function leastSquares(
  owner: string,
  model: LinearRegression,
  X: MatrixInput,
  y: VectorInput,
  options: FitOptions,
): Promise<Found> {
  using design = Design.open(owner, X, y, options);
  const moments = await momentsOfDesign(design);
  const { fitIntercept } = model.getParams();
  const width = moments.mean.length;
  const p = width - 1;
  const size = fitIntercept ? p + 1 : p;
  // X̃ᵀWX̃ about the means, where the intercept stands apart; its variance follows from those of the slopes.
  const gram = new Float64Array(p * p);
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) {
      gram[i * p + j] =
        (moments.scatter[i * width + j] ?? 0) +
        (fitIntercept ? 0 : moments.weight * (moments.mean[i] ?? 0) * (moments.mean[j] ?? 0));
    }
  }
  const degreesOfFreedom = moments.weight - size;
  if (!(degreesOfFreedom > 0))
    throw new FitError(
      `${owner}: ${moments.weight} rows leave nothing over for an error of ${size} coefficients. Pass more rows.`,
    );
  const inverse = inverseOf(owner, gram, p);
  const deviance = squaredError(moments, model.coef, model.intercept);
  const variance = deviance / degreesOfFreedom;
  const covariance = Float64Array.from({ length: size }, (_, j) => {
    if (j < p) return variance * (inverse[j * p + j] ?? NaN);
    let sum = 1 / moments.weight;
    for (let a = 0; a < p; a++)
      for (let b = 0; b < p; b++) sum += (moments.mean[a] ?? 0) * (inverse[a * p + b] ?? 0) * (moments.mean[b] ?? 0);
    return variance * sum;
  });
  return {
    covariance,
    degreesOfFreedom,
    deviance,
    nullDeviance: squaredError(moments, new Float64Array(p), fitIntercept ? (moments.mean[p] ?? 0) : 0),
  };
}

async function logistic(
  owner: string,
  model: LogisticRegression,
  X: MatrixInput,
  y: LabelInput,
  options: FitOptions,
): Promise<Found> {
  const target = await codeLabels(owner, y, options, model.classes);
  using design = Design.open(owner, X, target.values, options);
  const summary = await holdWithLabels(design);
  const codes = Array.from(summary.labels);
  const classes = Float64Array.from(
    model.classes,
    (label) => codes.find((code) => target.labelOf(code) === label || code === Number(label)) ?? NaN,
  );
  const stranger = codes.find((code) => !classes.includes(code));
  if (stranger !== undefined)
    throw new DataError(`${owner}: y has the label ${show(target.labelOf(stranger))}, which the fit has not seen.`);
  await design.encodeLabels(classes);
  const weights = Array.from(classes, (code) => summary.weights[codes.indexOf(code)] ?? 0);
  const { fitIntercept } = model.getParams();
  const sums = await curvatureAt(owner, design, glmFamily.logistic, model.coef, model.intercept, fitIntercept);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const entropy = weights.reduce((sum, weight) => sum - (weight > 0 ? weight * Math.log(weight / total) : 0), 0);
  return {
    ...sums,
    degreesOfFreedom: Infinity,
    deviance: 2 * sums.loss,
    nullDeviance: 2 * (fitIntercept ? entropy : total * Math.LN2),
  };
}

async function poisson(
  owner: string,
  model: PoissonRegressor,
  X: MatrixInput,
  y: VectorInput,
  options: FitOptions,
): Promise<Found> {
  using design = Design.open(owner, X, y, options);
  const composition = { family: { name: "poisson" }, link: { name: "log" } } as const;
  const target = await design.holdAndReduce<TargetSums>(TARGET_STEP, { owner, ...composition }, mergeTargetSums);
  const { fitIntercept } = model.getParams();
  const sums = await curvatureAt(owner, design, glmFamily.poisson, model.coef, model.intercept, fitIntercept);
  const without = fitIntercept ? nullLoss({ family: glmFamily.poisson, power: 1 }, target) : target.weight;
  return {
    ...sums,
    degreesOfFreedom: Infinity,
    deviance: 2 * (sums.loss + target.constant),
    nullDeviance: 2 * (without + target.constant),
  };
}

async function curvatureAt(
  owner: string,
  design: Design,
  family: 1 | 2,
  coef: Float64Array,
  intercept: number,
  fitIntercept: boolean,
): Promise<{ covariance: Float64Array; loss: number }> {
  if (design.layout === "csr") throw new DataError(`${owner}: X is sparse. Pass dense columns.`);
  const sums = await design.reduce<GlmSums>(
    GLM_STEP,
    { family, coef: Float64Array.of(...coef, intercept), hess: true },
    mergeGlmSums,
  );
  if (!Number.isFinite(sums.loss)) {
    await design.assertFinite();
    throw new FitError(`${owner}: the likelihood overflows on these rows. Pass those of the fit.`);
  }
  const width = coef.length + 1;
  const size = fitIntercept ? width : coef.length;
  const hessian = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) hessian[i * size + j] = sums.hess?.[i * width + j] ?? NaN;
  const inverse = inverseOf(owner, hessian, size);
  return { covariance: Float64Array.from({ length: size }, (_, j) => inverse[j * size + j] ?? NaN), loss: sums.loss };
}

/** The inverse, by a Cholesky factor in correlation form. @throws FitError where columns are dependent */
function inverseOf(owner: string, matrix: Float64Array, n: number): Float64Array {
  const scale = Float64Array.from({ length: n }, (_, j) => Math.sqrt(matrix[j * n + j] ?? NaN));
  const factor = cholesky(
    matrix.map((value, at) => value / ((scale[Math.floor(at / n)] ?? 1) * (scale[at % n] ?? 1))),
    n,
    1e-12,
  );
  if (!factor) {
    throw new FitError(
      `${owner}: columns of X are constant or depend on each other, so their coefficients are not determined. Drop some of them.`,
    );
  }
  const inverse = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const unit = new Float64Array(n);
    unit[j] = 1;
    choleskySolve(factor, unit).forEach(
      (value, i) => (inverse[i * n + j] = value / ((scale[i] ?? 1) * (scale[j] ?? 1))),
    );
  }
  return inverse;
}
