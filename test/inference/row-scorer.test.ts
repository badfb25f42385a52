import { describe, expect, it } from "vitest";
import { LinearRegression, LogisticRegression } from "#models/index.js";
import {
  MaxAbsScaler,
  MinMaxScaler,
  OneHotEncoder,
  RobustScaler,
  SimpleImputer,
  StandardScaler,
} from "#preprocessing/index.js";
import { ColumnTransformer, DistributedDataFrame, LocalMatrix, makePipeline, rowScorer } from "#src/index.js";
import { asRows, checkData, cut } from "#src/testing/check-data.js";
import { testSubjects } from "#src/testing/index.js";

/** A method's answers to local rows, one list a row. */
function byRow(result: unknown): unknown[] {
  if (result instanceof LocalMatrix) return result.toRows();
  return Array.from(result as ArrayLike<unknown>);
}

/** Networks answer asynchronously, in the backend's own time: they are refused, see below. */
const isNetwork = (name: string): boolean => name.startsWith("Neural");

describe("rowScorer", () => {
  for (const subject of testSubjects.filter((one) => one.task !== "transformer" && !isNetwork(one.name))) {
    it(`answers as ${subject.name} does, bit for bit`, async () => {
      const data = checkData(subject);
      const { X, y } = cut(data, [data.rows]);
      const model = subject.make();
      await model.fit(X, y);
      const rows = asRows(data).slice(0, 7);
      const columns = Object.fromEntries(data.names.map((name, j) => [name, rows.map((row) => row[j] as number)]));
      const score = await rowScorer(model as never);
      const expected = byRow(await model.predict?.(columns));
      expect(rows.map((row) => score(row))).toEqual(expected);
      expect(score.batch(rows)).toEqual(expected);
    });
  }

  it("refuses networks, which cannot answer at once", async () => {
    const subjects = testSubjects.filter((one) => isNetwork(one.name));
    expect(subjects.length).toBeGreaterThanOrEqual(2);
    for (const subject of subjects) {
      const data = checkData(subject);
      const { X, y } = cut(data, [data.rows]);
      const model = subject.make();
      await model.fit(X, y);
      const score = await rowScorer(model as never);
      expect(() => score(asRows(data)[0] as number[])).toThrow("is asynchronous. Use predict, or scoreDataset");
    }
  });

  it("gives probabilities, takes rows by name, and keeps the model that it was made from", async () => {
    const data = checkData({ task: "classifier" });
    const { X, y } = cut(data, [data.rows]);
    const model = makePipeline(new StandardScaler(), new LogisticRegression());
    await model.fit(X, y);
    const score = await rowScorer(model, { output: "predictProba" });
    const [a, b, c] = asRows(data)[0] as [number, number, number];
    const expected = ((await model.predictProba({ a: [a], b: [b], c: [c] })) as LocalMatrix).toRows()[0];
    expect(score.columns).toEqual(["a", "b", "c"]);
    expect([...(score({ c, b, a }) as Float64Array)]).toEqual(expected);
    await model.fit(X, cut({ ...data, y: data.y.map((value) => 1 - value) }, [data.rows]).y);
    expect([...(score([a, b, c]) as Float64Array)]).toEqual(expected);
  });

  it("takes text where the schema says so, and gives labels as they are", async () => {
    const frame = DistributedDataFrame.fromColumns({
      city: ["Brno", "Wien", "Brno", "Wien", "Brno", "Graz"],
      km: [1, 2, 3, 4, 5, 6],
      late: ["yes", "no", "yes", "no", "yes", "no"],
    });
    const model = makePipeline(
      new ColumnTransformer({
        transformers: [["city", new OneHotEncoder({ sparseOutput: false }), ["city"]]],
        remainder: "passthrough",
      }),
      new LogisticRegression(),
    );
    await model.fit(frame.select("city", "km"), frame.column("late"));
    const score = await rowScorer(model, { schema: { city: "String" } });
    expect(
      score.batch([
        { city: "Brno", km: 3 },
        { city: "Wien", km: 2 },
      ]),
    ).toEqual(["yes", "no"]);
    expect(() => score({ city: "Linz", km: 1 })).toThrow(/"Linz"/);
  });

  it("has the bits of predictProba and transform one row at a time, and asks the model itself where a row is refused", async () => {
    const rows = Array.from({ length: 200 }, (_, i) => [Math.sin(i) * 40, Math.cos(7 * i) * 1e-3, (i % 13) - 6]);
    const gaps = rows.map((row, i) => (i % 11 === 0 ? [NaN, ...row.slice(1)] : row));
    const y = rows.map(([a = 0, b = 0], i) => (a + 1e4 * b + Math.sin(9 * i) * 20 > 0 ? 1 : 0));
    const columns = (of: readonly number[][]): Record<string, number[]> =>
      Object.fromEntries(["a", "b", "c"].map((name, j) => [name, of.map((row) => row[j] as number)]));
    for (const scaler of [
      new StandardScaler(),
      new StandardScaler({ withMean: false }),
      new MinMaxScaler({ clip: true }),
      new MaxAbsScaler({ clip: true }),
      new RobustScaler(),
    ]) {
      const model = makePipeline(new SimpleImputer({ addIndicator: true }), scaler, new LogisticRegression());
      await model.fit(columns(gaps), y);
      const score = await rowScorer(model, { output: "predictProba" });
      const expected = ((await model.predictProba(columns(gaps))) as LocalMatrix).toRows();
      expect(gaps.map((row) => [...(score(row) as Float64Array)])).toEqual(expected);
    }
    const plain = await makePipeline(new StandardScaler(), new LogisticRegression()).fit(columns(rows), y);
    const score = await rowScorer(plain as never);
    expect(rows.map((row) => score(row))).toEqual([
      ...(await (plain as never as { predict(X: unknown): Promise<number[]> }).predict(columns(rows))),
    ]);
    expect(() => score([NaN, 1, 2])).toThrow(/column "a", partition 0, row 0/);
    const union = new ColumnTransformer({
      transformers: [
        ["scaled", new MinMaxScaler(), ["b", "c"]],
        ["kept", "passthrough", ["a"]],
      ],
      transformerWeights: { scaled: 0.5 },
    });
    await union.fit(columns(rows));
    const transform = await rowScorer(union as never);
    const whole = ((await union.transform(columns(rows))) as unknown as LocalMatrix).toRows();
    expect(rows.map((row) => [...(transform(row) as Float64Array)])).toEqual(whole);
  });

  it("names what is wrong with a row or an option", async () => {
    const model = await new LinearRegression().fit({ a: [1, 2, 3], b: [2, 1, 5] }, [1, 2, 3]);
    const score = await rowScorer(model);
    expect(() => score([1])).toThrow("row 0 has 1 values; the model takes 2: a, b");
    expect(() => score({ a: 1 })).toThrow('row 0 has no "b"');
    expect(() => score(["x", 1])).toThrow('column "a" of row 0 is "x", which is no number');
    expect(() => score([Number.NaN, 1])).toThrow(/column "?a/);
    expect(score([1, 2])).toBeTypeOf("number");
    expect(score.batch([])).toEqual([]);
    await expect(rowScorer(model, { output: "predictProba" })).rejects.toThrow("LinearRegression has no predictProba");
    await expect(rowScorer(model, { schema: { c: "String" } })).rejects.toThrow('schema names "c"');
    await expect(rowScorer(new LinearRegression())).rejects.toThrow("not fitted yet");
  });
});
