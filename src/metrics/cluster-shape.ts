import { DataError, ParameterError, show } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import { CounterRng, DEFAULT_SEED } from "../base/rng.js";
import type { FnRef } from "../engine/engine.js";
import {
  CLUSTER_MOMENTS_STEP,
  mergeClusterMoments,
  SILHOUETTE_STEP,
  SPREAD_STEP,
  type ClusterMoments,
  type SilhouetteArgs,
} from "./cluster-shape-steps.js";
import { requireVector, toDistributed, type LabelValues, type MetricValues } from "./inputs.js";
import type { MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions, type PassOptions } from "./metric-pass.js";
import { checkOptions } from "./options.js";

/** Options of {@link silhouetteScore}. */
export interface SilhouetteOptions extends PassOptions {
  /** Only so many rows, drawn without replacement; all unless given. */
  readonly sampleSize?: number | undefined;
  /** Of the draw. */
  readonly randomState?: number | undefined;
}

function shapeKernel<P, R>(
  name: string,
  step: FnRef,
  args: Plain,
  combine: (a: P, b: P) => P,
  finish: (total: P) => R,
): MetricKernel<P, R> {
  return {
    name,
    needs: ["yTrue", "yScore"],
    textLabels: true,
    step,
    args: () => args,
    check: (inputs) => requireVector(name, "labels", inputs.yTrue),
    combine,
    finish,
  };
}

const momentsKernel = <R>(name: string, finish: (total: ClusterMoments) => R): MetricKernel<ClusterMoments, R> =>
  shapeKernel(
    name,
    CLUSTER_MOMENTS_STEP,
    undefined as never,
    (a, b) => mergeClusterMoments(name, a, b),
    (total) => {
      requireClusters(name, total);
      return finish(total);
    },
  );

/**
 * Calinski and Harabasz (1974): scatter of the clusters' means about the mean of all, over the scatter within clusters, each
 * by its degrees of freedom; larger is better. 1 where clusters have no scatter. One pass, (columns + 2) numbers a cluster.
 *
 * @param X n x columns @param labels one a row
 * @throws DataError for fewer than 2 clusters, or as many as rows
 */
export async function calinskiHarabaszScore(
  X: MetricValues,
  labels: LabelValues,
  options: MetricOptions = {},
): Promise<number> {
  const name = "calinskiHarabaszScore";
  checkOptions(name, options);
  const kernel = momentsKernel(name, (total) => {
    const all = total.weight.reduce((sum, weight) => sum + weight, 0);
    const k = total.labels.length;
    const mean = (total.mean[0] as Float64Array).map((_, j) =>
      total.mean.reduce((sum, own, c) => sum + ((total.weight[c] as number) * (own[j] as number)) / all, 0),
    );
    const between = total.mean.reduce(
      (sum, own, c) =>
        sum +
        (total.weight[c] as number) * own.reduce((square, value, j) => square + (value - (mean[j] as number)) ** 2, 0),
      0,
    );
    const within = total.scatter.reduce((sum, value) => sum + value, 0);
    return within === 0 ? 1 : (between * (all - k)) / (within * (k - 1));
  });
  const [score] = await metricPass([kernel], { yTrue: labels, yScore: X, sampleWeight: options.sampleWeight }, options);
  return score;
}

/**
 * Davies and Bouldin (1979): mean over clusters of the worst ratio of two clusters' mean radii to the distance of their
 * centers; smaller is better. Two passes, (columns + 2) numbers a cluster.
 *
 * @throws DataError as {@link calinskiHarabaszScore}
 */
export async function daviesBouldinScore(
  X: MetricValues,
  labels: LabelValues,
  options: MetricOptions = {},
): Promise<number> {
  const name = "daviesBouldinScore";
  checkOptions(name, options);
  const inputs = { yTrue: labels, yScore: X, sampleWeight: options.sampleWeight };
  const [moments] = await metricPass([momentsKernel(name, (total) => total)], inputs, options);
  const args = { labels: [...moments.labels], centers: [...moments.mean] };
  const add = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, k) => value + (b[k] as number));
  const [sums] = await metricPass(
    [shapeKernel(name, SPREAD_STEP, args, add, (total: Float64Array) => total)],
    inputs,
    options,
  );
  const radius = sums.map((value, k) => value / (moments.weight[k] as number));
  const distance = (a: Float64Array, b: Float64Array): number =>
    Math.sqrt(a.reduce((sum, value, j) => sum + (value - (b[j] as number)) ** 2, 0));
  if (radius.every((value) => value < 1e-8)) return 0;
  const worst = moments.mean.map((own, a) =>
    moments.mean.reduce((most, other, b) => {
      const apart = distance(own, other);
      return a === b || apart === 0 ? most : Math.max(most, ((radius[a] as number) + (radius[b] as number)) / apart);
    }, 0),
  );
  return worst.reduce((sum, value) => sum + value, 0) / worst.length;
}

/**
 * Silhouettes (Rousseeuw 1987), row by row: (b - a) / max(a, b) with a the mean distance to the row's own cluster and b that
 * to the nearest other one; 0 for a row alone in its cluster. Euclidean. Exact: every row is compared with all, O(n²), in
 * blocks where the partitions are; all rows (8 bytes a value) travel to every partition. Use `sampleSize` of {@link
 * silhouetteScore} for many rows.
 *
 * @throws DataError as {@link calinskiHarabaszScore}
 */
export async function silhouetteSamples(
  X: MetricValues,
  labels: LabelValues,
  options: PassOptions = {},
): Promise<Float64Array> {
  const name = "silhouetteSamples";
  checkOptions(name, options);
  return samples(name, X, labels, undefined, options);
}

/**
 * Mean of {@link silhouetteSamples}, from -1 to 1; of rows drawn at random where `sampleSize` is given: the same rows for any
 * partitioning.
 *
 * @throws ParameterError for a sample size that is no integer >= 2; DataError as {@link calinskiHarabaszScore}
 *
 * @example
 * ```ts
 * await silhouetteScore([[0], [1], [10], [11]], [0, 0, 1, 1]); // 0.8997
 * ```
 */
export async function silhouetteScore(
  X: MetricValues,
  labels: LabelValues,
  options: SilhouetteOptions = {},
): Promise<number> {
  const name = "silhouetteScore";
  checkOptions(name, options, ["sampleSize", "randomState"]);
  const { sampleSize } = options;
  if (sampleSize !== undefined && (!Number.isInteger(sampleSize) || sampleSize < 2))
    throw new ParameterError(`${name}: sampleSize must be an integer >= 2; got ${show(sampleSize)}.`);
  const values = await samples(name, X, labels, options, options);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function samples(
  name: string,
  X: MetricValues,
  labels: LabelValues,
  sample: SilhouetteOptions | undefined,
  options: PassOptions,
): Promise<Float64Array> {
  const run = {
    ...(options.engine ? { engine: options.engine } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  };
  const texts =
    Array.isArray(labels) && typeof labels[0] === "string" ? [...new Set(labels as string[])].sort() : undefined;
  const codes = texts ? (labels as string[]).map((label) => texts.indexOf(label)) : labels;
  const matrix = await toDistributed(name, "X", X).compute(run);
  const given = Float64Array.from(
    (await toDistributed(name, "labels", codes).compute(run)).columns[0] as ArrayLike<number>,
  );
  if (given.length !== matrix.rows)
    throw new DataError(`${name}: X has ${matrix.rows} rows but labels has ${given.length}. Both need the same rows.`);
  const size = sample?.sampleSize;
  const chosen = size === undefined ? [...given.keys()] : drawn(name, given.length, size, sample?.randomState);
  const order = chosen.toSorted((a, b) => (given[a] as number) - (given[b] as number) || a - b);
  const found = [...new Set(order.map((i) => given[i] as number))];
  requireClusters(name, { labels: found, rows: order.length });
  const width = matrix.columns.length;
  const args: SilhouetteArgs = {
    width,
    rows: Float64Array.from({ length: order.length * width }, (_, at) =>
      matrix.at(order[Math.floor(at / width)] as number, at % width),
    ),
    labels: found,
    starts: [...found.map((label) => order.findIndex((i) => given[i] === label)), order.length],
  };
  const joined = (a: Float64Array, b: Float64Array): Float64Array => concatenated(a, b);
  const kernel = shapeKernel(name, SILHOUETTE_STEP, args as never, joined, (total: Float64Array) => total);
  const whole = size === undefined;
  const inputs = {
    yTrue: whole ? codes : chosen.map((i) => given[i] as number),
    yScore: whole ? X : chosen.map((i) => matrix.columns.map((column) => Number(column[i]))),
  };
  return (await metricPass([kernel], inputs, options))[0];
}

function drawn(name: string, rows: number, size: number, seed = DEFAULT_SEED): number[] {
  const rng = new CounterRng(seed, name);
  return Array.from({ length: rows }, (_, i) => [rng.uniform(i), i] as const)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .slice(0, size)
    .map(([, i]) => i)
    .sort((a, b) => a - b);
}

function requireClusters(
  name: string,
  total: { readonly labels: readonly number[]; readonly weight?: readonly number[]; readonly rows?: number },
): void {
  const clusters = total.labels.length;
  const rows = total.rows ?? total.weight?.reduce((sum, weight) => sum + weight, 0) ?? 0;
  if (clusters >= 2 && clusters < rows) return;
  throw new DataError(
    `${name}: there are ${clusters} clusters among ${rows} rows; it needs at least 2, and fewer than rows. Check the labels.`,
  );
}

function concatenated(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
