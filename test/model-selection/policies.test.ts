import { describe, expect, it } from "vitest";
import { AshaPolicy } from "#src/model-selection/asha-policy.js";
import { BracketPolicy } from "#src/model-selection/bracket-policy.js";
import { decayRungs, hyperbandBrackets } from "#src/model-selection/budget-table.js";
import { hasFallenBehind, hasPlateaued } from "#src/model-selection/stopping-rules.js";
import {
  byScore,
  type PolicyProgress,
  type TrialPolicy,
  type TrialUnit,
  type UnitOutcome,
} from "#src/model-selection/trial-policy.js";
import { runTrials, type FinishedUnits } from "#src/model-selection/trial-runner.js";
import { simulate } from "#src/testing/simulate-search.js";

const sets = (n: number): { x: number }[] => Array.from({ length: n }, (_, x) => ({ x }));

/** Runs a policy whose unit (trial, amount) scores `score`, and returns the units in the order of their starts. */
async function run(
  policy: TrialPolicy,
  score: (unit: TrialUnit) => number,
  limit = 1,
  finished?: FinishedUnits<number>,
): Promise<TrialUnit[]> {
  const units: TrialUnit[] = [];
  await runTrials<number>(policy, {
    limit,
    isOver: () => false,
    run: async (unit) => {
      units.push(unit);
      await Promise.resolve();
      return score(unit);
    },
    outcomeOf: (_unit, value) => ({ score: value, failed: Number.isNaN(value) }),
    onResult: () => undefined,
    ...(finished ? { finished } : {}),
  });
  return units;
}

describe("BracketPolicy", () => {
  it("spends exactly what Hyperband's table says, with any number of trials at a time", async () => {
    const brackets = hyperbandBrackets(27, 3);
    const all = brackets.map(({ rungs }) => sets(rungs[0]?.models ?? 0));
    const counted = async (limit: number): Promise<number> => {
      const had = new Map<number, number>();
      let calls = 0;
      for (const { trial, amount } of await run(
        new BracketPolicy(brackets, all),
        ({ trial: t }) => (t * 7) % 11,
        limit,
      )) {
        calls += amount - (had.get(trial) ?? 0);
        had.set(trial, amount);
      }
      return calls;
    };
    expect(await counted(1)).toBe(357);
    expect(await counted(5)).toBe(357);
  });

  it("starts trials with better scores first, and new ones only when no scored one is ready", async () => {
    const rungs = [
      { models: 3, resource: 1 },
      { models: 2, resource: 3 },
    ];
    const two = [
      { bracket: 1, rungs },
      { bracket: 0, rungs: [{ models: 1, resource: 3 }] },
    ];
    const units = await run(new BracketPolicy(two, [sets(3), sets(1)]), ({ trial }) => trial);
    expect(units.map(({ trial, amount }) => [trial, amount])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
      [2, 3],
      [1, 3],
      [3, 3],
    ]);
  });

  it("drops failed trials, and trains no further what has reached a plateau", async () => {
    const brackets = [{ bracket: 0, rungs: [{ models: 3, resource: 8 }] }];
    const policy = new BracketPolicy(brackets, [sets(3)], { scoreEvery: 1, patience: 3, tol: 0.01 });
    const units = await run(policy, ({ trial, amount }) => [amount, 0.5, NaN][trial] as number);
    const most = (trial: number): number =>
      Math.max(...units.filter((unit) => unit.trial === trial).map((u) => u.amount));
    expect([most(0), most(1), most(2)]).toEqual([8, 3, 1]);
    expect(policy.progress).toEqual({ done: 24, total: 24 });
  });

  it("stops by the median of the others where that is asked for", async () => {
    const brackets = [{ bracket: 0, rungs: [{ models: 5, resource: 4 }] }];
    const policy = new BracketPolicy(brackets, [sets(5)], { scoreEvery: 1, medianStopping: true });
    const units = await run(policy, ({ trial }) => [4, 3, 2, 1, 5][trial] as number);
    // Until three others are there nothing is stopped; the fourth is below their median at once.
    expect(units.filter(({ trial }) => trial === 3).length).toBe(1);
    expect(units.filter(({ trial }) => trial === 4).length).toBe(4);
  });
});

describe("stopping rules", () => {
  const at = (...scores: number[]): { amount: number; score: number }[] =>
    scores.map((score, k) => ({ amount: k + 1, score }));

  it("find a plateau where Dask-ML does", () => {
    expect(hasPlateaued(at(0.5), 2, 0)).toBe(false);
    expect(hasPlateaued(at(0.5, 0.5, 0.5), 2, 0)).toBe(true);
    expect(hasPlateaued(at(0.5, 0.6, 0.7), 2, 0.05)).toBe(false);
    expect(hasPlateaued(at(0.1, 0.7, 0.7005, 0.7004), 2, 1e-3)).toBe(true);
  });

  it("compare the best so far with the median of means", () => {
    const others = [at(1, 1, 1), at(2, 2, 2), at(3, 3, 3)];
    expect(hasFallenBehind(at(1.9), others)).toBe(true);
    expect(hasFallenBehind(at(2), others)).toBe(false);
    expect(hasFallenBehind(at(0), others.slice(1))).toBe(false);
  });

  it("decay as Dask-ML's instructions do", () => {
    // From InverseDecaySearchCV._additional_calls with 100 models: (models, calls) after each adaption.
    expect(decayRungs(20, 1, 100).slice(0, 4)).toEqual([
      { models: 20, resource: 1 },
      { models: 5, resource: 2 },
      { models: 4, resource: 3 },
      { models: 3, resource: 4 },
    ]);
    expect(decayRungs(1, 1, 100)).toEqual([{ models: 1, resource: 1 }]);
  });
});

describe("runTrials", () => {
  it("tells a resumed policy results in the order in which they first came, and runs only the rest", async () => {
    const size = { trials: 30, minimum: 1, maximum: 27, eta: 3 };
    const score = ({ trial, amount }: TrialUnit): number => ((trial * 37) % 30) + amount / 100;
    const whole = simulate(new AshaPolicy(size, (x) => ({ x })), { workers: 4, score, seed: 3 });
    const key = ({ trial, amount }: TrialUnit): string => `${trial}/${amount}`;
    // Killed after so many results: what was under way is lost.
    for (const cut of [0, 7, 20, whole.finished.length]) {
      const known = new Map(
        whole.finished.slice(0, cut).map((unit, order) => [key(unit), { result: score(unit), order }]),
      );
      const ran: TrialUnit[] = [];
      const policy = new AshaPolicy(size, (x) => ({ x }));
      const seen: string[] = [];
      await runTrials<number>(policy, {
        limit: 4,
        isOver: () => false,
        run: async (unit) => {
          ran.push(unit);
          await Promise.resolve();
          return score(unit);
        },
        outcomeOf: (_unit, value) => ({ score: value, failed: false }),
        onResult: (unit) => seen.push(key(unit)),
        finished: { find: (unit) => known.get(key(unit)), add: () => undefined },
      });
      expect(seen.slice(0, cut)).toEqual(whole.finished.slice(0, cut).map(key));
      expect(ran.every((unit) => !known.has(key(unit)))).toBe(true);
      expect(new Set(seen).size).toBe(seen.length);
    }
  });

  it("promotes as plain lists would that are sorted anew each time", () => {
    const size = { trials: 300, minimum: 1, maximum: 64, eta: 4 };
    const options = {
      workers: 64,
      // Scores that are equal, missing and infinite; ranks change from rung to rung.
      score: ({ trial, amount }: TrialUnit): number =>
        trial % 11 === 0 ? NaN : trial % 37 === 5 ? -Infinity : ((trial * 7919 + amount * 31) % 23) / 23,
      seed: 5,
      straggle: 1,
      drop: 0.01,
    };
    const plain = new PlainAsha(size);
    const fast = new AshaPolicy(size, (x) => ({ x }));
    expect(simulate(fast, options).finished).toEqual(simulate(plain, options).finished);
    const trials = Array.from({ length: size.trials }, (_, k) => k);
    expect(trials.map((k) => fast.competes(k))).toEqual(trials.map((k) => plain.competes(k)));
    expect(fast.progress.done).toBe(fast.progress.total);
  });

  it("ends what is under way before it throws, and reports what had a result", async () => {
    const brackets = [{ bracket: 0, rungs: [{ models: 4, resource: 1 }] }];
    const reported: number[] = [];
    const ended: number[] = [];
    const result = runTrials<number>(new BracketPolicy(brackets, [sets(4)]), {
      limit: 2,
      isOver: () => false,
      run: async ({ trial }) => {
        await Promise.resolve();
        if (trial === 1) throw new Error("trial 1");
        await new Promise((resolve) => setImmediate(resolve));
        ended.push(trial);
        return trial;
      },
      outcomeOf: (_unit, score) => ({ score, failed: false }),
      onResult: ({ trial }) => reported.push(trial),
    });
    await expect(result).rejects.toThrow("trial 1");
    expect(ended).toEqual([0]);
    expect(reported).toEqual([0]);
  });
});

describe("ASHA in a simulation", () => {
  const R = 256;
  const size = { minimum: 1, maximum: R, eta: 4 };
  const score = ({ trial, amount }: TrialUnit): number => ((trial * 7919) % 1009) / 1009 + Math.log(amount) / 1000;

  it("trains a constant number of trials to the end per worker: it scales linearly", () => {
    const ended = (workers: number): number => {
      const policy = new AshaPolicy({ ...size, trials: 1e6 }, (x) => ({ x }));
      const { finished } = simulate(policy, { workers, score, seed: 1, straggle: 0.56, until: 10 * R });
      return finished.length;
    };
    const one = ended(1);
    for (const workers of [4, 16]) expect(ended(workers) / (workers * one)).toBeGreaterThan(0.9);
  });

  it("trains more trials to the end than halving that waits, the more so the more trials straggle", () => {
    const counts = (straggle: number): [asha: number, halving: number] => {
      const options = { workers: 25, score, seed: 2, straggle, drop: 0.001, until: 2 * R };
      const toEnd = (units: readonly TrialUnit[]): number => units.filter(({ amount }) => amount === R).length;
      const asha = new AshaPolicy({ ...size, trials: 1e6 }, (x) => ({ x }));
      const rungs = [256, 64, 16, 4, 1].map((models, k) => ({ models, resource: 4 ** k }));
      const brackets = Array.from({ length: 12 }, (_, bracket) => ({ bracket, rungs }));
      const halving = new BracketPolicy(
        brackets,
        brackets.map(() => sets(256)),
      );
      return [toEnd(simulate(asha, options).finished), toEnd(simulate(halving, options).finished)];
    };
    const [asha, halving] = counts(1.33);
    expect(asha).toBeGreaterThan(halving);
    expect(counts(0)[0]).toBeGreaterThanOrEqual(asha);
  });
});

/** {@link AshaPolicy} without a thought of time. */
class PlainAsha implements TrialPolicy {
  readonly #amounts: number[] = [];
  readonly #trials: { trial: number; rung: number; score: number; running: boolean }[] = [];
  readonly #finished: { trial: number; score: number; promoted: boolean }[][];

  constructor(readonly size: { trials: number; minimum: number; maximum: number; eta: number }) {
    for (let amount = size.minimum; amount <= size.maximum; amount *= size.eta) this.#amounts.push(amount);
    this.#finished = this.#amounts.map(() => []);
  }

  next(): TrialUnit | "wait" | undefined {
    for (let rung = this.#amounts.length - 2; rung >= 0; rung--) {
      const all = (this.#finished[rung] ?? []).toSorted(byScore);
      const best = all.find(({ promoted, score }) => !promoted && !Number.isNaN(score));
      if (!best || all.indexOf(best) >= Math.floor(all.length / this.size.eta)) continue;
      best.promoted = true;
      return this.#start(best.trial, rung + 1);
    }
    if (this.#trials.length < this.size.trials) {
      const trial = this.#trials.length;
      this.#trials.push({ trial, rung: -1, score: NaN, running: false });
      return this.#start(trial, 0);
    }
    return this.#trials.some(({ running }) => running) ? "wait" : undefined;
  }

  #start(trial: number, rung: number): TrialUnit {
    Object.assign(this.#trials[trial] as object, { running: true });
    return { trial, params: { x: trial }, bracket: 0, amount: this.#amounts[rung] as number };
  }

  report({ trial, amount }: TrialUnit, { score, failed }: UnitOutcome): void {
    const rung = this.#amounts.indexOf(amount);
    Object.assign(this.#trials[trial] as object, { running: false, rung, score });
    this.#finished[rung]?.push({ trial, score: failed ? NaN : score, promoted: false });
  }

  competes(trial: number): boolean {
    const scored = this.#trials.filter(({ score }) => !Number.isNaN(score));
    return scored.length > 0 && this.#trials[trial]?.rung === Math.max(...scored.map(({ rung }) => rung));
  }

  isOpen(): boolean {
    return true;
  }

  get progress(): PolicyProgress {
    return { done: 0, total: 0 };
  }
}
