import type { FitOptions } from "./design.js";
import type { LabelInput, VectorInput } from "./inputs.js";
import type { Rows } from "./table.js";

/**
 * A fit as sums over rows, for estimators whose fit is a function of such sums: the fits without each fold of
 * cross-validation then cost one scan of all rows together, as the sums of the other folds are merged and not the rows
 * read again.
 *
 * @typeParam S the sums
 */
export interface FoldStatistics<S = unknown> {
  /** The sums of some rows, in one pass. @throws DataError for rows that `fit` would refuse */
  of(X: Rows, y: LabelInput | VectorInput | undefined, options: FitOptions): Promise<S>;
  /** The sums of both; associative, exact up to rounding. */
  merge(a: S, b: S): S;
  /** Fits the estimator to the rows of these sums; false where the sums do not suffice, and `fit` has to see the rows. */
  fitTo(total: S): boolean;
}

/** An estimator that has {@link FoldStatistics}, undefined under parameters whose fit is not one pass of sums. */
export interface FoldFitting {
  readonly foldStatistics: FoldStatistics | undefined;
}

/** The statistics of an estimator that has them. */
export function foldStatisticsOf(estimator: unknown): FoldStatistics | undefined {
  return typeof estimator === "object" && estimator !== null && "foldStatistics" in estimator
    ? (estimator as FoldFitting).foldStatistics
    : undefined;
}

/** What {@link statisticsByMerge} needs of an estimator. */
interface Adding<E> {
  clone(): E;
  partialFit(X: never, y: never, options?: FitOptions): Promise<unknown>;
  adopt(fitted: E): void;
}

/** The statistics of an estimator whose fitted states merge without loss: each is a fitted estimator. */
export function statisticsByMerge<E extends Adding<E>>(estimator: E, merge: (a: E, b: E) => E): FoldStatistics<E> {
  return {
    async of(X, y, options) {
      const part = estimator.clone();
      await part.partialFit(X as never, y as never, options);
      return part;
    },
    merge,
    fitTo(total) {
      estimator.adopt(total);
      return true;
    },
  };
}
