import { ParamTable } from "../src/base/params.js";
import { CounterRng } from "../src/base/rng.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { generatorRules, targetOf, type GeneratorOptions, type RowRange } from "./generated.js";
import { linearPart, sparseCoef } from "./linear-part.js";
import { normalMatrix } from "./normal-columns.js";

/** Options of {@link makeRegression}, named as in scikit-learn. */
export interface RegressionOptions extends GeneratorOptions {
  /** Rows; 100 unless given. */
  readonly nSamples?: number;
  /** Columns; 100 unless given. */
  readonly nFeatures?: number;
  /** Columns with a coefficient other than 0; 10 unless given, at most `nFeatures` count. */
  readonly nInformative?: number;
  /** The intercept; 0 unless given. */
  readonly bias?: number;
  /** Standard deviation of the noise on y; 0 unless given. */
  readonly noise?: number;
  /** Informative columns in random places (true unless given), or first. */
  readonly shuffle?: boolean;
}

/** What {@link makeRegression} returns. */
export interface RegressionData {
  /** f64 or f32 [nSamples, nFeatures] */
  readonly X: DistributedArray;
  /** f64 or f32 [nSamples] */
  readonly y: DistributedArray;
  /** The coefficients behind y, f64 [nFeatures]. */
  readonly coef: Float64Array;
}

type Parsed = Required<Omit<RegressionOptions, "partitions">> & Pick<RegressionOptions, "partitions">;

const OPTIONS = new ParamTable<Parsed>("makeRegression", (z) =>
  z.object({
    nSamples: z.int().min(1).default(100).describe("rows."),
    nFeatures: z.int().min(1).default(100).describe("columns."),
    nInformative: z.int().min(0).default(10).describe("columns with a coefficient other than 0."),
    bias: z.number().default(0).describe("the intercept."),
    noise: z.number().min(0).default(0).describe("standard deviation of the noise on y."),
    shuffle: z.boolean().default(true).describe("informative columns in random places."),
    ...generatorRules(z),
  }),
);

/**
 * A linear regression problem: X is N(0, 1), `y = X coef + bias + noise * N(0, 1)`, coefficients of the informative columns
 * uniform in [0, 100), the others 0. Lazy, and the same bits in any partitioning.
 *
 * The distributions are those of scikit-learn's `make_regression` with one target and full rank; the values are not,
 * because the generator is another one. `coef` is always returned. y is made from X's partitions: a pass that takes both
 * makes them once.
 *
 * @throws ParameterError for a value out of range
 *
 * @example
 * ```ts
 * const { X, y, coef } = makeRegression({ nSamples: 1_000_000, nFeatures: 28, noise: 3, bias: 5 });
 * ```
 */
export function makeRegression(options: RegressionOptions = {}): RegressionData {
  const p = OPTIONS.parse(options);
  const seed = p.randomState;
  const rng = new CounterRng(seed, "makeRegression.coef");
  const coef = sparseCoef(p.nFeatures, p.nInformative, p.shuffle, seed, "makeRegression", (j) => 100 * rng.uniform(j));
  const X = normalMatrix("makeRegression", p);
  const y = targetOf(X, {
    label: "makeRegression.y",
    dtype: p.dtype,
    fn: fnRef(import.meta.url, "regressionTarget"),
    args: { seed, coef, bias: p.bias, noise: p.noise, dtype: p.dtype },
  });
  return { X, y, coef };
}

/** Task: y of the rows of a partition of X. */
export function regressionTarget(
  context: TaskContext,
  args: RowRange & { seed: number; coef: Float64Array; bias: number; noise: number; dtype: "f64" | "f32" },
  x: DenseChunk,
): DenseChunk {
  const linear = linearPart(context, x, args.coef, args.bias);
  const rng = new CounterRng(args.seed, "makeRegression.noise");
  const out = context.memory.dense(args.dtype, args.rows, 1);
  const y = context.memory.view(out.columns[0] as Column<"f64">);
  for (let i = 0; i < args.rows; i++) {
    y[i] = (linear[i] ?? 0) + (args.noise > 0 ? args.noise * rng.normal(args.start + i) : 0);
  }
  return out;
}
