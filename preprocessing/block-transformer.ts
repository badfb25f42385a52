import { DataError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { Plain } from "../src/base/plain.js";
import { DistributedDataFrame, type FrameFn } from "../src/collections/frame/distributed-data-frame.js";
import type { DTypeLike } from "../src/collections/frame/frame-types.js";
import type { ArrayPartition } from "../src/collections/array/tasks.js";
import { encodeUserFn, type UserFn } from "../src/collections/user-function.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { namesOrNumbers } from "../src/estimator/fitted-columns.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { RowsTransformer } from "../src/estimator/rows-transformer.js";
import {
  assertNotEmpty,
  fittedTable,
  toTable,
  type FittedTable,
  type Rows,
  type TableInput,
} from "../src/estimator/table.js";
import { functionParam, plainParam } from "./user-function-param.js";

/** What a {@link BlockTransformer} calls: with a partition as a Polars frame, or as `{ rows, columns }` of an array. */
export type BlockFn = UserFn<FrameFn> | UserFn<ArrayFn>;

type ArrayFn = (partition: ArrayPartition, info: { args: never; partition: number }) => unknown;

/** Parameters of {@link BlockTransformer}. */
export interface BlockTransformerParams {
  func: BlockFn | null;
  args: Plain;
  schema: Readonly<Record<string, DTypeLike>> | null;
}

const TABLE = new ParamTable<BlockTransformerParams>("BlockTransformer", (z) =>
  z.object({
    func: functionParam<BlockFn>(z).default(null).describe("called with each partition; null leaves it as it is"),
    args: plainParam(z).default(null).describe("plain data that func gets as info.args"),
    schema: z
      .custom<Readonly<Record<string, DTypeLike>> | null>(
        (value) => value === null || (typeof value === "object" && !Array.isArray(value)),
        "must be column types by name or null",
      )
      .default(null)
      .describe("names and types of the columns that func returns; null when they are those it gets"),
  }),
);

/**
 * A function of whole partitions as a transformer (Dask-ML's): `func(frame, { args, partition, pl })` gets a frame's
 * partition as a Polars frame and returns one, or columns by name; of an array it gets `{ rows, columns }` and returns
 * columns. Where it stands in a pipeline, frames stay frames, with columns of any type.
 *
 * Functions are `{ module, export }`, or inline without free variables, because they run in worker threads: values go
 * through `args`. They must be deterministic; what they return must not depend on where the partitions are cut, or results
 * will.
 *
 * `fit` records the columns and reads nothing; `transform` is lazy for distributed X. Sample weights do not matter.
 *
 * Differs from Dask-ML: keyword arguments are `args`; the columns of a changed frame are declared by `schema` instead of
 * being guessed by calling the function on made-up rows. {@link FunctionTransformer} is the one for functions of numeric
 * columns with an inverse.
 *
 * @throws DataError for a captured variable; in transform for a result that is not as declared, naming the partition
 *
 * @example
 * ```ts
 * const hours = new BlockTransformer({
 *   func: (frame, { pl }) => frame.withColumn(pl.col("minutes").div(60).alias("minutes")),
 * });
 * await hours.fit({ minutes: [30, 90], city: ["Brno", "Wien"] });
 * ```
 */
export class BlockTransformer extends RowsTransformer<BlockTransformerParams, FittedTable> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value of the wrong type; DataError for a captured variable */
  constructor(params: Partial<BlockTransformerParams> = {}) {
    super(TABLE, params);
    checkFunction(this.params.func);
  }

  static fromJSON(json: EstimatorJson): BlockTransformer {
    return new BlockTransformer().restore(json);
  }

  override setParams(params: Partial<BlockTransformerParams>): this {
    checkFunction(TABLE.parse({ ...this.params, ...params }).func);
    return super.setParams(params);
  }

  /** Records the columns; reads no rows. @throws DataError for X without rows or columns */
  async fit(X: TableInput): Promise<this> {
    const table = toTable("BlockTransformer.fit", X);
    assertNotEmpty("BlockTransformer.fit", table);
    this.setState({
      ...fittedTable(table),
    });
    return this;
  }

  getFeatureNamesOut(): string[] {
    const { schema } = this.params;
    return schema ? Object.keys(schema) : [...namesOrNumbers(this.featureNames, this.nFeatures)];
  }

  protected transformChecked(rows: Rows): Rows {
    const { func, args, schema } = this.params;
    if (func === null) return rows;
    if (rows instanceof DistributedDataFrame)
      return rows.mapPartitions(func as UserFn<FrameFn>, { args, ...(schema ? { schema } : {}) });
    return rows.mapPartitions(func as UserFn<ArrayFn>, {
      args,
      ...(schema ? { width: Object.keys(schema).length } : {}),
    });
  }

  protected override encodeParams(params: Readonly<BlockTransformerParams>): unknown {
    if (typeof params.func === "function")
      throw new DataError(
        'BlockTransformer.toJSON: func is an inline function, which files cannot hold. Move it to a module and pass { module: import.meta.url, export: "name" }.',
      );
    return params;
  }
}

registerEstimator("BlockTransformer", BlockTransformer);

function checkFunction(func: BlockFn | null): void {
  if (func !== null) encodeUserFn("BlockTransformer", func as UserFn<(...given: never[]) => unknown>);
}
