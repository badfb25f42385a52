import { CounterRng } from "../base/rng.js";
import { normalCdf } from "../numeric/normal-distribution.js";
import { normalQuantile } from "../numeric/normal-quantile.js";
import { drawnAt, type ParamSet } from "./parameter-sets.js";
import { choicesOf, type SearchSpace } from "./search-space.js";

/** A point of a search space: its record, the uniform number behind each parameter, and the parameters. */
export interface SpacePoint {
  readonly record: number;
  readonly u: ReadonlyMap<string, number>;
  readonly params: ParamSet;
}

/** A point that has been tried; NaN where it failed or is under way, which counts as bad. */
export interface Observation extends SpacePoint {
  readonly score: number;
}

/** How a {@link proposePoint} weighs what it knows. */
export interface TpeOptions {
  /** Points drawn at random before anything is learnt. */
  readonly startup: number;
  /** Points that are drawn from the good ones, of which the most promising is taken. */
  readonly candidates: number;
  /** Share of the points that count as good. */
  readonly goodShare: number;
  readonly randomState: number;
}

const MOST_GOOD = 25;

/**
 * The tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl, NeurIPS 2011), multivariate as in Falkner,
 * Klein and Hutter (ICML 2018): points are split into the best and the others, a density is laid over each, and of some
 * candidates drawn from the density of the best the one with the greatest ratio of both is taken.
 *
 * A density is a mixture of one kernel a point, and one of the whole space. A kernel is a product over the parameters
 * that a candidate has, on the uniform numbers behind the parameters, so that a parameter's own distribution is its prior:
 * a normal truncated to [0, 1] for numbers, a bump on one value for choices, and the prior where the point lacks the
 * parameter (another branch of a conditional space). So parameters are learnt together, and in every branch.
 *
 * @param trial the proposal's number: the same history gives the same proposal
 */
export function proposePoint(
  space: SearchSpace,
  history: readonly Observation[],
  trial: number,
  options: TpeOptions,
): SpacePoint {
  const known = history.filter(({ score }) => !Number.isNaN(score));
  if (known.length < options.startup) return drawnAt(space, trial, options.randomState);
  const sorted = known.toSorted((a, b) => b.score - a.score);
  const count = Math.max(1, Math.min(MOST_GOOD, Math.ceil(options.goodShare * known.length)));
  const good = new Mixture(space, sorted.slice(0, count));
  const bad = new Mixture(space, [...sorted.slice(count), ...history.filter(({ score }) => Number.isNaN(score))]);
  let best: SpacePoint | undefined;
  let most = -Infinity;
  const streams = new Map<string, CounterRng>();
  const streamOf = (purpose: string): CounterRng => {
    const stream = streams.get(purpose) ?? new CounterRng(options.randomState, `tpe/${purpose}`);
    streams.set(purpose, stream);
    return stream;
  };
  for (let k = 0; k < options.candidates; k++) {
    const uniform = (purpose: string): number => streamOf(purpose).uniform(trial, k);
    const point = good.draw(uniform);
    const gain = good.logDensity(point) - bad.logDensity(point);
    if (best && gain <= most) continue;
    best = point;
    most = gain;
  }
  return best as SpacePoint;
}

/** The points' values of one parameter, in the points' order. */
interface ParameterColumn {
  /** Values of a choice; undefined for numbers. */
  readonly choices: number | undefined;
  /** The uniform number behind each point's value, its code for a choice; NaN where the point lacks the parameter. */
  readonly centers: Float64Array;
  /** Minus the logarithm of each kernel's norm, for numbers: every candidate asks for it. */
  readonly norms: Float64Array;
}

/** Kernels around points, and the space's own distribution as one more. */
class Mixture {
  readonly #space: SearchSpace;
  readonly #points: readonly SpacePoint[];
  readonly #columns = new Map<string, ParameterColumn>();
  readonly #sigma: number;
  /** Of the space's own distribution first, then of each point. */
  readonly #logs: Float64Array;

  constructor(space: SearchSpace, points: readonly SpacePoint[]) {
    this.#space = space;
    this.#points = points;
    let most = 1;
    for (const { entries } of space.records) most = Math.max(most, entries.length);
    // Scott's rule on a range of 1; not so narrow that points repeat each other.
    const n = Math.max(1, points.length);
    this.#sigma = Math.max(0.2 * n ** (-1 / (most + 4)), 1 / Math.min(100, 1 + n) / 4);
    this.#logs = new Float64Array(points.length + 1);
    for (const { entries } of space.records)
      for (const { name, values } of entries)
        if (!this.#columns.has(name)) this.#columns.set(name, this.#column(name, choicesOf(values)));
  }

  #column(name: string, choices: number | undefined): ParameterColumn {
    const centers = Float64Array.from(this.#points, ({ u }) => u.get(name) ?? NaN);
    if (choices !== undefined)
      return { choices, centers: centers.map((center) => Math.floor(center * choices)), norms: new Float64Array() };
    return { choices, centers, norms: centers.map((center) => logNorm(center, this.#sigma)) };
  }

  draw(uniform: (purpose: string) => number): SpacePoint {
    const at = Math.floor(uniform("kernel") * (this.#points.length + 1));
    const from = this.#points[at];
    const records = this.#space.records.length;
    const record = pick(from?.record, records, this.#points.length, uniform("record of the space"));
    const u = new Map<string, number>();
    const params = this.#space.at(record, (name) => {
      const draw = uniform(`parameter ${name}`);
      const center = from?.u.get(name);
      const choices = this.#columns.get(name)?.choices;
      let value = draw;
      if (center !== undefined && choices !== undefined) {
        const code = pick(Math.floor(center * choices), choices, this.#points.length, draw);
        value = (code + 0.5) / choices;
      } else if (center !== undefined) value = truncatedQuantile(draw, center, this.#sigma);
      u.set(name, value);
      return value;
    });
    return { record, u, params };
  }

  logDensity({ record, u }: SpacePoint): number {
    const n = this.#points.length;
    const logs = this.#logs;
    const records = this.#space.records.length;
    const [same, other] = [Math.log((n + 2) / (n + 1 + records)), Math.log(1 / (n + 1 + records))];
    logs[0] = -Math.log(records);
    for (let i = 0; i < n; i++) logs[i + 1] = (this.#points[i] as SpacePoint).record === record ? same : other;
    for (const [name, value] of u) this.#addParameter(this.#columns.get(name) as ParameterColumn, value);
    let top = -Infinity;
    for (const log of logs) if (log > top) top = log;
    let sum = 0;
    for (const log of logs) sum += Math.exp(log - top);
    return top + Math.log(sum / (n + 1));
  }

  #addParameter({ choices, centers, norms }: ParameterColumn, value: number): void {
    const logs = this.#logs;
    const n = centers.length;
    if (choices === undefined) {
      for (let i = 0; i < n; i++) {
        const z = (value - (centers[i] as number)) / this.#sigma;
        // Where the point lacks the parameter its distribution is the prior, which is uniform.
        if (!Number.isNaN(z)) logs[i + 1] = (logs[i + 1] as number) + ((norms[i] as number) - 0.5 * z * z);
      }
      return;
    }
    const code = Math.floor(value * choices);
    const [same, other] = [Math.log((n + 2) / (n + 1 + choices)), Math.log(1 / (n + 1 + choices))];
    const none = -Math.log(choices);
    logs[0] = (logs[0] as number) + none;
    for (let i = 0; i < n; i++) {
      const own = centers[i] as number;
      logs[i + 1] = (logs[i + 1] as number) + (own === code ? same : Number.isNaN(own) ? none : other);
    }
  }
}

/** A code near another: that one with more certainty, the more points there are. */
function pick(own: number | undefined, choices: number, points: number, draw: number): number {
  if (own === undefined) return Math.floor(draw * choices);
  const rest = draw * (points + 1 + choices);
  return rest < choices ? Math.floor(rest) : own;
}

function truncatedQuantile(draw: number, center: number, sigma: number): number {
  const low = normalCdf(-center / sigma);
  const high = normalCdf((1 - center) / sigma);
  const value = center + sigma * normalQuantile(low + draw * (high - low));
  return Math.min(1 - 2 ** -53, Math.max(0, value));
}

/** Of a normal that is cut to [0, 1]. */
function logNorm(center: number, sigma: number): number {
  const mass = normalCdf((1 - center) / sigma) - normalCdf(-center / sigma);
  return -Math.log(sigma * Math.sqrt(2 * Math.PI) * mass);
}
