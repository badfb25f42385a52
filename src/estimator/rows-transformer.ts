import { DistributedArray } from "../collections/array/distributed-array.js";
import type { LocalMatrix } from "../collections/array/local-matrix.js";
import type { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import type { PolarsFrame } from "../collections/frame/polars.js";
import type { FitOptions } from "./design.js";
import { Estimator } from "./estimator.js";
import { asOwnTransform, type RowsTransform } from "./frame-transformer.js";
import type { LabelInput, VectorInput } from "./inputs.js";
import {
  checkTable,
  isLocalTable,
  toTable,
  type FittedTable,
  type LocalTable,
  type Rows,
  type TableInput,
} from "./table.js";

/**
 * A transformer whose result is what its rows are: frames give frames with columns of any type, arrays give arrays.
 * Implementations provide `fit`, `transformChecked` and `getFeatureNamesOut`.
 */
export abstract class RowsTransformer<P extends object, S extends FittedTable & object> extends Estimator<P, S> {
  /** Tells pipelines that frames may come as they are. */
  get takesFrames(): boolean {
    return true;
  }

  /** Learns from X; resolves to the transformer itself. */
  abstract fit(X: TableInput, y?: VectorInput | LabelInput, options?: FitOptions): Promise<this>;

  /** The lazy transform of rows whose columns are those of the fit. */
  protected abstract transformChecked(rows: Rows): Rows;

  /** Names of the columns that `transform` returns. */
  abstract getFeatureNamesOut(): string[];

  /** Fits, and returns how rows are transformed. */
  async fitRows(rows: Rows, y?: VectorInput | LabelInput, options?: FitOptions): Promise<RowsTransform> {
    await this.fit(rows, y, options);
    return asOwnTransform((other) => this.transformRows(other));
  }

  /** The lazy transform of distributed rows. @throws DataError when X has other columns than in fit */
  transformRows(rows: Rows): Rows {
    const table = toTable(`${this.kind}.transform`, rows);
    checkTable(`${this.kind}.transform`, table, this.state);
    return this.transformChecked(rows);
  }

  /**
   * Transformed rows: lazy for distributed X; computed for local X, as a matrix where all columns are numbers and as a
   * Polars frame where some are not.
   */
  transform(X: DistributedArray): DistributedArray;
  transform(X: DistributedDataFrame): DistributedDataFrame;
  transform(X: LocalTable): Promise<LocalMatrix | PolarsFrame>;
  transform(X: TableInput): DistributedArray | DistributedDataFrame | Promise<LocalMatrix | PolarsFrame>;
  transform(X: TableInput): DistributedArray | DistributedDataFrame | Promise<LocalMatrix | PolarsFrame> {
    // A call before fit has to say so before it looks at X.
    void this.state;
    const { source } = toTable(`${this.kind}.transform`, X);
    return this.#deliver(X, this.transformRows(source));
  }

  /** `fit`, then the transform of the same rows. */
  async fitTransform(
    X: TableInput,
    y?: VectorInput | LabelInput,
    options?: FitOptions,
  ): Promise<DistributedArray | DistributedDataFrame | LocalMatrix | PolarsFrame> {
    await this.fit(X, y, options);
    return this.transform(X);
  }

  #deliver(X: TableInput, rows: Rows): Rows | Promise<LocalMatrix | PolarsFrame> {
    if (!isLocalTable(X)) return rows;
    return rows instanceof DistributedArray ? rows.compute() : rows.compute();
  }
}
