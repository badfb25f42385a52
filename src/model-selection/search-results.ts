import type { FoldResult } from "./fold-runner.js";
import type { ParamSet } from "./parameter-sets.js";

/** A table of trials: a column is a list with one entry a trial. */
export interface SearchResults {
  readonly params: readonly ParamSet[];
  /** Message of a trial's first error; undefined where there was none. */
  readonly error: readonly (string | undefined)[];
  readonly [column: string]: ArrayLike<unknown>;
}

/** One trial: its parameters and what its folds gave; a missing fold was not run. */
export interface Trial {
  readonly params: ParamSet;
  readonly folds: readonly (FoldResult | undefined)[];
  /** Why folds are missing. */
  readonly skipped?: string | undefined;
}

/**
 * The columns that scikit-learn has, by its names: `params`, `param_<name>`, `mean_fit_time`, `std_fit_time`,
 * `mean_score_time`, `std_score_time`, and for each scorer `split<k>_test_<scorer>`, `mean_test_<scorer>`,
 * `std_test_<scorer>`, `rank_test_<scorer>` (and `_train_` where asked for); and `error`. NaN where a fold failed or
 * was
 * not run; such trials rank last.
 */
export function resultTable(
  trials: readonly Trial[],
  scorers: readonly string[],
  splits: number,
  train: boolean,
): SearchResults {
  const columns: Record<string, ArrayLike<unknown>> = {
    params: trials.map((trial) => trial.params),
    error: trials.map((trial) => trial.folds.find((fold) => fold?.error)?.error?.message ?? trial.skipped),
  };
  const names = [...new Set(trials.flatMap((trial) => Object.keys(trial.params)))].sort();
  for (const name of names) columns[`param_${name}`] = trials.map((trial) => trial.params[name]);
  for (const [column, of] of [
    ["fit_time", "fitTime"],
    ["score_time", "scoreTime"],
  ] as const) {
    addMoments(
      columns,
      column,
      trials.map((trial) => trial.folds.map((fold) => fold?.[of] ?? NaN)),
    );
  }
  for (const scorer of scorers) {
    for (const side of train ? (["test", "train"] as const) : (["test"] as const)) {
      const scores = trials.map((trial) =>
        Array.from(
          { length: splits },
          (_, k) => trial.folds[k]?.[side === "test" ? "testScores" : "trainScores"]?.[scorer] ?? NaN,
        ),
      );
      for (let k = 0; k < splits; k++)
        columns[`split${k}_${side}_${scorer}`] = Float64Array.from(scores, (row) => row[k] as number);
      const mean = addMoments(columns, `${side}_${scorer}`, scores);
      if (side === "test") columns[`rank_test_${scorer}`] = ranks(mean);
    }
  }
  return columns as unknown as SearchResults;
}

/** 1 for the greatest; equal values share the best rank of them, NaN the last. */
export function ranks(values: ArrayLike<number>): Int32Array {
  return Int32Array.from({ length: values.length }, (_, i) => {
    const own = values[i] as number;
    let above = 0;
    for (let j = 0; j < values.length; j++) {
      const other = values[j] as number;
      if (Number.isNaN(own) ? !Number.isNaN(other) : other > own) above++;
    }
    return above + 1;
  });
}

function addMoments(
  columns: Record<string, ArrayLike<unknown>>,
  name: string,
  rows: readonly (readonly number[])[],
): Float64Array {
  const mean = Float64Array.from(rows, (row) => row.reduce((sum, value) => sum + value, 0) / row.length);
  columns[`mean_${name}`] = mean;
  columns[`std_${name}`] = Float64Array.from(rows, (row, i) =>
    Math.sqrt(row.reduce((sum, value) => sum + (value - (mean[i] as number)) ** 2, 0) / row.length),
  );
  return mean;
}
