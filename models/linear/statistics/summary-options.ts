import { ParameterError, show } from "../../../src/base/errors.js";
import type { FitOptions } from "../../../src/estimator/design.js";
import { codeLabels } from "../../../src/estimator/labels.js";
import type { LabelInput, VectorInput } from "../../../src/estimator/inputs.js";
import type { CovarianceKind } from "./model-summary.js";

/** Options of every `summary`. */
export interface SummaryOptions extends FitOptions {
  /** Coverage of the confidence intervals; 0.95 unless given. */
  readonly level?: number;
  /**
   * How the covariance of the coefficients is estimated; "classical" unless given. HC0 to HC3 (MacKinnon and White 1985) hold
   * where the variance is not what the family says, "clustered" where rows of a group depend on each other as well.
   */
  readonly covariance?: CovarianceKind;
  /** The group of each row, for "clustered": numbers or text, cut like X. */
  readonly groups?: LabelInput;
  /**
   * What `sampleWeight` means: "frequency" (unless given): so many equal rows; "variance": the precision of one row, its
   * variance is the dispersion over it (binomial: the number of its trials).
   */
  readonly weights?: "frequency" | "variance";
  /**
   * The dispersion: "auto" (unless given) is 1 for binomial, Poisson and negative binomial and Pearson's χ² over the residual
   * degrees of freedom for others; "pearson" or "deviance" estimate it for any family (quasi-likelihood); a number is taken.
   */
  readonly dispersion?: "auto" | "pearson" | "deviance" | number;
}

/** Options as they are used. */
export interface CheckedSummaryOptions {
  readonly level: number;
  readonly covariance: CovarianceKind;
  readonly groups: VectorInput | undefined;
  readonly counts: boolean;
  readonly dispersion: "auto" | "pearson" | "deviance" | number;
}

const kinds: readonly CovarianceKind[] = ["classical", "HC0", "HC1", "HC2", "HC3", "clustered"];

/** @throws ParameterError for a value that an option cannot have */
export async function checkSummaryOptions(owner: string, options: SummaryOptions): Promise<CheckedSummaryOptions> {
  const { level = 0.95, covariance = "classical", groups, weights = "frequency", dispersion = "auto" } = options;
  if (!(level > 0 && level < 1))
    throw new ParameterError(`${owner}: level must be above 0 and below 1; got ${show(level)}. Pass 0.95 for 95 %.`);
  if (!kinds.includes(covariance))
    throw new ParameterError(`${owner}: covariance must be one of ${kinds.join(", ")}; got ${show(covariance)}.`);
  if (covariance === "clustered" && groups === undefined)
    throw new ParameterError(`${owner}: covariance "clustered" needs groups. Pass the group of each row.`);
  if (covariance !== "clustered" && groups !== undefined)
    throw new ParameterError(`${owner}: groups are for covariance "clustered"; got ${show(covariance)}. Change one.`);
  if (weights !== "frequency" && weights !== "variance")
    throw new ParameterError(`${owner}: weights must be "frequency" or "variance"; got ${show(weights)}.`);
  if (
    dispersion !== "auto" &&
    dispersion !== "pearson" &&
    dispersion !== "deviance" &&
    !(typeof dispersion === "number" && dispersion > 0 && Number.isFinite(dispersion))
  ) {
    throw new ParameterError(
      `${owner}: dispersion must be "auto", "pearson", "deviance" or a number above 0; got ${show(dispersion)}.`,
    );
  }
  const coded = groups === undefined ? undefined : await codeLabels(`${owner}: groups`, groups, options);
  return { level, covariance, groups: coded?.values, counts: weights === "frequency", dispersion };
}
