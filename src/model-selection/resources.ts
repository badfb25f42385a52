import { DataError } from "../base/errors.js";
import { CounterRng, DEFAULT_SEED } from "../base/rng.js";
import type { FitOptions } from "../estimator/design.js";
import type { Rows, TableInput } from "../estimator/table.js";
import { withParams } from "./base-search.js";
import { runFold, type FoldResult, type FoldSettings } from "./fold-runner.js";
import type { ParamSet } from "./parameter-sets.js";
import { setWhere, type RowSelection, type Split } from "./row-selection.js";
import { largestRemainder } from "./split-sizes.js";
import type { Splittable } from "./splittable.js";
import { stratumCodes, type StratumCodes } from "./stratum-codes.js";
import { isClassifier, type TargetInput, type TrialEstimator, type TrialMethods } from "./trial-estimator.js";

/** Trains the trials of a search to some amount of a resource. */
export interface Trainer {
  /**
   * Trains until the model has had `amount`, and scores it.
   * @param before the fold's model so far, where there is one
   */
  train(params: ParamSet, amount: number, fold: number, before: FoldResult | undefined): Promise<FoldResult>;
  /** True when models go on where they were, so that the best of them needs no refit. */
  readonly continues: boolean;
}

/** A parameter of the estimator as the resource: each amount is a fit of its own. */
export function paramTrainer(settings: FoldSettings, estimator: TrialEstimator, name: string): Trainer {
  return {
    continues: false,
    train: async (params, amount, fold) => {
      const { train, test } = settings.data.splits[fold] as Split;
      return runFold(settings, withParams(estimator, { ...params, [name]: amount }), train, test);
    },
  };
}

/**
 * Train rows as the resource: `most` stands for all of a fold's; smaller amounts are drawn, by label for classifiers.
 */
export async function rowsTrainer(
  settings: FoldSettings,
  estimator: TrialEstimator,
  most: number,
  randomState: number | undefined,
): Promise<Trainer> {
  const { data, owner } = settings;
  const strata =
    isClassifier(estimator) && data.y !== undefined ? await stratumCodes(owner, "y", data.y, data.run) : undefined;
  const rng = new CounterRng(randomState ?? DEFAULT_SEED, "nSamples");
  // Trials of one amount share their rows.
  const parts = new Map<string, RowSelection>();
  return {
    continues: false,
    train: async (params, amount, fold) => {
      const { train, test } = data.splits[fold] as Split;
      const size = Math.max(1, Math.min(train.size, Math.round((train.size * amount) / most)));
      const key = `${fold}/${size}`;
      const rows = parts.get(key) ?? drawnRows(owner, train, size, rng, strata);
      parts.set(key, rows);
      return runFold(settings, withParams(estimator, params), rows, test);
    },
  };
}

/**
 * Calls of `partialFit` as the resource: each sees the train rows of one partition, in an order drawn anew each
 * round.
 */
export function callsTrainer(
  settings: FoldSettings,
  estimator: TrialEstimator,
  randomState: number | undefined,
): Trainer {
  const { data, owner } = settings;
  const rng = new CounterRng(randomState ?? DEFAULT_SEED, "partialFit");
  const blocks = data.splits.map(({ train }) => blocksOf(owner, data.X, train));
  const orders = new Map<number, number[]>();
  const orderOf = (round: number, count: number): number[] => {
    const known = orders.get(round * 1e6 + count);
    if (known) return known;
    const order = Array.from({ length: count }, (_, k) => [rng.uniform(k, round), k] as const)
      .sort((a, b) => a[0] - b[0])
      .map(([, k]) => k);
    orders.set(round * 1e6 + count, order);
    return order;
  };
  const calls = new WeakMap<TrialEstimator, number>();
  return {
    continues: true,
    train: async (params, amount, fold, before) => {
      const { train, test } = data.splits[fold] as Split;
      const model = before?.model ?? withParams(estimator, params);
      const own = blocks[fold] as RowSelection[];
      return runFold(settings, model, train, test, async () => {
        for (let call = calls.get(model) ?? 0; call < amount; call++) {
          const round = Math.floor(call / own.length);
          const rows = own[orderOf(round, own.length)[call % own.length] as number] as RowSelection;
          const weight =
            data.sampleWeight === undefined
              ? {}
              : { sampleWeight: rows.take(data.sampleWeight) as NonNullable<FitOptions["sampleWeight"]> };
          const target = data.y === undefined ? undefined : (rows.take(data.y as Splittable) as TargetInput);
          await (model as TrialMethods).partialFit?.(rows.take(data.X) as TableInput, target, {
            ...data.run,
            ...weight,
          });
          calls.set(model, call + 1);
        }
      });
    },
  };
}

function blocksOf(owner: string, X: Rows, train: RowSelection): RowSelection[] {
  const cut = X.partitionRows ?? [train.rows];
  const rows = train.toIndices();
  const blocks: RowSelection[] = [];
  let start = 0;
  let at = 0;
  for (const count of cut) {
    const end = start + count;
    const first = at;
    while (at < rows.length && (rows[at] as number) < end) at++;
    if (at > first) {
      const own = new Set(rows.slice(first, at));
      blocks.push(train.with(owner, own.size, () => setWhere(train.rows, (row) => own.has(row))));
    }
    start = end;
  }
  if (blocks.length === 0) throw new DataError(`${owner}: a split has no rows to train on. Use other folds.`);
  return blocks;
}

function drawnRows(
  owner: string,
  train: RowSelection,
  size: number,
  rng: CounterRng,
  strata: StratumCodes | undefined,
): RowSelection {
  if (size >= train.size) return train;
  return train.with(owner, size, () => {
    const rows = train.toIndices();
    const groups = new Map<number, number[]>();
    for (const row of rows) {
      const code = strata?.codes[row] ?? 0;
      const group = groups.get(code);
      if (group) group.push(row);
      else groups.set(code, [row]);
    }
    const lists = [...groups].sort((a, b) => a[0] - b[0]).map(([, list]) => list);
    const quotas = largestRemainder(
      lists.map((list) => list.length),
      size,
    );
    const kept = new Set(
      lists.flatMap((list, g) =>
        list
          .map((row) => [rng.uniform(row), row] as const)
          .sort((a, b) => a[0] - b[0] || a[1] - b[1])
          .slice(0, quotas[g])
          .map(([, row]) => row),
      ),
    );
    return setWhere(train.rows, (row) => kept.has(row));
  });
}
