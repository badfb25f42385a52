import { DataError, show } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { fittedColumns, namesOrNumbers } from "../src/estimator/fitted-columns.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../src/estimator/inputs.js";
import { statisticsByMerge, type FoldStatistics } from "../src/estimator/fold-statistics.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { addRowStep, type RowStep } from "../src/estimator/row-steps.js";
import { Transformer } from "../src/estimator/transformer.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { mergeMoments, type Moments } from "../src/numeric/moments.js";
import { mergeRanges, type ColumnRanges } from "./column-ranges.js";
import {
  mergeSketched,
  needsSketch,
  quantileErrorParam,
  sketchColumns,
  sketchedQuantiles,
  type SketchedColumns,
} from "./column-sketches.js";
import { floatDtype, mapColumns, sparseError } from "./column-steps.js";
import { exactQuantiles } from "./exact-quantiles.js";
import { GATHER_STEP, mergeRunLists, type Run } from "./order-steps.js";
import { rangesOf, requireWeight } from "./range-fit.js";
import { noRows } from "../src/estimator/no-rows.js";

/** Parameters of {@link SimpleImputer}. */
export interface SimpleImputerParams {
  strategy: "mean" | "median" | "mostFrequent" | "constant";
  fillValue: number;
  addIndicator: boolean;
  keepEmptyFeatures: boolean;
  quantileError: number | null;
}

interface SimpleImputerState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  /** What the fit used, whatever the parameter is set to later. */
  readonly strategy: SimpleImputerParams["strategy"];
  /** The statistic of each column, NaN for one without values; not there for "constant". */
  readonly learnt?: Float64Array | undefined;
  readonly nanCount: Float64Array;
  readonly rows: number;
  /** Kept for `partialFit` and `merge`: for "mean" and "constant", */
  readonly moments?: Moments | undefined;
  /** for "median" with `quantileError`, */
  readonly sketched?: SketchedColumns | undefined;
  /** and for "mostFrequent" with few distinct values: these with their weight. */
  readonly counted?: Counted | undefined;
}

/** Distinct values of each column with their weights. */
interface Counted {
  readonly ranges: ColumnRanges;
  readonly runs: readonly Run[];
}

/** More distinct values of a column than this are not kept for `partialFit` and `merge`. */
const MOST_KEPT = 10_000;

const MOMENTS_OF_DESIGN = fnRef(new URL("./standard-scaler.js", import.meta.url).href, "momentsOfDesign");

const TABLE = new ParamTable<SimpleImputerParams>("SimpleImputer", (z) =>
  z.object({
    strategy: z
      .enum(["mean", "median", "mostFrequent", "constant"])
      .default("mean")
      .describe(
        "what a missing value becomes: its column's mean, median, most frequent value (the smallest of several), or fillValue",
      ),
    fillValue: z.number().default(0).describe('the value that strategy "constant" fills in'),
    addIndicator: z
      .boolean()
      .default(false)
      .describe("append a column of 0 and 1 for each column in which the fit saw missing values"),
    keepEmptyFeatures: z
      .boolean()
      .default(false)
      .describe("fill columns without any value with 0 (or fillValue); otherwise they are left out"),
    quantileError: quantileErrorParam(z),
  }),
);

/**
 * Fills missing values (NaN; null in frames) with a statistic of their column.
 *
 * Passes of `fit`: one for "mean" and "constant"; three over held data for "median", which is exact (see RobustScaler); two
 * for "mostFrequent", where the distinct values of a partition travel. Weight 2 counts a row twice.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32 (other dtypes are converted); infinities are an error. `transform` is lazy for
 * distributed X and keeps f32 as f32; it returns the columns that had values in `fit`, then the indicators, named
 * `missingindicator_<name>`.
 *
 * `partialFit` and {@link merge} equal one fit on all rows: for "mean" and "constant" up to rounding; for "mostFrequent"
 * exactly, as long as no column has more than 10,000 distinct values, which are kept; for "median" with `quantileError`
 * within that error, and exactly up to 8 / quantileError distinct values.
 *
 * Differs from scikit-learn: missing is NaN and nothing else; sparse X is refused; weights are taken; text columns are for
 * a frame's `fillNull`.
 *
 * @example
 * ```ts
 * const imputer = await new SimpleImputer().fit([[1], [NaN], [3]]);
 * (await imputer.transform([[NaN]])).toRows(); // [[2]]
 * ```
 */
export class SimpleImputer extends Transformer<SimpleImputerParams, SimpleImputerState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<SimpleImputerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): SimpleImputer {
    return new SimpleImputer().restore(json);
  }

  /** @throws DataError for infinities, no rows, sparse X, or when no column has a value */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    this.setState(await this.#measure("SimpleImputer.fit", X, options));
    return this;
  }

  /** Adds rows to what was learnt before. @throws DataError for strategies whose statistic cannot be added to */
  async partialFit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "SimpleImputer.partialFit";
    const { strategy, quantileError } = this.params;
    if (strategy === "median" && quantileError === null) throw needsSketch(owner);
    const added = await this.#measure(owner, toMatrix(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The imputer of the union of what two imputers have seen, with the parameters of the first. @throws DataError as `partialFit` */
  static merge(a: SimpleImputer, b: SimpleImputer): SimpleImputer {
    return a.mergedWith(b, united);
  }

  /** @internal Fits of cross-validation's folds from one scan. */
  get foldStatistics(): FoldStatistics<SimpleImputer> | undefined {
    return this.params.strategy === "median"
      ? undefined
      : statisticsByMerge<SimpleImputer>(this, (a, b) => SimpleImputer.merge(a, b));
  }

  /** What missing values of each column become; NaN for columns that are left out. */
  get statistics(): Float64Array {
    const { learnt, nanCount, rows, nFeatures } = this.state;
    const { fillValue, keepEmptyFeatures } = this.params;
    return Float64Array.from({ length: nFeatures }, (_, j) => {
      if ((nanCount[j] ?? 0) < rows) return learnt?.[j] ?? fillValue;
      return keepEmptyFeatures ? (learnt ? 0 : fillValue) : NaN;
    });
  }

  /** Positions of the columns that get an indicator when `addIndicator` is set. */
  get indicatorFeatures(): number[] {
    return Array.from(this.state.nanCount.keys()).filter((j) => (this.state.nanCount[j] ?? 0) > 0);
  }

  override getFeatureNamesOut(): string[] {
    const names = namesOrNumbers(this.featureNames, this.nFeatures);
    const { keep, indicators } = this.#layout();
    return [...keep.map((j) => names[j] ?? ""), ...indicators.map((j) => `missingindicator_${names[j]}`)];
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    if (x.layout === "csr") throw sparseError("SimpleImputer.transform", "the fit was on dense rows");
    const { keep, indicators } = this.#layout();
    if (keep.length + indicators.length === 0) {
      throw new DataError(
        "SimpleImputer.transform: no column had a value in fit, so none is left. Set keepEmptyFeatures to true, or drop such columns.",
      );
    }
    const names = this.getFeatureNamesOut();
    const args = { fill: this.statistics, keep, indicators };
    return x.mapChunks("SimpleImputer", fnRef(import.meta.url, "imputeStep"), args, {
      innerShape: [names.length],
      names: x.names ? names : undefined,
      dtype: floatDtype(x.dtype),
    });
  }

  #layout(): { keep: number[]; indicators: number[] } {
    const keep = Array.from(this.statistics.entries())
      .filter(([, value]) => !Number.isNaN(value))
      .map(([j]) => j);
    return { keep, indicators: this.params.addIndicator ? this.indicatorFeatures : [] };
  }

  async #measure(owner: string, X: MatrixInput, options: FitOptions): Promise<SimpleImputerState> {
    const { strategy } = this.params;
    using design = Design.open(owner, X, undefined, options);
    if (design.layout === "csr") throw sparseError(owner, "its absent entries are zeros, not missing values");
    const columns = { ...design.columns, strategy };
    if (strategy === "mean" || strategy === "constant") {
      const moments = await design.reduce<Moments>(MOMENTS_OF_DESIGN, undefined, mergeMoments);
      if (moments.rows === 0) throw noRows(owner);
      if (moments.infCount.some((count) => count > 0)) await design.assertNoInfinity();
      // Columns without any value have no weight either.
      requireWeight(
        owner,
        moments.weight.some((weight, j) => weight > 0 || moments.nanCount[j] === moments.rows) ? 1 : 0,
      );
      return { ...columns, ...fromMoments(strategy, moments) };
    }
    const ranges = await rangesOf(design, "left out", "hold");
    const { quantileError } = this.params;
    if (strategy === "mostFrequent")
      return { ...columns, ...fromCounts({ ranges, runs: await runsOf(design, ranges) }) };
    if (quantileError !== null)
      return { ...columns, ...fromSketches(await sketchColumns(design, ranges, quantileError)) };
    const learnt = await heldStatistics(design, ranges, strategy, NaN);
    return { ...columns, learnt, nanCount: ranges.nanCount, rows: ranges.rows };
  }
}

registerEstimator("SimpleImputer", SimpleImputer);

type Learnt = Omit<SimpleImputerState, "nFeatures" | "featureNames" | "strategy">;

function fromMoments(strategy: "mean" | "constant", moments: Moments): Learnt {
  // Without weight there is no mean; the plain 0 stands for it.
  const learnt = strategy === "mean" ? { learnt: moments.mean } : {};
  return { ...learnt, nanCount: moments.nanCount, rows: moments.rows, moments };
}

function fromSketches(sketched: SketchedColumns): Learnt {
  const { nanCount, rows } = sketched.ranges;
  return { learnt: medianOf(sketchedQuantiles(sketched, [0.5], "linear")), nanCount, rows, sketched };
}

function fromCounts(counted: Counted): Learnt {
  const { ranges, runs } = counted;
  const isSmall = runs.every(({ value }) => value.length <= MOST_KEPT);
  return {
    learnt: Float64Array.from(runs, modeOf),
    nanCount: ranges.nanCount,
    rows: ranges.rows,
    ...(isSmall ? { counted } : {}),
  };
}

function united(owner: string, a: SimpleImputerState, b: SimpleImputerState): SimpleImputerState {
  const { strategy, nFeatures, featureNames } = a;
  if (strategy !== b.strategy) {
    throw new DataError(
      `${owner}: one was fitted with strategy ${show(strategy)}, the other with ${show(b.strategy)}. Use one strategy.`,
    );
  }
  const columns = { ...fittedColumns(nFeatures, featureNames), strategy };
  if (strategy === "median") return { ...columns, ...fromSketches(mergeSketched(owner, a.sketched, b.sketched)) };
  if (strategy !== "mostFrequent")
    return { ...columns, ...fromMoments(strategy, mergeMoments(a.moments as Moments, b.moments as Moments)) };
  if (!a.counted || !b.counted) {
    throw new DataError(
      `${owner}: a column has more than ${MOST_KEPT} distinct values, too many to keep for the strategy "mostFrequent". Fit on the union, or use "median" with quantileError.`,
    );
  }
  const counted = {
    ranges: mergeRanges(a.counted.ranges, b.counted.ranges),
    runs: mergeRunLists(a.counted.runs, b.counted.runs),
  };
  return { ...columns, ...fromCounts(counted) };
}

/** What a missing value of each column becomes, from held rows; NaN for columns without values (0 for the mean). */
export async function heldStatistics(
  design: Design,
  ranges: ColumnRanges,
  strategy: SimpleImputerParams["strategy"],
  fillValue: number,
): Promise<Float64Array> {
  if (strategy === "constant") return new Float64Array(design.nFeatures).fill(fillValue);
  if (strategy === "median") return medianOf(await exactQuantiles(design, ranges, [0.5], "linear"));
  if (strategy === "mostFrequent") return Float64Array.from(await runsOf(design, ranges), modeOf);
  return (await design.reduce<Moments>(MOMENTS_OF_DESIGN, undefined, mergeMoments, false)).mean;
}

function medianOf(found: readonly Float64Array[]): Float64Array {
  return Float64Array.from(found, ([median]) => median ?? NaN);
}

/** All distinct values of each column with their weights. */
async function runsOf(design: Design, ranges: ColumnRanges): Promise<Run[]> {
  const columns = Array.from(ranges.min.keys());
  const intervals = { column: columns, low: Array.from(ranges.min), high: Array.from(ranges.max) };
  return design.reduce<Run[]>(GATHER_STEP, { intervals, limit: Infinity }, mergeRunLists, false);
}

/** The value with the most weight, the smallest of several. */
export function modeOf({ value, weight }: Run): number {
  let best = 0;
  for (let k = 1; k < value.length; k++) if ((weight[k] as number) > (weight[best] as number)) best = k;
  return value[best] ?? NaN;
}

/** One partition: the kept columns with NaN filled, then the indicators. */
export function imputeStep(
  context: TaskContext,
  args: { fill: Float64Array; keep: number[]; indicators: number[] },
  x: DenseChunk,
): DenseChunk {
  const part = (columns: readonly number[]): DenseChunk => ({
    ...x,
    columns: columns.map((j) => x.columns[j] as Column),
  });
  const filled = mapColumns(context, part(args.keep), (values, out, k) => {
    const fill = args.fill[args.keep[k] as number] as number;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      // Only NaN differs from itself.
      out[i] = value === value ? value : fill;
    }
  });
  if (args.indicators.length === 0) return filled;
  const flags = mapColumns(context, part(args.indicators), (values, out) => {
    for (let i = 0; i < values.length; i++) out[i] = values[i] === values[i] ? 0 : 1;
  });
  return { ...filled, columns: [...filled.columns, ...flags.columns] };
}

addRowStep<{ fill: Float64Array; keep: number[]; indicators: number[] }>(
  fnRef(import.meta.url, "imputeStep"),
  ({ fill, keep, indicators }) =>
    ((row: Float64Array) =>
      Float64Array.from([
        ...keep.map((j) => (Number.isNaN(row[j]) ? (fill[j] as number) : (row[j] as number))),
        ...indicators.map((j) => (Number.isNaN(row[j]) ? 1 : 0)),
      ])) as RowStep,
);
