import { DataError, ParameterError, show } from "../base/errors.js";
import { fnRef } from "../engine/fn-ref.js";
import { isPlainObject } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import type { FitOptions, RowVectors } from "../estimator/design.js";
import { toVector } from "../estimator/inputs.js";
import { codeLabels, type Label } from "../estimator/labels.js";
import type { Rows } from "../estimator/table.js";
import { metricPass, type MetricInputs } from "../metrics/metric-pass.js";
import type { MetricKernel } from "../metrics/metric-kernel.js";
import { getScorer, type Scorer } from "../metrics/scorer.js";
import { canDo, methodOf, type TargetInput, type TrialEstimator, type TrialMethods } from "./trial-estimator.js";

/** What models are scored by: scikit-learn's names, scorers, a list of names, or a record of either. */
export type Scoring = string | Scorer | readonly (string | Scorer)[] | Readonly<Record<string, string | Scorer>>;

/** Scorers by name; undefined stands for the estimator's own `score`. */
export type Scorers = ReadonlyMap<string, Scorer | undefined>;

/**
 * Scorers by name: "score" for a single one.
 * @throws ParameterError for an unknown name, none at all, or an estimator that cannot be scored so, before anything
 *   runs
 */
export function scorersOf(owner: string, estimator: TrialEstimator, scoring: Scoring | undefined): Scorers {
  const scorers = named(owner, scoring);
  for (const [name, scorer] of scorers) {
    if (!scorer) {
      if (!canDo(estimator, "score")) {
        throw new ParameterError(
          `${owner}: ${estimator.kind} has no score of its own. Pass scoring, for example "r2" or "accuracy".`,
        );
      }
      continue;
    }
    const needs = scorer.response;
    const able = canDo(estimator, needs) || (needs === "decisionFunction" && canDo(estimator, "predictProba"));
    if (!able) {
      throw new ParameterError(
        `${owner}: the scorer ${show(scorer.name ?? name)} needs ${needs}, which ${estimator.kind} does not have. Use another scorer.`,
      );
    }
  }
  return scorers;
}

function named(owner: string, scoring: Scoring | undefined): Map<string, Scorer | undefined> {
  if (scoring === undefined) return new Map([["score", undefined]]);
  if (typeof scoring === "string" || isScorer(scoring)) return new Map([["score", getScorer(scoring)]]);
  const list: [string, string | Scorer][] = Array.isArray(scoring)
    ? (scoring as readonly (string | Scorer)[]).map((one) => [typeof one === "string" ? one : getScorer(one).name, one])
    : isPlainObject(scoring)
      ? Object.entries(scoring as Record<string, string | Scorer>)
      : [];
  if (list.length === 0) {
    throw new ParameterError(
      `${owner}: scoring must name at least one scorer; got ${show(scoring)}. Pass a name, a list of names, or a record.`,
    );
  }
  const scorers = new Map(list.map(([name, one]) => [name, getScorer(one)]));
  if (scorers.size < list.length)
    throw new ParameterError(`${owner}: scoring names one scorer twice. Give each its own name.`);
  return scorers;
}

function isScorer(scoring: unknown): scoring is Scorer {
  return isPlainObject(scoring) && "response" in scoring && ("kernel" in scoring || "function" in scoring);
}

/** Where and how scores are computed; offset and exposure go to the estimator's own score. */
export type ScoreOptions = Pick<FitOptions, "engine" | "signal" | "sampleWeight"> & RowVectors;

/**
 * Scores of a fitted model, greater is better: each response is computed once, and all built-in metrics share one pass.
 * @throws DataError for a score that is no number
 */
export async function scoreModel(
  owner: string,
  model: TrialEstimator,
  X: Rows,
  y: TargetInput | undefined,
  scorers: Scorers,
  options: ScoreOptions,
): Promise<Record<string, number>> {
  if (y === undefined) throw new DataError(`${owner}: y is missing, so nothing can be scored. Pass the targets.`);
  const run = {
    ...(options.engine ? { engine: options.engine } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  };
  const scores: Record<string, number> = {};
  const responses = new Map<string, DistributedArray>();
  const classes =
    canDo(model, "predictProba") || canDo(model, "decisionFunction") ? ((model as TrialMethods).classes ?? []) : [];
  const numbers = classes.map((label, k) => (typeof label === "number" ? label : k));
  const wanted = [...scorers].filter((entry): entry is [string, Scorer] => entry[1] !== undefined);
  const yTrue = wanted.length > 0 ? await truthOf(owner, y, X, classes, run) : undefined;
  const weight =
    options.sampleWeight === undefined ? undefined : toVector(owner, "sampleWeight", options.sampleWeight, X);
  const kernels: { name: string; sign: number; kernel: MetricKernel<unknown, number>; response: string }[] = [];
  for (const [name, scorer] of wanted) {
    if (!responses.has(scorer.response)) responses.set(scorer.response, response(owner, model, X, scorer.response));
    if (scorer.kernel)
      kernels.push({ name, sign: scorer.sign, kernel: scorer.kernel(numbers), response: scorer.response });
    else if (scorer.function && yTrue) {
      const own = { ...run, ...(weight ? { sampleWeight: weight } : {}) };
      const value = await scorer.function(yTrue, responses.get(scorer.response) as DistributedArray, own);
      scores[name] = scorer.sign * checkScore(owner, name, value);
    }
  }
  // One pass for each input that a metric gives another meaning: probabilities may be read as yProba or as yScore.
  for (const group of groupsOf(kernels)) {
    const inputs: Record<string, unknown> = { yTrue, sampleWeight: weight };
    for (const one of group) inputs[one.kernel.needs[1] ?? "yPred"] = responses.get(one.response);
    const values = await metricPass(
      group.map((one) => one.kernel),
      inputs as unknown as MetricInputs,
      run,
    );
    group.forEach((one, k) => {
      scores[one.name] = one.sign * checkScore(owner, one.name, values[k]);
    });
  }
  for (const [name, scorer] of scorers) {
    if (scorer) continue;
    const { offset, exposure } = options;
    const own = {
      ...run,
      ...(weight ? { sampleWeight: weight } : {}),
      ...(offset === undefined ? {} : { offset }),
      ...(exposure === undefined ? {} : { exposure }),
    };
    scores[name] = checkScore(owner, name, await (model as TrialMethods).score?.(X, y, own));
  }
  return Object.fromEntries([...scorers.keys()].map((name) => [name, scores[name] as number]));
}

/** y as numbers, cut like X: the labels, or positions in `classes` where those are no numbers. */
export async function truthOf(
  owner: string,
  y: TargetInput,
  X: Rows,
  classes: TrialMethods["classes"],
  run: ScoreOptions,
): Promise<DistributedArray> {
  const text = classes && classes.length > 0 && typeof classes[0] !== "number" ? classes : undefined;
  const coded = text ? await codeLabels(owner, y as Parameters<typeof codeLabels>[1], run, text) : undefined;
  return toVector(owner, "y", coded?.values ?? (y as Parameters<typeof toVector>[2]), X);
}

/** y as positions in `classes`. @throws DataError when it runs, for a label that is not among them */
export async function codesOf(
  owner: string,
  y: TargetInput,
  X: Rows,
  classes: readonly Label[],
  run: ScoreOptions,
): Promise<DistributedArray> {
  const labels = await truthOf(owner, y, X, classes, run);
  if (typeof classes[0] !== "number") return labels;
  const step = fnRef(new URL("./calibration-steps.js", import.meta.url).href, "positionStep");
  return labels.mapChunks(owner, step, { owner, labels: classes as readonly number[] }, { innerShape: [] });
}

function response(owner: string, model: TrialEstimator, X: Rows, kind: Scorer["response"]): DistributedArray {
  if (kind === "decisionFunction" && !canDo(model, "decisionFunction")) {
    const proba = array(owner, methodOf(owner, model, "predictProba")(X));
    if (proba.width !== 2)
      throw new DataError(
        `${owner}: ${model.kind} has ${proba.width} classes, and this scorer takes two. Use one for several classes.`,
      );
    return proba.column(1);
  }
  return array(owner, methodOf(owner, model, kind)(X));
}

/** @throws DataError for a model that does not predict lazily */
export function array(owner: string, value: unknown): DistributedArray {
  if (value instanceof DistributedArray) return value;
  throw new DataError(
    `${owner}: the model returned ${show(value)} for a distributed X. It has to return a DistributedArray.`,
  );
}

interface Wanted {
  readonly kernel: MetricKernel<unknown, number>;
  readonly response: string;
}

/** Kernels that can share a pass: no input stands for two responses. */
function groupsOf<T extends Wanted>(kernels: readonly T[]): T[][] {
  const groups: { inputs: Map<string, string>; members: T[] }[] = [];
  for (const one of kernels) {
    const input = one.kernel.needs[1] ?? "yPred";
    let group = groups.find(({ inputs }) => (inputs.get(input) ?? one.response) === one.response);
    if (!group) {
      group = { inputs: new Map(), members: [] };
      groups.push(group);
    }
    group.inputs.set(input, one.response);
    group.members.push(one);
  }
  return groups.map(({ members }) => members);
}

function checkScore(owner: string, name: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new DataError(
    `${owner}: the score ${show(name)} is ${show(value)}; it must be a finite number. Check the scorer and the rows it sees.`,
  );
}
