import type { TaskContext } from "../engine/engine.js";
import { asDoubles } from "../estimator/design-tasks.js";
import type { Column, DenseChunk } from "../memory/column.js";

/** Distances between rows. */
export type DistanceMetric = "euclidean" | "sqeuclidean" | "manhattan" | "chebyshev" | "cosine" | "haversine";

/** Kernels of two rows. */
export type PairwiseKernel =
  | "linear"
  | "polynomial"
  | "rbf"
  | "sigmoid"
  | "laplacian"
  | "chi2"
  | "additiveChi2"
  | "cosine";

/** What is computed of each pair of rows. */
export type PairFunction =
  | { readonly distance: DistanceMetric }
  | { readonly kernel: PairwiseKernel; readonly gamma: number; readonly coef0: number; readonly degree: number };

/** Arguments of the steps: the right side row by row. */
export interface PairwiseArgs {
  readonly width: number;
  readonly right: Float64Array;
  readonly of: PairFunction;
}

type Of = (a: Float64Array, b: Float64Array, from: number) => number;

/** The function of a row `a` and the row of `b` that starts at `from`. */
export function pairFunction(of: PairFunction): Of {
  if ("distance" in of) return DISTANCES[of.distance];
  const { gamma, coef0, degree } = of;
  switch (of.kernel) {
    case "linear":
      return dot;
    case "polynomial":
      return (a, b, from) => (gamma * dot(a, b, from) + coef0) ** degree;
    case "sigmoid":
      return (a, b, from) => Math.tanh(gamma * dot(a, b, from) + coef0);
    case "rbf":
      return (a, b, from) => Math.exp(-gamma * squared(a, b, from));
    case "laplacian":
      return (a, b, from) => Math.exp(-gamma * manhattan(a, b, from));
    case "cosine":
      return (a, b, from) => 1 - cosineDistance(a, b, from);
    case "additiveChi2":
      return (a, b, from) => -chi2(a, b, from);
    case "chi2":
      return (a, b, from) => Math.exp(-gamma * chi2(a, b, from));
  }
}

const dot: Of = (a, b, from) => {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j] as number) * (b[from + j] as number);
  return sum;
};

// Differences are squared, where scikit-learn expands the square and loses digits of near rows.
const squared: Of = (a, b, from) => {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += ((a[j] as number) - (b[from + j] as number)) ** 2;
  return sum;
};

const manhattan: Of = (a, b, from) => {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += Math.abs((a[j] as number) - (b[from + j] as number));
  return sum;
};

const chebyshev: Of = (a, b, from) => {
  let most = 0;
  for (let j = 0; j < a.length; j++) most = Math.max(most, Math.abs((a[j] as number) - (b[from + j] as number)));
  return most;
};

const cosineDistance: Of = (a, b, from) => {
  let [product, left, right] = [0, 0, 0];
  for (let j = 0; j < a.length; j++) {
    const [x, y] = [a[j] as number, b[from + j] as number];
    product += x * y;
    left += x * x;
    right += y * y;
  }
  // A row of zeros has no direction: as far from all as a right angle, as in scikit-learn.
  return left === 0 || right === 0 ? 1 : Math.min(2, Math.max(0, 1 - product / Math.sqrt(left) / Math.sqrt(right)));
};

const chi2: Of = (a, b, from) => {
  let sum = 0;
  for (let j = 0; j < a.length; j++) {
    const [x, y] = [a[j] as number, b[from + j] as number];
    if (x + y !== 0) sum += (x - y) ** 2 / (x + y);
  }
  return sum;
};

const haversine: Of = (a, b, from) => {
  const [latitude, longitude] = [a[0] as number, a[1] as number];
  const [otherLatitude, otherLongitude] = [b[from] as number, b[from + 1] as number];
  const half = Math.sin((latitude - otherLatitude) / 2) ** 2;
  const across = Math.cos(latitude) * Math.cos(otherLatitude) * Math.sin((longitude - otherLongitude) / 2) ** 2;
  return 2 * Math.asin(Math.sqrt(Math.min(1, half + across)));
};

const DISTANCES: Readonly<Record<DistanceMetric, Of>> = {
  euclidean: (a, b, from) => Math.sqrt(squared(a, b, from)),
  sqeuclidean: squared,
  manhattan,
  chebyshev,
  cosine: cosineDistance,
  haversine,
};

/** The function of every row of the chunk and every row of the right side: one column each. */
export function pairwiseStep(context: TaskContext, args: PairwiseArgs, chunk: DenseChunk): DenseChunk {
  const rows = args.right.length / args.width;
  const out = context.memory.dense("f64", chunk.rows, rows);
  const targets = out.columns.map((column) => context.memory.view(column as Column<"f64">));
  const of = pairFunction(args.of);
  eachRow(context, chunk, (row, i) => {
    for (let k = 0; k < rows; k++) (targets[k] as Float64Array)[i] = of(row, args.right, k * args.width);
  });
  return out;
}

/** For every row of the chunk the nearest row of the right side, the first of equal ones, and its distance. */
export function nearestStep(context: TaskContext, args: PairwiseArgs, chunk: DenseChunk): DenseChunk {
  const rows = args.right.length / args.width;
  const out = context.memory.dense("f64", chunk.rows, 2);
  const [index, distance] = out.columns.map((column) => context.memory.view(column as Column<"f64">)) as [
    Float64Array,
    Float64Array,
  ];
  const of = pairFunction(args.of);
  eachRow(context, chunk, (row, i) => {
    let best = 0;
    let least = Infinity;
    for (let k = 0; k < rows; k++) {
      const value = of(row, args.right, k * args.width);
      if (value < least) [best, least] = [k, value];
    }
    index[i] = best;
    distance[i] = least;
  });
  return out;
}

function eachRow(context: TaskContext, chunk: DenseChunk, work: (row: Float64Array, i: number) => void): void {
  const columns = chunk.columns.map((column) => context.memory.view(asDoubles(context, column as Column)));
  const row = new Float64Array(columns.length);
  for (let i = 0; i < chunk.rows; i++) {
    for (let j = 0; j < row.length; j++) row[j] = (columns[j] as Float64Array)[i] as number;
    work(row, i);
  }
}
