import { DataError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { Plain } from "../src/base/plain.js";
import { DEFAULT_SEED } from "../src/base/rng.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "../src/collections/frame/distributed-data-frame.js";
import { TaskPlan } from "../src/collections/plan.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { FrameTransformer, type RowsTransform } from "../src/estimator/frame-transformer.js";
import { requireTarget, type LabelInput, type VectorInput } from "../src/estimator/inputs.js";
import { codeLabels, isTextColumn, type Label } from "../src/estimator/labels.js";
import { registerEstimator } from "../src/estimator/registry.js";
import {
  assertNotEmpty,
  fittedTable,
  reduceTable,
  toTable,
  type Rows,
  type Table,
  type TableInput,
} from "../src/estimator/table.js";
import { noRows } from "../src/estimator/no-rows.js";
import { assertCategorical, compareCategories } from "./categories.js";
import type { Category } from "./column-codes.js";
import { mapCategories } from "./map-categories.js";
import { mergeTargets, TargetStats, type Folds, type TargetPartial } from "./target-stats.js";
import {
  binaryScale,
  encode,
  requireTwoClasses,
  scaled,
  stateOf,
  sumOf,
  tooManyCategories,
  united,
  type TargetState,
  type TargetSums,
} from "./target-sums.js";

const module = new URL("./target-stats.js", import.meta.url).href;

/** Parameters of {@link TargetEncoder}. */
export interface TargetEncoderParams {
  targetType: "auto" | "binary" | "continuous";
  smooth: "auto" | number;
  cv: number;
  randomState: number;
  dtype: "f64" | "f32";
  categoryLimit: number;
}

const TABLE = new ParamTable<TargetEncoderParams>("TargetEncoder", (z) =>
  z.object({
    targetType: z
      .enum(["auto", "binary", "continuous"])
      .default("auto")
      .describe('"auto": binary for two distinct targets or labels, else continuous'),
    smooth: z
      .union([z.literal("auto"), z.number().min(0)])
      .default("auto")
      .describe("rows' worth of the overall mean mixed into each category's mean; auto: an empirical Bayes estimate"),
    cv: z
      .int()
      .min(2)
      .max(255)
      .default(5)
      .describe("folds by which fitTransform and pipelines keep a row's own target out of its encoding"),
    randomState: z.number().default(DEFAULT_SEED).describe("seed of the folds"),
    dtype: z.enum(["f64", "f32"]).default("f64").describe("type of the result"),
    categoryLimit: z.int().min(1).default(100_000).describe("more categories in a column are an error"),
  }),
);

interface Measured {
  readonly state: TargetState;
  /** Encodings without each fold, and the mean then. */
  readonly without: readonly { readonly encodings: readonly Float64Array[]; readonly mean: number }[];
}

/**
 * Each category of each column as the mean target of its rows, shrunk toward the mean of all: with `smooth` m,
 * `(Σwy + m·ȳ) / (Σw + m)`; with `smooth: "auto"`, `λ·mean + (1 − λ)·ȳ` where `λ = n·τ² / (n·τ² + σ²)`, n the category's Σw,
 * σ² the variance of its targets and τ² that of all (an empirical Bayes estimate). Unknown categories get ȳ. Missing values
 * are a category of their own. Two distinct targets (or two labels) count as 0 and 1.
 *
 * `fit` is one pass over X and y (and one over a text y to list its labels); `transform` is lazy for distributed X and
 * dense. `fitTransform`, and pipelines while they fit, encode each training row by the rows of the other folds, so that no
 * row sees its own target: `fit(X, y).transform(X)` is therefore another result. Where row counts are not known,
 * `fitTransform` counts them first, which reads the source once more. `partialFit` over any batches and {@link merge} equal
 * one fit on all rows up to rounding.
 *
 * Differs from scikit-learn: the fold of a row is a function of (randomState, row), the same for any partitioning, and not a
 * shuffled or stratified split; more than two classes are refused for text and taken as numbers otherwise; sample weights
 * are honoured.
 *
 * @example
 * ```ts
 * const encoder = await new TargetEncoder({ smooth: 0 }).fit({ city: ["a", "b", "a"] }, [1, 5, 3]);
 * await encoder.transform({ city: ["a", "b", "c"] }); // 2, 5, 3
 * ```
 */
export class TargetEncoder extends FrameTransformer<TargetEncoderParams, TargetState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<TargetEncoderParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): TargetEncoder {
    return new TargetEncoder().restore(json);
  }

  /** @throws DataError for a missing y, infinities, no rows, too many categories or classes */
  async fit(X: TableInput, y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "TargetEncoder.fit";
    this.setState((await this.#measure(owner, toTable(owner, X), y, null, options)).state);
    return this;
  }

  /** Adds rows to what was learnt before: one pass over them. @throws DataError as `fit`, and for other columns or classes */
  async partialFit(X: TableInput, y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "TargetEncoder.partialFit";
    const table = toTable(owner, X, this.stateIfFitted);
    const { state } = await this.#measure(owner, table, y, null, options);
    return this.addState(owner, state, united);
  }

  /** The encoder of the union of what two encoders have seen, with the parameters of the first. @throws DataError for other columns or classes */
  static merge(a: TargetEncoder, b: TargetEncoder): TargetEncoder {
    return a.mergedWith(b, united);
  }

  /** As `fit`; the training rows are transformed by the encodings of the other folds. */
  override async fitRows(rows: Rows, y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<RowsTransform> {
    const owner = "TargetEncoder.fit";
    const table = toTable(owner, rows);
    const counts = table.partitionRows ?? (await countsOf(rows, options));
    let next = 0;
    const starts = counts.map((count) => (next += count) - count);
    const folds: Folds = { count: this.params.cv, seed: this.params.randomState, starts };
    const { state, without } = await this.#measure(owner, table, y, folds, options);
    this.setState(state);
    return (other) => this.#crossed(toTable("TargetEncoder.transform", other), folds, without);
  }

  /** Categories of each column, ascending, missing last. */
  get categories(): readonly (readonly Category[])[] {
    return this.state.categories;
  }

  /** What each category becomes. */
  get encodings(): readonly Float64Array[] {
    return this.state.encodings;
  }

  /** The mean target ȳ. */
  get targetMean(): number {
    return this.state.targetMean;
  }

  /** The labels that count as 0 and 1; undefined for a continuous target. */
  get classes(): readonly Label[] | undefined {
    return this.state.classes ?? undefined;
  }

  getFeatureNamesOut(): string[] {
    return this.state.kinds.map((_, j) => this.state.featureNames?.[j] ?? `x${j}`);
  }

  protected transformTable(table: Table): DistributedArray {
    const { categories, encodings, targetMean, featureNames } = this.state;
    const unknown = new Float64Array(table.width).fill(targetMean);
    const numbers = {
      owner: "TargetEncoder.transform",
      columns: table.columns,
      categories,
      refuse: null,
      values: encodings,
      unknown,
      dtype: this.params.dtype,
    };
    return mapCategories("TargetEncoder", table, numbers, featureNames);
  }

  #crossed(table: Table, folds: Folds, without: Measured["without"]): DistributedArray {
    const { dtype } = this.params;
    const args = {
      owner: "TargetEncoder.transform",
      columns: table.columns,
      categories: this.state.categories,
      refuse: null,
      folds,
      values: without.map(({ encodings }) => encodings),
      unknown: Float64Array.from(without, ({ mean }) => mean),
      dtype,
    };
    const plan = TaskPlan.blockwise(table.plan, "TargetEncoder", fnRef(module, "crossStep"), args as unknown as Plain);
    return new DistributedArray({
      plan,
      innerShape: [table.width],
      dtype,
      partitionRows: table.partitionRows,
      names: this.state.featureNames,
    });
  }

  async #measure(
    owner: string,
    table: Table,
    y: VectorInput | LabelInput | undefined,
    folds: Folds | null,
    options: FitOptions,
  ): Promise<Measured> {
    requireTarget(owner, y);
    assertNotEmpty(owner, table);
    assertCategorical(owner, table);
    const { categoryLimit: limit, smooth } = this.params;
    const labels = y as LabelInput;
    const isLabelled = isTextColumn(labels) || (Array.isArray(labels) && typeof labels[0] !== "number");
    const { values, labelOf } = await codeLabels(owner, labels, options);
    const count = folds?.count ?? 1;
    const tooMany = (j: number): never => {
      throw tooManyCategories(owner, table.columns[j]?.name ?? String(j), limit);
    };
    const total = await reduceTable<TargetPartial>(
      owner,
      table,
      { y: values, sampleWeight: options.sampleWeight },
      {
        step: fnRef(module, "targetStep"),
        args: { folds: folds as unknown as Plain, limit },
        combine: (a, b) => mergeTargets(a, b, count, limit, tooMany),
      },
      options,
    );
    if (total.rows === 0) throw noRows(owner);
    const found = [...total.distinct].sort((a, b) => a - b);
    if (isLabelled) requireTwoClasses(owner, found.length);
    // Labels count as 0 and 1 at once: their codes differ from batch to batch.
    const toBits = isLabelled ? binaryScale(found) : { low: 0, scale: 1 };
    const fine = new TargetStats(scaled(total.target, toBits));
    const columns = total.columns.map((column) => {
      const stats = new TargetStats(scaled(column.stats, toBits));
      // Categories of rows with weight 0 alone are as if they were not there.
      const kept = column.values
        .map((_, k) => k)
        .filter((k) => range(count).some((fold) => stats.weight(k * count + fold) > 0));
      const order = kept.sort((a, b) => compareCategories(column.values[a] ?? null, column.values[b] ?? null));
      return { categories: order.map((k) => column.values[k] as Category), order, stats };
    });
    const sumsOver = (used: readonly number[]): Pick<TargetSums, "target" | "stats"> => ({
      target: sumOf(fine, used, 0).values,
      stats: columns.map(({ order, stats }) => {
        const own = TargetStats.of(order.length);
        order.forEach((k, at) => own.values.set(sumOf(stats, used, k * count).values, at * 3));
        return own.values;
      }),
    });
    const fitted = {
      ...fittedTable(table),
    };
    const whole: TargetSums = {
      rows: total.rows,
      distinct: isLabelled ? found.map((_, k) => k) : found,
      labels: isLabelled ? found.map((code) => labelOf(code)) : null,
      categories: columns.map((column) => column.categories),
      ...sumsOver(range(count)),
    };
    const state = stateOf(owner, fitted, whole, this.params);
    const bits = state.classes ? binaryScale(whole.distinct) : { low: 0, scale: 1 };
    const without = (folds ? range(count) : []).map((fold) => {
      const left = sumsOver(range(count).filter((other) => other !== fold));
      if (left.target[0] === 0) {
        throw new DataError(
          `${owner}: all of the ${total.rows} rows are in one of ${count} folds. Use more rows, another randomState, or fit and then transform.`,
        );
      }
      return encode(left, bits, smooth);
    });
    return { state, without };
  }
}

registerEstimator("TargetEncoder", TargetEncoder);

const range = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

async function countsOf(rows: Rows, options: FitOptions): Promise<readonly number[]> {
  if (rows instanceof DistributedDataFrame) return rows.countRows(options);
  return (await rows.withKnownRows(options)).partitionRows ?? [];
}
