import { DataError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import { CounterRng } from "../src/base/rng.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { generatorRules, targetOf, type GeneratorOptions, type RowRange } from "./generated.js";
import { linearPart, sparseCoef } from "./linear-part.js";
import { normalMatrix } from "./normal-columns.js";
import { poisson } from "./poisson.js";

/** Options of {@link makeCounts}. */
export interface CountsOptions extends GeneratorOptions {
  /** Rows; 1,000 unless given. */
  readonly nSamples?: number;
  /** Columns; 100 unless given. */
  readonly nFeatures?: number;
  /** Columns with a coefficient other than 0; 5 unless given, at most `nFeatures` count. */
  readonly nInformative?: number;
  /** Coefficients are uniform in [-scale, scale); 1 unless given. */
  readonly scale?: number;
  /** The intercept on the log scale; 0 unless given. */
  readonly bias?: number;
  /** Informative columns in random places (true unless given), or first. */
  readonly shuffle?: boolean;
}

/** What {@link makeCounts} returns. */
export interface CountsData {
  /** f64 or f32 [nSamples, nFeatures] */
  readonly X: DistributedArray;
  /** Counts as f64 or f32 [nSamples] */
  readonly y: DistributedArray;
  /** The coefficients behind y on the log scale, f64 [nFeatures]. */
  readonly coef: Float64Array;
}

type Parsed = Required<Omit<CountsOptions, "partitions">> & Pick<CountsOptions, "partitions">;

const OPTIONS = new ParamTable<Parsed>("makeCounts", (z) =>
  z.object({
    nSamples: z.int().min(1).default(1000).describe("rows."),
    nFeatures: z.int().min(1).default(100).describe("columns."),
    nInformative: z.int().min(0).default(5).describe("columns with a coefficient other than 0."),
    scale: z.number().min(0).default(1).describe("coefficients are uniform in [-scale, scale)."),
    bias: z.number().default(0).describe("the intercept on the log scale."),
    shuffle: z.boolean().default(true).describe("informative columns in random places."),
    ...generatorRules(z),
  }),
);

/**
 * A Poisson regression problem: X is N(0, 1), `y ~ Poisson(exp(X coef + bias))`. Lazy, and the same bits in any
 * partitioning. scikit-learn has no such generator; the shape follows Dask-ML's `make_counts`, whose coefficients are
 * all negative where these are symmetric about 0.
 *
 * @throws ParameterError for a value out of range; DataError, when computed, for a row whose mean is above 2^53
 */
export function makeCounts(options: CountsOptions = {}): CountsData {
  const p = OPTIONS.parse(options);
  const seed = p.randomState;
  const rng = new CounterRng(seed, "makeCounts.coef");
  const coef = sparseCoef(
    p.nFeatures,
    p.nInformative,
    p.shuffle,
    seed,
    "makeCounts",
    (j) => p.scale * (2 * rng.uniform(j) - 1),
  );
  const X = normalMatrix("makeCounts", p);
  const y = targetOf(X, {
    label: "makeCounts.y",
    dtype: p.dtype,
    fn: fnRef(import.meta.url, "countTarget"),
    args: { seed, coef, bias: p.bias, dtype: p.dtype },
  });
  return { X, y, coef };
}

/** Task: counts for the rows of a partition of X. */
export function countTarget(
  context: TaskContext,
  args: RowRange & { seed: number; coef: Float64Array; bias: number; dtype: "f64" | "f32" },
  x: DenseChunk,
): DenseChunk {
  const linear = linearPart(context, x, args.coef, args.bias);
  const rng = new CounterRng(args.seed, "makeCounts.y");
  const out = context.memory.dense(args.dtype, args.rows, 1);
  const y = context.memory.view(out.columns[0] as Column<"f64">);
  for (let i = 0; i < args.rows; i++) {
    const mean = Math.exp(linear[i] ?? 0);
    if (!(mean <= Number.MAX_SAFE_INTEGER)) {
      throw new DataError(
        `makeCounts: row ${args.start + i} has a mean of ${mean}, too large for a count. Lower scale, bias or nInformative.`,
      );
    }
    y[i] = poisson(rng, args.start + i, mean);
  }
  return out;
}
