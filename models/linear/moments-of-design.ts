import { DataError, FitError } from "../../src/base/errors.js";
import type { Design } from "../../src/estimator/design.js";
import { COMOMENTS_STEP, mergeComoments, type Comoments } from "../../src/numeric/comoments.js";
import {
  FOLD_COMOMENTS_STEP,
  foldBounds,
  joinRowCounts,
  mergeFoldComoments,
  ROW_COUNT_STEP,
  type FoldComoments,
} from "../../src/numeric/fold-comoments.js";
import { noRows } from "../../src/estimator/no-rows.js";

/**
 * Co-moments of [X, y] in one pass.
 * @throws DataError for no rows, NaN or infinities; FitError when the weights are all zero or the sums overflow
 */
export async function momentsOfDesign(design: Design): Promise<Comoments> {
  const total = await design.reduce<Comoments>(COMOMENTS_STEP, undefined, mergeComoments);
  await assertUsable(design, total);
  return total;
}

async function assertUsable(design: Design, total: Comoments): Promise<void> {
  const { owner } = design;
  if (total.rows === 0) throw noRows(owner);
  if (!Number.isFinite(total.scatter.reduce((sum, value) => sum + value, 0))) {
    await design.assertFinite();
    throw new FitError(`${owner}: the sums of squares overflow. Scale X and y down first.`);
  }
  if (!(total.weight > 0))
    throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
}

/**
 * Co-moments of each of `folds` runs of consecutive rows, in one pass; the rows of the partitions are counted first, which
 * reads the source, and they are held for the pass.
 * @throws DataError as {@link momentsOfDesign}, and for fewer rows than folds; FitError when a fold has no weight
 */
export async function foldMomentsOfDesign(design: Design, folds: number): Promise<Comoments[]> {
  const { owner } = design;
  const counts = await design.holdAndReduce<Float64Array>(ROW_COUNT_STEP, undefined, joinRowCounts);
  const starts = new Float64Array(counts.length);
  for (let i = 1; i < counts.length; i++) starts[i] = (starts[i - 1] ?? 0) + (counts[i - 1] ?? 0);
  const rows = counts.reduce((sum, count) => sum + count, 0);
  if (rows === 0) throw noRows(owner);
  if (rows < folds)
    throw new DataError(
      `${owner}: X has ${rows} rows, fewer than cv = ${folds} folds. Pass a smaller cv or more rows.`,
    );
  const bounds = foldBounds(rows, folds);
  const parts = await design.reduce<FoldComoments>(FOLD_COMOMENTS_STEP, { starts, bounds }, mergeFoldComoments);
  const found = parts.map((part) => part as Comoments);
  await assertUsable(design, found.reduce(mergeComoments));
  const empty = found.findIndex((fold) => !(fold.weight > 0));
  if (empty >= 0) {
    throw new FitError(
      `${owner}: all sample weights of fold ${empty} (rows ${bounds[empty]} to ${(bounds[empty + 1] ?? 0) - 1}) are zero. Drop such rows or pass a smaller cv.`,
    );
  }
  return found;
}
