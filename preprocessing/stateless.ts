import { throwIfAborted } from "../src/base/errors.js";
import type { FitOptions } from "../src/estimator/design.js";
import { fittedColumns } from "../src/estimator/fitted-columns.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../src/estimator/inputs.js";
import { Transformer } from "../src/estimator/transformer.js";
import { assertNotEmpty } from "../src/estimator/table.js";

/** What a transformer without statistics knows after `fit`. */
export interface StatelessState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
}

/**
 * A transformer that learns nothing from the rows: `fit` records the columns and starts no pass, so that a lazy source is
 * not read for it. The values are checked where they are transformed.
 */
export abstract class StatelessTransformer<P extends object> extends Transformer<P, StatelessState> {
  /** Records the columns; reads no rows. @throws DataError for no rows (where that is known) or no columns */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    throwIfAborted(options.signal, owner);
    const x = toMatrix(owner, X);
    assertNotEmpty(owner, x);
    this.checkInput(owner, x.layout, x.width);
    this.setState(fittedColumns(x.width, x.names));
    return this;
  }

  /** Refuses layouts and widths that `transform` cannot take. */
  protected checkInput(_owner: string, _layout: "dense" | "csr", _width: number): void {}
}
