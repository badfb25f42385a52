import { closest, DataError, ParameterError, show } from "../base/errors.js";
import type { DistributedArray } from "../collections/array/distributed-array.js";
import { LocalMatrix } from "../collections/array/local-matrix.js";
import { fnRef } from "../engine/fn-ref.js";
import { isLocal, toMatrix, type LocalInput, type MatrixInput } from "../estimator/inputs.js";
import { oneOf } from "./options.js";
import type { DistanceMetric, PairFunction, PairwiseKernel } from "./pairwise-steps.js";

/** Options of {@link pairwiseDistances}. */
export interface DistanceOptions {
  /** "euclidean" unless given. "haversine": rows of latitude and longitude in radians. */
  readonly metric?: DistanceMetric | undefined;
}

/** Options of {@link pairwiseKernels}. */
export interface KernelOptions {
  /** "linear" unless given. */
  readonly metric?: PairwiseKernel | undefined;
  /** Factor of "polynomial", "rbf", "sigmoid" and "laplacian" (1 / columns unless given) and "chi2" (1 unless given). */
  readonly gamma?: number | undefined;
  /** Constant of "polynomial" and "sigmoid": 1 unless given. */
  readonly coef0?: number | undefined;
  /** Power of "polynomial": 3 unless given. */
  readonly degree?: number | undefined;
}

/** For each row of X the nearest row of Y. */
export interface Nearest {
  /** Positions in Y; the first of equally near ones. */
  readonly indices: Float64Array;
  readonly distances: Float64Array;
}

const DISTANCES = ["euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine", "haversine"] as const;
const KERNELS = ["linear", "polynomial", "rbf", "sigmoid", "laplacian", "chi2", "additiveChi2", "cosine"] as const;

/**
 * Distances of every row of X from every row of Y: n x m, lazy for distributed X. Y is small and in this process: it travels
 * to every partition, and each row of X becomes m numbers there. Differences are squared as they are, so that near rows
 * keep their digits (scikit-learn expands the square).
 *
 * @throws ParameterError for an unknown metric; DataError for other columns in Y, no rows in Y, sparse X, NaN in Y
 *
 * @example
 * ```ts
 * (await pairwiseDistances([[0, 0], [3, 4]], [[0, 0]])).toRows(); // [[0], [5]]
 * ```
 */
export function pairwiseDistances(X: DistributedArray, Y: LocalInput, options?: DistanceOptions): DistributedArray;
export function pairwiseDistances(X: LocalInput, Y?: LocalInput, options?: DistanceOptions): Promise<LocalMatrix>;
export function pairwiseDistances(
  X: MatrixInput,
  Y?: LocalInput,
  options: DistanceOptions = {},
): DistributedArray | Promise<LocalMatrix> {
  const owner = "pairwiseDistances";
  checkNames(owner, options, ["metric"]);
  const metric = oneOf<DistanceMetric>(owner, "metric", options.metric, "euclidean", DISTANCES);
  return paired(owner, X, Y, { distance: metric });
}

/**
 * A kernel of every row of X and every row of Y: n x m, lazy for distributed X; Y as in {@link pairwiseDistances}.
 * "linear" x·y, "polynomial" (gamma x·y + coef0)^degree, "rbf" exp(-gamma |x - y|²), "sigmoid" tanh(gamma x·y + coef0),
 * "laplacian" exp(-gamma |x - y|₁), "additiveChi2" -Σ (x - y)² / (x + y), "chi2" its exponential with gamma, "cosine".
 *
 * @throws ParameterError for an unknown kernel or parameters that are no numbers; DataError as {@link pairwiseDistances}
 */
export function pairwiseKernels(X: DistributedArray, Y: LocalInput, options?: KernelOptions): DistributedArray;
export function pairwiseKernels(X: LocalInput, Y?: LocalInput, options?: KernelOptions): Promise<LocalMatrix>;
export function pairwiseKernels(
  X: MatrixInput,
  Y?: LocalInput,
  options: KernelOptions = {},
): DistributedArray | Promise<LocalMatrix> {
  const owner = "pairwiseKernels";
  checkNames(owner, options, ["metric", "gamma", "coef0", "degree"]);
  const kernel = oneOf<PairwiseKernel>(owner, "metric", options.metric, "linear", KERNELS);
  const { coef0 = 1, degree = 3 } = options;
  const gamma = options.gamma ?? (kernel === "chi2" ? 1 : 1 / Math.max(1, toMatrix(owner, X).width));
  for (const [name, value] of Object.entries({ gamma, coef0, degree })) {
    if (!(typeof value === "number" && Number.isFinite(value)))
      throw new ParameterError(`${owner}: ${name} must be a finite number; got ${show(value)}.`);
  }
  return paired(owner, X, Y, { kernel, gamma, coef0, degree });
}

/**
 * The nearest row of Y for every row of X, and how far it is: one pass, in which each partition sends 16 bytes a row.
 * @throws as {@link pairwiseDistances}
 */
export async function pairwiseDistancesArgminMin(
  X: MatrixInput,
  Y: LocalInput,
  options: DistanceOptions = {},
): Promise<Nearest> {
  const owner = "pairwiseDistancesArgminMin";
  checkNames(owner, options, ["metric"]);
  const metric = oneOf<DistanceMetric>(owner, "metric", options.metric, "euclidean", DISTANCES);
  const found = await mapped(owner, "nearestStep", X, Y, { distance: metric }, 2).compute();
  return { indices: found.columns[0] as Float64Array, distances: found.columns[1] as Float64Array };
}

/** The position of the nearest row of Y for every row of X; see {@link pairwiseDistancesArgminMin}. */
export async function pairwiseDistancesArgmin(
  X: MatrixInput,
  Y: LocalInput,
  options: DistanceOptions = {},
): Promise<Float64Array> {
  return (await pairwiseDistancesArgminMin(X, Y, options)).indices;
}

function paired(
  owner: string,
  X: MatrixInput,
  Y: LocalInput | undefined,
  of: PairFunction,
): DistributedArray | Promise<LocalMatrix> {
  if (Y === undefined && !isLocal(X))
    throw new ParameterError(
      `${owner}: Y is missing. Pass the rows to compare with; all pairs of a distributed X are too many.`,
    );
  const right = Y ?? (X as LocalInput);
  const lazy = mapped(owner, "pairwiseStep", X, right, of, undefined);
  return isLocal(X) ? lazy.compute() : lazy;
}

function mapped(
  owner: string,
  step: string,
  X: MatrixInput,
  Y: LocalInput,
  of: PairFunction,
  width: number | undefined,
): DistributedArray {
  const left = toMatrix(owner, X);
  const { right, rows } = rowsOfLocal(owner, Y);
  if (left.layout === "csr") throw new DataError(`${owner}: X is sparse. Pass a dense array.`);
  if (rows === 0) throw new DataError(`${owner}: Y has no rows. Pass at least one.`);
  if (right.length !== rows * left.width)
    throw new DataError(`${owner}: X has ${left.width} columns but Y has ${right.length / rows}. Both need the same.`);
  if ("distance" in of && of.distance === "haversine" && left.width !== 2)
    throw new DataError(
      `${owner}: haversine is for two columns, latitude and longitude in radians; X has ${left.width}.`,
    );
  return left.mapChunks(
    owner,
    fnRef(new URL("./pairwise-steps.js", import.meta.url).href, step),
    { width: left.width, right, of: { ...of } },
    { innerShape: [width ?? rows] },
  );
}

/** Local rows, one after the other. @throws DataError naming the row of a NaN or infinity */
function rowsOfLocal(owner: string, Y: LocalInput): { right: Float64Array; rows: number } {
  const right = flatOf(owner, Y);
  const { rows, width } = toMatrix(owner, Y) as { rows: number; width: number };
  const bad = right.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new DataError(
      `${owner}: Y has ${right[bad]} in row ${Math.floor(bad / width)}, column ${bad % width}. Fill such values first.`,
    );
  return { right, rows };
}

function flatOf(owner: string, Y: LocalInput): Float64Array {
  if (!isLocal(Y))
    throw new ParameterError(
      `${owner}: Y must be rows in this process; got ${show(Y)}. Compute it first, or swap X and Y.`,
    );
  if (Y instanceof LocalMatrix) return Y.toFlat();
  if (Array.isArray(Y)) return Float64Array.from((Y as readonly ArrayLike<number>[]).flatMap((row) => Array.from(row)));
  if (isMatrix(Y))
    return Float64Array.from({ length: Y.rows * Y.columns }, (_, i) => Y.get(Math.floor(i / Y.columns), i % Y.columns));
  const columns = Object.values(Y as Readonly<Record<string, ArrayLike<number>>>);
  const rows = columns[0]?.length ?? 0;
  return Float64Array.from({ length: rows * columns.length }, (_, i) =>
    Number(columns[i % columns.length]?.[Math.floor(i / columns.length)]),
  );
}

function isMatrix(Y: LocalInput): Y is Extract<LocalInput, { get(row: number, column: number): number }> {
  return typeof (Y as { get?: unknown }).get === "function" && typeof (Y as { rows?: unknown }).rows === "number";
}

function checkNames(owner: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = closest(name, known);
    throw new ParameterError(
      `${owner}: unknown option ${show(name)}. ${near ? `Did you mean ${show(near)}? ` : ""}It takes: ${known.join(", ")}.`,
    );
  }
}
