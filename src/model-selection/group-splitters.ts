import { DataError } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import type { Split } from "./row-selection.js";
import { Splitter, type SplitInput } from "./splitter.js";
import type { StratumCodes } from "./stratum-codes.js";

/** Parameters of {@link GroupKFold} and {@link StratifiedGroupKFold}. */
export interface GroupKFoldParams {
  nSplits: number;
}

const table = (owner: string): ParamTable<GroupKFoldParams> =>
  new ParamTable<GroupKFoldParams>(owner, (z) =>
    z.object({ nSplits: z.int().min(2).default(5).describe("number of folds; at most the number of groups") }),
  );
const GROUP_TABLE = table("GroupKFold");
const STRATIFIED_TABLE = table("StratifiedGroupKFold");
const LEAVE_TABLE = new ParamTable<object>("LeaveOneGroupOut", (z) => z.object({}));

/**
 * k folds that keep groups whole: from the largest group down, each goes to the fold with the fewest rows. The folds
 * are
 * scikit-learn's; among groups of equal size the one of the larger label comes first. One pass over the groups.
 */
export class GroupKFold extends Splitter<GroupKFoldParams> {
  constructor(params: Partial<GroupKFoldParams> = {}) {
    super(GROUP_TABLE, params);
  }

  get nSplits(): number {
    return this.params.nSplits;
  }

  protected async splits(input: SplitInput): Promise<Split[]> {
    const { nSplits } = this.params;
    const groups = await this.codesOf("groups", input);
    requireGroups(this.owner, groups, nSplits);
    const sizes = countsOf(groups);
    const order = ascending(groups).sort((a, b) => (sizes[a] as number) - (sizes[b] as number));
    const load = new Array<number>(nSplits).fill(0);
    const foldOf = new Int32Array(groups.labels.length);
    for (const group of order.toReversed()) {
      const fold = load.indexOf(Math.min(...load));
      foldOf[group] = fold;
      load[fold] = (load[fold] as number) + (sizes[group] as number);
    }
    return this.foldSplits(
      input,
      Int32Array.from(groups.codes, (code) => foldOf[code] as number),
      nSplits,
    );
  }
}

/**
 * k folds that keep groups whole and spread the labels of y as evenly as that allows: groups with the most uneven
 * labels
 * first, each goes where the shares of the labels vary least over the folds. The folds are scikit-learn's without
 * shuffle.
 * One pass over y and one over the groups; time groups x folds² x labels.
 */
export class StratifiedGroupKFold extends Splitter<GroupKFoldParams> {
  constructor(params: Partial<GroupKFoldParams> = {}) {
    super(STRATIFIED_TABLE, params);
  }

  get nSplits(): number {
    return this.params.nSplits;
  }

  protected async splits(input: SplitInput): Promise<Split[]> {
    const { nSplits } = this.params;
    const groups = await this.codesOf("groups", input);
    const strata = await this.codesOf("y", input);
    requireGroups(this.owner, groups, nSplits);
    const rows = countsOf(strata);
    if (Math.max(...rows) < nSplits) {
      throw new DataError(`${this.owner}: every label has fewer rows than the ${nSplits} folds. Lower nSplits.`);
    }
    const labelOrder = ascending(strata);
    const groupOrder = ascending(groups);
    const places = labelOrder.map(() => 0);
    labelOrder.forEach((code, place) => {
      places[code] = place;
    });
    const counts = groups.labels.map(() => new Float64Array(rows.length));
    for (let i = 0; i < input.n; i++) {
      const own = counts[groups.codes[i] as number] as Float64Array;
      const label = places[strata.codes[i] as number] as number;
      own[label] = (own[label] as number) + 1;
    }
    const total = labelOrder.map((code) => rows[code] as number);
    const spread = counts.map(deviation);
    const order = groupOrder.sort((a, b) => (spread[b] as number) - (spread[a] as number));
    const folds = Array.from({ length: nSplits }, () => new Float64Array(rows.length));
    const foldOf = new Int32Array(counts.length);
    for (const group of order) {
      const own = counts[group] as Float64Array;
      const best = bestFold(folds, total, own);
      foldOf[group] = best;
      own.forEach((count, label) => {
        const fold = folds[best] as Float64Array;
        fold[label] = (fold[label] as number) + count;
      });
    }
    return this.foldSplits(
      input,
      Int32Array.from(groups.codes, (code) => foldOf[code] as number),
      nSplits,
    );
  }
}

/** One split a group, in ascending order: that group is tested, all others are trained on. One pass over the groups. */
export class LeaveOneGroupOut extends Splitter {
  constructor() {
    super(LEAVE_TABLE, {});
  }

  get nSplits(): undefined {
    return undefined;
  }

  protected async splits(input: SplitInput): Promise<Split[]> {
    const groups = await this.codesOf("groups", input);
    requireGroups(this.owner, groups, 2);
    const order = ascending(groups);
    const place = order.map(() => 0);
    order.forEach((code, at) => {
      place[code] = at;
    });
    return this.foldSplits(
      input,
      Int32Array.from(groups.codes, (code) => place[code] as number),
      order.length,
    );
  }
}

/** Codes in ascending order of their labels. */
export function ascending({ labels }: StratumCodes): number[] {
  return labels
    .map((_, code) => code)
    .sort((a, b) => {
      const [x, y] = [labels[a], labels[b]] as [string | number, string | number];
      return x < y ? -1 : x > y ? 1 : 0;
    });
}

function countsOf({ labels, codes }: StratumCodes): number[] {
  const counts = labels.map(() => 0);
  for (const code of codes) counts[code] = (counts[code] as number) + 1;
  return counts;
}

function requireGroups(owner: string, groups: StratumCodes, fewest: number): void {
  if (groups.labels.length < fewest) {
    throw new DataError(
      `${owner}: there are ${groups.labels.length} groups, but at least ${fewest} are needed. Lower nSplits, or pass other groups.`,
    );
  }
}

function deviation(values: ArrayLike<number>): number {
  const list = Array.from(values);
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  return Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length);
}

function bestFold(folds: readonly Float64Array[], total: readonly number[], own: Float64Array): number {
  let best = 0;
  let least = Infinity;
  let fewest = Infinity;
  folds.forEach((fold, k) => {
    const uneven =
      total.reduce((sum, all, label) => {
        const shares = folds.map(
          (other, j) => ((other[label] as number) + (j === k ? (own[label] as number) : 0)) / all,
        );
        return sum + deviation(shares);
      }, 0) / total.length;
    const rows = fold.reduce((sum, count) => sum + count, 0);
    // As near as numpy's isclose, so that rounding does not decide between equal folds.
    const close = Math.abs(uneven - least) <= 1e-8 + 1e-5 * Math.abs(least);
    if (uneven < least || (close && rows < fewest)) {
      best = k;
      least = uneven;
      fewest = rows;
    }
  });
  return best;
}
