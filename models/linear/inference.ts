import type { LabelInput, MatrixInput, VectorInput } from "../../src/estimator/inputs.js";
import type { GeneralizedLinearRegressor } from "./generalized-linear-regressor.js";
import type { LinearRegression } from "./linear-regression.js";
import { LogisticRegression } from "./logistic-regression.js";
import type { PoissonRegressor } from "./poisson-regressor.js";
import type { Coefficients } from "./statistics/coefficients.js";
import type { SummaryOptions } from "./statistics/summary-options.js";

/** Options of {@link coefficientTable}. */
export type CoefficientTableOptions = SummaryOptions;

/** What the data say about each coefficient, the intercept (where there is one) last, as in `names`. */
export interface CoefficientTable extends Coefficients {
  /** Of the model; for least squares the sum of squared residuals. */
  readonly deviance: number;
  /** Of the model without columns: its mean where there is an intercept, else a linear predictor of 0. */
  readonly nullDeviance: number;
}

/**
 * Standard errors, tests and confidence intervals of the coefficients of a fitted model, on the rows it was fitted on: the
 * part of its `summary` that is about coefficients, with the deviances.
 *
 * @throws as the model's `summary`
 *
 * @example
 * ```ts
 * const model = await new LinearRegression().fit(X, y);
 * const { names, estimate, standardError, pValue } = await coefficientTable(model, X, y);
 * ```
 */
export async function coefficientTable(
  model: LinearRegression | LogisticRegression | PoissonRegressor | GeneralizedLinearRegressor,
  X: MatrixInput,
  y: VectorInput | LabelInput,
  options: CoefficientTableOptions = {},
): Promise<CoefficientTable> {
  const { coefficients, deviance, nullDeviance } =
    model instanceof LogisticRegression
      ? await model.summary(X, y as LabelInput, options)
      : await model.summary(X, y as VectorInput, options);
  return { ...coefficients, deviance, nullDeviance };
}
