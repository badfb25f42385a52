import { CounterRng } from "../base/rng.js";
import type { TrialPolicy, TrialUnit } from "../model-selection/trial-policy.js";

/** Workers of a simulated search. */
export interface SimulatedWorkers {
  readonly workers: number;
  readonly seed: number;
  score(unit: TrialUnit): number;
  /** A unit takes (1 + |z|) times its share of the resource, z normal with this standard deviation; 0 unless given. */
  readonly straggle?: number;
  /** Chance, per unit of time, that a job is lost and fails; 0 unless given. */
  readonly drop?: number;
  /** When the simulation ends; with the policy unless given. */
  readonly until?: number;
}

/**
 * A discrete-event simulation of the experiment in section 4.4 of the ASHA paper (Li et al., MLSys 2020), around the very
 * policies of the searches: no clock, no estimator.
 */
export function simulate(
  policy: TrialPolicy,
  { workers, seed, score, straggle = 0, drop = 0, until = Infinity }: SimulatedWorkers,
): { readonly finished: TrialUnit[]; readonly time: number } {
  const rng = new CounterRng(seed, "simulated search");
  const jobs: { readonly unit: TrialUnit; readonly end: number; readonly failed: boolean }[] = [];
  const had = new Map<number, number>();
  const finished: TrialUnit[] = [];
  let time = 0;
  let started = 0;
  for (;;) {
    while (jobs.length < workers) {
      const unit = policy.next();
      if (unit === undefined || unit === "wait") break;
      const share = unit.amount - (had.get(unit.trial) ?? 0);
      const takes = share * (1 + Math.abs(straggle * rng.normal(started, 0)));
      const lostAfter = drop === 0 ? Infinity : Math.log1p(-rng.uniform(started, 1)) / Math.log1p(-drop);
      jobs.push({ unit, end: time + Math.min(takes, lostAfter), failed: lostAfter < takes });
      started += 1;
    }
    if (jobs.length === 0) return { finished, time };
    const first = jobs.reduce((a, b) => (b.end < a.end ? b : a));
    if (first.end > until) return { finished, time: until };
    jobs.splice(jobs.indexOf(first), 1);
    time = first.end;
    had.set(first.unit.trial, first.unit.amount);
    if (!first.failed) finished.push(first.unit);
    policy.report(first.unit, { score: first.failed ? NaN : score(first.unit), failed: first.failed });
  }
}
