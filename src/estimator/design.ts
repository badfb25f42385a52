import { DataError } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import { chooseEngine } from "../collections/choose-engine.js";
import type { DistributedArray } from "../collections/array/distributed-array.js";
import { holdAndReduce, holdPlans } from "../collections/hold.js";
import { HeldPlan, TaskPlan, type Plan } from "../collections/plan.js";
import type { RunOptions } from "../collections/plan-run.js";
import { reducePartitions } from "../collections/reduce.js";
import type { Engine, FnRef } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { FittedInput } from "./estimator.js";
import { fittedColumns } from "./fitted-columns.js";
import { rowVectorNames, type ZipArgs } from "./design-tasks.js";
import { toMatrix, toVector, type MatrixInput, type VectorInput } from "./inputs.js";
import { noRows } from "./no-rows.js";

const task = (name: string): FnRef => fnRef(new URL("./design-tasks.js", import.meta.url).href, name);

/** Options of every `fit`. */
export interface FitOptions extends RunOptions {
  /** Weight of each row, none negative: weight 2 counts a row twice, weight 0 leaves it out. */
  readonly sampleWeight?: VectorInput;
  /** Where to run; see `chooseEngine` for the default. */
  readonly engine?: Engine;
}

/** Vectors besides y and weights, one number a row, cut like X. */
export interface RowVectors {
  /** Added to the linear predictor. */
  readonly offset?: VectorInput | undefined;
  /** The offset by the name that boosted trees give it: errors name what the user passed. One of both. */
  readonly baseMargin?: VectorInput | undefined;
  /** Above 0; its logarithm is added to the offset. */
  readonly exposure?: VectorInput | undefined;
  /** Number of each row's group. */
  readonly groups?: VectorInput | undefined;
}

/**
 * The data of one fit: partitions of X, y and weights, zipped. Lazy until the first {@link reduce}; {@link hold} keeps the
 * partitions where they are for algorithms with several passes, so that sources are read once.
 */
export class Design implements Disposable {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  readonly nFeatures: number;
  readonly layout: "dense" | "csr";
  readonly engine: Engine;
  #plan: Plan;
  #held: HeldPlan | undefined;
  readonly #options: FitOptions;

  private constructor(
    owner: string,
    x: Pick<DistributedArray, "names" | "width" | "layout">,
    plan: Plan,
    options: FitOptions,
  ) {
    this.owner = owner;
    this.names = x.names;
    this.nFeatures = x.width;
    this.layout = x.layout;
    this.#plan = plan;
    this.#options = options;
    this.engine = options.engine ?? chooseEngine([plan]);
  }

  /**
   * @param label what the user called: `StandardScaler.fit`
   * @throws DataError for shapes that cannot fit together
   */
  static open(
    owner: string,
    X: MatrixInput,
    y: VectorInput | undefined,
    options: FitOptions,
    vectors: RowVectors = {},
  ): Design {
    const x = toMatrix(owner, X);
    if (x.width === 0 && x.rows === 0)
      throw new DataError(`${owner}: X is empty: no rows and no columns. Check where it comes from.`);
    if (x.width === 0) throw new DataError(`${owner}: X has no columns. Select at least one.`);
    if (x.rows === 0) throw noRows(owner);
    const target = y === undefined ? undefined : toVector(owner, "y", y, x);
    const weight =
      options.sampleWeight === undefined ? undefined : toVector(owner, "sampleWeight", options.sampleWeight, x);
    const named = rowVectorNames.filter((name) => vectors[name] !== undefined);
    const more = named.map((name) => toVector(owner, name, vectors[name] as VectorInput, x));
    const inputs = [x, target, weight, ...more].filter((array) => array !== undefined).map((array) => array.plan);
    const args: ZipArgs = { owner, y: target !== undefined, w: weight !== undefined, vectors: named };
    const plan = new TaskPlan({
      label: owner,
      partitions: x.partitions,
      inputs,
      bytes: x.plan.bytes,
      task: (index) => ({
        fn: task("zipDesign"),
        args: args as unknown as Plain,
        inputs: inputs.map((input) => ({ plan: input, index })),
      }),
    });
    return new Design(owner, x, plan, options);
  }

  /** What a fitted state records of the columns of X. */
  get columns(): FittedInput {
    return fittedColumns(this.nFeatures, this.names);
  }

  /** One pass: `step(context, args, designChunk)` on every partition, combined in partition order. */
  async reduce<T>(step: FnRef, args: Plain, combine: (a: T, b: T) => T, progress = true): Promise<T> {
    const total = await reducePartitions<T>(
      [this.#plan],
      { label: this.owner, step, args, combine },
      { engine: this.engine, ...this.#run(progress) },
    );
    if (total === undefined) throw new DataError(`${this.owner}: X has no partitions. Check the files it comes from.`);
    return total;
  }

  /** Computes the partitions once and keeps them for further passes. */
  async hold(): Promise<void> {
    if (this.#held) return;
    const [held] = await holdPlans([this.#plan], this.engine, this.#run(true));
    this.#held = held;
    this.#plan = held as Plan;
  }

  /** As {@link hold}, with a pass over the partitions while they are made. */
  async holdAndReduce<T>(step: FnRef, args: Plain, combine: (a: T, b: T) => T): Promise<T> {
    if (this.#held) return this.reduce(step, args, combine);
    const { held, total } = await holdAndReduce<T>(
      this.#plan,
      this.engine,
      { label: this.owner, step, args, combine },
      this.#run(true),
    );
    this.#held = held;
    this.#plan = held;
    if (total === undefined) throw new DataError(`${this.owner}: X has no partitions. Check the files it comes from.`);
    return total;
  }

  /** Replaces the held partitions by a function of them, and lets the old ones go (what they share stays). */
  async #remake(fn: FnRef, args: Plain): Promise<void> {
    await this.hold();
    const [held] = await holdPlans(
      [TaskPlan.blockwise(this.#plan, this.owner, fn, args)],
      this.engine,
      this.#run(false),
    );
    this.#held?.release();
    this.#held = held;
    this.#plan = held as Plan;
  }

  /**
   * Replaces y by the position of each label in `classes`; X and weights are shared with what was there, unless `factors`
   * (one a class) multiply the weights.
   */
  async encodeLabels(classes: Float64Array, factors?: Float64Array): Promise<void> {
    await this.#remake(task("encodeLabels"), { classes, ...(factors ? { factors } : {}) });
  }

  /** The partitions as a plan, for plans that derive from them. */
  get plan(): Plan {
    return this.#plan;
  }

  /** A held design of its own made from this one's partitions: a sample of the rows, say. */
  async derive(plan: Plan): Promise<Design> {
    const derived = new Design(this.owner, { names: this.names, width: this.nFeatures, layout: this.layout }, plan, {
      ...this.#options,
      engine: this.engine,
    });
    await derived.hold();
    return derived;
  }

  /** A pass that throws where X has its first NaN or infinity; returns when there is none. */
  async assertFinite(): Promise<void> {
    await this.reduce<number>(
      task("locateNonFinite"),
      { owner: this.owner, names: this.names },
      (a, b) => a + b,
      false,
    );
  }

  /** A pass that throws where X has its first infinity; returns when there is none. */
  async assertNoInfinity(): Promise<void> {
    await this.reduce<number>(task("locateInfinite"), { owner: this.owner, names: this.names }, (a, b) => a + b, false);
  }

  /** Lets the kept partitions go. */
  [Symbol.dispose](): void {
    this.#held?.release();
    this.#held = undefined;
  }

  get signal(): AbortSignal | undefined {
    return this.#options.signal;
  }

  /** Options of a run that reports no progress of its own: rounds are many and short. */
  get runOptions(): RunOptions {
    return this.#options.signal ? { signal: this.#options.signal } : {};
  }

  get onProgress(): RunOptions["onProgress"] {
    return this.#options.onProgress;
  }

  #run(progress: boolean): RunOptions {
    return {
      ...(this.#options.signal ? { signal: this.#options.signal } : {}),
      ...(progress && this.#options.onProgress ? { onProgress: this.#options.onProgress } : {}),
    };
  }
}
