import { DataError, ParameterError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { FrameLike } from "../src/collections/array/frame-like.js";
import type { LocalMatrix } from "../src/collections/array/local-matrix.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { applyToRows, isFrame } from "../src/estimator/apply.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import type { LabelInput, LocalInput, MatrixInput, VectorInput } from "../src/estimator/inputs.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { Transformer } from "../src/estimator/transformer.js";
import type { ColumnRanges } from "./column-ranges.js";
import { floatDtype, namesOrNumbers, sparseError } from "./column-steps.js";
import { exactQuantiles } from "./exact-quantiles.js";
import { rangesOf } from "./range-fit.js";

/** Parameters of {@link KBinsDiscretizer}. */
export interface KBinsDiscretizerParams {
  nBins: number | readonly number[];
  encode: "onehot" | "onehotDense" | "ordinal";
  strategy: "uniform" | "quantile";
  quantileMethod: "averagedInvertedCdf" | "linear";
}

interface KBinsDiscretizerState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  /** Edges of each column, the outer ones included; [-Infinity, Infinity] for a constant column. */
  readonly binEdges: readonly Float64Array[];
  /** Smallest value of each column: what a constant column is. */
  readonly dataMin: Float64Array;
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
    const owner = "KBinsDiscretizer.fit";
    const { nBins, strategy } = this.params;
    using design = Design.open(owner, X, undefined, options);
    if (design.layout === "csr") throw sparseError(owner, "its bins are cut from dense columns");
    if (typeof nBins !== "number" && nBins.length !== design.nFeatures) {
      throw new ParameterError(
        `${owner}: nBins has ${nBins.length} numbers, but X has ${design.nFeatures} columns. Pass one number for each, or one for all.`,
      );
    }
    const counts = Array.from({ length: design.nFeatures }, (_, j) =>
      typeof nBins === "number" ? nBins : (nBins[j] as number),
    );
    const ranges = await rangesOf(design, "refused", strategy === "uniform" ? "once" : "hold");
    const binEdges =
      strategy === "uniform" ? uniformEdges(ranges, counts) : await this.#quantileEdges(design, ranges, counts);
    this.setState({
      nFeatures: design.nFeatures,
      ...(design.names ? { featureNames: design.names } : {}),
      binEdges,
      dataMin: ranges.min,
    });
    return this;
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
          : (this.state.dataMin[j] as number),
      ),
    );
  }

  async #quantileEdges(design: Design, ranges: ColumnRanges, counts: readonly number[]): Promise<Float64Array[]> {
    // One search for the levels of all columns; each takes its own.
    const levelsOf = (bins: number): number[] =>
      Array.from({ length: bins + 1 }, (_, i) => (i === bins ? 1 : (i * (100 / bins)) / 100));
    const all = [...new Set(counts.flatMap(levelsOf))];
    const found = await exactQuantiles(design, ranges, all, this.params.quantileMethod);
    return counts.map((bins, j) => {
      if (ranges.min[j] === ranges.max[j]) return constantEdges();
      const edges = levelsOf(bins).map((level) => found[j]?.[all.indexOf(level)] as number);
      return Float64Array.from(edges.filter((edge, i) => i === 0 || edge - (edges[i - 1] as number) > NARROW));
    });
  }
}

registerEstimator("KBinsDiscretizer", KBinsDiscretizer);

function constantEdges(): Float64Array {
  return Float64Array.of(-Infinity, Infinity);
}

function uniformEdges({ min, max }: ColumnRanges, counts: readonly number[]): Float64Array[] {
  return counts.map((bins, j) => {
    const low = min[j] as number;
    const high = max[j] as number;
    if (low === high) return constantEdges();
    const step = (high - low) / bins;
    if (!Number.isFinite(step))
      throw new DataError(
        `KBinsDiscretizer.fit: column ${j} spans more than a double can hold, from ${low} to ${high}. Scale it first.`,
      );
    return Float64Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : i * step + low));
  });
}
