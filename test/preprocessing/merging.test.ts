import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FrequencyEncoder,
  KBinsDiscretizer,
  LabelEncoder,
  MaxAbsScaler,
  MinMaxScaler,
  OneHotEncoder,
  OrdinalEncoder,
  QuantileTransformer,
  RobustScaler,
  SelectKBest,
  SelectPercentile,
  SimpleImputer,
  StandardScaler,
  TargetEncoder,
  VarianceThreshold,
} from "#preprocessing/index.js";
import type { EstimatorJson } from "#src/estimator/estimator.js";

// A transformer as these tests use it, whatever rows it takes.
interface Adding {
  fit(X: never, y?: never, options?: object): Promise<unknown>;
  partialFit(X: never, y?: never, options?: object): Promise<unknown>;
  toJSON(): EstimatorJson;
}
interface AddingClass {
  new (params: never): Adding;
  merge(a: never, b: never): Adding;
}

interface Row {
  readonly cells: readonly unknown[];
  readonly y: number | string;
  readonly weight: number;
}

const call = <T>(work: (...args: never[]) => T, ...args: readonly unknown[]): T => work(...(args as never[]));

async function fitOn(made: Adding, rows: readonly Row[], partial = false): Promise<Adding> {
  const method = (partial ? made.partialFit : made.fit).bind(made);
  await call(
    method,
    rows.map((row) => row.cells),
    rows.map((row) => row.y),
    { sampleWeight: rows.map((row) => row.weight) },
  );
  return made;
}

/** What was learnt: all numbers in order, all texts, and the state without its sketches, whose inner form may differ. */
function learnt(made: Adding): { numbers: number[]; words: string } {
  const numbers: number[] = [];
  const texts: unknown[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === "number") numbers.push(value);
    else if (ArrayBuffer.isView(value)) numbers.push(...(value as unknown as Iterable<number>));
    else if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === "object" && value !== null)
      for (const [key, own] of Object.entries(value).sort(([p], [q]) => (p < q ? -1 : 1))) {
        texts.push(key);
        if (key !== "sketches") walk(own);
      }
    else texts.push(value);
  };
  walk((made as unknown as { state: unknown }).state);
  return { numbers, words: JSON.stringify(texts) };
}

function expectSame(actual: Adding, expected: Adding, tolerance: number): void {
  const [a, e] = [learnt(actual), learnt(expected)];
  expect(a.words).toBe(e.words);
  expect(a.numbers.length).toBe(e.numbers.length);
  if (tolerance === 0) return expect(a.numbers).toEqual(e.numbers);
  a.numbers.forEach((value, k) => {
    const want = e.numbers[k] as number;
    if (Object.is(value, want)) return;
    // Sums of squares of rows near 100 lose their last digits where they nearly cancel.
    expect(Math.abs(value - want)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(want)));
  });
}

const number = fc.oneof(
  fc.integer({ min: -4, max: 4 }),
  fc.double({ min: -100, max: 100, noNaN: true }),
  fc.constant(NaN),
);
const finite = number.map((value) => (Number.isNaN(value) ? 0 : value));
const text = fc.oneof(fc.constantFrom("a", "b", "c", "dd"), fc.constant(null));
const weight = fc.constantFrom(1, 1, 1, 2, 3, 0);

const rowsOf = (cells: fc.Arbitrary<unknown[]>, y: fc.Arbitrary<number | string>): fc.Arbitrary<Row[][]> =>
  fc.array(
    fc.array(fc.record({ cells, y, weight }), { minLength: 4, maxLength: 20 }).map((rows) =>
      // Every part can be fitted alone: two rows that count, text in each text column, both classes.
      rows.map((row, i) =>
        i > 3
          ? row
          : {
              ...row,
              weight: 1,
              cells: row.cells.map((cell) => (cell === null ? "a" : Number.isNaN(cell) ? i : cell)),
            },
      ),
    ),
    { minLength: 3, maxLength: 3 },
  );

async function check(
  Class: unknown,
  params: Record<string, unknown>,
  parts: fc.Arbitrary<Row[][]>,
  tolerance: number,
): Promise<void> {
  const Made = Class as AddingClass;
  const make = (): Adding => new Made(params as never);
  await fc.assert(
    fc.asyncProperty(parts, async (cut) => {
      const whole = await fitOn(make(), cut.flat());
      const [a, b, c] = (await Promise.all(cut.map((part) => fitOn(make(), part)))) as [Adding, Adding, Adding];
      const merge = (p: Adding, q: Adding): Adding => call(Made.merge.bind(Made), p, q);
      expectSame(merge(merge(a, b), c), whole, tolerance);
      expectSame(merge(a, merge(b, c)), whole, tolerance);
      const added = make();
      for (const part of cut) await fitOn(added, part, true);
      expectSame(added, whole, tolerance);
    }),
    { numRuns: 10 },
  );
}

const numbers = rowsOf(fc.tuple(number, number), fc.double({ min: -9, max: 9, noNaN: true }));
const complete = rowsOf(fc.tuple(finite, finite), fc.double({ min: -9, max: 9, noNaN: true }));
const mixed = rowsOf(fc.tuple(text, number), fc.integer({ min: -2, max: 2 }));
const SUMS = 1e-9;

describe("merge and partialFit equal the fit on the union", () => {
  it.each([
    ["StandardScaler", StandardScaler, {}, SUMS],
    ["MinMaxScaler", MinMaxScaler, {}, 0],
    ["MaxAbsScaler", MaxAbsScaler, {}, 0],
    ["RobustScaler by sketches", RobustScaler, { quantileError: 0.01, quantileRange: [10, 95] }, 0],
    ["QuantileTransformer by sketches", QuantileTransformer, { quantileError: 0.01, nQuantiles: 7 }, 0],
    ["VarianceThreshold", VarianceThreshold, { threshold: 1e-9 }, SUMS],
    ["SimpleImputer of means", SimpleImputer, {}, SUMS],
    ["SimpleImputer of constants", SimpleImputer, { strategy: "constant" }, SUMS],
    ["SimpleImputer of modes", SimpleImputer, { strategy: "mostFrequent" }, 0],
    ["SimpleImputer of medians by sketches", SimpleImputer, { strategy: "median", quantileError: 0.01 }, 0],
  ] as const)("%s", async (_name, Class, params, tolerance) => {
    await check(Class, params, numbers, tolerance);
  });

  it.each([
    ["KBinsDiscretizer of equal widths", KBinsDiscretizer, { strategy: "uniform" }],
    ["KBinsDiscretizer by sketches", KBinsDiscretizer, { quantileError: 0.01, nBins: 3 }],
    [
      "KBinsDiscretizer by sketches, between values",
      KBinsDiscretizer,
      { quantileError: 0.01, quantileMethod: "linear" },
    ],
  ] as const)("%s", async (_name, Class, params) => {
    await check(Class, params, complete, 0);
  });

  it.each([
    ["OneHotEncoder", OneHotEncoder, {}],
    [
      "OneHotEncoder with rare categories",
      OneHotEncoder,
      { minFrequency: 0.2, maxCategories: 3, handleUnknown: "infrequent_if_exist" },
    ],
    ["OneHotEncoder without the first", OneHotEncoder, { drop: "first" }],
    ["OrdinalEncoder", OrdinalEncoder, { encodedMissingValue: -2 }],
    ["FrequencyEncoder", FrequencyEncoder, {}],
  ] as const)("%s, to the bit", async (_name, Class, params) => {
    await check(Class, params, mixed, 0);
  });

  it.each([
    ["of numbers", { smooth: 2 }, mixed],
    ["of numbers, with the empirical Bayes estimate", {}, mixed],
    ["of two labels, some parts with one only", {}, rowsOf(fc.tuple(text), fc.constantFrom("no", "yes", "yes", "yes"))],
  ] as const)("TargetEncoder %s", async (_name, params, parts) => {
    await check(TargetEncoder, params, parts, SUMS);
  });

  it.each([
    ["fRegression", complete],
    ["fClassif", twoClasses(finite)],
    ["chi2", twoClasses(fc.integer({ min: 0, max: 5 }))],
  ] as const)("selectors by %s", async (scoreFunc, parts) => {
    await check(SelectKBest, { scoreFunc, k: 1 }, parts, 1e-6);
    await check(SelectPercentile, { scoreFunc, percentile: 50 }, parts, 1e-6);
  });

  it("LabelEncoder", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.string(), { minLength: 1 }), { minLength: 2, maxLength: 4 }),
        async (parts) => {
          const whole = await new LabelEncoder().fit(parts.flat());
          const fits = await Promise.all(parts.map((part) => new LabelEncoder().fit(part)));
          expect(fits.reduce((a, b) => LabelEncoder.merge(a, b)).classes).toEqual(whole.classes);
          const added = new LabelEncoder();
          for (const part of parts) await added.partialFit(part);
          expect(added.classes).toEqual(whole.classes);
        },
      ),
      { numRuns: 50 },
    );
  });
});

/** Parts that begin with a row of each class, and may have a third. */
function twoClasses(value: fc.Arbitrary<number>): fc.Arbitrary<Row[][]> {
  return rowsOf(fc.tuple(value, value), fc.constantFrom("p", "q", "r")).map((parts) =>
    parts.map((part) => part.map((row, i) => (i < 2 ? { ...row, y: i === 0 ? "p" : "q" } : row))),
  );
}

describe("merge", () => {
  it("within the error of the sketches where they are not exact", async () => {
    const rows = (from: number): number[][] =>
      Array.from({ length: 20_000 }, (_, i) => [Math.exp(Math.sin((from + i) * 1.7) * 4) + ((from + i) % 13) * 1e-6]);
    const make = (): QuantileTransformer => new QuantileTransformer({ quantileError: 0.01, nQuantiles: 11 });
    const [a, b] = await Promise.all([0, 20_000].map((from) => make().fit(rows(from))));
    if (!a || !b) throw new Error("two fits");
    const merged = QuantileTransformer.merge(a, b).quantiles[0] as Float64Array;
    const all = Float64Array.from([...rows(0), ...rows(20_000)], ([value]) => value as number).sort();
    merged.forEach((value, k) => {
      const below = all.findIndex((one) => one >= value);
      const upTo = all.findLastIndex((one) => one <= value) + 1;
      const rank = (k / 10) * all.length;
      const gap = rank < below ? below - rank : Math.max(0, rank - upTo);
      expect(gap / all.length).toBeLessThanOrEqual(0.01 + 1 / all.length);
    });
    // The state stays small: a few thousand entries for 40,000 values.
    expect(JSON.stringify(QuantileTransformer.merge(a, b).toJSON()).length).toBeLessThan(400_000);
  });

  it("keeps given categories in their order, and refuses other lists", async () => {
    const make = (own: string[]): OneHotEncoder =>
      new OneHotEncoder({ categories: [own], handleUnknown: "ignore", sparseOutput: false });
    const a = await make(["z", "a"]).fit([["a"], ["b"]]);
    const b = await make(["z", "a"]).fit([["z"]]);
    expect(OneHotEncoder.merge(a, b).categories).toEqual([["z", "a"]]);
    const c = await make(["z", "q"]).fit([["z"]]);
    expect(() => OneHotEncoder.merge(a, c)).toThrow('the categories that were given for column "x0" differ');
  });

  it("refuses more categories together than the limit, labels beside numbers, and a third label", async () => {
    const limited = (): OrdinalEncoder => new OrdinalEncoder({ categoryLimit: 2 });
    const a = await limited().fit({ city: ["a", "b"] });
    const b = await limited().fit({ city: ["b", "c"] });
    expect(() => OrdinalEncoder.merge(a, b)).toThrow('OrdinalEncoder.merge: column "city" has more than 2 categories');
    await expect(a.partialFit({ city: ["z"] })).rejects.toThrow('column "city" has more than 2 categories');
    const words = await new TargetEncoder().fit([["a"], ["b"]], ["no", "yes"]);
    const values = await new TargetEncoder().fit([["a"], ["b"]], [0, 1]);
    expect(() => TargetEncoder.merge(words, values)).toThrow("one was fitted on labels, the other on numbers");
    const other = await new TargetEncoder().fit([["a"], ["b"]], ["no", "maybe"]);
    expect(() => TargetEncoder.merge(words, other)).toThrow("y has more than two classes");
    const digits = await new OrdinalEncoder().fit({ city: [1, 2] });
    const word = await new OrdinalEncoder().fit({ city: ["1", "2"] });
    expect(() => OrdinalEncoder.merge(digits, word)).toThrow('column "city" is number in one and text in the other');
  });

  it("refuses other errors, strategies, and modes of too many values", async () => {
    const rows = [[1], [2], [3]];
    const fine = await new RobustScaler({ quantileError: 0.01 }).fit(rows);
    const coarse = await new RobustScaler({ quantileError: 0.1 }).fit(rows);
    expect(() => RobustScaler.merge(fine, coarse)).toThrow("quantileError 0.01, the other with 0.1");
    const [mean, mode] = [
      await new SimpleImputer().fit(rows),
      await new SimpleImputer({ strategy: "mostFrequent" }).fit(rows),
    ];
    expect(() => SimpleImputer.merge(mean, mode)).toThrow('with strategy "mean", the other with "mostFrequent"');
    const many = Array.from({ length: 10_001 }, (_, i) => [i]);
    const full = await new SimpleImputer({ strategy: "mostFrequent" }).fit(many);
    expect(() => SimpleImputer.merge(full, mode)).toThrow("more than 10000 distinct values");
    const [uniform, quantile] = [
      await new KBinsDiscretizer({ strategy: "uniform" }).fit(rows),
      await new KBinsDiscretizer().fit(rows),
    ];
    expect(() => KBinsDiscretizer.merge(uniform, quantile)).toThrow("one has uniform bins, the other quantile ones");
  });
});
