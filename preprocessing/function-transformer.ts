import { DataError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { Plain } from "../src/base/plain.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { FrameLike } from "../src/collections/array/frame-like.js";
import type { LocalMatrix } from "../src/collections/array/local-matrix.js";
import { userPartition, type ArrayPartition } from "../src/collections/array/tasks.js";
import { encodeUserFn, type UserFn } from "../src/collections/user-function.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { applyToRows, isFrame } from "../src/estimator/apply.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { namesOrNumbers } from "../src/estimator/fitted-columns.js";
import type { LocalInput, MatrixInput } from "../src/estimator/inputs.js";
import { registerEstimator } from "../src/estimator/registry.js";
import type { DenseChunk } from "../src/memory/column.js";
import type { DType } from "../src/memory/dtype.js";
import { sparseError } from "./column-steps.js";
import { StatelessTransformer } from "./stateless.js";
import { functionParam, plainParam } from "./user-function-param.js";

/** What a {@link FunctionTransformer} calls: a partition's columns (copies) and its `args`, to columns of the same rows. */
export type ColumnsFn = UserFn<(partition: ArrayPartition, info: { args: never; partition: number }) => unknown>;

/** Parameters of {@link FunctionTransformer}. */
export interface FunctionTransformerParams {
  func: ColumnsFn | null;
  inverseFunc: ColumnsFn | null;
  args: Plain;
  inverseArgs: Plain;
  featureNamesOut: readonly string[] | null;
}

const TABLE = new ParamTable<FunctionTransformerParams>("FunctionTransformer", (z) => {
  const fn = functionParam<ColumnsFn>(z);
  const plain = plainParam(z);
  return z.object({
    func: fn.default(null).describe("called with each partition's columns; null leaves them as they are"),
    inverseFunc: fn.default(null).describe("the inverse of func; null leaves the columns as they are"),
    args: plain.default(null).describe("plain data that func gets as info.args"),
    inverseArgs: plain.default(null).describe("plain data that inverseFunc gets as info.args"),
    featureNamesOut: z
      .array(z.string())
      .min(1)
      .nullable()
      .default(null)
      .describe("names of the columns that func returns; null when they are as many as it gets, under the same names"),
  });
});

/**
 * A function of the rows as a transformer. `func(partition, { args, partition })` gets `{ rows, columns }` with copies of a
 * partition's columns as typed arrays, and returns columns (a list of typed arrays or of numbers) with the same rows.
 *
 * Functions are `{ module, export }`, or inline without free variables, because they run in worker threads: values go
 * through `args`. They must be deterministic, and row by row: the partitions are not theirs to know.
 *
 * `fit` records the columns and reads nothing. `transform` is lazy for distributed X. X: dense, any dtype; the result is
 * f64, or f32 for f32. NaN and infinities are passed on. Sample weights do not matter.
 *
 * Differs from scikit-learn: the function sees columns, not a matrix; `validate` and `checkInverse` do not exist; `toJSON`
 * takes `{ module, export }` only, because loading a file must not run code from it.
 *
 * @example
 * ```ts
 * const log = new FunctionTransformer({
 *   func: (part) => part.columns.map((column) => column.map((x) => Math.log1p(Number(x)))),
 * });
 * (await (await log.fit([[0]])).transform([[0], [Math.E - 1]])).toRows(); // [[0], [1]]
 * ```
 */
export class FunctionTransformer extends StatelessTransformer<FunctionTransformerParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value of the wrong type; DataError for a captured variable */
  constructor(params: Partial<FunctionTransformerParams> = {}) {
    super(TABLE, params);
    checkFunctions(this.params);
  }

  static fromJSON(json: EstimatorJson): FunctionTransformer {
    return new FunctionTransformer().restore(json);
  }

  override setParams(params: Partial<FunctionTransformerParams>): this {
    checkFunctions(TABLE.parse({ ...this.params, ...params }));
    return super.setParams(params);
  }

  override getFeatureNamesOut(): string[] {
    return [...(this.params.featureNamesOut ?? namesOrNumbers(this.featureNames, this.nFeatures))];
  }

  /** Rows through `inverseFunc`: lazy for distributed input, computed for local input. Gets the columns that `transform` returns. */
  inverseTransform<F extends FrameLike>(X: F): F;
  inverseTransform(X: DistributedArray): DistributedArray;
  inverseTransform(X: LocalInput): Promise<LocalMatrix>;
  inverseTransform(X: MatrixInput): DistributedArray | FrameLike | Promise<LocalMatrix> {
    const owner = "FunctionTransformer.inverseTransform";
    const { inverseFunc, inverseArgs, featureNamesOut } = this.params;
    const fitted = {
      nFeatures: featureNamesOut?.length ?? this.nFeatures,
      featureNames: featureNamesOut ?? this.featureNames,
    };
    const build = (x: DistributedArray): DistributedArray =>
      apply(owner, x, inverseFunc, inverseArgs, this.nFeatures, this.featureNames);
    const result = applyToRows(owner, X, fitted, build, (local) => local);
    return isFrame(X) ? X.fromArray(result as DistributedArray) : result;
  }

  protected override checkInput(owner: string, layout: "dense" | "csr"): void {
    if (layout === "csr") throw sparseError(owner, "the function gets dense columns");
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    const { func, args, featureNamesOut } = this.params;
    this.checkInput("FunctionTransformer.transform", x.layout);
    const width = featureNamesOut?.length ?? x.width;
    return apply("FunctionTransformer.transform", x, func, args, width, featureNamesOut ?? x.names);
  }

  protected override encodeParams(params: Readonly<FunctionTransformerParams>): unknown {
    for (const name of ["func", "inverseFunc"] as const) {
      if (typeof params[name] !== "function") continue;
      throw new DataError(
        `FunctionTransformer.toJSON: ${name} is an inline function, which files cannot hold. Move it to a module and pass { module: import.meta.url, export: "name" }.`,
      );
    }
    return params;
  }
}

registerEstimator("FunctionTransformer", FunctionTransformer);

function checkFunctions({ func, inverseFunc }: Readonly<FunctionTransformerParams>): void {
  if (func !== null) encodeUserFn("FunctionTransformer: func", func);
  if (inverseFunc !== null) encodeUserFn("FunctionTransformer: inverseFunc", inverseFunc);
}

function apply(
  owner: string,
  x: DistributedArray,
  fn: ColumnsFn | null,
  args: Plain,
  width: number,
  names: readonly string[] | undefined,
): DistributedArray {
  if (fn === null) return x;
  const dtype: DType = x.dtype === "f32" ? "f32" : "f64";
  const told = { fn: encodeUserFn(owner, fn), args, dtype, width, label: owner };
  return x.mapChunks(owner, fnRef(import.meta.url, "functionStep"), told, { innerShape: [width], dtype, names });
}

/** The function's columns for one partition. @throws DataError when it returns other rows */
export async function functionStep(
  context: TaskContext,
  args: { fn: Plain; args: Plain; dtype: DType; width: number; label: string },
  x: DenseChunk,
): Promise<DenseChunk> {
  const result = await userPartition(context, args, x);
  if (result.rows === x.rows) return result;
  const partition = context.partition?.index ?? 0;
  throw new DataError(
    `${args.label}: the function got ${x.rows} rows of partition ${partition} and returned ${result.rows}. It has to return one value a row in each column.`,
    { details: { partition } },
  );
}
