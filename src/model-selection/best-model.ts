import type { Rows } from "../estimator/table.js";
import { rowOptionsOf } from "./fold-side.js";
import { fitToHeld } from "./needed-columns.js";
import type { SearchPlan } from "./search-plan.js";
import type { TrialBook } from "./trial-book.js";
import type { TrialData } from "./trial-data.js";
import type { TargetInput, TrialEstimator } from "./trial-estimator.js";
import { withParams } from "./with-params.js";

/**
 * The model of a search's best trial: fitted to all rows with its parameters, or the trial's own where that is final.
 *
 * @param index the trial @param rows all columns, as the caller gave them
 */
export async function bestModel(
  plan: SearchPlan,
  book: TrialBook,
  index: number,
  estimator: TrialEstimator,
  rows: Rows,
  data: TrialData,
): Promise<TrialEstimator | undefined> {
  const page = book.at(index);
  if (!page) return undefined;
  if (plan.trainer.isFinal) {
    const before = page.folds[0];
    if (before?.model) return before.model;
    // Its model was not kept, or a journal knows its scores alone: it is trained again as it was.
    const again = { params: page.params, fold: 0, amount: page.amount, earlier: page.amounts, before };
    return (await plan.trainer.train(again)).model;
  }
  const best = withParams(estimator, { ...page.params, ...plan.refitParams?.(page.amount) });
  await fitToHeld(best, rows, data.X, data.y as TargetInput | undefined, {
    ...data.run,
    ...rowOptionsOf(data, undefined),
  });
  return best;
}
