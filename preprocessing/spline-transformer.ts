import { DataError, ParameterError, show } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { Plain } from "../src/base/plain.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { fittedColumns, namesOrNumbers } from "../src/estimator/fitted-columns.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../src/estimator/inputs.js";
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
import { spaced, splineBasis, type Extrapolation } from "../src/numeric/spline-basis.js";

/** Parameters of {@link SplineTransformer}. */
export interface SplineTransformerParams {
  nKnots: number;
  degree: number;
  knots: "uniform" | "quantile" | readonly (readonly number[])[];
  extrapolation: Extrapolation;
  includeBias: boolean;
  handleMissing: "error" | "zeros";
  sparseOutput: boolean;
  quantileError: number | null;
}

interface SplineState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  /** Knots of each column without those that the degree adds. */
  readonly knots: readonly Float64Array[];
  /** What the fit used, whatever the parameters are set to later. */
  readonly source: "uniform" | "quantile" | "given";
  readonly degree: number;
  readonly extrapolation: Extrapolation;
  readonly ranges: ColumnRanges;
  /** Of a fit by quantiles with `quantileError`. */
  readonly sketched?: SketchedColumns | undefined;
}

const TABLE = new ParamTable<SplineTransformerParams>("SplineTransformer", (z) =>
  z.object({
    nKnots: z.int().min(2).default(5).describe("knots of each column; not used where knots are given"),
    degree: z.int().min(0).default(3).describe("degree of the polynomials between knots"),
    knots: z
      .union([z.literal("uniform"), z.literal("quantile"), z.array(z.array(z.number()).min(1)).min(2)])
      .default("uniform")
      .describe("at equal distances, at quantiles, or given: a list of rows, one number a column, ascending"),
    extrapolation: z
      .enum(["error", "constant", "linear", "continue", "periodic"])
      .default("constant")
      .describe(
        "beyond the outer knots: an error, the value there, a straight line, the last polynomial, or the other end again",
      ),
    includeBias: z
      .boolean()
      .default(true)
      .describe("keep the last spline of each column, without which the others do not add up to 1"),
    handleMissing: z
      .enum(["error", "zeros"])
      .default("error")
      .describe("NaN: an error, or zero in all splines of its column"),
    sparseOutput: z.boolean().default(false).describe("whether the result is in compressed rows"),
    quantileError: quantileErrorParam(z),
  }),
);

const STEPS = new URL("./spline-steps.js", import.meta.url).href;

/**
 * Each column as a basis of B-splines: piecewise polynomials of `degree` that are not zero over `degree + 1` intervals
 * between knots, and add up to 1. `nKnots + degree − 1` columns a feature, for periodic splines `nKnots − 1`. A linear model
 * of them is a smooth curve of the feature (Eilers and Marx, "Flexible smoothing with B-splines and penalties", 1996).
 *
 * Passes of `fit`: one for "uniform" and given knots; for "quantile" three over held data (exact, see RobustScaler), or two
 * with `quantileError`. Rows of weight 0 are left out, and weight 2 counts twice for quantiles.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32 (other dtypes are converted); NaN are an error unless `handleMissing` says
 * otherwise, infinities always. `transform` is lazy for distributed X, keeps f32 as f32, and names columns `x_sp_0`, ...;
 * with `sparseOutput` it returns compressed rows (for arrays and local rows, not for frames).
 *
 * `partialFit` and {@link merge} equal one fit on all rows: exactly for "uniform" and given knots; for "quantile" they need
 * `quantileError`, and are then within it, and exact up to 8 / quantileError distinct values.
 *
 * Differs from scikit-learn: weighted quantile knots are those of rows repeated; a column of one row is taken.
 *
 * @example
 * ```ts
 * const spline = await new SplineTransformer({ degree: 1, nKnots: 3 }).fit({ x: [0, 1, 2] });
 * (await spline.transform({ x: [0.5] })).toRows(); // [[0.5, 0.5, 0]]
 * ```
 */
export class SplineTransformer extends Transformer<SplineTransformerParams, SplineState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<SplineTransformerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): SplineTransformer {
    return new SplineTransformer().restore(json);
  }

  /** @throws DataError for NaN, infinities, no rows, or sparse X; ParameterError for given knots that do not fit X */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    this.setState(await this.#measure("SplineTransformer.fit", X, options));
    return this;
  }

  /** Adds rows to what was learnt before; knots at quantiles need `quantileError`. @throws DataError as `fit`, and without it */
  async partialFit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "SplineTransformer.partialFit";
    if (this.params.knots === "quantile" && this.params.quantileError === null) throw needsSketch(owner);
    const added = await this.#measure(owner, toMatrix(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The transformer of the union of what two have seen, with the parameters of the first. @throws DataError for other columns or knots */
  static merge(a: SplineTransformer, b: SplineTransformer): SplineTransformer {
    return a.mergedWith(b, united);
  }

  /** Knots of each column, without those that are added on either side. */
  get knots(): readonly Float64Array[] {
    return this.state.knots;
  }

  /** Splines of each column. */
  get nSplines(): number {
    const { knots, degree, extrapolation } = this.state;
    const count = knots[0]?.length ?? 0;
    return extrapolation === "periodic" ? count - 1 : count + degree - 1;
  }

  override getFeatureNamesOut(): string[] {
    const names = namesOrNumbers(this.featureNames, this.nFeatures);
    return names.flatMap((name) => Array.from({ length: this.#width }, (_, k) => `${name}_sp_${k}`));
  }

  get #width(): number {
    return this.nSplines - (this.params.includeBias ? 0 : 1);
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    const owner = "SplineTransformer.transform";
    if (x.layout === "csr") throw sparseError(owner, "its splines are taken of dense columns");
    const { sparseOutput, handleMissing } = this.params;
    const width = this.#width;
    if (width === 0)
      throw new ParameterError(
        `${owner}: one spline a column without includeBias leaves no column. Raise nKnots or degree, or set includeBias to true.`,
      );
    const { knots, degree, extrapolation } = this.state;
    const bases = knots.map((own) => splineBasis(own, degree, extrapolation));
    const args = { bases, width, missing: handleMissing, owner, names: this.featureNames } as unknown as Plain;
    return x.mapChunks("SplineTransformer", fnRef(STEPS, sparseOutput ? "splineCsr" : "splineDense"), args, {
      innerShape: [width * this.nFeatures],
      names: x.names ? this.getFeatureNamesOut() : undefined,
      layout: sparseOutput ? "csr" : "dense",
      dtype: sparseOutput ? "f64" : floatDtype(x.dtype),
    });
  }

  async #measure(owner: string, X: MatrixInput, options: FitOptions): Promise<SplineState> {
    const { knots, nKnots, degree, extrapolation, handleMissing, quantileError } = this.params;
    const count = typeof knots === "string" ? nKnots : knots.length;
    if (extrapolation === "periodic" && count <= degree) {
      throw new ParameterError(
        `${owner}: nKnots must be above degree for periodic splines; got ${count} knots and degree ${degree}. Raise nKnots.`,
      );
    }
    using design = Design.open(owner, X, undefined, options);
    if (design.layout === "csr") throw sparseError(owner, "its splines are taken of dense columns");
    if (typeof knots !== "string") checkGiven(owner, knots, design);
    const nan = handleMissing === "zeros" ? "left out" : "refused";
    const ranges = await rangesOf(design, nan, knots === "quantile" ? "hold" : "once");
    const { columns } = design;
    if (knots !== "quantile") return fromRanges(columns, ranges, this.params);
    if (quantileError !== null)
      return fromSketches(columns, await sketchColumns(design, ranges, quantileError), this.params);
    const found = await exactQuantiles(design, ranges, spaced(0, 1, nKnots), "linear");
    return { ...columns, knots: found, source: "quantile", degree, extrapolation, ranges };
  }
}

registerEstimator("SplineTransformer", SplineTransformer);

type Columns = Pick<SplineState, "nFeatures" | "featureNames">;

function fromRanges(columns: Columns, ranges: ColumnRanges, params: Readonly<SplineTransformerParams>): SplineState {
  const { knots: given, nKnots, degree, extrapolation } = params;
  const knots = Array.from(ranges.min, (min, j) =>
    typeof given === "string"
      ? Float64Array.from(spaced(min <= (ranges.max[j] as number) ? min : NaN, ranges.max[j] as number, nKnots))
      : Float64Array.from(given, (row) => row[j] as number),
  );
  return { ...columns, knots, source: typeof given === "string" ? "uniform" : "given", degree, extrapolation, ranges };
}

function fromSketches(
  columns: Columns,
  sketched: SketchedColumns,
  { nKnots, degree, extrapolation }: Readonly<SplineTransformerParams>,
): SplineState {
  const knots = sketchedQuantiles(sketched, spaced(0, 1, nKnots), "linear");
  return { ...columns, knots, source: "quantile", degree, extrapolation, ranges: sketched.ranges, sketched };
}

function united(owner: string, a: SplineState, b: SplineState, params: Readonly<SplineTransformerParams>): SplineState {
  if (a.source !== b.source)
    throw new DataError(`${owner}: one has ${a.source} knots, the other ${b.source} ones. Use one kind of knots.`);
  const columns = fittedColumns(a.nFeatures, a.featureNames);
  if (a.source === "quantile") return fromSketches(columns, mergeSketched(owner, a.sketched, b.sketched), params);
  const ranges = mergeRanges(a.ranges, b.ranges);
  if (a.source === "uniform") return fromRanges(columns, ranges, params);
  const other = a.knots.findIndex((own, j) => own.join() !== b.knots[j]?.join());
  if (other >= 0) {
    throw new DataError(
      `${owner}: the knots that were given for column ${show(a.featureNames?.[other] ?? other)} differ. Fit both with the same knots.`,
    );
  }
  return { ...a, ranges };
}

function checkGiven(owner: string, knots: readonly (readonly number[])[], design: Design): void {
  const short = knots.findIndex((row) => row.length !== design.nFeatures);
  if (short >= 0) {
    throw new ParameterError(
      `${owner}: knots has ${knots[short]?.length} numbers in row ${short}, but X has ${design.nFeatures} columns. Give one number a column.`,
    );
  }
  knots.slice(1).forEach((row, k) => {
    const j = row.findIndex((knot, at) => !(knot > (knots[k]?.[at] as number)));
    if (j < 0) return;
    throw new ParameterError(
      `${owner}: knots of column ${show(design.names?.[j] ?? j)} must ascend; got ${knots[k]?.[j]}, then ${row[j]}. Sort them and name each once.`,
    );
  });
}
