import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { addRowStep } from "../src/estimator/row-steps.js";
import { NORMALIZE_SCRATCH_BYTES, rowNorm } from "../src/kernels/kernels.js";
import { Workspace } from "../src/kernels/workspace.js";
import { isDense, type CsrChunk, type DenseChunk, type MatrixChunk } from "../src/memory/column.js";
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

function normalizeDense(context: TaskContext, norm: NormalizerParams["norm"], x: DenseChunk): Normalized {
  using space = Workspace.over(context.memory, x);
  const { table, width, suffix } = space.matrix(x);
  const chunk = context.memory.denseIn(suffix === "F32" ? "f32" : "f64", x.rows, width, space.arena);
  const finite = space.kernels[`normalizeRows${suffix}`](
    rowNorm[norm],
    table,
    width,
    x.rows,
    NO_NORM,
    space.table(chunk.columns),
    space.bytes(NORMALIZE_SCRATCH_BYTES),
  );
  return { chunk, finite: finite === 1 };
}

function normalizeCsr(context: TaskContext, norm: NormalizerParams["norm"], x: CsrChunk): Normalized {
  using space = new Workspace(context.memory, x.values.arena);
  const values = context.memory.column("f64", x.values.length, x.values.arena);
  const finite = space.kernels.csrNormalizeRows(
    rowNorm[norm],
    space.pointer(x.indptr),
    space.pointer(x.values),
    x.rows,
    NO_NORM,
    space.pointer(values),
  );
  // The structure is shared with the input; only the values are new.
  return { chunk: { ...x, values }, finite: finite === 1 };
}

addRowStep<NormalizerParams>(fnRef(import.meta.url, "normalizeStep"), ({ norm }) => (row) => {
  let size = 0;
  for (const value of row as Float64Array) {
    if (norm === "l1") size += Math.abs(value);
    else if (norm === "l2") size += value * value;
    // Keeps NaN.
    else size = Math.max(size, Math.abs(value));
  }
  if (norm === "l2") size = Math.sqrt(size);
  if (!(size < Infinity)) return undefined;
  const by = size < NO_NORM ? 1 : size;
  return row?.map((value) => value / by);
});
