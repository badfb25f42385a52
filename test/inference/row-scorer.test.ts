import { describe, expect, it } from "vitest";
import { LinearRegression, LogisticRegression } from "#models/index.js";
import { OneHotEncoder, StandardScaler } from "#preprocessing/index.js";
import { ColumnTransformer, DistributedDataFrame, LocalMatrix, makePipeline, rowScorer } from "#src/index.js";
import { asRows, checkData, cut } from "#src/testing/check-data.js";
import { testSubjects } from "#src/testing/index.js";

/** A method's answers to local rows, one list a row. */
function byRow(result: unknown): unknown[] {
  if (result instanceof LocalMatrix) return result.toRows();
  return Array.from(result as ArrayLike<unknown>);
}

describe("rowScorer", () => {
  for (const subject of testSubjects.filter((one) => one.task !== "transformer")) {
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
