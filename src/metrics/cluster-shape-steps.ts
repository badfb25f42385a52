import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import type { MetricRows } from "./metric-kernel.js";

/** Clusters that these metrics take: more look like quantities. */
const MOST_CLUSTERS = 10_000;

/** Weight, mean and scatter about it of every cluster; labels ascending. Exact and mergeable. */
export interface ClusterMoments {
  readonly labels: readonly number[];
  readonly weight: readonly number[];
  readonly mean: readonly Float64Array[];
  /** Σ w |x - mean|². */
  readonly scatter: readonly number[];
}

/** {@link ClusterMoments} of one partition; rows of weight 0 are left out. */
export function clusterMomentsStep(_context: TaskContext, _args: undefined, rows: MetricRows): ClusterMoments {
  const columns = rows.columns.yScore as readonly Float64Array[];
  const members = rowsByLabel(rows);
  const labels = [...members.keys()].sort((a, b) => a - b);
  const parts = labels.map((label) => {
    const own = members.get(label) ?? [];
    const weightOf = (i: number): number => (rows.weight ? (rows.weight[i] as number) : 1);
    const total = new CompensatedSum();
    for (const i of own) total.add(weightOf(i));
    const scatter = new CompensatedSum();
    const mean = Float64Array.from(columns, (column) => {
      // From the first row on, so that clusters far from 0 keep their digits.
      const origin = column[own[0] as number] as number;
      const sum = new CompensatedSum();
      for (const i of own) sum.add(weightOf(i) * ((column[i] as number) - origin));
      const center = origin + sum.value / total.value;
      for (const i of own) scatter.add(weightOf(i) * ((column[i] as number) - center) ** 2);
      return center;
    });
    return { weight: total.value, mean, scatter: scatter.value };
  });
  return {
    labels,
    weight: parts.map((part) => part.weight),
    mean: parts.map((part) => part.mean),
    scatter: parts.map((part) => part.scatter),
  };
}

/** Names {@link clusterMomentsStep} for the engine. */
export const CLUSTER_MOMENTS_STEP = fnRef(import.meta.url, "clusterMomentsStep");

/** The moments of both (Chan, Golub and LeVeque 1983). @throws DataError for too many clusters */
export function mergeClusterMoments(owner: string, a: ClusterMoments, b: ClusterMoments): ClusterMoments {
  const labels = [...new Set([...a.labels, ...b.labels])].sort((p, q) => p - q);
  if (labels.length > MOST_CLUSTERS) throw tooMany(owner);
  const placesA = new Map(a.labels.map((label, k) => [label, k]));
  const placesB = new Map(b.labels.map((label, k) => [label, k]));
  const parts = labels.map((label) => {
    const [i, j] = [placesA.get(label), placesB.get(label)];
    const of = (part: ClusterMoments, k: number): { weight: number; mean: Float64Array; scatter: number } => ({
      weight: part.weight[k] as number,
      mean: part.mean[k] as Float64Array,
      scatter: part.scatter[k] as number,
    });
    if (i === undefined) return of(b, j as number);
    if (j === undefined) return of(a, i);
    const [left, right] = [of(a, i), of(b, j)];
    const weight = left.weight + right.weight;
    const apart = left.mean.map((value, k) => (right.mean[k] as number) - value);
    return {
      weight,
      mean: left.mean.map((value, k) => value + ((apart[k] as number) * right.weight) / weight),
      scatter:
        left.scatter +
        right.scatter +
        (apart.reduce((sum, value) => sum + value * value, 0) * left.weight * right.weight) / weight,
    };
  });
  return {
    labels,
    weight: parts.map((part) => part.weight),
    mean: parts.map((part) => part.mean),
    scatter: parts.map((part) => part.scatter),
  };
}

/** Σ w |x - center of its cluster|, by cluster. */
export function spreadStep(
  _context: TaskContext,
  args: { labels: readonly number[]; centers: readonly Float64Array[] },
  rows: MetricRows,
): Float64Array {
  const columns = rows.columns.yScore as readonly Float64Array[];
  const members = rowsByLabel(rows);
  return Float64Array.from(args.labels, (label, k) => {
    const sum = new CompensatedSum();
    for (const i of members.get(label) ?? []) {
      let square = 0;
      columns.forEach((column, j) => (square += ((column[i] as number) - (args.centers[k]?.[j] as number)) ** 2));
      sum.add((rows.weight ? (rows.weight[i] as number) : 1) * Math.sqrt(square));
    }
    return sum.value;
  });
}

/** Names {@link spreadStep} for the engine. */
export const SPREAD_STEP = fnRef(import.meta.url, "spreadStep");

/** All rows, as silhouettes compare each row with them. */
export interface SilhouetteArgs {
  readonly width: number;
  /** Row by row, ordered by cluster. */
  readonly rows: Float64Array;
  readonly labels: readonly number[];
  /** Where the rows of each cluster start, and where the last ends. */
  readonly starts: readonly number[];
}

/** The silhouettes of the rows of a partition, in order: mean distances to every cluster, row by row. */
export function silhouetteStep(_context: TaskContext, args: SilhouetteArgs, rows: MetricRows): Float64Array {
  const columns = rows.columns.yScore as readonly Float64Array[];
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const row = new Float64Array(args.width);
  return Float64Array.from({ length: rows.rows }, (_, i) => {
    columns.forEach((column, j) => (row[j] = column[i] as number));
    let [own, other] = [0, Infinity];
    let single = false;
    for (let k = 0; k < args.labels.length; k++) {
      const [from, to] = [args.starts[k] as number, args.starts[k + 1] as number];
      let sum = 0;
      for (let at = from; at < to; at++) {
        let square = 0;
        for (let j = 0; j < row.length; j++)
          square += ((row[j] as number) - (args.rows[at * args.width + j] as number)) ** 2;
        sum += Math.sqrt(square);
      }
      if (args.labels[k] !== t[i]) other = Math.min(other, sum / (to - from));
      else {
        single = to - from === 1;
        own = single ? 0 : sum / (to - from - 1);
      }
    }
    const most = Math.max(own, other);
    return single || most === 0 ? 0 : (other - own) / most;
  });
}

/** Names {@link silhouetteStep} for the engine. */
export const SILHOUETTE_STEP = fnRef(import.meta.url, "silhouetteStep");

function rowsByLabel(rows: MetricRows): Map<number, number[]> {
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const members = new Map<number, number[]>();
  for (let i = 0; i < rows.rows; i++) {
    if (rows.weight && rows.weight[i] === 0) continue;
    const label = (t[i] as number) + 0;
    const own = members.get(label);
    if (own) own.push(i);
    else if (members.size === MOST_CLUSTERS) throw tooMany(rows.owner, { partition: rows.partition, row: i });
    else members.set(label, [i]);
  }
  return members;
}

function tooMany(owner: string, place?: { partition: number; row: number }): DataError {
  const where = place ? ` (in partition ${place.partition} by row ${place.row})` : "";
  return new DataError(
    `${owner}: there are more than ${MOST_CLUSTERS} clusters${where}. Pass labels of clusters, not quantities.`,
    place ? { details: place } : {},
  );
}
