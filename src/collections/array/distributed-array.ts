import { closest, DataError, ParameterError, show } from "../../base/errors.js";
import type { Plain } from "../../base/plain.js";
import type { Engine, FnRef } from "../../engine/engine.js";
import {
  binaryOp,
  compareOp,
  unaryOp,
  type BinaryOpCode,
  type CompareOpCode,
  type UnaryOpCode,
} from "../../kernels/kernels.js";
import type { DType } from "../../memory/dtype.js";
import type { HostDense } from "../../memory/host-column.js";
import type { Moments } from "../../numeric/moments.js";
import { chooseEngine } from "../choose-engine.js";
import { explainPlan } from "../explain.js";
import { HeldPlan, type Plan } from "../plan.js";
import { holdPlans, readPlans } from "../hold.js";
import { reducePartitions } from "../reduce.js";
import type { RunOptions } from "../plan-run.js";
import { encodeUserFn, type UserFn } from "../user-function.js";
import { visualizePlan } from "../visualize.js";
import { joinColumns, LocalMatrix } from "./local-matrix.js";
import type { ArrayParts } from "./array-parts.js";
import { arrayTask, blockwiseParts } from "./blockwise.js";
import { columnExtremes, columnMoments, columnQuantiles, columnSums } from "./column-statistics.js";
import { compareScalars, withArray, withScalars, type Scalars } from "./elementwise.js";
import {
  batchesOf,
  partsOfColumns,
  partsOfCsr,
  partsOfFlat,
  type CsrArrays,
  type FlatData,
  type LocalArrayOptions,
} from "./from-local.js";
import { alignedPieces, repartitionPieces } from "./pieces.js";
import { partsOfConcat, partsOfPieces } from "./rearranged.js";
import { columnsOfRows, type PartitionOptions } from "./sources.js";
import type { ArrayPartition } from "./tasks.js";

/** Anything that is rows of equal length with numbers in it. */
export type MatrixLike = readonly ArrayLike<number>[];

/**
 * Rows of numbers, partitioned along rows only. Lazy and immutable: every verb returns a new array and starts nothing;
 * `compute`, `persist`, the reductions and `fit` are async and do. Row counts may be unknown and partitions empty.
 *
 * @example
 * ```ts
 * const X = DistributedArray.fromRows([[1, 2], [3, 4], [5, 6]], { partitions: 2 });
 * const centred = X.sub(await X.mean());
 * console.log((await centred.compute()).toRows()); // [[-2, -2], [0, 0], [2, 2]]
 * ```
 */
export class DistributedArray implements Disposable {
  readonly plan: Plan;
  readonly innerShape: readonly number[];
  readonly dtype: DType;
  readonly layout: "dense" | "csr";
  readonly partitionRows: readonly number[] | undefined;
  readonly names: readonly string[] | undefined;

  constructor(parts: ArrayParts) {
    this.plan = parts.plan;
    this.innerShape = parts.innerShape;
    this.dtype = parts.dtype;
    this.layout = parts.layout ?? "dense";
    this.partitionRows = parts.partitionRows;
    this.names = parts.names;
  }

  /** From rows of numbers; null and undefined become NaN. */
  static fromRows(rows: ArrayLike<ArrayLike<unknown>>, options: LocalArrayOptions = {}): DistributedArray {
    return new DistributedArray(
      partsOfColumns("DistributedArray.fromRows", columnsOfRows("DistributedArray.fromRows", rows), options),
    );
  }

  /**
   * From columns: a list, or a record whose keys become the names. Typed arrays are not copied until a run needs them:
   * do not change them meanwhile. Columns of different dtypes become doubles.
   */
  static fromColumns(
    columns: readonly ArrayLike<unknown>[] | Readonly<Record<string, ArrayLike<unknown>>>,
    options: LocalArrayOptions = {},
  ): DistributedArray {
    return new DistributedArray(partsOfColumns("DistributedArray.fromColumns", columns, options));
  }

  /** A one-dimensional array. */
  static fromVector(values: ArrayLike<unknown>, options: PartitionOptions & { dtype?: DType } = {}): DistributedArray {
    return new DistributedArray({
      ...partsOfColumns("DistributedArray.fromVector", [values], options),
      innerShape: [],
    });
  }

  /** From a row-major typed array and its shape, as tfjs tensors (`tensor.dataSync()`, `tensor.shape`) keep it. */
  static fromFlat(data: FlatData, shape: readonly number[], options: PartitionOptions = {}): DistributedArray {
    return new DistributedArray(partsOfFlat("DistributedArray.fromFlat", data, shape, options));
  }

  /** From an ml-matrix `Matrix`, or anything with `rows`, `columns` and `get(row, column)`. */
  static fromMatrix(
    matrix: { readonly rows: number; readonly columns: number; get(row: number, column: number): number },
    options: PartitionOptions = {},
  ): DistributedArray {
    const columns = Array.from({ length: matrix.columns }, (_, j) =>
      Float64Array.from({ length: matrix.rows }, (__, i) => matrix.get(i, j)),
    );
    return DistributedArray.fromColumns(columns, options);
  }

  /** From a tfjs tensor of any rank above 0; its first axis is rows. */
  static async fromTensor(
    tensor: { readonly shape: readonly number[]; data(): Promise<Float32Array | Int32Array | Uint8Array> },
    options: PartitionOptions = {},
  ): Promise<DistributedArray> {
    return DistributedArray.fromFlat(await tensor.data(), tensor.shape, options);
  }

  /** From rows that arrive one by one or in batches; each `partitionRows` rows (65,536 unless given) are a partition. */
  static async fromAsyncIterable(
    source: AsyncIterable<ArrayLike<number> | readonly ArrayLike<number>[]>,
    options: { readonly partitionRows?: number } = {},
  ): Promise<DistributedArray> {
    const parts: DistributedArray[] = [];
    for await (const rows of batchesOf("DistributedArray.fromAsyncIterable", source, options.partitionRows ?? 65536)) {
      parts.push(DistributedArray.fromRows(rows, { partitions: 1 }));
    }
    return parts.length > 0 ? DistributedArray.concat(parts) : DistributedArray.fromRows([], { partitions: 1 });
  }

  /** A sparse matrix in compressed rows; `indptr` has rows + 1 entries. @throws DataError where it is not one */
  static fromCsr(csr: CsrArrays, options: PartitionOptions & { names?: readonly string[] } = {}): DistributedArray {
    return new DistributedArray(partsOfCsr("DistributedArray.fromCsr", csr, options));
  }

  /** Below one another; all need the same inner shape and dtype. */
  static concat(arrays: readonly DistributedArray[]): DistributedArray {
    return new DistributedArray(partsOfConcat(arrays));
  }

  get partitions(): number {
    return this.plan.partitions;
  }

  /** The number of rows, undefined while it is not known. Never starts work. */
  get rows(): number | undefined {
    return this.partitionRows?.reduce((sum, rows) => sum + rows, 0);
  }

  /** Values in one row. */
  get width(): number {
    return this.innerShape.reduce((product, n) => product * n, 1);
  }

  /** Rows (undefined while unknown) and inner shape. */
  get shape(): [number | undefined, ...number[]] {
    return [this.rows, ...this.innerShape];
  }

  /** Columns by position, or by name where there are names; no copy. */
  columns(which: readonly (number | string)[]): DistributedArray {
    const positions = which.map((one) => this.#position(one));
    this.#assertDense("columns");
    return this.#blockwise(
      "columns",
      "selectColumns",
      { columns: positions },
      {
        innerShape: [positions.length],
        names: this.names ? positions.map((j) => this.names?.[j] ?? String(j)) : undefined,
      },
    );
  }

  /** One column as a vector. */
  column(which: number | string): DistributedArray {
    const one = this.columns([which]);
    return new DistributedArray({ ...one, innerShape: [], names: undefined });
  }

  add(other: DistributedArray | Scalars): DistributedArray {
    return this.#arithmetic("add", binaryOp.add, other);
  }
  sub(other: DistributedArray | Scalars): DistributedArray {
    return this.#arithmetic("sub", binaryOp.sub, other);
  }
  mul(other: DistributedArray | Scalars): DistributedArray {
    return this.#arithmetic("mul", binaryOp.mul, other);
  }
  div(other: DistributedArray | Scalars): DistributedArray {
    return this.#arithmetic("div", binaryOp.div, other);
  }
  minimum(other: DistributedArray | Scalars): DistributedArray {
    return this.#arithmetic("minimum", binaryOp.min, other);
  }
  maximum(other: DistributedArray | Scalars): DistributedArray {
    return this.#arithmetic("maximum", binaryOp.max, other);
  }
  neg(): DistributedArray {
    return this.#unary("neg", unaryOp.neg);
  }
  abs(): DistributedArray {
    return this.#unary("abs", unaryOp.abs);
  }
  sqrt(): DistributedArray {
    return this.#unary("sqrt", unaryOp.sqrt);
  }
  square(): DistributedArray {
    return this.#unary("square", unaryOp.square);
  }
  exp(): DistributedArray {
    return this.#unary("exp", unaryOp.exp);
  }
  log(): DistributedArray {
    return this.#unary("log", unaryOp.log);
  }

  /** Where elements are above a number (or one number a column): booleans. NaN is not. */
  gt(than: Scalars): DistributedArray {
    return this.#compare("gt", compareOp.gt, than);
  }
  ge(than: Scalars): DistributedArray {
    return this.#compare("ge", compareOp.ge, than);
  }
  lt(than: Scalars): DistributedArray {
    return this.#compare("lt", compareOp.lt, than);
  }
  le(than: Scalars): DistributedArray {
    return this.#compare("le", compareOp.le, than);
  }
  eq(to: Scalars): DistributedArray {
    return this.#compare("eq", compareOp.eq, to);
  }
  ne(to: Scalars): DistributedArray {
    return this.#compare("ne", compareOp.ne, to);
  }

  /** Product with a small matrix of `width` rows: rows of numbers, or an ml-matrix `Matrix`. */
  dot(
    matrix: MatrixLike | { readonly rows: number; readonly columns: number; to2DArray(): number[][] },
  ): DistributedArray {
    const rows = "to2DArray" in matrix ? matrix.to2DArray() : matrix;
    const k = rows[0]?.length ?? 0;
    if (rows.length !== this.width) {
      throw new DataError(
        `DistributedArray.dot: this array has ${this.width} columns, so the matrix needs ${this.width} rows; got ${rows.length}.`,
      );
    }
    const ragged = Array.from(rows).findIndex((row) => row.length !== k);
    if (ragged >= 0)
      throw new DataError(
        `DistributedArray.dot: row 0 of the matrix has ${k} values but row ${ragged} has ${rows[ragged]?.length}. All rows need the same length.`,
      );
    this.#assertDense("dot");
    const b = Float64Array.from(Array.from(rows).flatMap((row) => Array.from(row)));
    return this.#blockwise("dot", "matMul", { b, k }, { innerShape: [k], dtype: "f64", names: undefined });
  }

  /** Another dtype; floats to integers truncate toward zero. */
  cast(dtype: DType): DistributedArray {
    if (dtype === this.dtype) return this;
    this.#assertDense("cast");
    return this.#blockwise("cast", "cast", { dtype }, { dtype });
  }

  /**
   * A function of each partition's columns (copies), in a worker. It returns columns, or one typed array.
   *
   * @param fn `{ module, export }`, or an inline function without free variables
   * @param options `args` is passed to the function; `width` and `dtype` say what it returns (the same unless given)
   */
  mapPartitions(
    fn: UserFn<(partition: ArrayPartition, info: { args: never; partition: number }) => unknown>,
    options: { readonly args?: Plain; readonly width?: number; readonly dtype?: DType } = {},
  ): DistributedArray {
    this.#assertDense("mapPartitions");
    const label = "mapPartitions";
    const width = options.width ?? this.width;
    const dtype = options.dtype ?? this.dtype;
    const args = { fn: encodeUserFn("DistributedArray.mapPartitions", fn), args: options.args, width, dtype, label };
    return this.#blockwise(label, "userPartition", args, {
      dtype,
      innerShape: width === this.width ? this.innerShape : [width],
      partitionRows: undefined,
      names: width === this.width ? this.names : undefined,
    });
  }

  /**
   * A task function of each partition's chunk, for estimators and other parts of the library: it gets the chunk in place
   * and returns a chunk with the same rows.
   */
  mapChunks(
    label: string,
    fn: FnRef,
    args: Plain,
    result: {
      readonly innerShape: readonly number[];
      readonly dtype?: DType;
      readonly names?: readonly string[] | undefined;
      readonly layout?: "dense" | "csr";
    },
  ): DistributedArray {
    const { innerShape, names, dtype = "f64", layout = "dense" } = result;
    return new DistributedArray(blockwiseParts(this, label, fn, args, { innerShape, names, dtype, layout }));
  }

  /** The same rows in `partitions` parts: equal ones where row counts are known, else by fractions of the present parts. */
  repartition(partitions: number): DistributedArray {
    return new DistributedArray(
      partsOfPieces(this, repartitionPieces(this.partitionRows, this.partitions, partitions)),
    );
  }

  /** The same rows in parts of `partitionRows`; the counts must be known. For arrays that have to meet row by row. */
  repartitionLike(partitionRows: readonly number[]): DistributedArray {
    if (this.partitionRows?.join() === partitionRows.join()) return this;
    if (!this.partitionRows) {
      throw new DataError(
        `${this.plan.label}: its row counts are not known, so it cannot be cut to match. Use withKnownRows() first.`,
      );
    }
    return new DistributedArray(partsOfPieces(this, alignedPieces(this.partitionRows, partitionRows)));
  }

  /** The same array with its row counts known: one pass, unless they are already. */
  async withKnownRows(options: RunOptions = {}): Promise<DistributedArray> {
    if (this.partitionRows) return this;
    const counts = await reducePartitions<number[]>(
      [this.plan],
      { label: "row counts", step: arrayTask("rowCounts"), combine: (a, b) => [...a, ...b] },
      options,
    );
    return new DistributedArray({ ...this, partitionRows: counts ?? [] });
  }

  /** Weighted moments, NaN left out: one pass. */
  moments(options: RunOptions = {}): Promise<Moments> {
    return columnMoments(this, options);
  }

  /**
   * Mean of each column, NaN left out; NaN for a column without values. A dense column with infinities has the mean that
   * their sum has (a second pass tells their signs).
   */
  async mean(options: RunOptions = {}): Promise<number[]> {
    return (await columnSums(this, options)).mean;
  }

  /** Sum of each column, NaN left out; infinities as in {@link mean}. */
  async sum(options: RunOptions = {}): Promise<number[]> {
    return (await columnSums(this, options)).sum;
  }

  /** Variance of each column with divisor n - ddof (0 unless given), NaN left out. */
  async variance(options: RunOptions & { readonly ddof?: number } = {}): Promise<number[]> {
    const { m2, weight } = await this.moments(options);
    return Array.from(m2, (value, j) => value / ((weight[j] ?? 0) - (options.ddof ?? 0)));
  }

  /** Standard deviation of each column with divisor n - ddof (0 unless given), NaN left out. */
  async std(options: RunOptions & { readonly ddof?: number } = {}): Promise<number[]> {
    return (await this.variance(options)).map(Math.sqrt);
  }

  /** Smallest value of each column, NaN left out. */
  async min(options: RunOptions = {}): Promise<number[]> {
    this.#assertDense("min");
    return Array.from((await columnExtremes(this, options)).min);
  }

  /** Largest value of each column, NaN left out. */
  async max(options: RunOptions = {}): Promise<number[]> {
    this.#assertDense("max");
    return Array.from((await columnExtremes(this, options)).max);
  }

  /**
   * Quantiles of each column, NaN left out: `[q][column]`. One pass; a mergeable summary per partition.
   *
   * @param q levels in [0, 1]
   * @param options `error` bounds the rank: the value returned for q has a rank within `error · n` of `q · n` (0.001 unless
   *   given); exact up to max(1024, 8 / error) distinct values. Always a value of the data, as numpy's `inverted_cdf`
   */
  async quantile(
    q: number | readonly number[],
    options: RunOptions & { readonly error?: number } = {},
  ): Promise<number[][]> {
    this.#assertDense("quantile");
    const levels = typeof q === "number" ? [q] : q;
    for (const level of levels) {
      if (!(level >= 0 && level <= 1))
        throw new ParameterError(`DistributedArray.quantile: q must be in [0, 1]; got ${show(level)}.`);
    }
    return columnQuantiles(this, levels, options.error ?? 0.001, options);
  }

  /** All values, in this process. */
  async compute(options: RunOptions & { readonly engine?: Engine } = {}): Promise<LocalMatrix> {
    this.#assertDense("compute");
    const parts = (await readPlans([this.plan], "compute", options)) as unknown as HostDense[];
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    const columns = Array.from({ length: this.width }, (_, j) =>
      joinColumns(
        parts.map((part) => part.columns[j]).filter((c) => c !== undefined),
        this.dtype,
        rows,
      ),
    );
    return new LocalMatrix(columns, rows, this.innerShape, this.names);
  }

  /**
   * Computes every partition and keeps it in the engine until `release()`; the new array starts from there. An array that is
   * held already is returned as it is.
   */
  async persist(options: RunOptions & { readonly engine?: Engine } = {}): Promise<DistributedArray> {
    if (this.plan instanceof HeldPlan && !this.plan.released) return this;
    const engine = options.engine ?? chooseEngine([this.plan]);
    const [plan] = await holdPlans([this.plan], engine, options);
    return new DistributedArray({ ...this, plan: plan as Plan });
  }

  /** Lets go of what `persist` kept; a no-op on an array that holds nothing. */
  release(): void {
    if (this.plan instanceof HeldPlan) this.plan.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** The plan as text, before and after fusion. */
  explain(): string {
    return explainPlan(this.plan);
  }

  /** The plan as an SVG picture. */
  visualize(): string {
    return visualizePlan(this.plan);
  }

  #unary(label: string, op: UnaryOpCode): DistributedArray {
    this.#assertDense(label);
    return this.#blockwise(label, "unary", { op }, { dtype: "f64" });
  }

  #arithmetic(label: string, op: BinaryOpCode, other: DistributedArray | Scalars): DistributedArray {
    this.#assertDense(label);
    const parts =
      other instanceof DistributedArray ? withArray(this, label, op, other) : withScalars(this, label, op, other);
    return new DistributedArray(parts);
  }

  #compare(label: string, op: CompareOpCode, other: Scalars): DistributedArray {
    this.#assertDense(label);
    return new DistributedArray(compareScalars(this, label, op, other));
  }

  #blockwise(label: string, fn: string, args: Plain, changes: Partial<ArrayParts>): DistributedArray {
    return new DistributedArray(blockwiseParts(this, label, arrayTask(fn), args, changes));
  }

  #position(which: number | string): number {
    const j = typeof which === "number" ? which : (this.names?.indexOf(which) ?? -1);
    if (Number.isInteger(j) && j >= 0 && j < this.width) return j;
    const near = typeof which === "string" ? closest(which, this.names ?? []) : undefined;
    throw new DataError(
      `${this.plan.label}: there is no column ${show(which)}${near === undefined ? "" : ` (did you mean ${show(near)}?)`}; there are ${this.width}${this.names ? `: ${this.names.join(", ")}` : ", numbered from 0"}.`,
      { details: { column: which } },
    );
  }

  #assertDense(verb: string): void {
    if (this.layout === "csr")
      throw new DataError(
        `DistributedArray.${verb}: this array is sparse, and ${verb} works on dense ones. Estimators take it as it is.`,
      );
  }
}
