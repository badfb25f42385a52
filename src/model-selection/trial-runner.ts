import type { TrialPolicy, TrialUnit, UnitOutcome } from "./trial-policy.js";

/** What a runner keeps of units that an earlier run finished. */
export interface FinishedUnits<R> {
  /** The result of a unit and its place in the order in which units finished; undefined where it has to be run. */
  find(unit: TrialUnit): { readonly result: R; readonly order: number } | undefined;
  /** Keeps the result of a unit that has just been run. */
  add(unit: TrialUnit, result: R): void;
}

/** How units are run. */
export interface RunnerSettings<R> {
  /** Units at a time. */
  readonly limit: number;
  /** No unit is started once it returns true. */
  readonly isOver: () => boolean;
  run(unit: TrialUnit): Promise<R>;
  outcomeOf(unit: TrialUnit, result: R): UnitOutcome;
  /** Called in the order in which the policy hears of results, before it does. */
  onResult(unit: TrialUnit, result: R): void;
  /** Called after the policy has heard. */
  onReported?: (unit: TrialUnit, outcome: UnitOutcome) => void;
  readonly finished?: FinishedUnits<R> | undefined;
}

/** Why a run ended. */
export interface RunEnd {
  /** True when units were left because time was over. */
  readonly outOfTime: boolean;
}

interface Flight<R> {
  readonly unit: TrialUnit;
  readonly start: number;
  /** Place in the order of an earlier run, which this one repeats; undefined for work that is under way. */
  readonly order: number | undefined;
  result?: R;
  error?: unknown;
}

/**
 * Runs what a policy asks for, some units at a time, and tells it results as they come.
 *
 * Units of an earlier run are not run again: while any of them is due, the policy hears the one that finished first then.
 * A policy is deterministic, so it asks for the same units as in the earlier run; those that were under way when that
 * ended are run again.
 *
 * @throws the first error of `run`, once everything under way has ended; results until then have been told
 */
export async function runTrials<R>(policy: TrialPolicy, settings: RunnerSettings<R>): Promise<RunEnd> {
  const flights = new Set<Flight<R>>();
  const landed: Flight<R>[] = [];
  let wake: (() => void) | undefined;
  let started = 0;
  let parked = 0;
  const failures: Flight<R>[] = [];

  const launch = (unit: TrialUnit): void => {
    const known = settings.finished?.find(unit);
    if (known) {
      flights.add({ unit, start: started++, order: known.order, result: known.result });
      return;
    }
    // Units of the earlier run may still be due after one that has to be run: it keeps its place, and is never done.
    if (settings.isOver()) {
      parked += 1;
      return;
    }
    const flight: Flight<R> = { unit, start: started++, order: undefined };
    flights.add(flight);
    void settings
      .run(unit)
      .then(
        (result) => {
          flight.result = result;
        },
        (error: unknown) => {
          flight.error = error ?? new Error("A trial ended without a reason.");
        },
      )
      .then(() => {
        landed.push(flight);
        wake?.();
      });
  };

  const nextLanded = async (): Promise<Flight<R>> => {
    let first: Flight<R> | undefined;
    for (const flight of flights)
      if (flight.order !== undefined && (first?.order === undefined || flight.order < first.order)) first = flight;
    if (first) return first;
    while (landed.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return landed.shift() as Flight<R>;
  };

  for (;;) {
    while (failures.length === 0 && flights.size + parked < settings.limit) {
      const unit = policy.next();
      if (unit === undefined || unit === "wait") break;
      launch(unit);
    }
    if (flights.size === 0) break;
    const flight = await nextLanded();
    flights.delete(flight);
    if ("error" in flight) {
      failures.push(flight);
      continue;
    }
    const result = flight.result as R;
    if (flight.order === undefined) settings.finished?.add(flight.unit, result);
    settings.onResult(flight.unit, result);
    const outcome = settings.outcomeOf(flight.unit, result);
    policy.report(flight.unit, outcome);
    settings.onReported?.(flight.unit, outcome);
  }
  const [first] = failures.toSorted((a, b) => a.start - b.start);
  if (first) throw first.error;
  return { outOfTime: parked > 0 };
}
