import { FitError } from "../../src/base/errors.js";
import { mergeComoments, type Comoments } from "../../src/numeric/comoments.js";
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
