import { DataError } from "../base/errors.js";
import type { FittedInput } from "./estimator.js";

/** What a fitted state records of the columns of X: their number, and their names where they have any. */
export function fittedColumns(nFeatures: number, names: readonly string[] | undefined): FittedInput {
  return { nFeatures, ...(names ? { featureNames: names } : {}) };
}

/** Names of the columns: the given ones, or x0, x1, ... */
export function namesOrNumbers(names: readonly string[] | undefined, width: number): readonly string[] {
  return names ?? Array.from({ length: width }, (_, j) => `x${j}`);
}

/** The columns of a fit; of a table also what each of them holds. */
type SeenColumns = FittedInput & { readonly kinds?: readonly string[] };

/** @throws DataError when two fits saw other columns, or columns of another kind */
export function requireSameColumns(owner: string, a: SeenColumns, b: SeenColumns): void {
  if (a.nFeatures !== b.nFeatures) {
    throw new DataError(
      `${owner}: one saw ${a.nFeatures} columns, the other ${b.nFeatures}. Merge what was fitted on the same columns.`,
    );
  }
  const other =
    a.featureNames && b.featureNames ? a.featureNames.findIndex((name, j) => name !== b.featureNames?.[j]) : -1;
  if (other >= 0) {
    throw new DataError(
      `${owner}: column ${other} is ${JSON.stringify(a.featureNames?.[other])} in one and ${JSON.stringify(b.featureNames?.[other])} in the other. Merge what was fitted on the same columns.`,
    );
  }
  const changed = a.kinds?.findIndex((kind, j) => kind !== b.kinds?.[j]) ?? -1;
  if (changed < 0) return;
  const column = namesOrNumbers(a.featureNames, a.nFeatures)[changed] ?? String(changed);
  throw new DataError(
    `${owner}: column ${JSON.stringify(column)} is ${a.kinds?.[changed]} in one and ${b.kinds?.[changed]} in the other. Cast it to one type before both fits.`,
    { details: { column } },
  );
}
