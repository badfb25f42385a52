import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { binaryOp } from "../src/kernels/kernels.js";
import { Workspace } from "../src/kernels/workspace.js";
import { isDense, type CsrChunk, type DenseChunk, type MatrixChunk } from "../src/memory/column.js";
import { DTYPE_CODE } from "../src/memory/dtype.js";
import { floatDtype, requireFinite, type ColumnLabels } from "./column-steps.js";
import { StatelessTransformer } from "./stateless.js";

/** Parameters of {@link Normalizer}. */
export interface NormalizerParams {
  norm: "l1" | "l2" | "max";
}

const TABLE = new ParamTable<NormalizerParams>("Normalizer", (z) =>
  z.object({
    norm: z
      .enum(["l1", "l2", "max"])
      .default("l2")
      .describe(
        "what each row is divided by: the sum of magnitudes, the square root of the sum of squares, or the largest magnitude",
      ),
  }),
);

/**
 * Divides each row by its norm: Σ|x| ("l1"), √Σx² ("l2") or max|x| ("max"). Rows of norm 0 stay as they are.
 *
 * `fit` records the columns and reads nothing. `transform` is lazy for distributed X. X: `(nRows, nFeatures)`, dense (f32
 * stays f32, other dtypes become f64) or CSR; NaN and infinities are an error that names column, partition and row, when
 * the rows are computed. Sample weights do not matter.
 *
 * Differs from scikit-learn: NaN is found in `transform`, not in `fit`.
 *
 * @example
 * ```ts
 * const unit = await new Normalizer().fit([[3, 4]]);
 * (await unit.transform([[3, 4]])).toRows(); // [[0.6, 0.8]]
 * ```
 */
export class Normalizer extends StatelessTransformer<NormalizerParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or norm */
  constructor(params: Partial<NormalizerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): Normalizer {
    return new Normalizer().restore(json);
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    const { innerShape, names, layout } = x;
    const args = { norm: this.params.norm, owner: "Normalizer.transform", names: this.featureNames };
    return x.mapChunks("Normalizer", fnRef(import.meta.url, "normalizeStep"), args, {
      innerShape,
      names,
      layout,
      dtype: floatDtype(x.dtype),
    });
  }
}

registerEstimator("Normalizer", Normalizer);

// scikit-learn's: below this a norm counts as zero.
const NO_NORM = 10 * Number.EPSILON;

/** The rows of one partition, each divided by its norm. */
export function normalizeStep(
  context: TaskContext,
  args: NormalizerParams & ColumnLabels,
  x: MatrixChunk,
): MatrixChunk {
  const result = isDense(x) ? normalizeDense(context, args.norm, x) : normalizeCsr(context, args.norm, x);
  // NaN and infinities show in the norms, so that finite rows are not looked at twice.
  if (!result.finite) requireFinite(context, args, x);
  return result.chunk;
}

interface Normalized {
  readonly chunk: MatrixChunk;
  readonly finite: boolean;
}

// Rows at a time: their norms stay in the first-level cache while all columns pass.
const TILE = 2048;

function normalizeDense(context: TaskContext, norm: NormalizerParams["norm"], x: DenseChunk): Normalized {
  using space = Workspace.over(context.memory, x);
  const f32 = x.columns.length > 0 && x.columns.every((column) => column.dtype === "f32");
  const chunk = context.memory.denseIn(f32 ? "f32" : "f64", x.rows, x.columns.length, space.arena);
  const pointers = x.columns.map((column) => space.doubles(column));
  const buffer = context.memory.memoryOf(space.arena).buffer as ArrayBuffer;
  const columns = pointers.map((pointer) => new Float64Array(buffer, pointer, x.rows));
  const norms = space.numbers(TILE);
  const scratch = space.bytes(TILE * 8);
  let finite = true;
  for (let from = 0; from < x.rows; from += TILE) {
    context.throwIfAborted();
    const n = Math.min(TILE, x.rows - from);
    norms.values.fill(0);
    for (const values of columns) addTo(norms.values, values, from, n, norm);
    for (let i = 0; i < n; i++) {
      const size = norm === "l2" ? Math.sqrt(norms.values[i] as number) : (norms.values[i] as number);
      if (!(size < Infinity)) finite = false;
      norms.values[i] = size < NO_NORM ? 1 : size;
    }
    chunk.columns.forEach((target, j) => {
      const source = (pointers[j] as number) + from * 8;
      const out = f32 ? scratch : target.offset + from * 8;
      space.kernels.binary(binaryOp.div, source, norms.pointer, n, out);
      if (f32) space.kernels.convert(DTYPE_CODE.f64 as 0, DTYPE_CODE.f32 as 1, scratch, n, target.offset + from * 4);
    });
  }
  return { chunk, finite };
}

function addTo(
  norms: Float64Array,
  values: Float64Array,
  from: number,
  n: number,
  norm: NormalizerParams["norm"],
): void {
  if (norm === "l2") {
    for (let i = 0; i < n; i++) {
      const value = values[from + i] as number;
      norms[i] = (norms[i] as number) + value * value;
    }
  } else if (norm === "l1") {
    for (let i = 0; i < n; i++) norms[i] = (norms[i] as number) + Math.abs(values[from + i] as number);
  } else {
    // Math.max keeps NaN.
    for (let i = 0; i < n; i++) norms[i] = Math.max(norms[i] as number, Math.abs(values[from + i] as number));
  }
}

function normalizeCsr(context: TaskContext, norm: NormalizerParams["norm"], x: CsrChunk): Normalized {
  const source = context.memory.view(x.values);
  const indptr = context.memory.view(x.indptr);
  const values = context.memory.column("f64", source.length, x.values.arena);
  const out = context.memory.view(values);
  let finite = true;
  for (let i = 0; i < x.rows; i++) {
    const from = indptr[i] as number;
    const to = indptr[i + 1] as number;
    let size = 0;
    for (let k = from; k < to; k++) {
      const value = Math.abs(source[k] as number);
      size = norm === "l2" ? size + value * value : norm === "l1" ? size + value : Math.max(size, value);
    }
    if (norm === "l2") size = Math.sqrt(size);
    if (!(size < Infinity)) finite = false;
    if (size < NO_NORM) size = 1;
    for (let k = from; k < to; k++) out[k] = (source[k] as number) / size;
  }
  // The structure is shared with the input; only the values are new.
  return { chunk: { ...x, values }, finite };
}
