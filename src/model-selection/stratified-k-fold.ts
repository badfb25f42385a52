import { DataError, show } from "../base/errors.js";
import { CounterRng } from "../base/rng.js";
import {
  drawWithin,
  FoldSplitter,
  foldTable,
  RepeatedFoldSplitter,
  repeatedTable,
  type KFoldParams,
  type RepeatedKFoldParams,
} from "./k-fold.js";
import type { Split } from "./row-selection.js";
import type { SplitInput } from "./splitter.js";
import type { StratumCodes } from "./stratum-codes.js";

const TABLE = foldTable("StratifiedKFold");
const REPEATED = repeatedTable("RepeatedStratifiedKFold");

/**
 * k folds, each with every label of y in proportion. In the rows' order the folds are scikit-learn's; with `shuffle` as
 * many rows of each label are drawn, by a counter-based generator. One pass over y.
 *
 * Differs from scikit-learn: a label with fewer than `nSplits` rows is an error (there a warning), because it would be
 * missing from some fold.
 */
export class StratifiedKFold extends FoldSplitter {
  constructor(params: Partial<KFoldParams> = {}) {
    super(TABLE, params);
  }

  protected async splits(input: SplitInput): Promise<Split[]> {
    const { nSplits, shuffle } = this.params;
    this.requireRows(input.n, nSplits);
    const strata = await this.codesOf("y", input);
    const left = allocation(this.owner, strata, nSplits);
    if (shuffle) {
      const rng = new CounterRng(this.seed, "StratifiedKFold/0");
      return this.foldSplits(input, drawWithin(rng, input.n, strata.codes, left), nSplits);
    }
    const foldOf = new Int32Array(input.n);
    const next = strata.labels.map(() => 0);
    for (let i = 0; i < input.n; i++) {
      const code = strata.codes[i] as number;
      const sizes = left[code] as number[];
      while (sizes[next[code] as number] === 0) next[code] = (next[code] as number) + 1;
      const fold = next[code] as number;
      foldOf[i] = fold;
      sizes[fold] = (sizes[fold] as number) - 1;
    }
    return this.foldSplits(input, foldOf, nSplits);
  }
}

/** {@link StratifiedKFold} with `shuffle`, `nRepeats` times. The first repeat is StratifiedKFold's own. */
export class RepeatedStratifiedKFold extends RepeatedFoldSplitter {
  constructor(params: Partial<RepeatedKFoldParams> = {}) {
    super(REPEATED, params);
  }

  protected async splits(input: SplitInput): Promise<Split[]> {
    const { nSplits } = this.params;
    this.requireRows(input.n, nSplits);
    const strata = await this.codesOf("y", input);
    return this.repeated(input, "StratifiedKFold", (rng) =>
      drawWithin(rng, input.n, strata.codes, allocation(this.owner, strata, nSplits)),
    );
  }
}

/**
 * Rows of each label in each fold: with the rows sorted by label, every k-th belongs to a fold, so that labels and
 * folds
 * are both as even as can be.
 * @throws DataError for a label with fewer rows than folds
 */
function allocation(owner: string, { labels, codes }: StratumCodes, k: number): number[][] {
  const rows = labels.map(() => 0);
  for (const code of codes) rows[code] = (rows[code] as number) + 1;
  const rare = rows.findIndex((count) => count < k);
  if (rare >= 0) {
    throw new DataError(
      `${owner}: the label ${show(labels[rare])} has ${rows[rare]} rows, fewer than the ${k} folds. Lower nSplits, or leave out or join rare labels.`,
    );
  }
  let before = 0;
  return rows.map((count) => {
    const start = before;
    before += count;
    // Sorted places start to start + count - 1 that are fold mod k.
    return Array.from({ length: k }, (_, fold) => countBelow(start + count, fold, k) - countBelow(start, fold, k));
  });
}

function countBelow(end: number, fold: number, k: number): number {
  return Math.max(0, Math.ceil((end - fold) / k));
}
