import { DataError, show } from "../src/base/errors.js";
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
  reduceTable,
  toTable,
  type FittedTable,
  type Rows,
  type Table,
  type TableInput,
} from "../src/estimator/table.js";
import { noRows } from "../src/estimator/no-rows.js";
import { assertCategorical, compareCategories } from "./categories.js";
import type { Category } from "./column-codes.js";
import { mapCategories } from "./map-categories.js";
import { mergeTargets, TargetStats, type Folds, type TargetPartial } from "./target-stats.js";

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

interface TargetState extends FittedTable {
  readonly categories: readonly (readonly Category[])[];
  readonly encodings: readonly Float64Array[];
  readonly targetMean: number;
  readonly classes: readonly Label[] | null;
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
 * `fitTransform` counts them first, which reads the source once more.
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
    const { categoryLimit: limit, targetType } = this.params;
    const labels = y as LabelInput;
    const isText = isTextColumn(labels) || (Array.isArray(labels) && typeof labels[0] === "string");
    const { values, labelOf } = await codeLabels(owner, labels, options);
    const count = folds?.count ?? 1;
    const tooMany = (j: number): never => {
      const column = table.columns[j]?.name ?? String(j);
      throw new DataError(
        `${owner}: column ${show(column)} has more than ${limit} categories. Drop it, bin it, or raise categoryLimit.`,
        { details: { column } },
      );
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
    const distinct = [...total.distinct].sort((a, b) => a - b);
    const binary = targetType === "binary" || (targetType === "auto" && (isText || distinct.length === 2));
    if (binary && distinct.length > 2) {
      throw new DataError(
        `${owner}: y has more than two classes. Use targetType: "continuous" for numbers, or one encoder a class.`,
      );
    }
    // One class alone leaves nothing to scale by.
    const low = binary ? (distinct[0] ?? 0) : 0;
    const scale = binary && distinct.length === 2 ? (distinct[1] as number) - low : 1;
    const target = new TargetStats(scaled(total.target, low, scale));
    const columns = total.columns.map((column) => {
      const stats = new TargetStats(scaled(column.stats, low, scale));
      // Categories of rows with weight 0 alone are as if they were not there.
      const kept = column.values
        .map((_, k) => k)
        .filter((k) => range(count).some((fold) => stats.weight(k * count + fold) > 0));
      const order = kept.sort((a, b) => compareCategories(column.values[a] ?? null, column.values[b] ?? null));
      return { categories: order.map((k) => column.values[k] as Category), order, stats };
    });
    const { smooth } = this.params;
    const encode = (left: (fold: number) => boolean): { encodings: Float64Array[]; mean: number } => {
      const used = range(count).filter(left);
      const all = sumOf(target, used, 0, 1);
      const encodings = columns.map(({ order, stats }) =>
        Float64Array.from(order, (k) => encoding(sumOf(stats, used, k * count, 1), all, smooth)),
      );
      return { encodings, mean: all.mean(0) };
    };
    const whole = encode(() => true);
    const without = folds ? range(count).map((fold) => encode((other) => other !== fold)) : [];
    if (
      folds &&
      range(count).some(
        (fold) =>
          sumOf(
            target,
            range(count).filter((other) => other !== fold),
            0,
            1,
          ).weight(0) === 0,
      )
    ) {
      throw new DataError(
        `${owner}: all of the ${total.rows} rows are in one of ${count} folds. Use more rows, another randomState, or fit and then transform.`,
      );
    }
    return {
      state: {
        nFeatures: table.width,
        ...(table.names ? { featureNames: table.names } : {}),
        kinds: table.columns.map(({ kind }) => kind),
        categories: columns.map((column) => column.categories),
        encodings: whole.encodings,
        targetMean: whole.mean,
        classes: binary ? distinct.map((code) => labelOf(code)) : null,
      },
      without,
    };
  }
}

registerEstimator("TargetEncoder", TargetEncoder);

const range = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

async function countsOf(rows: Rows, options: FitOptions): Promise<readonly number[]> {
  if (rows instanceof DistributedDataFrame) return rows.countRows(options);
  return (await rows.withKnownRows(options)).partitionRows ?? [];
}

/** Statistics of (y − low) / scale. */
function scaled(values: Float64Array, low: number, scale: number): Float64Array {
  if (low === 0 && scale === 1) return values;
  return values.map((value, k) => (k % 3 === 0 ? value : k % 3 === 1 ? (value - low) / scale : value / scale ** 2));
}

function sumOf(stats: TargetStats, folds: readonly number[], first: number, stride: number): TargetStats {
  const sum = TargetStats.of(1);
  for (const fold of folds) {
    const at = first + fold * stride;
    sum.add(0, stats.weight(at), stats.mean(at), stats.squares(at));
  }
  return sum;
}

function encoding(own: TargetStats, all: TargetStats, smooth: "auto" | number): number {
  const n = own.weight(0);
  const overall = all.mean(0);
  if (smooth !== "auto") return n + smooth === 0 ? overall : (n * own.mean(0) + smooth * overall) / (n + smooth);
  const variance = all.squares(0) / all.weight(0);
  const lambda = (variance * n) / (variance * n + own.squares(0) / n);
  // A category without rows, or targets that do not vary.
  return Number.isNaN(lambda) ? overall : lambda * own.mean(0) + (1 - lambda) * overall;
}
