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
  /** Units that are run together, where the policy's units do not depend on outcomes. */
  readonly joint?: JointUnits<R> | undefined;
  outcomeOf(unit: TrialUnit, result: R): UnitOutcome;
  /** Called in the order in which the policy hears of results, before it does. */
  onResult(unit: TrialUnit, result: R): void;
  /** Called after the policy has heard. */
  onReported?: (unit: TrialUnit, outcome: UnitOutcome) => void;
  readonly finished?: FinishedUnits<R> | undefined;
}

/** How units that follow each other are run together. */
export interface JointUnits<R> {
  /** Equal for units that can be run together; undefined for one that is run alone. */
  keyOf(unit: TrialUnit): string | undefined;
  /** The results of units of one key, in their order. */
  run(units: readonly TrialUnit[]): Promise<readonly R[]>;
}

/** Most units that are run together: what they keep in memory grows with them, and they are finished all at once. */
const MOST_JOINT = 32;

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

  let ahead: TrialUnit | undefined;
  /** Groups of units under way. */
  let groups = 0;

  /** Units of an earlier run that have not been heard yet. */
  const known = (): number => [...flights].filter(({ order }) => order !== undefined).length;

  const next = (): TrialUnit | undefined => {
    const unit = ahead ?? policy.next();
    ahead = undefined;
    return unit === "wait" ? undefined : unit;
  };

  const launch = (units: readonly TrialUnit[]): void => {
    const own = units.map((unit): Flight<R> => ({ unit, start: started++, order: undefined }));
    for (const flight of own) flights.add(flight);
    groups += 1;
    const { joint } = settings;
    const [first] = units as readonly [TrialUnit];
    const running = joint && units.length > 1 ? joint.run(units) : settings.run(first).then((result) => [result]);
    void running
      .then(
        (results) => own.forEach((flight, k) => (flight.result = results[k] as R)),
        (error: unknown) => {
          for (const flight of own) flight.error = error ?? new Error("A trial ended without a reason.");
        },
      )
      .then(() => {
        groups -= 1;
        landed.push(...own);
        wake?.();
      });
  };

  /** The unit and those after it that are run with it. */
  const withFollowers = (unit: TrialUnit): TrialUnit[] => {
    const units = [unit];
    const key = settings.joint?.keyOf(unit);
    if (key === undefined) return units;
    while (units.length < MOST_JOINT) {
      ahead = next();
      if (!ahead || settings.finished?.find(ahead) || settings.joint?.keyOf(ahead) !== key) break;
      units.push(ahead);
      ahead = undefined;
    }
    return units;
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
    while (failures.length === 0 && groups + known() + parked < settings.limit) {
      const unit = next();
      if (unit === undefined) break;
      const found = settings.finished?.find(unit);
      if (found) flights.add({ unit, start: started++, order: found.order, result: found.result });
      // Units of the earlier run may still be due after one that has to be run: it keeps its place, and is never done.
      else if (settings.isOver()) parked += 1;
      else launch(withFollowers(unit));
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
