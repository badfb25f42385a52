import type { Plain } from "../../src/base/plain.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { BoostData } from "./boost-data.js";
import { joinWatched, type ReadyMetric, type WatchedRows } from "./eval-metrics.js";
import type { Objective } from "./objectives.js";
import { DerivedRounds } from "./round-starts.js";
import type { FinishedTree } from "./round-tasks.js";

/** Scores by set and metric: one before the first round, and one after each. */
export type EvalsResult = Readonly<Record<string, Readonly<Record<string, Float64Array>>>>;

/** Rows beside those trained on that move with the trees, to be measured. */
export interface EvalRows {
  readonly name: string;
  readonly data: BoostData;
  readonly rows: number;
  /** Weight of its rows. */
  readonly weight: number;
}

/** What {@link RoundWatch} is made of. */
export interface WatchProblem {
  readonly owner: string;
  readonly objective: Objective;
  readonly metrics: readonly ReadyMetric[];
  readonly sets: readonly EvalRows[];
  /** The fit's own rows, measured where there are no sets: those held out, or all. */
  readonly own: { readonly data: BoostData; readonly held: boolean };
}

/** Measures sets after each round. The first metric on the first set is what a fit stops by. */
export class RoundWatch {
  readonly #problem: WatchProblem;
  readonly #starters: readonly DerivedRounds[];
  readonly #scores = new Map<string, Map<string, number[]>>();

  constructor(problem: WatchProblem, before: EvalsResult = {}) {
    this.#problem = problem;
    const { owner, objective, sets } = problem;
    this.#starters = sets.map(({ data, rows }) => new DerivedRounds(owner, data, objective, rows));
    for (const [set, metrics] of Object.entries(before))
      this.#scores.set(set, new Map(Object.entries(metrics).map(([name, scores]) => [name, Array.from(scores)])));
  }

  /** Scores so far. */
  get result(): EvalsResult {
    const list = (metrics: Map<string, number[]>): Record<string, Float64Array> =>
      Object.fromEntries([...metrics].map(([name, scores]) => [name, Float64Array.from(scores)]));
    return Object.fromEntries([...this.#scores].map(([set, metrics]) => [set, list(metrics)]));
  }

  /** Moves the sets by the last round's trees and measures them. `ownLoss` is the mean loss, negated, of the fit's own rows. */
  async measure(moves: readonly FinishedTree[], ownLoss: number): Promise<number> {
    const { sets, own } = this.#problem;
    if (sets.length === 0) return this.#take("validation", own.data, own.held, ownLoss);
    let first = NaN;
    for (const [k, { name, data, weight }] of sets.entries()) {
      const { loss } = await (this.#starters[k] as DerivedRounds).begin({ moves, last: true });
      const score = await this.#take(name, data, true, -loss.held / weight + 0);
      if (k === 0) first = score;
    }
    return first;
  }

  async #take(set: string, data: BoostData, held: boolean, loss: number): Promise<number> {
    const { metrics } = this.#problem;
    const step = fnRef(new URL("./eval-metrics.js", import.meta.url).href, "gatherStep");
    const rows = metrics.some(({ score }) => score)
      ? await data.reduce<WatchedRows>(step, { held } as Plain, joinWatched)
      : undefined;
    const own = this.#scores.get(set) ?? new Map<string, number[]>();
    this.#scores.set(set, own);
    let first: number | undefined;
    for (const { name, score } of metrics) {
      const value = score && rows ? await score(rows) : loss;
      own.set(name, [...(own.get(name) ?? []), value]);
      first ??= value;
    }
    return first ?? NaN;
  }
}
