import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { LinearRegression, LogisticRegression, Ridge } from "#models/index.js";
import { MaxAbsScaler, MinMaxScaler, OneHotEncoder, SimpleImputer, StandardScaler } from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { polars } from "#src/collections/frame/polars.js";
import { makePipeline } from "#src/compose/pipeline.js";
import { withoutEach } from "#src/numeric/without-each.js";
import { crossValidate, GroupKFold, KFold, StratifiedKFold, type TrialEstimator } from "#src/model-selection/index.js";
import { expectClose } from "../checks/tolerances.js";

const CLOSE = { rtol: 1e-9, atol: 1e-9 };
const n = 60;
const wave = (i: number, k: number): number => Math.sin(i * 1.7 + k * 2.3) + 0.1 * ((i * (k + 3)) % 7);
const columns = [0, 1, 2].map((k) => Array.from({ length: n }, (_, i) => 1000 * k + wave(i, k)));
const target = Array.from({ length: n }, (_, i) => 3 * wave(i, 0) - 2 * wave(i, 1) + 0.3 * wave(i, 5));
const X = (partitions: number, at: readonly (readonly number[])[] = columns): DistributedArray =>
  DistributedArray.fromColumns(at, { partitions });
const labels = target.map((value) => (value > 1 ? 1 : 0));
const weights = target.map((_, i) => (i % 5 === 0 ? 0 : 1 + (i % 3)));

/** Scores with folds (one scan) and with the same splits given as a list (a fit a fold). */
async function bothWays(
  model: TrialEstimator,
  x: DistributedArray | DistributedDataFrame,
  y: readonly number[],
  scoring: string,
  options: { sampleWeight?: readonly number[]; groups?: readonly number[] } = {},
  cv: KFold | StratifiedKFold | GroupKFold = new KFold({ nSplits: 4 }),
): Promise<void> {
  const folds = await cv.split(x, y as number[], options.groups as number[] | undefined);
  // A list of splits that no splitter made is not known to be folds.
  const splits = folds.slice();
  const common = { ...options, scoring, returnTrainScore: true } as object;
  const quick = await crossValidate(model, x, y as number[], { ...common, cv });
  const plain = await crossValidate(model, x, y as number[], { ...common, cv: splits });
  expectClose(quick.testScores["score"] as Float64Array, plain.testScores["score"] as Float64Array, CLOSE, "test");
  expectClose(
    quick.trainScores?.["score"] as Float64Array,
    plain.trainScores?.["score"] as Float64Array,
    CLOSE,
    "train",
  );
}

/** The mean of y, which tells how many rows it was shown. */
class CountedMean {
  static rows = 0;
  readonly kind = "CountedMean";
  #mean = NaN;
  readonly #additive: boolean;

  constructor(additive: boolean) {
    this.#additive = additive;
  }

  clone(): CountedMean {
    return new CountedMean(this.#additive);
  }

  getParams(): object {
    return {};
  }

  setParams(): this {
    return this;
  }

  async fit(_X: unknown, y: unknown): Promise<this> {
    this.#mean = mean(await CountedMean.#sums(y as DistributedArray));
    return this;
  }

  get foldStatistics(): object | undefined {
    if (!this.#additive) return undefined;
    return {
      of: (_X: unknown, y: DistributedArray) => CountedMean.#sums(y),
      merge: (a: [number, number], b: [number, number]) => [a[0] + b[0], a[1] + b[1]],
      fitTo: (total: [number, number]) => {
        this.#mean = mean(total);
        return true;
      },
    };
  }

  async score(): Promise<number> {
    return this.#mean;
  }

  static async #sums(y: DistributedArray | readonly number[]): Promise<[number, number]> {
    const values = y instanceof DistributedArray ? [...((await y.compute()).toVector() as Float64Array)] : y;
    CountedMean.rows += values.length;
    return [values.length, values.reduce((sum, value) => sum + value, 0)];
  }
}

const mean = ([rows, sum]: readonly number[]): number => (sum as number) / (rows as number);

describe("cross-validation of fits that are sums over rows", () => {
  it("shows every row to the fits once, not k - 1 times", async () => {
    const seen: number[] = [];
    const scores: Float64Array[] = [];
    for (const additive of [true, false]) {
      CountedMean.rows = 0;
      const model = new CountedMean(additive) as unknown as TrialEstimator;
      const { testScores } = await crossValidate(model, X(3), target, { cv: 5 });
      seen.push(CountedMean.rows);
      scores.push(testScores["score"] as Float64Array);
    }
    expect(seen).toEqual([n, 4 * n]);
    expectClose(scores[0] as Float64Array, scores[1] as Float64Array, CLOSE, "means");
  });

  it("fits no model to rows where the sums are enough", async () => {
    const fits = vi.spyOn(Ridge.prototype, "fit");
    try {
      await crossValidate(new Ridge(), X(3), target, { cv: 4 });
      expect(fits).not.toHaveBeenCalled();
      await crossValidate(makePipeline(new StandardScaler(), new Ridge()), X(3), target, { cv: 4 });
      expect(fits).toHaveBeenCalledTimes(4);
    } finally {
      fits.mockRestore();
    }
  });

  it("gives what a fit a fold gives, for any partitioning, with weights and other folds", async () => {
    for (const partitions of [1, 4]) {
      for (const model of [new Ridge(), new Ridge({ positive: true }), new LinearRegression()]) {
        await bothWays(model, X(partitions), target, "r2");
        await bothWays(model, X(partitions), target, "r2", { sampleWeight: weights });
      }
    }
    const groups = target.map((_, i) => i % 7);
    await bothWays(new Ridge(), X(3), target, "r2", { groups }, new GroupKFold({ nSplits: 3 }));
    await bothWays(new Ridge(), X(3), target, "r2", {}, new KFold({ nSplits: 3, shuffle: true, randomState: 4 }));
  });

  it("fits the first step of a pipeline so, and later steps to its rows", async () => {
    const holes = columns.map((column, j) => column.map((value, i) => ((i + j) % 9 === 0 ? NaN : value)));
    for (const first of [new StandardScaler(), new MinMaxScaler(), new MaxAbsScaler()])
      await bothWays(makePipeline(first, new Ridge()), X(3), target, "r2", { sampleWeight: weights });
    const filled = makePipeline(new SimpleImputer(), new StandardScaler(), new Ridge());
    await bothWays(filled, X(3, holes), target, "r2");
    const classes = makePipeline(new StandardScaler(), new LogisticRegression({ tol: 1e-12 }));
    await bothWays(classes, X(3), labels, "accuracy", {}, new StratifiedKFold({ nSplits: 3 }));
    const frame = DistributedDataFrame.fromPolars(
      polars().DataFrame({ city: target.map((_, i) => ["Bern", "Oslo", "Rome"][(i * 7) % 3] as string) }),
      { partitions: 3 },
    );
    const coded = makePipeline(new OneHotEncoder({ handleUnknown: "ignore" }), new Ridge());
    await bothWays(coded, frame, target, "r2");
  });

  it("returns fitted models, and leaves the pipeline's own memory as it was", async () => {
    const model = makePipeline(new StandardScaler(), new Ridge());
    const { estimators } = await crossValidate(model, X(2), target, { cv: 3, returnEstimator: true });
    for (const one of estimators as (typeof model)[]) expect(one.getParams().memory).toBe(null);
    expect((estimators as (typeof model)[])[0]?.isFitted).toBe(true);
    expect(model.isFitted).toBe(false);
  });

  it("falls back to fits where sums do not suffice: dependent columns, a fold without a value in a column", async () => {
    const twice = [columns[0] as number[], (columns[0] as number[]).map((value) => 2 * value)];
    await bothWays(new LinearRegression(), X(2, twice), target, "r2");
    const late = [columns[0] as number[], target.map((_, i) => (i < 15 ? NaN : i))];
    await bothWays(makePipeline(new SimpleImputer(), new Ridge()), X(2, late), target, "r2");
  });

  it("names what is wrong with the rows as a fit does", async () => {
    const broken = columns.map((column, j) => column.map((value, i) => (i === 7 && j === 1 ? Infinity : value)));
    await expect(crossValidate(new Ridge(), X(2, broken), target, { cv: 3 })).rejects.toThrow(
      /^Ridge\.\w+: X has Infinity in column 1/,
    );
  });

  it("merges for each fold exactly the others, in order", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 2, maxLength: 8 }), (parts) => {
        const rest = withoutEach(parts, (a, b) => a + b);
        expect(rest).toEqual(parts.map((_, k) => parts.filter((__, i) => i !== k).join("")));
      }),
    );
  });
});
