import { FitError } from "../../src/base/errors.js";
import { Design } from "../../src/estimator/design.js";
import type { FoldStatistics } from "../../src/estimator/fold-statistics.js";
import type { MatrixInput, VectorInput } from "../../src/estimator/inputs.js";
import { COMOMENTS_STEP, mergeComoments, type Comoments } from "../../src/numeric/comoments.js";
import { subtractComoments } from "../../src/numeric/normal-system.js";

/** Fitted state that may hold the co-moments it was found from. */
export interface KeptMoments {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  readonly moments?: Comoments | undefined;
}

/**
 * Co-moments of the rows of two fits together (`sign` 1), or of the first without the second (-1).
 * @throws FitError when either kept none, their columns differ, or no rows are left
 */
export function combinedMoments(owner: string, a: KeptMoments, b: KeptMoments, sign: 1 | -1): Comoments {
  if (!a.moments || !b.moments) {
    throw new FitError(
      `${owner}: the ${a.moments ? "second" : "first"} model did not keep its co-moments. Fit both with keepMoments: true.`,
    );
  }
  if (a.nFeatures !== b.nFeatures)
    throw new FitError(
      `${owner}: the models saw ${a.nFeatures} and ${b.nFeatures} columns. Fit both on the same columns.`,
    );
  const other =
    a.featureNames && b.featureNames ? a.featureNames.findIndex((name, j) => name !== b.featureNames?.[j]) : -1;
  if (other >= 0) {
    throw new FitError(
      `${owner}: column ${other} is ${JSON.stringify(a.featureNames?.[other])} in one model and ${JSON.stringify(b.featureNames?.[other])} in the other. Fit both on the same columns.`,
    );
  }
  if (sign === 1) return mergeComoments(a.moments, b.moments);
  const rows = a.moments.rows - b.moments.rows;
  const weight = a.moments.weight - b.moments.weight;
  if (!(rows > 0) || !(weight > 1e-12 * a.moments.weight)) {
    throw new FitError(
      `${owner}: no rows are left: ${a.moments.rows} rows less ${b.moments.rows}. The second model's rows must be some of the first's.`,
    );
  }
  return subtractComoments(a.moments, b.moments);
}

/** The co-moments of some rows, with the columns that they are of. */
export interface FoldMoments {
  readonly columns: Pick<KeptMoments, "nFeatures" | "featureNames">;
  readonly moments: Comoments;
}

/**
 * Folds of a least squares fit: their co-moments.
 * @param mostColumns the solver for wider data does without the products of all pairs
 * @param fit sets the state from usable co-moments; false where they do not suffice
 */
export function foldMoments(
  owner: string,
  mostColumns: number,
  fit: (total: FoldMoments) => boolean,
): FoldStatistics<FoldMoments> {
  return {
    async of(X, y, options) {
      using design = Design.open(owner, X as MatrixInput, y as VectorInput, options);
      if (design.nFeatures > mostColumns)
        throw new FitError(`${owner}: ${design.nFeatures} columns are too many for the products of all pairs.`);
      const moments = await design.reduce<Comoments>(COMOMENTS_STEP, undefined, mergeComoments);
      return {
        columns: design.columns,
        moments,
      };
    },
    merge: (a, b) => ({ columns: a.columns, moments: mergeComoments(a.moments, b.moments) }),
    fitTo(total) {
      // NaN, infinities and missing weight are for the fit to name.
      const { scatter, weight } = total.moments;
      return weight > 0 && Number.isFinite(scatter.reduce((sum, value) => sum + value, 0)) && fit(total);
    },
  };
}
