import { DataError, ParameterError, show } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { FrameLike } from "../src/collections/array/frame-like.js";
import type { LocalMatrix } from "../src/collections/array/local-matrix.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { applyToRows, isFrame } from "../src/estimator/apply.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { fittedColumns, namesOrNumbers } from "../src/estimator/fitted-columns.js";
import {
  toMatrix,
  type LabelInput,
  type LocalInput,
  type MatrixInput,
  type VectorInput,
} from "../src/estimator/inputs.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { Transformer } from "../src/estimator/transformer.js";
import { mergeRanges, type ColumnRanges } from "./column-ranges.js";
import {
  mergeSketched,
  needsSketch,
  quantileErrorParam,
  sketchColumns,
  sketchedQuantiles,
  type SketchedColumns,
} from "./column-sketches.js";
import { floatDtype, sparseError } from "./column-steps.js";
import { exactQuantiles } from "./exact-quantiles.js";
import { rangesOf } from "./range-fit.js";

/** Parameters of {@link KBinsDiscretizer}. */
export interface KBinsDiscretizerParams {
  nBins: number | readonly number[];
  encode: "onehot" | "onehotDense" | "ordinal";
  strategy: "uniform" | "quantile";
  quantileMethod: "averagedInvertedCdf" | "linear";
  quantileError: number | null;
}

interface KBinsDiscretizerState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  /** Edges of each column, the outer ones included; [-Infinity, Infinity] for a constant column. */
  readonly binEdges: readonly Float64Array[];
  /** What the fit used, whatever the parameter is set to later. */
  readonly strategy: KBinsDiscretizerParams["strategy"];
  readonly ranges: ColumnRanges;
  /** Of a fit by quantiles with `quantileError`. */
  readonly sketched?: SketchedColumns | undefined;
}

const TABLE = new ParamTable<KBinsDiscretizerParams>("KBinsDiscretizer", (z) =>
  z.object({
    nBins: z
      .union([z.int().min(2), z.array(z.int().min(2)).min(1)])
      .default(5)
      .describe("bins of each column, or one number a column"),
    encode: z
      .enum(["onehot", "onehotDense", "ordinal"])
      .default("onehot")
      .describe("a column of 0 and 1 for each bin, sparse or dense, or the bin's number"),
    strategy: z
      .enum(["uniform", "quantile"])
      .default("quantile")
      .describe("bins of equal width, or of equally many rows"),
    quantileMethod: z
      .enum(["averagedInvertedCdf", "linear"])
      .default("averagedInvertedCdf")
      .describe('where edges lie between two values of the data, for strategy "quantile"'),
    quantileError: quantileErrorParam(z),
  }),
);

const STEPS = new URL("./bin-steps.js", import.meta.url).href;
// scikit-learn's: quantile bins that are narrower are dropped.
const NARROW = 1e-8;

/**
 * Cuts columns into bins. A value's bin is the number of inner edges that are not above it; values beyond the outer edges
 * belong to the outer bins. Quantile bins no wider than 1e-8 are merged with the next; a constant column has one bin.
 *
 * Passes of `fit`: one for "uniform"; for "quantile" three over held data, two more for columns with heavy tails. The
 * quantiles are exact for any number of rows (see RobustScaler). Weight 2 counts a row twice.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32 (other dtypes are converted); NaN and infinities are an error in `fit` and,
 * naming column, partition and row, when transformed rows are computed. `transform` is lazy for distributed X: CSR for
 * "onehot" (frames need "onehotDense" or "ordinal"), else dense, f32 for f32. `inverseTransform` gives the middle of each
 * bin, for a constant column its value.
 *
 * `partialFit` and {@link merge} equal one fit on all rows exactly for "uniform". For "quantile" they need `quantileError`,
 * with which the edges come from a sketch: then within that error, and exactly up to 8 / quantileError distinct values.
 *
 * Differs from scikit-learn: all rows are used, not a sample; weights work with both quantile methods; there is no k-means
 * strategy.
 *
 * @example
 * ```ts
 * const bins = await new KBinsDiscretizer({ nBins: 2, encode: "ordinal" }).fit([[1], [2], [3], [4]]);
 * (await bins.transform([[2], [3]])).toRows(); // [[0], [1]]
 * ```
 */
export class KBinsDiscretizer extends Transformer<KBinsDiscretizerParams, KBinsDiscretizerState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<KBinsDiscretizerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): KBinsDiscretizer {
    return new KBinsDiscretizer().restore(json);
  }

  /** @throws DataError for NaN, infinities, no rows, or sparse X; ParameterError for as many `nBins` as there are not columns */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    this.setState(await this.#measure("KBinsDiscretizer.fit", X, options));
    return this;
  }

  /** Adds rows to what was learnt before. Strategy "quantile" needs `quantileError`. @throws DataError as `fit`, and without it */
  async partialFit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "KBinsDiscretizer.partialFit";
    if (this.params.strategy === "quantile" && this.params.quantileError === null) throw needsSketch(owner);
    const added = await this.#measure(owner, toMatrix(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The discretiser of the union of what two have seen, with the parameters of the first. @throws DataError for other columns or exact fits */
  static merge(a: KBinsDiscretizer, b: KBinsDiscretizer): KBinsDiscretizer {
    return a.mergedWith(b, united);
  }

  /** Edges of each column's bins, the outer ones included; [-Infinity, Infinity] for a constant column. */
  get binEdges(): readonly Float64Array[] {
    return this.state.binEdges;
  }

  /** Bins of each column. */
  get nBins(): number[] {
    return this.binEdges.map((edges) => edges.length - 1);
  }

  override getFeatureNamesOut(): string[] {
    const names = namesOrNumbers(this.featureNames, this.nFeatures);
    if (this.params.encode === "ordinal") return [...names];
    // scikit-learn's bins are numbers with a point.
    return this.nBins.flatMap((count, j) => Array.from({ length: count }, (_, bin) => `${names[j]}_${bin}.0`));
  }

  /** The middle of each value's bin: lazy for distributed input, computed for local input. Takes what `transform` returns. */
  inverseTransform<F extends FrameLike>(X: F): F;
  inverseTransform(X: DistributedArray): DistributedArray;
  inverseTransform(X: LocalInput): Promise<LocalMatrix>;
  inverseTransform(X: MatrixInput): DistributedArray | FrameLike | Promise<LocalMatrix> {
    const owner = "KBinsDiscretizer.inverseTransform";
    const ordinal = this.params.encode === "ordinal";
    const names = this.featureNames ? this.getFeatureNamesOut() : undefined;
    const fitted = {
      nFeatures: ordinal ? this.nFeatures : this.nBins.reduce((sum, n) => sum + n, 0),
      featureNames: names,
    };
    const build = (x: DistributedArray): DistributedArray => {
      if (ordinal && x.layout === "csr") throw sparseError(owner, "bin numbers are dense");
      const args = { centers: this.#centers(), offsets: this.#offsets() };
      const step = fnRef(STEPS, ordinal ? "centersStep" : "oneHotCentersStep");
      return x.mapChunks(owner, step, args, {
        innerShape: [this.nFeatures],
        names: this.featureNames,
        dtype: ordinal ? floatDtype(x.dtype) : "f64",
      });
    };
    const result = applyToRows(owner, X, fitted, build, (local) => local);
    return isFrame(X) ? X.fromArray(result as DistributedArray) : result;
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    const owner = "KBinsDiscretizer.transform";
    if (x.layout === "csr") throw sparseError(owner, "its bins are cut from dense columns");
    const { encode } = this.params;
    const edges = this.binEdges.map((all) => all.slice(1, -1));
    const args = { edges, offsets: this.#offsets(), owner, names: this.featureNames };
    const names = x.names ? this.getFeatureNamesOut() : undefined;
    const width = encode === "ordinal" ? this.nFeatures : (args.offsets[this.nFeatures] as number);
    const step = { onehot: "oneHotCsrStep", onehotDense: "oneHotDenseStep", ordinal: "ordinalStep" }[encode];
    return x.mapChunks("KBinsDiscretizer", fnRef(STEPS, step), args, {
      innerShape: [width],
      names,
      layout: encode === "onehot" ? "csr" : "dense",
      dtype: encode === "onehot" ? "f64" : floatDtype(x.dtype),
    });
  }

  #offsets(): Int32Array {
    const offsets = new Int32Array(this.nFeatures + 1);
    this.nBins.forEach((count, j) => (offsets[j + 1] = (offsets[j] as number) + count));
    return offsets;
  }

  #centers(): Float64Array[] {
    return this.binEdges.map((edges, j) =>
      Float64Array.from({ length: edges.length - 1 }, (_, bin) =>
        Number.isFinite(edges[bin])
          ? ((edges[bin] as number) + (edges[bin + 1] as number)) * 0.5
          : (this.state.ranges.min[j] as number),
      ),
    );
  }

  async #measure(owner: string, X: MatrixInput, options: FitOptions): Promise<KBinsDiscretizerState> {
    const { nBins, strategy, quantileMethod, quantileError } = this.params;
    using design = Design.open(owner, X, undefined, options);
    if (design.layout === "csr") throw sparseError(owner, "its bins are cut from dense columns");
    if (typeof nBins !== "number" && nBins.length !== design.nFeatures) {
      throw new ParameterError(
        `${owner}: nBins has ${nBins.length} numbers, but X has ${design.nFeatures} columns. Pass one number for each, or one for all.`,
      );
    }
    const ranges = await rangesOf(design, "refused", strategy === "uniform" ? "once" : "hold");
    const { columns } = design;
    if (strategy === "uniform") return fromRanges(owner, columns, ranges, this.params);
    if (quantileError !== null)
      return fromSketches(columns, await sketchColumns(design, ranges, quantileError), this.params);
    const levels = allLevels(binCounts(nBins, design.nFeatures));
    const found = await exactQuantiles(design, ranges, levels, quantileMethod);
    return fromQuantiles(columns, ranges, levels, found, this.params);
  }
}

registerEstimator("KBinsDiscretizer", KBinsDiscretizer);

function constantEdges(): Float64Array {
  return Float64Array.of(-Infinity, Infinity);
}

type Columns = Pick<KBinsDiscretizerState, "nFeatures" | "featureNames">;

function binCounts(nBins: KBinsDiscretizerParams["nBins"], width: number): number[] {
  return Array.from({ length: width }, (_, j) => (typeof nBins === "number" ? nBins : (nBins[j] as number)));
}

function levelsOf(bins: number): number[] {
  return Array.from({ length: bins + 1 }, (_, i) => (i === bins ? 1 : (i * (100 / bins)) / 100));
}

// One search for the levels of all columns; each takes its own.
function allLevels(counts: readonly number[]): number[] {
  return [...new Set(counts.flatMap(levelsOf))];
}

function fromQuantiles(
  columns: Columns,
  ranges: ColumnRanges,
  levels: readonly number[],
  found: readonly Float64Array[],
  { nBins }: Readonly<KBinsDiscretizerParams>,
): KBinsDiscretizerState {
  const binEdges = binCounts(nBins, columns.nFeatures).map((bins, j) => {
    if (ranges.min[j] === ranges.max[j]) return constantEdges();
    const edges = levelsOf(bins).map((level) => found[j]?.[levels.indexOf(level)] as number);
    return Float64Array.from(edges.filter((edge, i) => i === 0 || edge - (edges[i - 1] as number) > NARROW));
  });
  return { ...columns, strategy: "quantile", binEdges, ranges };
}

function fromSketches(
  columns: Columns,
  sketched: SketchedColumns,
  params: Readonly<KBinsDiscretizerParams>,
): KBinsDiscretizerState {
  const levels = allLevels(binCounts(params.nBins, columns.nFeatures));
  const found = sketchedQuantiles(sketched, levels, params.quantileMethod);
  return { ...fromQuantiles(columns, sketched.ranges, levels, found, params), sketched };
}

function fromRanges(
  owner: string,
  columns: Columns,
  ranges: ColumnRanges,
  { nBins }: Readonly<KBinsDiscretizerParams>,
): KBinsDiscretizerState {
  const binEdges = uniformEdges(owner, columns, ranges, binCounts(nBins, columns.nFeatures));
  return { ...columns, strategy: "uniform", binEdges, ranges };
}

function united(
  owner: string,
  a: KBinsDiscretizerState,
  b: KBinsDiscretizerState,
  params: Readonly<KBinsDiscretizerParams>,
): KBinsDiscretizerState {
  if (a.strategy !== b.strategy)
    throw new DataError(`${owner}: one has ${a.strategy} bins, the other ${b.strategy} ones. Use one strategy.`);
  const columns = fittedColumns(a.nFeatures, a.featureNames);
  if (a.strategy === "uniform") return fromRanges(owner, columns, mergeRanges(a.ranges, b.ranges), params);
  return fromSketches(columns, mergeSketched(owner, a.sketched, b.sketched), params);
}

function uniformEdges(
  owner: string,
  { featureNames }: Columns,
  { min, max }: ColumnRanges,
  counts: readonly number[],
): Float64Array[] {
  return counts.map((bins, j) => {
    const low = min[j] as number;
    const high = max[j] as number;
    if (low === high) return constantEdges();
    const step = (high - low) / bins;
    if (!Number.isFinite(step))
      throw new DataError(
        `${owner}: column ${show(featureNames?.[j] ?? j)} spans more than a double can hold, from ${low} to ${high}. Scale it first.`,
      );
    return Float64Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : i * step + low));
  });
}
