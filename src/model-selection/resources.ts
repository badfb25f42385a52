import { DataError, throwIfAborted } from "../base/errors.js";
import { CounterRng, DEFAULT_SEED } from "../base/rng.js";
import type { Rows, TableInput } from "../estimator/table.js";
import { runFold, type FoldResult, type FoldSettings } from "./fold-runner.js";
import { rowOptionsOf } from "./fold-side.js";
import type { ParamSet } from "./parameter-sets.js";
import { setWhere, type RowSelection, type Split } from "./row-selection.js";
import { largestRemainder } from "./split-sizes.js";
import type { Splittable } from "./splittable.js";
import { stratumCodes, type StratumCodes } from "./stratum-codes.js";
import { isClassifier, type TargetInput, type TrialEstimator, type TrialMethods } from "./trial-estimator.js";
import { withParams } from "./with-params.js";

/** A trial's training on one fold. */
export interface Training {
  readonly params: ParamSet;
  readonly fold: number;
  /** What the model is to have had of the resource. */
  readonly amount: number;
  /** The amounts at which the trial was scored before, in order. */
  readonly earlier: readonly number[];
  /** What the fold gave at the last of them; its model may not be kept, and is then trained again from its start. */
  readonly before: FoldResult | undefined;
}

/** Trains the trials of a search to some amount of a resource. */
export interface Trainer {
  train(training: Training): Promise<FoldResult>;
  /** The trainings that can be done together have the same key; undefined for one that is done alone. */
  jointKey?(training: Pick<Training, "params" | "fold">): string | undefined;
  /** As `train` for several trainings of one key, in their order. */
  trainJointly?(trainings: readonly Training[]): Promise<FoldResult[]>;
  /** The candidates that share work on a fold have the same text. */
  sharing?(params: ParamSet): string;
  /** Lets go of what is kept between trainings. */
  release?(): void;
  /** True when models are trained on from where they were, so that they are worth keeping. */
  readonly continues: boolean;
  /** True when the best of them needs no refit. */
  readonly isFinal: boolean;
}

/**
 * A parameter of the estimator as the resource: each amount is a fit of its own, or, with a warm start, a fit that goes on
 * from the model before.
 */
export function paramTrainer(
  settings: FoldSettings,
  estimator: TrialEstimator,
  name: string,
  warmStart: boolean,
): Trainer {
  return {
    continues: warmStart,
    isFinal: false,
    train: async ({ params, amount, fold, earlier, before }) => {
      const { train, test } = settings.data.splits[fold] as Split;
      if (!warmStart) return runFold(settings, withParams(estimator, { ...params, [name]: amount }), train, test);
      const warm = { [warmStartOf(name)]: true };
      const model = before?.model ?? withParams(estimator, { ...params, ...warm });
      const steps = before?.model ? [amount] : [...earlier, amount];
      return runFold(settings, model, train, test, async (one, X, y, options) => {
        for (const step of steps) {
          one.setParams({ [name]: step });
          await one.fit(X, y, options);
        }
      });
    },
  };
}

/** The parameter that makes the fits of the resource's own estimator go on: of the same step of a pipeline. */
export function warmStartOf(resource: string): string {
  return [...resource.split("__").slice(0, -1), "warmStart"].join("__");
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
    isFinal: false,
    train: async ({ params, amount, fold }) => {
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
 * Calls of `partialFit` as the resource: each sees the train rows of one partition, in an order drawn anew each round.
 */
export async function callsTrainer(
  settings: FoldSettings,
  estimator: TrialEstimator,
  randomState: number | undefined,
): Promise<Trainer> {
  const { data } = settings;
  const call = await blockCalls(settings, estimator, randomState);
  const calls = new WeakMap<TrialEstimator, number>();
  return {
    continues: true,
    isFinal: true,
    train: async ({ params, amount, fold, before }) => {
      const { train, test } = data.splits[fold] as Split;
      const model = before?.model ?? withParams(estimator, params);
      return runFold(settings, model, train, test, async () => {
        for (let k = calls.get(model) ?? 0; k < amount; k++) {
          await call(model, fold, k);
          calls.set(model, k + 1);
        }
      });
    },
  };
}

/**
 * Seconds in `partialFit` as the resource: calls until the time is used up, at least one. What a trial gets depends on the
 * machine and what else it does; the calls are kept, so that a model can be trained again as it was.
 */
export async function secondsTrainer(
  settings: FoldSettings,
  estimator: TrialEstimator,
  randomState: number | undefined,
): Promise<Trainer> {
  const { data } = settings;
  const call = await blockCalls(settings, estimator, randomState);
  return {
    continues: true,
    isFinal: true,
    train: async ({ params, amount, fold, earlier, before }) => {
      const { train, test } = data.splits[fold] as Split;
      const model = before?.model ?? withParams(estimator, params);
      let spent = before?.spent ?? 0;
      // The best of a search is trained again to the very calls it had; others go on for the rest of their time.
      const isAgain = earlier.at(-1) === amount;
      const result = await runFold(settings, model, train, test, async () => {
        if (!before?.model) for (let k = 0; k < spent; k++) await call(model, fold, k);
        if (isAgain) return;
        const until = performance.now() + 1000 * (amount - (earlier.at(-1) ?? 0));
        do await call(model, fold, spent++);
        while (performance.now() < until);
      });
      return { ...result, spent };
    },
  };
}

/** Call number k of `partialFit` on a fold: the train rows of one partition. */
async function blockCalls(
  settings: FoldSettings,
  estimator: TrialEstimator,
  randomState: number | undefined,
): Promise<(model: TrialEstimator, fold: number, call: number) => Promise<void>> {
  const { data, owner } = settings;
  // A block need not have every label, and a model learns of its classes at the first.
  const labelled = isClassifier(estimator) && data.y !== undefined;
  const classes = labelled ? { classes: (await stratumCodes(owner, "y", data.y, data.run)).labels } : {};
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
  return async (model, fold, call) => {
    throwIfAborted(data.run.signal, owner);
    const own = blocks[fold] as RowSelection[];
    const round = Math.floor(call / own.length);
    const rows = own[orderOf(round, own.length)[call % own.length] as number] as RowSelection;
    const target = data.y === undefined ? undefined : (rows.take(data.y as Splittable) as TargetInput);
    await (model as TrialMethods).partialFit?.(rows.take(data.X) as TableInput, target, {
      ...data.run,
      ...rowOptionsOf(data, rows),
      ...classes,
    });
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
