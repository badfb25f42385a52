import type { Coefficients } from "./coefficients.js";

/** How the covariance of the coefficients is estimated. */
export type CovarianceKind = "classical" | "HC0" | "HC1" | "HC2" | "HC3" | "clustered";

/** The F test that all slopes are 0. */
export interface FTest {
  readonly statistic: number;
  readonly degreesOfFreedom: readonly [number, number];
  readonly pValue: number;
}

/** Shares of what there is to explain that the model explains; NaN where there is no likelihood to measure it by. */
export interface PseudoR2 {
  /** 1 − deviance / null deviance. */
  readonly deviance: number;
  /** 1 − log-likelihood / null log-likelihood (McFadden 1974). */
  readonly mcFadden: number;
  /** 1 − exp(2 (null log-likelihood − log-likelihood) / n) (Cox and Snell 1989). */
  readonly coxSnell: number;
}

/** What a summary holds, as plain data. */
export interface SummaryData {
  /** Class of the model. */
  readonly model: string;
  readonly family: string;
  readonly link: string;
  /** Two classes: which of them a larger linear predictor makes more probable, and against which. */
  readonly outcome?: string;
  /** Rows with a weight above 0. */
  readonly rows: number;
  /** Observations: Σw where weights count rows, else `rows`. */
  readonly observations: number;
  readonly covariance: CovarianceKind;
  /** Groups, where the covariance is clustered. */
  readonly groups?: number;
  /** Coverage of the intervals. */
  readonly level: number;
  readonly coefficients: Coefficients;
  /** Covariance of the coefficients, row by row, in the order of `coefficients.names`. */
  readonly covarianceMatrix: Float64Array;
  /** Observations less coefficients. */
  readonly residualDegreesOfFreedom: number;
  /** Coefficients without intercepts. */
  readonly modelDegreesOfFreedom: number;
  readonly deviance: number;
  readonly nullDeviance: number;
  /** Σ w (y − μ)² / V(μ); NaN for more than two classes. */
  readonly pearson: number;
  readonly dispersion: number;
  readonly logLikelihood: number;
  /** Of the model without columns; NaN where the dispersion is estimated. */
  readonly nullLogLikelihood: number;
  readonly aic: number;
  readonly bic: number;
  /** Least squares only. */
  readonly rSquared?: number;
  /** Least squares only. */
  readonly adjustedRSquared?: number;
  /** Least squares with the classical covariance only. */
  readonly fTest?: FTest;
  readonly pseudoR2: PseudoR2;
  /** What a reader has to know before trusting the figures. */
  readonly notes: readonly string[];
}

/**
 * Statistics of a fitted model: plain data by name, a table by `toString()`.
 *
 * @example
 * ```ts
 * const summary = await model.summary(X, y, { covariance: "HC3" });
 * console.log(String(summary));
 * summary.coefficients.pValue;
 * ```
 */
export class ModelSummary implements SummaryData {
  readonly model: string;
  readonly family: string;
  readonly link: string;
  declare readonly outcome?: string;
  readonly rows: number;
  readonly observations: number;
  readonly covariance: CovarianceKind;
  declare readonly groups?: number;
  readonly level: number;
  readonly coefficients: Coefficients;
  readonly covarianceMatrix: Float64Array;
  readonly residualDegreesOfFreedom: number;
  readonly modelDegreesOfFreedom: number;
  readonly deviance: number;
  readonly nullDeviance: number;
  readonly pearson: number;
  readonly dispersion: number;
  readonly logLikelihood: number;
  readonly nullLogLikelihood: number;
  readonly aic: number;
  readonly bic: number;
  declare readonly rSquared?: number;
  declare readonly adjustedRSquared?: number;
  declare readonly fTest?: FTest;
  readonly pseudoR2: PseudoR2;
  readonly notes: readonly string[];

  constructor(data: SummaryData) {
    this.model = data.model;
    this.family = data.family;
    this.link = data.link;
    if (data.outcome !== undefined) this.outcome = data.outcome;
    this.rows = data.rows;
    this.observations = data.observations;
    this.covariance = data.covariance;
    if (data.groups !== undefined) this.groups = data.groups;
    this.level = data.level;
    this.coefficients = data.coefficients;
    this.covarianceMatrix = data.covarianceMatrix;
    this.residualDegreesOfFreedom = data.residualDegreesOfFreedom;
    this.modelDegreesOfFreedom = data.modelDegreesOfFreedom;
    this.deviance = data.deviance;
    this.nullDeviance = data.nullDeviance;
    this.pearson = data.pearson;
    this.dispersion = data.dispersion;
    this.logLikelihood = data.logLikelihood;
    this.nullLogLikelihood = data.nullLogLikelihood;
    this.aic = data.aic;
    this.bic = data.bic;
    if (data.rSquared !== undefined) this.rSquared = data.rSquared;
    if (data.adjustedRSquared !== undefined) this.adjustedRSquared = data.adjustedRSquared;
    if (data.fTest !== undefined) this.fTest = data.fTest;
    this.pseudoR2 = data.pseudoR2;
    this.notes = data.notes;
  }

  /** For `JSON.stringify`: typed arrays as lists; what is not a number becomes null there. */
  toJSON(): Record<string, unknown> {
    const plain = (value: unknown): unknown => {
      if (value instanceof Float64Array) return Array.from(value);
      if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
    };
    return Object.fromEntries(Object.entries(this).map(([key, value]) => [key, plain(value)]));
  }

  /** A table for the console: one line a coefficient, then what describes the fit. */
  toString(): string {
    const { coefficients: c } = this;
    const percent = `${Number((100 * this.level).toFixed(2))} %`;
    const head = ["", "estimate", "std. error", c.distribution === "t" ? "t" : "z", "p", "lower", "upper"];
    const rows = Array.from(c.names, (name, j) => [
      name,
      figure(c.estimate[j]),
      figure(c.standardError[j]),
      (c.statistic[j] ?? NaN).toFixed(2),
      probability(c.pValue[j] ?? NaN),
      figure(c.lower[j]),
      figure(c.upper[j]),
    ]);
    const lines = [
      `${this.model}: ${this.family}, link ${this.link}${this.outcome === undefined ? "" : `, ${this.outcome}`}`,
      `${this.observations} observations, ${this.covarianceText()}, intervals of ${percent}`,
      "",
      ...aligned([head, ...rows]),
      "",
      ...aligned(this.figures()),
      ...this.notes.map((note) => `Note: ${note}`),
    ];
    return lines.map((line) => line.trimEnd()).join("\n");
  }

  /** @internal */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  private covarianceText(): string {
    if (this.covariance === "clustered") return `standard errors clustered in ${this.groups} groups`;
    return `${this.covariance === "classical" ? "classical" : `robust (${this.covariance})`} standard errors`;
  }

  private figures(): string[][] {
    const { pseudoR2, fTest } = this;
    const lines: [string, number | undefined][] = [
      ["R²", this.rSquared],
      ["adjusted R²", this.adjustedRSquared],
      ["deviance", this.deviance],
      ["null deviance", this.nullDeviance],
      ["dispersion", this.dispersion],
      ["residual degrees of freedom", this.residualDegreesOfFreedom],
      ["log-likelihood", this.logLikelihood],
      ["AIC", this.aic],
      ["BIC", this.bic],
      ...(this.rSquared === undefined
        ? ([
            ["explained deviance", pseudoR2.deviance],
            ["McFadden's R²", pseudoR2.mcFadden],
          ] as [string, number][])
        : []),
      ...(fTest
        ? ([
            [`F(${fTest.degreesOfFreedom.join(", ")})`, fTest.statistic],
            ["p of F", fTest.pValue],
          ] as [string, number][])
        : []),
    ];
    return lines.flatMap(([name, value]) =>
      value === undefined || Number.isNaN(value) ? [] : [[name, figure(value)]],
    );
  }
}

/** Six significant digits, without trailing zeros of exponents that read badly. */
function figure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "-";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e7 || size < 1e-4 ? value.toExponential(4) : String(Number(value.toPrecision(6)));
}

function probability(p: number): string {
  if (Number.isNaN(p)) return "-";
  return p < 1e-4 ? "<0.0001" : p.toFixed(4);
}

/** First cells to the left, others to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, j) => Math.max(...rows.map((row) => row[j]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, j) => (j === 0 ? cell.padEnd(widths[j] ?? 0) : cell.padStart(widths[j] ?? 0))).join("  "),
  );
}
