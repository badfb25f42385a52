import { DataError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { addRowStep, isFiniteRow } from "../src/estimator/row-steps.js";
import { isDense, type MatrixChunk } from "../src/memory/column.js";
import { floatDtype, mapColumns, requireFinite, type ColumnLabels } from "./column-steps.js";
import { StatelessTransformer } from "./stateless.js";

/** Parameters of {@link Binarizer}. */
export interface BinarizerParams {
  threshold: number;
}

const TABLE = new ParamTable<BinarizerParams>("Binarizer", (z) =>
  z.object({ threshold: z.number().default(0).describe("values above it become 1, all others 0") }),
);

/**
 * 1 where a value is above a threshold, 0 elsewhere.
 *
 * `fit` records the columns and reads nothing. `transform` is lazy for distributed X. X: `(nRows, nFeatures)`, dense (f32
 * stays f32, other dtypes become f64), or CSR for a threshold of at least 0; the result has X's layout. NaN and infinities
 * are an error that names column, partition and row, when the rows are computed. Sample weights do not matter.
 *
 * Differs from scikit-learn: NaN is found in `transform`, not in `fit`; stored entries of sparse rows that become 0 stay
 * stored.
 *
 * @example
 * ```ts
 * const sign = await new Binarizer({ threshold: 1 }).fit([[1, 2]]);
 * (await sign.transform([[1, 2]])).toRows(); // [[0, 1]]
 * ```
 */
export class Binarizer extends StatelessTransformer<BinarizerParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a threshold that is no number */
  constructor(params: Partial<BinarizerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): Binarizer {
    return new Binarizer().restore(json);
  }

  protected override checkInput(owner: string, layout: "dense" | "csr"): void {
    const { threshold } = this.params;
    if (layout === "csr" && threshold < 0) {
      throw new DataError(
        `${owner}: X is sparse, and with threshold ${threshold} its zeros would become ones. Use a threshold >= 0.`,
      );
    }
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    this.checkInput("Binarizer.transform", x.layout);
    const { innerShape, names, layout } = x;
    const args = { threshold: this.params.threshold, owner: "Binarizer.transform", names: this.featureNames };
    return x.mapChunks("Binarizer", fnRef(import.meta.url, "binarizeStep"), args, {
      innerShape,
      names,
      layout,
      dtype: floatDtype(x.dtype),
    });
  }
}

registerEstimator("Binarizer", Binarizer);

/** One partition, 1 above the threshold and 0 elsewhere. */
export function binarizeStep(context: TaskContext, args: BinarizerParams & ColumnLabels, x: MatrixChunk): MatrixChunk {
  requireFinite(context, args, x);
  const { threshold } = args;
  const above = (values: Float64Array, out: Float64Array): void => {
    for (let i = 0; i < values.length; i++) out[i] = (values[i] as number) > threshold ? 1 : 0;
  };
  if (isDense(x)) return mapColumns(context, x, above);
  const values = context.memory.column("f64", x.values.length, x.values.arena);
  above(context.memory.view(x.values), context.memory.view(values));
  return { ...x, values };
}

addRowStep<BinarizerParams>(
  fnRef(import.meta.url, "binarizeStep"),
  ({ threshold }) =>
    (row) =>
      row && isFiniteRow(row) ? row.map((value) => (value > threshold ? 1 : 0)) : undefined,
);
