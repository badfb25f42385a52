import { closest, DataError, ParameterError, show } from "../base/errors.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { polars } from "../collections/frame/polars.js";
import { stackParts } from "../compose/stack-parts.js";
import { fnRef } from "../engine/fn-ref.js";
import type { FitOptions } from "../estimator/design.js";
import { toVector } from "../estimator/inputs.js";
import type { Label } from "../estimator/labels.js";
import { shapeOf, type Rows, type TableInput } from "../estimator/table.js";
import { metricPass } from "../metrics/metric-pass.js";
import { columnMeansKernel, gridOf } from "./dependence-grid.js";
import { array } from "./scoring.js";
import { openTrialData, type TrialData } from "./trial-data.js";
import { assertEstimator, canDo, methodOf, type TrialEstimator } from "./trial-estimator.js";

/** What {@link partialDependence} answers for: means over the rows, every row, or both. */
export type DependenceKind = "average" | "individual" | "both";

/** Options of {@link partialDependence}; `sampleWeight` weighs the means. */
export interface PartialDependenceOptions extends FitOptions {
  /** Positions or names of the columns that are varied together. */
  readonly features: readonly (number | string)[];
  /** "average" unless given. */
  readonly kind?: DependenceKind | undefined;
  /** Values of a column with more distinct ones than this: so many, evenly spaced. 100 unless given. */
  readonly gridResolution?: number | undefined;
  /** Shares of the values that the grid runs between: 0.05 and 0.95 unless given. */
  readonly percentiles?: readonly [number, number] | undefined;
  /** Columns of numbers whose distinct values are the grid, however many they are. Text always is so. */
  readonly categoricalFeatures?: readonly (number | string)[] | undefined;
  /** Values of one's own, by the column's place in `features`. */
  readonly grid?: readonly (readonly Label[] | undefined)[] | undefined;
  /** `predict` for regressors, else probabilities, or decisions where there are none, unless given. */
  readonly responseMethod?: "predict" | "predictProba" | "decisionFunction" | undefined;
}

/** What {@link partialDependence} found. Points of the grid: the last feature's values change first. */
export interface PartialDependence {
  /** The values of each feature. */
  readonly grid: readonly (readonly Label[])[];
  /** Means over the rows, by output (one, or one a class for more than two classes) and point. */
  readonly average: readonly Float64Array[] | undefined;
  /** By output, row and point. */
  readonly individual: readonly (readonly Float64Array[])[] | undefined;
}

const KNOWN = [
  "features",
  "kind",
  "gridResolution",
  "percentiles",
  "categoricalFeatures",
  "grid",
  "responseMethod",
  "sampleWeight",
  "engine",
  "signal",
  "onProgress",
];

// Points whose predictions are made side by side in one pass: 8 bytes a row, point and output at a time.
const POINTS_A_PASS = 32;

/**
 * How a fitted model's answer depends on some columns: the mean of its predictions when every row has the same values there
 * (Friedman 2001), for each value of a grid; or the predictions of each row by themselves (individual conditional
 * expectation, Goldstein et al. 2015).
 *
 * X: arrays, frames (with text columns for pipelines that take them), local rows. Of two classes the second one is answered
 * for. X is held for the call; one pass for up to 32 points of the grid, each of which predicts all rows; each feature's
 * column comes to this process once for its grid (8 bytes a row), unless it has a grid of its own. Individual answers take
 * 8 bytes a row and point in this process.
 *
 * Differs from scikit-learn: always by brute force, which is exact for every model; quantiles as there.
 *
 * @throws ParameterError for features and options that are not there; DataError for sparse X, a feature with NaN, and a
 *   column whose percentiles are the same value
 *
 * @example
 * ```ts
 * const { grid, average } = await partialDependence(model, X, { features: ["age"], gridResolution: 20 });
 * await lineChart({ series: [{ name: "age", x: grid[0] as number[], y: average![0]! }] });
 * ```
 */
export async function partialDependence(
  model: TrialEstimator,
  X: TableInput,
  options: PartialDependenceOptions,
): Promise<PartialDependence> {
  const owner = "partialDependence";
  checkNames(owner, options);
  assertEstimator(owner, model);
  const { kind = "average", responseMethod } = options;
  if (!["average", "individual", "both"].includes(kind))
    throw new ParameterError(`${owner}: kind must be one of "average", "individual", "both"; got ${show(kind)}.`);
  const data = await openTrialData(owner, [], X, undefined, undefined, options);
  try {
    if (!(data.X instanceof DistributedDataFrame) && data.X.layout === "csr")
      throw new DataError(`${owner}: X is sparse; its columns cannot be set. Pass a dense array.`);
    const features = placesOf(owner, options.features, data.X, "features");
    const categorical = placesOf(owner, options.categoricalFeatures ?? [], data.X, "categoricalFeatures");
    const grid: (readonly Label[])[] = [];
    for (const [k, feature] of features.entries()) {
      const own = options.grid?.[k];
      if (own !== undefined && own.length === 0)
        throw new ParameterError(`${owner}: grid[${k}] is empty. Give at least one value.`);
      grid.push(own ?? (await gridOf(owner, data.X, feature, categorical.includes(feature), options, data.run)));
    }
    const points = product(grid);
    const respond = responder(owner, model, responseMethod);
    const sums = await answers(owner, data, features, points, respond, kind, options.onProgress);
    return { grid, ...sums };
  } finally {
    data.release();
  }
}

async function answers(
  owner: string,
  data: TrialData,
  features: readonly number[],
  points: readonly (readonly Label[])[],
  respond: (X: Rows) => DistributedArray,
  kind: DependenceKind,
  onProgress: FitOptions["onProgress"],
): Promise<Pick<PartialDependence, "average" | "individual">> {
  const average: Float64Array[] = [];
  const individual: Float64Array[][] = [];
  const weight =
    data.sampleWeight === undefined ? undefined : toVector(owner, "sampleWeight", data.sampleWeight as never, data.X);
  for (let from = 0; from < points.length; from += POINTS_A_PASS) {
    const some = points.slice(from, from + POINTS_A_PASS);
    const parts = some.map((values, k) => {
      const said = respond(withValues(owner, data.X, features, values));
      return {
        name: `point ${from + k}`,
        array: new DistributedArray({ ...said, innerShape: [said.width], names: undefined }),
      };
    });
    const outputs = parts[0]?.array.width ?? 1;
    const names = Array.from({ length: some.length * outputs }, (_, j) => `x${j}`);
    const side = stackParts(owner, parts, names, false);
    const put = (k: number, output: number, value: number): void => {
      (average[output] ??= new Float64Array(points.length))[from + k] = value;
    };
    if (kind !== "individual") {
      const [means] = await metricPass([columnMeansKernel(owner)], { yTrue: side, sampleWeight: weight }, data.run);
      means.forEach((mean, j) => put(Math.floor(j / outputs), j % outputs, mean));
    }
    if (kind !== "average") {
      const local = await side.compute(data.run);
      for (let output = 0; output < outputs; output++) {
        const rows = (individual[output] ??= Array.from({ length: local.rows }, () => new Float64Array(points.length)));
        rows.forEach((row, i) => some.forEach((_, k) => (row[from + k] = local.at(i, k * outputs + output))));
      }
    }
    onProgress?.({ stage: owner, done: from + some.length, total: points.length });
  }
  return {
    average: kind === "individual" ? undefined : average,
    individual: kind === "average" ? undefined : individual,
  };
}

/** The rows with the same values in some columns; lazy. */
function withValues(owner: string, X: Rows, features: readonly number[], values: readonly Label[]): Rows {
  if (X instanceof DistributedDataFrame) {
    const named = features.map((feature, k) => [X.columns[feature] as string, polars().lit(values[k])] as const);
    return X.withColumns(Object.fromEntries(named));
  }
  const task = fnRef(new URL("./dependence-grid.js", import.meta.url).href, "setColumnsStep");
  const args = { columns: [...features], values: values.map(Number) };
  return X.mapChunks(owner, task, args, { innerShape: X.innerShape, names: X.names, dtype: X.dtype });
}

function responder(
  owner: string,
  model: TrialEstimator,
  asked: PartialDependenceOptions["responseMethod"],
): (X: Rows) => DistributedArray {
  const method =
    asked ??
    (canDo(model, "predictProba") ? "predictProba" : canDo(model, "decisionFunction") ? "decisionFunction" : "predict");
  const call = methodOf(owner, model, method);
  return (X) => {
    const said = array(owner, call(X));
    return method === "predictProba" && said.width === 2 ? said.columns([1]) : said;
  };
}

function product(grid: readonly (readonly Label[])[]): Label[][] {
  return grid.reduce<Label[][]>(
    (points, values) => points.flatMap((point) => values.map((value) => [...point, value])),
    [[]],
  );
}

function placesOf(owner: string, features: readonly (number | string)[], X: Rows, option: string): number[] {
  const { width, names = [] } = shapeOf(X);
  if (!Array.isArray(features) || (option === "features" && features.length === 0))
    throw new ParameterError(`${owner}: ${option} must be a list of columns; got ${show(features)}.`);
  const places = features.map((feature: number | string) => {
    const place = typeof feature === "string" ? names.indexOf(feature) : feature;
    if (Number.isInteger(place) && place >= 0 && place < width) return place;
    const near = typeof feature === "string" ? closest(feature, names) : undefined;
    throw new ParameterError(
      `${owner}: ${option} has ${show(feature)}, but X has ${typeof feature === "string" && names.length > 0 ? "no such column" : `columns 0 to ${width - 1}`}.${near ? ` Did you mean ${show(near)}?` : ""}`,
    );
  });
  if (new Set(places).size < places.length) throw new ParameterError(`${owner}: ${option} names a column twice.`);
  return places;
}

function checkNames(owner: string, options: PartialDependenceOptions): void {
  for (const name of Object.keys(options ?? {})) {
    if (KNOWN.includes(name)) continue;
    const near = closest(name, KNOWN);
    throw new ParameterError(
      `${owner}: unknown option ${show(name)}. ${near ? `Did you mean ${show(near)}? ` : ""}It takes: ${KNOWN.join(", ")}.`,
    );
  }
}
