import { AbortedError } from "../base/errors.js";
import { Pipeline } from "../compose/pipeline.js";
import { PrefixCache } from "../compose/prefix-cache.js";
import type { FitOptions } from "../estimator/design.js";
import { foldStatisticsOf } from "../estimator/fold-statistics.js";
import {
  applyTransforming,
  asOwnTransform,
  rowsFor,
  type RowsTransform,
  type TransformingEstimator,
} from "../estimator/frame-transformer.js";
import type { Estimator, FittedInput } from "../estimator/estimator.js";
import type { Rows } from "../estimator/table.js";
import { withoutEach } from "../numeric/without-each.js";
import type { FoldFit } from "./fold-runner.js";
import { areFolds } from "./splitter.js";
import type { RowSelection } from "./row-selection.js";
import type { TrialData } from "./trial-data.js";
import type { TargetInput, TrialEstimator } from "./trial-estimator.js";

/**
 * The fits of all folds from one scan: every row's share in the sums of its own fold is computed once, and each model is
 * fitted to the merged sums of the other folds. For estimators with `foldStatistics`, and for pipelines whose first step
 * has them, which is fitted so; the steps after it see the rows as ever.
 *
 * Undefined where that cannot be: other estimators, splits that are not disjoint folds of all rows, and sums that
 * cannot be taken fold by fold. The plain fits then say what is wrong, if anything is.
 */
export async function oneScanFits(estimator: TrialEstimator, data: TrialData): Promise<FoldFit[] | undefined> {
  if (!areFolds(data.splits)) return undefined;
  const own = foldStatisticsOf(estimator);
  const first = own === undefined ? firstStep(estimator) : undefined;
  const statistics = own ?? foldStatisticsOf(first);
  if (!statistics) return undefined;
  const sides = data.splits.map(({ test }) => rowsOf(data, test));
  let rest: readonly unknown[];
  try {
    const owner = (first as { kind?: string } | undefined)?.kind ?? estimator.kind;
    const folds = await Promise.all(
      sides.map(({ X, y, options }) =>
        statistics.of(rowsFor(owner, (first ?? estimator) as never, X), y as never, options),
      ),
    );
    rest = withoutEach(folds, (a, b) => statistics.merge(a, b));
  } catch (error) {
    if (error instanceof AbortedError) throw error;
    // A fold may lack what the other folds together have: a value in each column, weight. The fits will tell.
    return undefined;
  }
  return rest.map((sums): FoldFit => {
    if (first) return (model, X, y, options) => fitAfterFirst(model as unknown as Pipeline, sums, X, y, options);
    return async (model, X, y, options) => {
      if (foldStatisticsOf(model)?.fitTo(sums) !== true) await model.fit(X, y, options);
    };
  });
}

/** Fits a pipeline whose first step is known: it finds that step in a cache, with which it shares nothing else. */
async function fitAfterFirst(
  pipeline: Pipeline,
  sums: unknown,
  X: Rows,
  y: TargetInput | undefined,
  options: FitOptions,
): Promise<void> {
  const { memory } = pipeline.getParams();
  const cache = memory ?? new PrefixCache({ limit: pipeline.steps.length });
  const step = (firstStep(pipeline) as Estimator<object, FittedInput & object>).clone();
  const [key] = await cache.keys(
    [step as unknown as TransformingEstimator],
    { X, y, sampleWeight: options.sampleWeight },
    options,
  );
  if (key !== undefined && foldStatisticsOf(step)?.fitTo(sums) === true && !(await cache.find(key))) {
    const known = step as unknown as TransformingEstimator;
    const whole: RowsTransform = asOwnTransform((rows) => applyTransforming("Pipeline.fit", known, rows));
    await cache.fit(key, async () => ({ estimator: known, whole, narrow: whole }));
  }
  pipeline.setParams({ memory: cache });
  try {
    await pipeline.fit(X, y, options);
  } finally {
    pipeline.setParams({ memory });
  }
}

function firstStep(estimator: unknown): unknown {
  if (!(estimator instanceof Pipeline) || estimator.steps.length < 2) return undefined;
  const [, first] = estimator.steps[0] ?? [];
  return first === "passthrough" ? undefined : first;
}

function rowsOf(
  data: TrialData,
  rows: RowSelection,
): { readonly X: Rows; readonly y: TargetInput | undefined; readonly options: FitOptions } {
  const weight = data.sampleWeight === undefined ? {} : { sampleWeight: rows.take(data.sampleWeight) };
  return {
    X: rows.take(data.X) as Rows,
    y: data.y === undefined ? undefined : (rows.take(data.y) as TargetInput),
    options: { ...data.run, ...weight } as FitOptions,
  };
}
