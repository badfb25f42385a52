import type { LocalMatrix } from "../collections/array/local-matrix.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { DenseChunk, MatrixChunk } from "../memory/column.js";
import { densify } from "../numeric/densify.js";
import type { FitOptions } from "./design.js";
import { Estimator, type FittedInput } from "./estimator.js";
import { toMatrix, type LabelInput, type VectorInput } from "./inputs.js";
import type { AnyEstimator } from "./registry.js";
import {
  checkTable,
  isLocalTable,
  toTable,
  type FittedTable,
  type LocalTable,
  type Rows,
  type Table,
  type TableInput,
} from "./table.js";

/** How rows are transformed after a fit; lazy. */
export type RowsTransform = (rows: Rows) => Rows;

// How fits say that the rows of the fit are transformed as any others are.
const ownTransforms = new WeakSet<RowsTransform>();

/** Marks a transform as the estimator's own: what it does to the rows of its fit it does to all rows. */
export function asOwnTransform(transform: RowsTransform): RowsTransform {
  ownTransforms.add(transform);
  return transform;
}

/** True for a transform that {@link asOwnTransform} has marked. */
export function isOwnTransform(transform: RowsTransform): boolean {
  return ownTransforms.has(transform);
}

/** How rows are transformed after a fit on some of their columns; both lazy. */
export interface NarrowTransforms {
  /** Rows of the columns that {@link Narrowing.rows} has. */
  readonly narrow: RowsTransform;
  /** Rows with all columns of X. */
  readonly whole: RowsTransform;
}

/** A fit that looks at some columns of X only: what a composition has to keep for it. */
export interface Narrowing {
  /** X with the needed columns, lazily. */
  readonly rows: Rows;
  /** Fits on {@link rows}, or on the same rows where an engine holds them. */
  fitRows(rows: Rows, y?: VectorInput | LabelInput, options?: FitOptions): Promise<NarrowTransforms>;
}

/**
 * A transformer that takes columns as they are, text and booleans included, and returns numbers. Implementations provide
 * `fit`, `transformTable` and `getFeatureNamesOut`.
 *
 * Where its result is dense, a frame in gives a frame out; a sparse result is a distributed array in compressed rows. Local
 * rows come back computed and dense.
 */
export abstract class FrameTransformer<P extends object, S extends FittedTable & object> extends Estimator<P, S> {
  /** Tells pipelines that frames may come as they are; see {@link takesFrames}. */
  get takesFrames(): boolean {
    return true;
  }

  /** Learns from X (and y, where the transformer uses it); resolves to the transformer itself. */
  abstract fit(X: TableInput, y?: VectorInput | LabelInput, options?: FitOptions): Promise<this>;

  /** The lazy transform of checked columns. */
  protected abstract transformTable(table: Table): DistributedArray;

  /** Names of the columns that `transform` returns. */
  abstract getFeatureNamesOut(): string[];

  /** Checks columns against those of the fit. @throws DataError naming the column */
  protected checkInput(owner: string, table: Table): void {
    checkTable(owner, table, this.state);
  }

  /**
   * Fits, and returns how the training rows themselves are transformed, which is `transform` unless a transformer keeps
   * each row's own target out of its features. Pipelines fit their steps with it.
   */
  async fitRows(rows: Rows, y?: VectorInput | LabelInput, options?: FitOptions): Promise<RowsTransform> {
    await this.fit(rows, y, options);
    return asOwnTransform((other) => this.transformRows(other));
  }

  /** The transform as an array, whatever X is: what pipelines pass on. */
  transformRows(rows: Rows): DistributedArray {
    return this.transformOf(rows);
  }

  /** Transformed rows; lazy for distributed X. @throws DataError when X has other columns than in fit */
  transform(X: DistributedArray): DistributedArray;
  transform(X: DistributedDataFrame): DistributedDataFrame | DistributedArray;
  transform(X: LocalTable): Promise<LocalMatrix>;
  transform(X: TableInput): DistributedArray | DistributedDataFrame | Promise<LocalMatrix>;
  transform(X: TableInput): DistributedArray | DistributedDataFrame | Promise<LocalMatrix> {
    return deliver(X, this.transformOf(X));
  }

  /** `fit`, then the transform of the same rows. */
  async fitTransform(
    X: TableInput,
    y?: VectorInput | LabelInput,
    options?: FitOptions,
  ): Promise<DistributedArray | DistributedDataFrame | LocalMatrix> {
    const { source } = toTable(`${this.kind}.fitTransform`, X);
    const transform = await this.fitRows(source, y, options);
    return deliver(X, transform(source) as DistributedArray);
  }

  private transformOf(X: TableInput): DistributedArray {
    const owner = `${this.kind}.transform`;
    // A call before fit has to say so before it looks at X.
    void this.state;
    const table = toTable(owner, X);
    this.checkInput(owner, table);
    return this.transformTable(table);
  }
}

/** What a caller gets for X: frames for frames where the result is dense, computed rows for local ones. */
function deliver(
  X: TableInput,
  result: DistributedArray,
): DistributedArray | DistributedDataFrame | Promise<LocalMatrix> {
  if (isLocalTable(X)) return toDense(result).compute();
  return X instanceof DistributedDataFrame && result.layout === "dense"
    ? DistributedDataFrame.fromArray(result)
    : result;
}

/** The same rows as a dense array; the array itself where it is dense. */
export function toDense(x: DistributedArray): DistributedArray {
  if (x.layout === "dense") return x;
  return x.mapChunks("toDense", fnRef(import.meta.url, "denseStep"), undefined, {
    innerShape: x.innerShape,
    names: x.names,
  });
}

/** A partition without its compression. */
export function denseStep(context: TaskContext, _args: undefined, x: MatrixChunk): DenseChunk {
  return densify(context, x);
}

/** An estimator that transforms, as composition sees it: a `Transformer`, a {@link FrameTransformer}, or a pipeline of them. */
export interface TransformingEstimator extends Estimator<object, FittedInput & object> {
  fit(X: TableInput, y?: VectorInput | LabelInput, options?: FitOptions): Promise<unknown>;
  transform(X: TableInput): unknown;
  fitRows?(rows: Rows, y?: VectorInput | LabelInput, options?: FitOptions): Promise<RowsTransform>;
  transformRows?(rows: Rows): Rows;
  /** The columns of X that a fit needs, where it may not be all: compositions keep only those. Starts nothing. */
  narrow?(rows: Rows): Narrowing | undefined;
  getFeatureNamesOut(): string[];
}

/** True for what can stand before the last step of a pipeline. */
export function isTransforming(estimator: unknown): estimator is TransformingEstimator {
  if (!(estimator instanceof Estimator)) return false;
  const { transform, canTransform } = estimator as { transform?: unknown; canTransform?: unknown };
  return typeof transform === "function" && canTransform !== false;
}

/** True for an estimator that takes frames with text; others get their columns as numbers. */
export function takesFrames(estimator: AnyEstimator | "passthrough" | undefined): boolean {
  return typeof estimator === "object" && (estimator as { takesFrames?: boolean }).takesFrames === true;
}

/** Rows as an estimator takes them. */
export function rowsFor(owner: string, estimator: AnyEstimator, rows: Rows): Rows {
  return takesFrames(estimator) ? rows : toMatrix(owner, rows);
}

/** Fits a transformer on distributed rows; resolves to how those rows are transformed. */
export async function fitTransforming(
  owner: string,
  estimator: TransformingEstimator,
  rows: Rows,
  y: VectorInput | LabelInput | undefined,
  options: FitOptions,
): Promise<RowsTransform> {
  if (estimator.fitRows) return estimator.fitRows(rows, y, options);
  await estimator.fit(rowsFor(owner, estimator, rows), y, options);
  return asOwnTransform((other) => applyTransforming(owner, estimator, other));
}

/** The lazy transform of distributed rows; arrays unless the transformer makes frames. */
export function applyTransforming(owner: string, estimator: TransformingEstimator, rows: Rows): Rows {
  if (estimator.transformRows) return estimator.transformRows(rows);
  return estimator.transform(rowsFor(owner, estimator, rows)) as Rows;
}
