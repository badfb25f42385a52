import { ParamTable } from "../../src/base/params.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson, FittedInput } from "../../src/estimator/estimator.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import { noRows } from "../../src/estimator/no-rows.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { addCellStep, isFiniteRow } from "../../src/estimator/row-steps.js";
import { Transformer } from "../../src/estimator/transformer.js";
import { chunkWidth, type MatrixChunk } from "../../src/memory/column.js";
import type { DesignChunk } from "../../src/numeric/design-chunk.js";
import { eachColumn, floatDtype, mapColumns, requireFinite, type ColumnLabels } from "../column-steps.js";
import { inverseFrequencies, tfidfParams, weighArgs, type TfidfWeights } from "./idf.js";
import { weigh, weighRow, type WeighArgs } from "./text-tasks.js";

/** Parameters of {@link TfidfTransformer}. */
export type TfidfTransformerParams = TfidfWeights;

interface TfidfTransformerState extends FittedInput {
  readonly rows: number;
  readonly weight: number;
  /** Σw of the rows that have something in each column. */
  readonly documents: Float64Array;
  readonly idf: Float64Array;
}

const TABLE = new ParamTable<TfidfTransformerParams>("TfidfTransformer", (z) => z.object(tfidfParams(z)));

/**
 * Weighs counts by how few rows have each column: what {@link TfidfVectorizer} does with text, for counts that are there.
 *
 * The weight of a column is `log((1 + n) / (1 + df)) + 1`, n rows, df of them with an entry in it (`smoothIdf`; else
 * `log(n / df) + 1`). A value x (`1 + log(x)` with `sublinearTf`) is multiplied by it (`useIdf`), and then each row is
 * divided by its `norm`.
 *
 * X: `(nRows, nColumns)`, CSR or dense, finite; the result has the same layout. `fit` is one pass, `transform` is lazy.
 * `partialFit` and {@link merge} equal one fit on all rows. With sample weights n and df are Σw. Entries that are stored
 * count, also where they are zero.
 *
 * Differs from scikit-learn: dense rows stay dense; a value below 0 gives NaN with `sublinearTf`, as there, and dense zeros
 * stay zero.
 *
 * @example
 * ```ts
 * const tfidf = new TfidfTransformer();
 * await tfidf.fitTransform([[3, 0], [2, 1]]);
 * tfidf.idf; // [1, 1.405...]
 * ```
 */
export class TfidfTransformer extends Transformer<TfidfTransformerParams, TfidfTransformerState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<TfidfTransformerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): TfidfTransformer {
    return new TfidfTransformer().restore(json);
  }

  /** One pass. @throws DataError for NaN, infinities, or no rows */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    this.setState(finished(await count("TfidfTransformer.fit", X, options), this.params));
    return this;
  }

  /** Adds rows to what was learnt before; the order and size of batches do not matter. */
  async partialFit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "TfidfTransformer.partialFit";
    const added = await count(owner, toMatrix(owner, X, this.stateIfFitted), options);
    return this.addState(owner, finished(added, this.params), united);
  }

  /** The transformer of the union of what two have seen, with the parameters of the first. */
  static merge(a: TfidfTransformer, b: TfidfTransformer): TfidfTransformer {
    return a.mergedWith(b, united);
  }

  /** The weight of each column. */
  get idf(): Float64Array {
    return this.state.idf;
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    const { innerShape, names, layout } = x;
    const args = { ...weighArgs(this.params, this.idf), owner: "TfidfTransformer.transform", names: this.featureNames };
    const dtype = layout === "csr" ? "f64" : floatDtype(x.dtype);
    return x.mapChunks("TfidfTransformer", fnRef(import.meta.url, "weighStep"), args, {
      innerShape,
      names,
      layout,
      dtype,
    });
  }
}

registerEstimator("TfidfTransformer", TfidfTransformer);

type CountedColumns = Omit<TfidfTransformerState, "idf">;
type Counts = Pick<CountedColumns, "rows" | "weight" | "documents">;

async function count(owner: string, X: MatrixInput, options: FitOptions): Promise<CountedColumns> {
  using design = Design.open(owner, X, undefined, options);
  const args = { owner, names: design.names };
  const counts = await design.reduce<Counts>(fnRef(import.meta.url, "countStep"), args, add);
  if (counts.rows === 0) throw noRows(owner);
  return { ...design.columns, ...counts };
}

type Settings = Pick<TfidfTransformerParams, "smoothIdf">;

function finished(counted: CountedColumns, { smoothIdf }: Settings): TfidfTransformerState {
  return { ...counted, idf: inverseFrequencies(counted.documents, counted.weight, smoothIdf) };
}

function united(
  _owner: string,
  a: TfidfTransformerState,
  b: TfidfTransformerState,
  settings: Settings,
): TfidfTransformerState {
  return finished({ ...a, ...add(a, b) }, settings);
}

function add(a: Counts, b: Counts): Counts {
  const documents = a.documents.map((own, j) => own + (b.documents[j] as number));
  return { rows: a.rows + b.rows, weight: a.weight + b.weight, documents };
}

/** Rows that have something in each column of one partition. */
export function countStep(context: TaskContext, args: ColumnLabels, { x, w }: DesignChunk): Counts {
  requireFinite(context, args, x);
  const weights = w ? context.memory.view(w) : undefined;
  const documents = new Float64Array(chunkWidth(x));
  if (x.kind === "csr") {
    const indptr = context.memory.view(x.indptr);
    const indices = context.memory.view(x.indices);
    for (let i = 0; i < x.rows; i++) {
      const own = weights ? (weights[i] as number) : 1;
      for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++) {
        const j = indices[k] as number;
        documents[j] = (documents[j] as number) + own;
      }
    }
  } else {
    eachColumn(context, x, (values, j) => {
      let sum = 0;
      for (let i = 0; i < values.length; i++) if (values[i] !== 0) sum += weights ? (weights[i] as number) : 1;
      documents[j] = sum;
    });
  }
  return { rows: x.rows, weight: weights ? weights.reduce((sum, own) => sum + own, 0) : x.rows, documents };
}

/** One partition, weighed. @throws DataError for NaN and infinities */
export function weighStep(context: TaskContext, args: WeighArgs & ColumnLabels, x: MatrixChunk): MatrixChunk {
  requireFinite(context, args, x);
  if (x.kind === "csr") {
    const values = context.memory.columnFrom("f64", context.memory.view(x.values), x.indptr.arena);
    const chunk = { ...x, values };
    weigh(context, chunk, args);
    return chunk;
  }
  const { norm, scale, sublinear } = args;
  const norms = new Float64Array(x.rows);
  const weighed = (value: number, j: number): number =>
    (sublinear && value !== 0 ? Math.log(value) + 1 : value) * (scale ? (scale[j] as number) : 1);
  if (norm !== null) {
    eachColumn(context, x, (values, j) => {
      for (let i = 0; i < values.length; i++) {
        const value = weighed(values[i] as number, j);
        norms[i] = (norms[i] as number) + (norm === "l2" ? value * value : Math.abs(value));
      }
    });
  }
  return mapColumns(context, x, (values, out, j) => {
    for (let i = 0; i < values.length; i++) {
      const size = norm === "l2" ? Math.sqrt(norms[i] as number) : (norms[i] as number);
      out[i] = weighed(values[i] as number, j) / (size > 0 ? size : 1);
    }
  });
}

addCellStep<WeighArgs>(fnRef(import.meta.url, "weighStep"), (args, tools) => (row) => {
  if (!row || "names" in row) return undefined;
  const { norm, scale, sublinear } = args;
  if (!(row instanceof Float64Array)) return isFiniteRow(row.values) ? weighRow(row, args, tools) : undefined;
  if (!isFiniteRow(row)) return undefined;
  let size = 0;
  const values = row.map((value, j) => {
    const own = (sublinear && value !== 0 ? Math.log(value) + 1 : value) * (scale ? (scale[j] as number) : 1);
    size += norm === "l2" ? own * own : Math.abs(own);
    return own;
  });
  if (norm === "l2") size = Math.sqrt(size);
  return norm !== null && size > 0 ? values.map((value) => value / size) : values;
});
