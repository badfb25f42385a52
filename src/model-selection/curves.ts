import { DataError, ParameterError, show } from "../base/errors.js";
import { CounterRng, DEFAULT_SEED } from "../base/rng.js";
import type { TableInput } from "../estimator/table.js";
import { checkEvaluation, evaluated, type EvaluationOptions } from "./cross-validate.js";
import { mapLimited, requireOneFit, runFold, type FoldResult, type FoldSettings } from "./fold-runner.js";
import { RowSelection, setWhere } from "./row-selection.js";
import type { TargetInput, TrialEstimator } from "./trial-estimator.js";
import { withParams } from "./with-params.js";

/** Scores by size or value (rows) and split (columns). */
export interface ScoreCurve {
  readonly trainScores: readonly Float64Array[];
  readonly testScores: readonly Float64Array[];
}

/** What {@link learningCurve} found. */
export interface LearningCurve extends ScoreCurve {
  /** Rows that were trained on. */
  readonly trainSizes: readonly number[];
}

/** Options of {@link learningCurve}; one scorer. */
export interface LearningCurveOptions extends EvaluationOptions {
  /**
   * Numbers of rows, or shares in (0, 1] of the first split's train side; 0.1, 0.325, 0.55, 0.775 and 1 unless given.
   */
  readonly trainSizes?: readonly number[] | undefined;
  /**
   * true: rows at random (nested: larger sizes hold the smaller ones); the first rows of the train side unless given.
   */
  readonly shuffle?: boolean | undefined;
  readonly randomState?: number | undefined;
}

/** Options of {@link validationCurve}; one scorer. */
export interface ValidationCurveOptions extends EvaluationOptions {
  /** The parameter; pipelines take `step__param`. */
  readonly paramName: string;
  readonly paramRange: readonly unknown[];
}

/**
 * Scores by the number of rows that are trained on, on both sides of every split. In the rows' order unless `shuffle`.
 * @throws ParameterError for sizes that no split has, before anything is fitted
 */
export async function learningCurve(
  estimator: TrialEstimator,
  X: TableInput,
  y: TargetInput,
  options: LearningCurveOptions = {},
): Promise<LearningCurve> {
  const owner = "learningCurve";
  checkEvaluation(owner, options, ["trainSizes", "shuffle", "randomState"]);
  const { trainSizes = [0.1, 0.325, 0.55, 0.775, 1], shuffle = false, randomState = DEFAULT_SEED } = options;
  return evaluated(owner, estimator, X, y, { ...options, returnTrainScore: true }, async (settings, limit) => {
    const { splits } = settings.data;
    const most = splits[0]?.train.size ?? 0;
    const sizes = [...new Set(trainSizes.map((size) => rowsOf(owner, size, most)))].sort((a, b) => a - b);
    const rng = new CounterRng(randomState, owner);
    const jobs = sizes.flatMap((size) => splits.map((split) => ({ size, split })));
    const results = await mapLimited(jobs, limit, ({ size, split }) =>
      runFold(settings, estimator.clone(), part(owner, split.train, size, shuffle ? rng : undefined), split.test),
    );
    return { trainSizes: sizes, ...curveOf(owner, settings, results, sizes.length) };
  });
}

/**
 * Scores by the value of one parameter, on both sides of every split.
 * @throws ParameterError for a parameter that the estimator does not have, before anything is fitted
 */
export async function validationCurve(
  estimator: TrialEstimator,
  X: TableInput,
  y: TargetInput,
  options: ValidationCurveOptions,
): Promise<ScoreCurve> {
  const owner = "validationCurve";
  checkEvaluation(owner, options, ["paramName", "paramRange"]);
  const { paramName, paramRange } = options;
  if (!Array.isArray(paramRange) || paramRange.length === 0) {
    throw new ParameterError(`${owner}: paramRange must be a list of at least one value; got ${show(paramRange)}.`);
  }
  for (const value of paramRange) withParams(estimator, { [paramName]: value });
  return evaluated(owner, estimator, X, y, { ...options, returnTrainScore: true }, async (settings, limit) => {
    const jobs = paramRange.flatMap((value: unknown) => settings.data.splits.map((split) => ({ value, split })));
    const results = await mapLimited(jobs, limit, ({ value, split }) =>
      runFold(settings, withParams(estimator, { [paramName]: value }), split.train, split.test),
    );
    return curveOf(owner, settings, results, paramRange.length);
  });
}

/** Some rows of a side: its first ones, or those with the smallest random numbers. */
export function part(owner: string, rows: RowSelection, size: number, rng: CounterRng | undefined): RowSelection {
  if (size >= rows.size) return rows;
  const make = (): ReturnType<typeof setWhere> => {
    const all = rows.toIndices();
    const order = rng
      ? all
          .map((row) => [rng.uniform(row), row] as const)
          .sort((a, b) => a[0] - b[0] || a[1] - b[1])
          .map(([, row]) => row)
      : all;
    const kept = new Set(order.slice(0, size));
    return setWhere(rows.rows, (row) => kept.has(row));
  };
  return rows.with(owner, size, make);
}

function rowsOf(owner: string, size: number, most: number): number {
  const share = typeof size === "number" && size > 0 && size <= 1;
  const rows = share ? Math.floor(size * most) : size;
  if (typeof rows === "number" && Number.isInteger(rows) && rows >= 1 && rows <= most) return rows;
  throw new ParameterError(
    `${owner}: trainSizes must be shares in (0, 1] or numbers of rows up to ${most}; got ${show(size)}.`,
  );
}

function curveOf(owner: string, settings: FoldSettings, results: readonly FoldResult[], points: number): ScoreCurve {
  requireOneFit(owner, results);
  const [name, second] = [...settings.scorers.keys()];
  if (name === undefined || second !== undefined)
    throw new DataError(`${owner}: scoring must be one scorer. Use crossValidate for several.`);
  const folds = settings.data.splits.length;
  const rows = (of: "testScores" | "trainScores"): Float64Array[] =>
    Array.from({ length: points }, (_, i) =>
      Float64Array.from({ length: folds }, (__, k) => results[i * folds + k]?.[of]?.[name] ?? NaN),
    );
  return { trainScores: rows("trainScores"), testScores: rows("testScores") };
}
