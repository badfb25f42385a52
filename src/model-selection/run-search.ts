import type { Progress } from "../collections/plan-run.js";
import type { SearchPlan } from "./search-plan.js";
import type { FoldResult, FoldSettings } from "./fold-runner.js";
import type { Training } from "./resources.js";
import type { TrialBook } from "./trial-book.js";
import type { TrialUnit } from "./trial-policy.js";
import { runTrials, type FinishedUnits, type JointUnits, type RunEnd } from "./trial-runner.js";

/** A search that is about to run. */
export interface SearchRun {
  readonly plan: SearchPlan;
  readonly book: TrialBook;
  readonly settings: FoldSettings;
  readonly finished: FinishedUnits<readonly FoldResult[]> | undefined;
  /** Milliseconds of `performance.now`. */
  readonly started: number;
  readonly deadline: number;
  readonly limit: number;
  onProgress(progress: Omit<Progress, "stage">, seconds: number | undefined): void;
}

/** Runs the units that a search's policy asks for, on the folds of its data. */
export function runSearch(run: SearchRun): Promise<RunEnd> {
  const { plan, book, settings, started } = run;
  const { policy, trainer } = plan;
  const splits = settings.data.splits.length;
  const seconds = (): number => (performance.now() - started) / 1000;
  let ran = 0;
  const jointUnits = (): JointUnits<readonly FoldResult[]> | undefined => {
    if (!policy.isFixed || !trainer.trainJointly) return undefined;
    return {
      keyOf: ({ params, fold }) => (fold === undefined ? undefined : trainer.jointKey?.({ params, fold })),
      run: async (units) => {
        const trainings = units.map((unit): Training => {
          const { amounts, folds } = book.page(unit);
          const { params, amount, fold = 0 } = unit;
          return { params, amount, fold, earlier: amounts, before: folds[fold] };
        });
        const results = (await trainer.trainJointly?.(trainings)) ?? [];
        ran += units.length;
        return results.map((result) => [{ ...result, model: undefined }]);
      },
    };
  };
  return runTrials<readonly FoldResult[]>(policy, {
    limit: run.limit,
    isOver: () => performance.now() >= run.deadline,
    finished: run.finished,
    run: async (unit) => {
      const { amounts, folds } = book.page(unit);
      const results: FoldResult[] = [];
      for (const fold of foldsOf(unit, splits)) {
        const { params, amount } = unit;
        const result = await trainer.train({ params, amount, fold, earlier: amounts, before: folds[fold] });
        // Only models that are trained further are worth keeping.
        results.push(trainer.continues ? result : { ...result, model: undefined });
      }
      ran += 1;
      return results;
    },
    joint: jointUnits(),
    onResult: (unit, results) => book.add(unit, results, seconds()),
    outcomeOf: (unit, results) => ({
      score: book.scoreOf(unit.trial),
      failed: results.some(({ error }) => error !== undefined),
    }),
    onReported: (unit, { score }) => {
      if (trainer.continues)
        book.dropModels(
          (trial) => policy.isOpen(trial),
          (trial) => policy.competes(trial),
        );
      const { done, total } = policy.progress;
      const { best, failed } = book;
      // What a journal knew took no time, and says nothing of the rest.
      const estimate = ran > 0 && done > 0 ? (seconds() * total) / done : undefined;
      const detail = {
        trial: unit.trial,
        ...(plan.byResource ? { bracket: unit.bracket, resource: unit.amount } : {}),
        ...(Number.isNaN(score) ? {} : { score }),
        ...(Number.isNaN(best) ? {} : { best }),
        ...(failed > 0 ? { failed } : {}),
      };
      run.onProgress({ done, total, detail }, estimate);
    },
  });
}

function foldsOf({ fold }: TrialUnit, splits: number): number[] {
  return fold === undefined ? Array.from({ length: splits }, (_, k) => k) : [fold];
}
