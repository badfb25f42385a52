import { closest, DataError, ParameterError, show } from "../base/errors.js";
import { CounterRng, DEFAULT_SEED } from "../base/rng.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { stackParts } from "../compose/stack-parts.js";
import type { FitOptions } from "../estimator/design.js";
import { toMatrix, type MatrixInput } from "../estimator/inputs.js";
import { checkParallel, mapLimited } from "./fold-runner.js";
import { scoreModel, scorersOf, type Scoring } from "./scoring.js";
import { openTrialData } from "./trial-data.js";
import { assertEstimator, type TargetInput, type TrialEstimator } from "./trial-estimator.js";

/** Options of {@link permutationImportance}; `sampleWeight` weighs the scores. */
export interface PermutationImportanceOptions extends FitOptions {
  /** The estimator's own `score` unless given; one scorer. */
  readonly scoring?: Scoring | undefined;
  /** Shuffles of each column: 5 unless given. */
  readonly nRepeats?: number | undefined;
  readonly randomState?: number | undefined;
  /** Scores at a time: 2 unless given. */
  readonly parallelTrials?: number | undefined;
}

/** What {@link permutationImportance} found. */
export interface PermutationImportance {
  /** How much lower the score is with a column shuffled: entry [j] has one value a repeat. */
  readonly importances: readonly Float64Array[];
  readonly mean: Float64Array;
  /** Standard deviation over the repeats. */
  readonly std: Float64Array;
  /** The score with nothing shuffled. */
  readonly baseline: number;
}

/**
 * How much a fitted model's score falls when one column's values are shuffled over all rows (Breiman 2001; Fisher,
 * Rudin
 * and Dominici 2019). X of numbers: dense arrays, numeric frames, local rows.
 *
 * The shuffles depend on the seed and the number of rows alone, so that the result is the same for any partitioning.
 * X is
 * held for the call; one column at a time is copied to this process (8 bytes a row and concurrent score). Columns x
 * nRepeats
 * passes.
 *
 * @throws ParameterError for options and scorers that do not fit; DataError for sparse X; what `predict` throws
 *   before fit
 */
export async function permutationImportance(
  model: TrialEstimator,
  X: MatrixInput,
  y: TargetInput,
  options: PermutationImportanceOptions = {},
): Promise<PermutationImportance> {
  const owner = "permutationImportance";
  const known = [
    "scoring",
    "nRepeats",
    "randomState",
    "parallelTrials",
    "sampleWeight",
    "engine",
    "signal",
    "onProgress",
  ];
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = closest(name, known);
    throw new ParameterError(
      `${owner}: unknown option ${show(name)}. ${near ? `Did you mean ${show(near)}? ` : ""}It takes: ${known.join(", ")}.`,
    );
  }
  assertEstimator(owner, model);
  const { nRepeats = 5, randomState = DEFAULT_SEED } = options;
  if (!Number.isSafeInteger(nRepeats) || nRepeats < 1)
    throw new ParameterError(`${owner}: nRepeats must be an integer >= 1; got ${show(nRepeats)}.`);
  const limit = checkParallel(owner, options.parallelTrials);
  const scorers = scorersOf(owner, model, options.scoring);
  const [name, second] = [...scorers.keys()];
  if (name === undefined || second !== undefined) throw new ParameterError(`${owner}: scoring must be one scorer.`);
  const matrix = toMatrix(owner, X);
  if (matrix.layout === "csr")
    throw new DataError(`${owner}: X is sparse; its columns cannot be shuffled. Pass a dense array.`);
  const data = await openTrialData(owner, [], matrix, y, undefined, options);
  try {
    const held = data.X as DistributedArray;
    const weight = data.sampleWeight as FitOptions["sampleWeight"];
    const run = { ...data.run, ...(weight === undefined ? {} : { sampleWeight: weight }) };
    const score = async (rows: DistributedArray): Promise<number> =>
      (await scoreModel(owner, model, rows, data.y as TargetInput, scorers, run))[name] as number;
    const baseline = await score(held);
    const jobs = Array.from({ length: held.width * nRepeats }, (_, i) => ({
      column: Math.floor(i / nRepeats),
      repeat: i % nRepeats,
    }));
    let done = 0;
    const scores = await mapLimited(jobs, limit, async ({ column, repeat }) => {
      const values = (await held.column(column).compute(data.run)).toVector();
      const rng = new CounterRng(randomState, `${owner}/${column}/${repeat}`);
      const value = await score(replaced(owner, held, column, shuffled(values as Float64Array, rng)));
      options.onProgress?.({ stage: owner, done: ++done, total: jobs.length });
      return value;
    });
    const importances = Array.from({ length: held.width }, (_, j) =>
      Float64Array.from(scores.slice(j * nRepeats, (j + 1) * nRepeats), (value) => baseline - value),
    );
    const mean = Float64Array.from(importances, (row) => row.reduce((sum, value) => sum + value, 0) / nRepeats);
    const std = Float64Array.from(importances, (row, j) =>
      Math.sqrt(row.reduce((sum, value) => sum + (value - (mean[j] as number)) ** 2, 0) / nRepeats),
    );
    return { importances, mean, std, baseline };
  } finally {
    data.release();
  }
}

/** Fisher and Yates, in a copy. */
function shuffled(values: Float64Array, rng: CounterRng): Float64Array {
  const out = values.slice();
  for (let i = out.length - 1; i > 0; i--) {
    const j = rng.integer(i, i + 1);
    const value = out[i] as number;
    out[i] = out[j] as number;
    out[j] = value;
  }
  return out;
}

function replaced(owner: string, X: DistributedArray, column: number, values: Float64Array): DistributedArray {
  const cut = X.partitionRows as readonly number[];
  const vector = DistributedArray.fromVector(values).repartitionLike(cut);
  const own = new DistributedArray({ ...vector, innerShape: [1] });
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, k) => from + k);
  const parts = [
    ...(column > 0 ? [{ name: "before", array: X.columns(range(0, column)) }] : []),
    { name: "shuffled", array: own },
    ...(column < X.width - 1 ? [{ name: "after", array: X.columns(range(column + 1, X.width)) }] : []),
  ];
  const names = X.names ?? range(0, X.width).map((j) => `x${j}`);
  const stacked = stackParts(owner, parts, names, false);
  return new DistributedArray({ ...stacked, names: X.names, partitionRows: cut });
}
