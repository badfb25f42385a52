import { ParameterError, show } from "../../src/base/errors.js";
import type { TaskContext } from "../../src/engine/engine.js";
import { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { getScorer, type Scorer } from "../../src/metrics/index.js";
import { metricPass } from "../../src/metrics/metric-pass.js";
import { hasLogLink, objectiveCode, type ObjectiveCode } from "./objectives.js";
import type { BoostChunk } from "./boost-chunk.js";

/** Rows of a set that is watched, in order. */
export interface WatchedRows {
  /** One array an output. */
  readonly margins: readonly Float64Array[];
  /** Targets; of classifiers the positions of labels in `classes`. */
  readonly y: Float64Array;
  readonly w?: Float64Array;
}

/** A metric of one's own over typed arrays, called in this process after each round. */
export interface EvalMetric {
  readonly name: string;
  /** Whether more is better; true unless given. Of others the score is the negated value. */
  readonly greaterIsBetter?: boolean;
  /** @param w weights, undefined when there are none */
  readonly metric: (
    margins: readonly Float64Array[],
    y: Float64Array,
    w: Float64Array | undefined,
  ) => number | Promise<number>;
}

/** What may be measured: the loss, a scorer by name or as `makeScorer` returns it, or an {@link EvalMetric}. */
export type EvalMetricInput = "loss" | (string & {}) | Scorer | EvalMetric;

/** A metric ready to be computed; more is better. */
export interface ReadyMetric {
  readonly name: string;
  /** Undefined for the loss, which is known anyway. */
  readonly score?: (rows: WatchedRows) => Promise<number>;
}

/** Copies the rows that are trained on or held out. */
export function gatherStep(context: TaskContext, args: { held: boolean }, chunk: BoostChunk): WatchedRows {
  const { memory } = context;
  const rows = memory.view(args.held ? chunk.held : chunk.train);
  const pick = (column: BoostChunk["y"]): Float64Array => {
    const values = memory.view(column);
    return Float64Array.from(rows, (row) => values[row] as number);
  };
  return { margins: chunk.margins.map(pick), y: pick(chunk.y), ...(chunk.w ? { w: pick(chunk.w) } : {}) };
}

/** The rows of both. */
export function joinWatched(a: WatchedRows, b: WatchedRows): WatchedRows {
  const join = (p: Float64Array, q: Float64Array): Float64Array => {
    const out = new Float64Array(p.length + q.length);
    out.set(p);
    out.set(q, p.length);
    return out;
  };
  return {
    margins: a.margins.map((own, k) => join(own, b.margins[k] as Float64Array)),
    y: join(a.y, b.y),
    ...(a.w && b.w ? { w: join(a.w, b.w) } : {}),
  };
}

/** Metrics by what a user gave. @throws ParameterError for a scorer that is not known, or does not suit the model */
export function readyMetric(owner: string, given: EvalMetricInput, code: ObjectiveCode): ReadyMetric {
  if (given === "loss") return { name: "loss" };
  if (typeof given === "object" && given !== null && "metric" in given) {
    const { name, metric, greaterIsBetter = true } = given;
    if (typeof metric !== "function" || typeof name !== "string")
      throw new ParameterError(`${owner}: evalMetric must be { name, metric }; got ${show(given)}.`);
    return {
      name,
      score: async ({ margins, y, w }) => {
        const value = await metric(margins, y, w);
        if (typeof value !== "number" || Number.isNaN(value))
          throw new ParameterError(
            `${owner}: the metric ${show(name)} returned ${show(value)}. It has to return a number.`,
          );
        return greaterIsBetter ? value : -value;
      },
    };
  }
  const scorer = getScorer(given as string | Scorer);
  const classifies = code === objectiveCode.logistic || code === objectiveCode.softmax;
  if (scorer.response !== "predict" && !classifies) {
    throw new ParameterError(
      `${owner}: the scorer ${show(scorer.name)} takes probabilities or scores of classes, which this model has not. Use another.`,
    );
  }
  return {
    name: scorer.name,
    score: async (rows) => {
      const columns = responseOf(scorer.response, rows.margins, code);
      const answer = columns.length === 1 ? vector(columns[0] as Float64Array) : DistributedArray.fromColumns(columns);
      const weight = rows.w ? { sampleWeight: vector(rows.w) } : {};
      const yTrue = vector(rows.y);
      if (!scorer.kernel) return scorer.sign * ((await scorer.function?.(yTrue, answer, weight)) ?? NaN);
      const kernel = scorer.kernel(
        classifies ? Array.from({ length: Math.max(2, rows.margins.length) }, (_, k) => k) : [],
      );
      const [value] = await metricPass([kernel], { yTrue, [kernel.needs[1] ?? "yPred"]: answer, ...weight });
      return scorer.sign * (value as number);
    },
  };
}

function vector(values: Float64Array): DistributedArray {
  return DistributedArray.fromVector(values);
}

/** What scorers look at, from margins. */
function responseOf(
  response: Scorer["response"],
  margins: readonly Float64Array[],
  code: ObjectiveCode,
): readonly Float64Array[] {
  const [first] = margins as [Float64Array];
  if (response === "decisionFunction") return margins;
  if (code === objectiveCode.logistic) {
    if (response === "predict") return [first.map((m) => (m > 0 ? 1 : 0))];
    return [first.map((m) => 1 / (1 + Math.exp(m))), first.map((m) => 1 / (1 + Math.exp(-m)))];
  }
  if (code !== objectiveCode.softmax) return hasLogLink(code) ? margins.map((own) => own.map(Math.exp)) : margins;
  const at = (i: number): number[] => margins.map((own) => own[i] as number);
  if (response === "predict")
    return [
      first.map((_, i) => {
        const own = at(i);
        return own.indexOf(Math.max(...own));
      }),
    ];
  const shares = margins.map(() => new Float64Array(first.length));
  for (let i = 0; i < first.length; i++) {
    const own = at(i);
    const top = Math.max(...own);
    const powers = own.map((m) => Math.exp(m - top));
    const sum = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, k) => ((shares[k] as Float64Array)[i] = power / sum));
  }
  return shares;
}
