import { DataError, ParameterError, show } from "../../base/errors.js";
import type { Plain } from "../../base/plain.js";
import { DEFAULT_SEED } from "../../base/rng.js";
import { writeFrame, writeTextFile, type WriteOptions } from "../../io/write-frame.js";
import type { DistributedArray } from "../array/distributed-array.js";
import { startsOf } from "../array/sources.js";
import { chooseEngine } from "../choose-engine.js";
import { holdPlans, readPlans } from "../hold.js";
import { HeldPlan, TaskPlan, type Plan } from "../plan.js";
import { encodeUserFn, type UserFn } from "../user-function.js";
import { visualizePlan } from "../visualize.js";
import { describeFrame } from "./describe.js";
import { DistributedSeries, type FrameRunOptions, type ValueCount } from "./distributed-series.js";
import { encodeExpr } from "./expressions.js";
import { explainFrame } from "./explain-frame.js";
import { frameOfArray, zipColumns } from "./array-to-frame.js";
import { fillNullState, type FillValue } from "./fill-null.js";
import { assertColumns, frameState, labelOf, partitionsOf, planOf, withVerb, type FrameState } from "./frame-state.js";
import { stack, USER_TASK } from "./frame-task.js";
import { frameToArray } from "./frame-to-array.js";
import { dtypeName, dtypeOf, emptyFrame, schemaOf, type DTypeLike, type FrameSchema } from "./frame-types.js";
import { columnsOfObjects, frameOfColumns, localState, type LocalFrameOptions } from "./local-frames.js";
import { frameFromHost } from "./live-frame.js";
import { isExpr, isPolarsFrame, polars, type Polars, type PolarsExpr, type PolarsFrame } from "./polars.js";
import { concatStates, limitState, repartitionState } from "./reshape.js";
import { countRows } from "./row-counts.js";
import type { AnySchema, Columns, ElementOf, NameOf, Renamed, Selected, WithColumns } from "./schema-types.js";
import { selectCall } from "./verbs.js";

/** A user's function over one partition. */
export type FrameFn = (frame: PolarsFrame, info: { args: never; partition: number; pl: Polars }) => unknown;

/**
 * Rows with named, typed columns, in partitions that are Polars frames. Lazy and immutable: a verb returns a new frame and
 * starts nothing; `compute`, `persist`, `describe`, `valueCounts` and the writers are async and do. Column names and types
 * are always known, row counts where they are cheap. A chain of verbs over files is one Polars query a partition, so that
 * columns and rows that are not needed are not read.
 *
 * `S` is what the compiler knows of the columns: the constructors from local data infer it, the readers take it
 * (`readCsv<{ fare: number }>(...)`), verbs carry it as far as names can be seen. A column that is not there is then a
 * compile error; else it is an error when the verb is called, which names the closest column.
 *
 * Made by {@link readParquet}, {@link readCsv}, {@link readNdjson}, {@link readIpc}, or the `from...` constructors.
 *
 * @example
 * ```ts
 * import pl from "nodejs-polars";
 * const flights = await readParquet("flights.parquet");
 * const late = flights
 *   .filter(pl.col("distance").gt(0))
 *   .withColumns(pl.col("delay").gt(15).alias("late"));
 * const X = late.toArray(["distance"]);
 * const y = late.column("late").toArray();
 * ```
 */
export class DistributedDataFrame<S extends Columns = AnySchema> implements Disposable {
  readonly #state: FrameState;

  /** @param state what the frame is; users call the readers and the `from...` constructors instead */
  constructor(state: FrameState) {
    this.#state = state;
  }

  /**
   * From columns: arrays or typed arrays of equal length. `schema` names types where they are not to be inferred. The
   * compiler takes the columns' names from the object; for names that it cannot see (`{ ...record, y }`) say so by
   * `fromColumns<Record<string, ArrayLike<unknown>>>(...)`.
   */
  static fromColumns<C extends Readonly<Record<string, ArrayLike<unknown>>>>(
    columns: C,
    options: LocalFrameOptions & { readonly schema?: Readonly<Record<string, DTypeLike>> } = {},
  ): DistributedDataFrame<{ [K in keyof C]: ElementOf<C[K]> }> {
    const owner = "DistributedDataFrame.fromColumns";
    return new DistributedDataFrame(localState(owner, frameOfColumns(owner, columns, options.schema), options));
  }

  /** From objects, one a row; what a row lacks is null. */
  static fromRows<R extends object>(
    rows: readonly R[],
    options: LocalFrameOptions & { readonly schema?: Readonly<Record<string, DTypeLike>> } = {},
  ): DistributedDataFrame<{ [K in keyof R]: R[K] }> {
    const owner = "DistributedDataFrame.fromRows";
    const columns = columnsOfObjects(owner, rows);
    return new DistributedDataFrame(localState(owner, frameOfColumns(owner, columns, options.schema), options));
  }

  /** From a Polars frame of this thread. */
  static fromPolars<S extends Columns = AnySchema>(
    frame: PolarsFrame,
    options: LocalFrameOptions = {},
  ): DistributedDataFrame<S> {
    const owner = "DistributedDataFrame.fromPolars";
    if (!isPolarsFrame(frame)) throw new DataError(`${owner}: expected a Polars DataFrame; got ${show(frame)}.`);
    return new DistributedDataFrame(localState(owner, frame, options));
  }

  /** From an Apache Arrow table, or Arrow IPC bytes (stream or file format). */
  static async fromArrow<S extends Columns = AnySchema>(
    table: import("apache-arrow").Table | Uint8Array,
    options: LocalFrameOptions = {},
  ): Promise<DistributedDataFrame<S>> {
    const owner = "DistributedDataFrame.fromArrow";
    const bytes = table instanceof Uint8Array ? table : (await import("apache-arrow")).tableToIPC(table, "stream");
    const buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
    const isFile = buffer.subarray(0, 6).toString("latin1") === "ARROW1";
    try {
      return new DistributedDataFrame(
        localState(owner, isFile ? polars().readIPC(buffer) : polars().readIPCStream(buffer), options),
      );
    } catch (cause) {
      throw new DataError(
        `${owner}: not a readable Arrow table: ${cause instanceof Error ? cause.message : String(cause)}.`,
        { cause },
      );
    }
  }

  /** Frames below one another: all need the same columns and types in the same order. */
  static concat<S extends Columns>(...frames: readonly DistributedDataFrame<S>[]): DistributedDataFrame<S> {
    return new DistributedDataFrame(concatStates(frames.map((frame) => frame.#state)));
  }

  /** An array's columns as a frame under its names (x0, x1, ... where it has none), lazily. */
  static fromArray(array: DistributedArray): DistributedDataFrame {
    return new DistributedDataFrame(frameOfArray("DistributedDataFrame.fromArray", array));
  }

  /** As the static {@link DistributedDataFrame.fromArray}: how transformers return a frame for a frame. */
  fromArray(array: DistributedArray): DistributedDataFrame {
    return DistributedDataFrame.fromArray(array);
  }

  /**
   * This frame with the columns of arrays beside its own: a model's predictions for it, say. Partition i of each array has
   * to hold the rows of partition i, which is so for anything computed from this frame.
   *
   * @param arrays by name; a matrix gives one column a name of its own, or `name_0`, `name_1`, ...
   */
  withArrays(arrays: Readonly<Record<string, DistributedArray>>): DistributedDataFrame {
    return new DistributedDataFrame(zipColumns("DistributedDataFrame.withArrays", this.#state, arrays));
  }

  get columns(): NameOf<S>[] {
    return this.#state.empty.columns as NameOf<S>[];
  }
  /** Column names with their types in words. */
  get schema(): FrameSchema {
    return schemaOf(this.#state.empty);
  }
  get partitions(): number {
    return partitionsOf(this.#state);
  }
  /** Rows of each partition, where they are known without work. */
  get partitionRows(): readonly number[] | undefined {
    return this.#state.partitionRows;
  }
  /** Rows in all, where they are known without work; {@link countRows} counts them. */
  get rows(): number | undefined {
    return this.#state.partitionRows?.reduce((sum, n) => sum + n, 0);
  }
  /** The lazy graph behind the frame; partition values are frames. */
  get plan(): Plan {
    return planOf(this.#state);
  }

  /**
   * The same columns with partitions that `plan` makes: this frame's where an engine holds them, or its own chain as a
   * unit, which frames derived from the result then share.
   */
  withPlan(plan: Plan): DistributedDataFrame<S> {
    return new DistributedDataFrame(frameState({ kind: "plan", plan }, this.#state.empty, this.partitionRows));
  }

  /** A column for expressions: `pl.col(name)`, with the name checked. @throws DataError naming the closest column */
  col<K extends NameOf<S>>(name: K): PolarsExpr {
    assertColumns("DistributedDataFrame.col", this.#state, [name]);
    return polars().col(name);
  }

  /**
   * Only these columns, or these expressions of them.
   * @throws DataError for a column that is not there, naming the closest one
   */
  select<const A extends readonly (NameOf<S> | PolarsExpr)[]>(...columns: A): DistributedDataFrame<Selected<S, A>> {
    const owner = "DistributedDataFrame.select";
    if (columns.length === 0) throw new ParameterError(`${owner}: name at least one column.`);
    assertColumns(
      owner,
      this.#state,
      columns.filter((expr) => typeof expr === "string"),
    );
    return new DistributedDataFrame(withVerb(this.#state, selectCall(owner, columns)));
  }

  /** The rows for which the expression is true. Row counts are unknown afterwards. */
  filter(predicate: PolarsExpr): DistributedDataFrame<S> {
    const owner = "DistributedDataFrame.filter";
    return new DistributedDataFrame(
      withVerb(this.#state, { verb: "filter", args: { predicate: encodeExpr(owner, predicate) } }),
    );
  }

  /**
   * Adds columns, or replaces those of the same name: `withColumns(pl.col("a").add(pl.col("b")).alias("sum"))`, or by
   * name, `withColumns({ sum: pl.col("a").add(pl.col("b")) })`, which keeps a known schema known.
   */
  withColumns(...exprs: readonly PolarsExpr[]): DistributedDataFrame;
  withColumns<N extends string>(named: Readonly<Record<N, PolarsExpr>>): DistributedDataFrame<WithColumns<S, N>>;
  withColumns(...given: readonly (PolarsExpr | Readonly<Record<string, PolarsExpr>>)[]): DistributedDataFrame {
    const owner = "DistributedDataFrame.withColumns";
    const exprs = given.flatMap((one) => {
      if (isExpr(one) || typeof one !== "object" || one === null) return [one as PolarsExpr];
      return Object.entries(one).map(([name, expr]) => (isExpr(expr) ? expr.alias(name) : expr));
    });
    return new DistributedDataFrame(
      withVerb(this.#state, { verb: "withColumns", args: { exprs: exprs.map((expr) => encodeExpr(owner, expr)) } }),
    );
  }

  /** Without these columns. */
  drop<K extends NameOf<S>>(...columns: K[]): DistributedDataFrame<Omit<S, K>> {
    assertColumns("DistributedDataFrame.drop", this.#state, columns);
    if (new Set<string>(columns).size === this.columns.length) {
      throw new DataError("DistributedDataFrame.drop: no columns would be left. Keep at least one.");
    }
    return new DistributedDataFrame(withVerb(this.#state, { verb: "drop", args: { columns } }));
  }

  /** With new names: `rename({ old: "new" })`. */
  rename<const M extends { readonly [K in NameOf<S>]?: string }>(mapping: M): DistributedDataFrame<Renamed<S, M>> {
    assertColumns("DistributedDataFrame.rename", this.#state, Object.keys(mapping));
    return new DistributedDataFrame(
      withVerb(this.#state, { verb: "rename", args: { mapping: mapping as Record<string, string> } }),
    );
  }

  /**
   * Columns with other types: `cast({ fare: "Float64" })`. A value that does not fit is an error when it runs, or null
   * with `strict: false`.
   */
  cast<const D extends { readonly [K in NameOf<S>]?: DTypeLike }>(
    dtypes: D,
    options: { readonly strict?: boolean } = {},
  ): DistributedDataFrame<{ [K in NameOf<S>]: K extends keyof D ? unknown : S[K] }> {
    const owner = "DistributedDataFrame.cast";
    assertColumns(owner, this.#state, Object.keys(dtypes));
    const named = Object.fromEntries(
      Object.entries(dtypes).map(([name, dtype]) => [name, dtypeName(dtypeOf(dtype as DTypeLike, owner))]),
    );
    return new DistributedDataFrame(
      withVerb(this.#state, { verb: "cast", args: { dtypes: named, strict: options.strict ?? true } }),
    );
  }

  /**
   * With nulls replaced: one value for each column of a fitting type (a number for numbers, text for text), or
   * `{ column: value }`.
   * @throws DataError when one value is given and no column fits it
   */
  fillNull(value: FillValue | { readonly [K in NameOf<S>]?: FillValue }): DistributedDataFrame<S> {
    return new DistributedDataFrame(fillNullState(this.#state, value));
  }

  /** Without the rows that have a null in any of `columns` (in any column unless given). NaN is not null. */
  dropNulls(...columns: NameOf<S>[]): DistributedDataFrame<S> {
    assertColumns("DistributedDataFrame.dropNulls", this.#state, columns);
    return new DistributedDataFrame(
      withVerb(this.#state, { verb: "dropNulls", args: { columns: columns.length > 0 ? columns : null } }),
    );
  }

  /** The first `n` rows, exactly, in one partition. Where row counts are unknown every partition is asked for its first rows. */
  head(n = 5): DistributedDataFrame<S> {
    return new DistributedDataFrame(limitState("DistributedDataFrame.head", this.#state, n, "head"));
  }

  /** The last `n` rows, exactly, in one partition. */
  tail(n = 5): DistributedDataFrame<S> {
    return new DistributedDataFrame(limitState("DistributedDataFrame.tail", this.#state, n, "tail"));
  }

  /**
   * Each row with probability `fraction`, by a counter-based generator: where row counts are known, the same rows for any
   * partitioning; else the draw depends on partition and row in it.
   */
  sample(fraction: number, options: { readonly randomState?: number } = {}): DistributedDataFrame<S> {
    const owner = "DistributedDataFrame.sample";
    if (!(fraction >= 0 && fraction <= 1))
      throw new ParameterError(`${owner}: fraction must be between 0 and 1; got ${show(fraction)}.`);
    const { randomState: seed = DEFAULT_SEED } = options;
    if (!Number.isFinite(seed))
      throw new ParameterError(`${owner}: randomState must be a finite number; got ${show(seed)}.`);
    const starts = this.partitionRows ? startsOf(this.partitionRows) : null;
    return new DistributedDataFrame(withVerb(this.#state, { verb: "sample", args: { fraction, seed, starts } }));
  }

  /** One column. */
  column<K extends NameOf<S>>(name: K): DistributedSeries {
    const owner = "DistributedDataFrame.column";
    assertColumns(owner, this.#state, [name]);
    return new DistributedSeries(name, withVerb(this.#state, selectCall(owner, [name])));
  }

  /** This frame's rows, then those of the others: all need the same columns and types in the same order. */
  concat(...others: readonly DistributedDataFrame<S>[]): DistributedDataFrame<S> {
    return DistributedDataFrame.concat(this, ...others);
  }

  /** The same rows in `partitions` parts: equal ones where row counts are known, else by fractions of the present parts. */
  repartition(partitions: number): DistributedDataFrame<S> {
    return new DistributedDataFrame(repartitionState(this.#state, partitions));
  }

  /**
   * A function of each partition, in a worker: `fn(frame, { args, partition, pl })` gets a Polars frame and returns one, a
   * promise of one, or an object of columns.
   *
   * @param fn `{ module, export }`, or an inline function without free variables
   * @param options `args` is passed on; `schema` says what it returns (the present columns unless given), which is checked
   */
  mapPartitions(
    fn: UserFn<FrameFn>,
    options: { readonly args?: Plain; readonly schema?: Readonly<Record<string, DTypeLike>> } = {},
  ): DistributedDataFrame {
    const owner = "DistributedDataFrame.mapPartitions";
    const empty = options.schema ? emptyFrame(options.schema, owner) : this.#state.empty;
    const args = { fn: encodeUserFn(owner, fn), args: options.args, schema: schemaOf(empty), label: owner };
    const plan = TaskPlan.blockwise(this.plan, `${labelOf(this.#state)}.mapPartitions`, USER_TASK, args);
    return new DistributedDataFrame(frameState({ kind: "plan", plan }, empty, undefined));
  }

  /** How often each value of a column occurs, most frequent first. One pass. */
  valueCounts(column: NameOf<S>, options: FrameRunOptions = {}): Promise<ValueCount[]> {
    return this.column(column).valueCounts(options);
  }

  /**
   * Count, nulls, mean, standard deviation (n - 1), minimum and maximum of every column, as a Polars frame with one row a
   * column; NaN counts as missing, and columns that are not numeric have counts only. One pass.
   */
  describe(options: FrameRunOptions = {}): Promise<PolarsFrame> {
    return describeFrame(this.#state, options);
  }

  /** Rows of each partition, counted where they are not known. One pass. */
  async countRows(options: FrameRunOptions = {}): Promise<readonly number[]> {
    return this.partitionRows ?? (await countRows(this.#state, options));
  }

  /**
   * Columns as an array of numbers, lazily: null becomes NaN, booleans 0 and 1, dates milliseconds since 1970 UTC.
   * @throws DataError naming the first column that is not numeric
   */
  toArray(
    columns: readonly NameOf<S>[] = this.columns,
    options: { readonly dtype?: "f64" | "f32" } = {},
  ): DistributedArray {
    return frameToArray("DistributedDataFrame.toArray", this.#state, columns, options.dtype ?? "f64", false);
  }

  /** All rows as one Polars frame of this thread. */
  async compute(options: FrameRunOptions = {}): Promise<PolarsFrame> {
    const values = await readPlans([this.plan], `${labelOf(this.#state)}.compute`, options);
    const frames = values.map(frameFromHost);
    return frames.length === 0 ? this.#state.empty : stack(frames);
  }

  /** All rows as an Apache Arrow table. */
  async toArrow(options: FrameRunOptions = {}): Promise<import("apache-arrow").Table> {
    const frame = await this.compute(options);
    const { tableFromIPC } = await import("apache-arrow");
    // Arrow's JavaScript reads the oldest layout of strings only.
    return tableFromIPC(
      frame.writeIPC({ compression: "uncompressed", compatLevel: "oldest" } as { compression: "uncompressed" }),
    );
  }

  /** Computes all partitions and keeps them in the engine until {@link release}; row counts are known afterwards. */
  async persist(options: FrameRunOptions = {}): Promise<DistributedDataFrame<S>> {
    const [held] = await holdPlans([this.plan], options.engine ?? chooseEngine([this.plan]), options);
    const state = frameState({ kind: "plan", plan: held as Plan }, this.#state.empty, this.partitionRows);
    try {
      return new DistributedDataFrame({
        ...state,
        partitionRows: state.partitionRows ?? (await countRows(state, options)),
      });
    } catch (error) {
      held?.release();
      throw error;
    }
  }

  /** Lets go of the partitions that {@link persist} keeps; harmless on any other frame. */
  release(): void {
    if (this.#state.source.kind === "plan" && this.#state.source.plan instanceof HeldPlan)
      this.#state.source.plan.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** One Parquet file a partition in the folder `path`; see {@link WriteOptions}. Resolves to the files' paths. */
  writeParquet(
    path: string,
    options: WriteOptions & { readonly compression?: "zstd" | "snappy" | "lz4" | "gzip" | "uncompressed" } = {},
  ): Promise<string[]> {
    return writeFrame(
      "writeParquet",
      this.plan,
      path,
      { format: "parquet", compression: options.compression ?? "zstd" },
      options,
    );
  }

  /** One CSV file with a header a partition in the folder `path`. */
  writeCsv(path: string, options: WriteOptions & { readonly delimiter?: string } = {}): Promise<string[]> {
    return writeFrame("writeCsv", this.plan, path, { format: "csv", delimiter: options.delimiter ?? "," }, options);
  }

  /** One Arrow IPC (Feather v2) file a partition in the folder `path`. */
  writeIpc(path: string, options: WriteOptions = {}): Promise<string[]> {
    return writeFrame("writeIpc", this.plan, path, { format: "ipc" }, options);
  }

  /** The plan as text: steps, tasks before and after fusion, and the Polars query of a partition. Starts nothing. */
  explain(): string {
    return explainFrame(this.#state);
  }

  /** The plan as an SVG picture; with `path`, also written there. Starts nothing. */
  visualize(path?: string): string {
    const svg = visualizePlan(this.plan);
    if (path !== undefined) writeTextFile("DistributedDataFrame.visualize", path, svg);
    return svg;
  }
}
