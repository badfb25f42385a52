import { DataError, FitError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { FrameLike } from "../src/collections/array/frame-like.js";
import type { LocalMatrix } from "../src/collections/array/local-matrix.js";
import type { FnRef, TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { applyToRows, isFrame } from "../src/estimator/apply.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import {
  toMatrix,
  type LabelInput,
  type LocalInput,
  type MatrixInput,
  type VectorInput,
} from "../src/estimator/inputs.js";
import { statisticsByMerge, type FoldStatistics } from "../src/estimator/fold-statistics.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { addRowStep, type RowStep } from "../src/estimator/row-steps.js";
import { Transformer } from "../src/estimator/transformer.js";
import { Workspace } from "../src/kernels/workspace.js";
import { isDense, type MatrixChunk } from "../src/memory/column.js";
import type { DesignChunk } from "../src/numeric/design-chunk.js";
import { mergeMoments, momentsOf, type Moments } from "../src/numeric/moments.js";
import { noRows } from "../src/estimator/no-rows.js";

/** Parameters of {@link StandardScaler}. */
export interface StandardScalerParams {
  withMean: boolean;
  withStd: boolean;
}

/** Fitted state of {@link StandardScaler}. */
interface StandardScalerState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  readonly moments: Moments;
}

const TABLE = new ParamTable<StandardScalerParams>("StandardScaler", (z) =>
  z.object({
    withMean: z
      .boolean()
      .default(true)
      .describe("subtract each column's mean; must be false for sparse X, which centring would fill"),
    withStd: z.boolean().default(true).describe("divide each column by its standard deviation"),
  }),
);

/**
 * Standardises columns: `z = (x − mean) / scale`, where `mean = Σwx / Σw` and `scale` is the population standard deviation
 * `√(Σw(x − mean)² / Σw)`, or 1 for a column that is constant within rounding.
 *
 * One pass over X in `fit` (moments per partition, merged pairwise: Chan, Golub and LeVeque 1979); 24 bytes a column travel.
 * X: `(nRows, nFeatures)`, f64 or f32 (other dtypes are converted), dense or CSR; NaN are left out in `fit` and kept in
 * `transform`; infinities are an error. `transform` is lazy for distributed X and keeps f32 as f32.
 *
 * Differs from scikit-learn: `mean` and `variance` are always available; weights may be zero; `partialFit` over any order
 * of batches and {@link merge} of two fitted scalers equal one fit on all rows up to rounding.
 *
 * @example
 * ```ts
 * const scaler = await new StandardScaler().fit([[1, 10], [2, 20], [3, 30]]);
 * const z = await scaler.transform([[2, 20]]); // z.toRows() is [[0, 0]]
 * ```
 */
export class StandardScaler extends Transformer<StandardScalerParams, StandardScalerState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<StandardScalerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): StandardScaler {
    return new StandardScaler().restore(json);
  }

  /** @throws DataError for infinities, no rows, or centring of sparse X; FitError when all weights are zero */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const state = await this.#measure("StandardScaler.fit", X, options);
    const { weight, nanCount, rows } = state.moments;
    if (weight.every((w, j) => w === 0 && (nanCount[j] ?? 0) < rows)) {
      throw new FitError("StandardScaler.fit: all sample weights are zero. Give at least one row a positive weight.");
    }
    this.setState(state);
    return this;
  }

  /** Adds rows to what was learnt before; the order and size of batches do not matter. */
  async partialFit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "StandardScaler.partialFit";
    const added = await this.#measure(owner, toMatrix(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The scaler of the union of what two scalers have seen: train by day, add today. */
  static merge(a: StandardScaler, b: StandardScaler): StandardScaler {
    return a.mergedWith(b, united);
  }

  /** @internal Fits of cross-validation's folds from one scan. */
  get foldStatistics(): FoldStatistics<StandardScaler> | undefined {
    return statisticsByMerge<StandardScaler>(this, (a, b) => StandardScaler.merge(a, b));
  }

  /** Mean of each column. */
  get mean(): Float64Array {
    return this.state.moments.mean;
  }

  /** Population variance of each column. */
  get variance(): Float64Array {
    const { m2, weight } = this.state.moments;
    return m2.map((value, j) => value / (weight[j] ?? 0));
  }

  /** What each column is divided by: 1 for constant columns, and for all when `withStd` is false. */
  get scale(): Float64Array {
    if (!this.params.withStd) return new Float64Array(this.nFeatures).fill(1);
    const { m2, mean, weight, rows } = this.state.moments;
    return m2.map((value, j) => {
      const variance = value / (weight[j] ?? 0);
      return isConstant(variance, mean[j] ?? 0, rows) ? 1 : Math.sqrt(variance);
    });
  }

  /** Rows seen. */
  get nSamplesSeen(): number {
    return this.state.moments.rows;
  }

  /** Back to the original units: `x = z · scale + mean`. */
  inverseTransform<F extends FrameLike>(X: F): F;
  inverseTransform(X: DistributedArray): DistributedArray;
  inverseTransform(X: LocalInput): Promise<LocalMatrix>;
  inverseTransform(X: MatrixInput): DistributedArray | FrameLike | Promise<LocalMatrix> {
    const build = (x: DistributedArray): DistributedArray => this.#affine(x, "inverseStep", this.scale);
    const result = applyToRows("StandardScaler.inverseTransform", X, this.state, build, (local) => local);
    return isFrame(X) ? X.fromArray(result as DistributedArray) : result;
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    const inverse = this.scale.map((value) => 1 / value);
    return this.#affine(x, "scaleStep", inverse);
  }

  #affine(x: DistributedArray, step: string, scale: Float64Array): DistributedArray {
    if (x.layout === "csr" && this.params.withMean) throw sparseError("StandardScaler.transform");
    const shift = this.params.withMean ? this.mean : new Float64Array(scale.length);
    const dtype = x.dtype === "f32" ? "f32" : "f64";
    const task: FnRef = fnRef(import.meta.url, step);
    return x.mapChunks(
      "StandardScaler",
      task,
      { shift, scale },
      { innerShape: x.innerShape, dtype, names: x.names, layout: x.layout },
    );
  }

  async #measure(owner: string, X: MatrixInput, options: FitOptions): Promise<StandardScalerState> {
    using design = Design.open(owner, X, undefined, options);
    if (design.layout === "csr" && this.params.withMean) throw sparseError(owner);
    const moments = await design.reduce<Moments>(fnRef(import.meta.url, "momentsOfDesign"), undefined, mergeMoments);
    if (moments.rows === 0) throw noRows(owner);
    if (moments.infCount.some((count) => count > 0)) await design.assertNoInfinity();
    return { ...design.columns, moments };
  }
}

registerEstimator("StandardScaler", StandardScaler);

function united(_owner: string, a: StandardScalerState, b: StandardScalerState): StandardScalerState {
  return { ...a, moments: mergeMoments(a.moments, b.moments) };
}

/** Moments of one partition of a fit. */
export function momentsOfDesign(context: TaskContext, _args: undefined, design: DesignChunk): Moments {
  return momentsOf(context, design.x, design.w);
}

/** `(x − shift) · scale` of one partition. */
export function scaleStep(
  context: TaskContext,
  args: { shift: Float64Array; scale: Float64Array },
  x: MatrixChunk,
): MatrixChunk {
  return affine(context, "centerScale", args, x);
}

/** `x · scale + shift` of one partition. */
export function inverseStep(
  context: TaskContext,
  args: { shift: Float64Array; scale: Float64Array },
  x: MatrixChunk,
): MatrixChunk {
  return affine(context, "scaleShift", args, x);
}

interface AffineArgs {
  readonly shift: Float64Array;
  readonly scale: Float64Array;
}

/** {@link scaleStep} on one row. */
export function scaleRow({ shift, scale }: AffineArgs): (row: Float64Array) => Float64Array {
  return (row) => {
    const out = new Float64Array(row.length);
    for (let j = 0; j < out.length; j++) out[j] = ((row[j] as number) - (shift[j] as number)) * (scale[j] as number);
    return out;
  };
}

/** {@link inverseStep} on one row. */
export function inverseRow({ shift, scale }: AffineArgs): (row: Float64Array) => Float64Array {
  return (row) => {
    const out = new Float64Array(row.length);
    for (let j = 0; j < out.length; j++) out[j] = (row[j] as number) * (scale[j] as number) + (shift[j] as number);
    return out;
  };
}

addRowStep<AffineArgs>(fnRef(import.meta.url, "scaleStep"), (args) => scaleRow(args) as RowStep);
addRowStep<AffineArgs>(fnRef(import.meta.url, "inverseStep"), (args) => inverseRow(args) as RowStep);

function affine(
  context: TaskContext,
  kernel: "centerScale" | "scaleShift",
  { shift, scale }: { shift: Float64Array; scale: Float64Array },
  x: MatrixChunk,
): MatrixChunk {
  if (!isDense(x)) {
    using space = new Workspace(context.memory, x.values.arena);
    const values = context.memory.column("f64", x.values.length, x.values.arena);
    // The structure is shared with the input; only the values are new.
    space.kernels.csrScale(
      space.pointer(x.values),
      space.pointer(x.indices),
      x.values.length,
      space.vector(scale),
      space.pointer(values),
    );
    return { ...x, values };
  }
  using space = Workspace.over(context.memory, x);
  const { table, width, suffix } = space.matrix(x);
  const out = context.memory.denseIn(suffix === "F32" ? "f32" : "f64", x.rows, width, space.arena);
  space.kernels[`${kernel}${suffix}`](
    table,
    width,
    x.rows,
    space.vector(shift),
    space.vector(scale),
    space.table(out.columns),
  );
  return out;
}

// scikit-learn's bound: below it a variance is rounding, which differs from split to split.
function isConstant(variance: number, mean: number, rows: number): boolean {
  const eps = Number.EPSILON;
  return !(variance > rows * eps * variance + (rows * mean * eps) ** 2);
}

function sparseError(owner: string): DataError {
  return new DataError(
    `${owner}: centring a sparse X would make it dense. Use new StandardScaler({ withMean: false }).`,
  );
}
