import { describe, expect, it } from "vitest";
import { HistGradientBoostingClassifier, HistGradientBoostingRegressor } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import { goldenCase, loadGolden, numbersOf } from "../../golden/load-golden.js";

const golden = loadGolden("boosting");
const { data } = goldenCase(golden, "categories");
const columns = data.columns!;
const y = data.y as number[];
const FEW = { maxIter: 30, minSamplesLeaf: 5, categoricalFeatures: [0, 2], maxCatToOnehot: 0 };
const rowsOf = (list: readonly (readonly number[])[]): number[][] => list[0]!.map((_, i) => list.map((c) => c[i]!));
const fresh = rowsOf(golden.inputs["fresh"]!.columns!);

const cutAt = (counts: readonly number[]): DistributedArray => {
  let at = 0;
  return DistributedArray.concat(
    counts.map((count) => {
      const part = DistributedArray.fromColumns(
        columns.map((column) => Float64Array.from(column.slice(at, at + count))),
        { partitions: 1 },
      );
      at += count;
      return part;
    }),
  );
};

/** The columns as a frame: text where codes were. */
function frameOf(list: readonly (readonly number[])[], partitions: number): DistributedDataFrame {
  const text = (column: readonly number[]): (string | null)[] =>
    column.map((code) => (Number.isNaN(code) ? null : `c${String(code).padStart(4, "0")}`));
  return DistributedDataFrame.fromColumns(
    { a: text(list[0]!), x: Array.from(list[1]!), b: text(list[2]!), z: Array.from(list[3]!) },
    { partitions },
  );
}

describe("categories in boosted trees", () => {
  it("predict what scikit-learn does, codes that the fit did not see included", async () => {
    const { expected } = goldenCase(golden, "categories");
    const X = DistributedArray.fromColumns(columns, { partitions: 3 });
    const model = await new HistGradientBoostingRegressor(FEW).fit(X, y);
    expect(model.trees.categoryBits!.length).toBeGreaterThan(20);
    const predicted = (await model.predict(X).compute()).toFlat();
    numbersOf(expected, "prediction").forEach((value, i) => expect(predicted[i]).toBeCloseTo(value, 3));
    const others = await model.predict(fresh);
    numbersOf(expected, "fresh").forEach((value, i) => expect(others[i]).toBeCloseTo(value, 3));
    const margin = model.marginsOfRow(fresh[1]!);
    expect(margin[0]).toBeCloseTo(others[1]!, 12);
  });

  it("predict what scikit-learn does for classes", async () => {
    const { expected } = goldenCase(golden, "categories-classes");
    const rows = rowsOf(columns);
    const model = await new HistGradientBoostingClassifier({ ...FEW, maxIter: 5 }).fit(
      rows,
      y.map((value) => Number(value > 1)),
    );
    const predicted = await model.decisionFunction(rows);
    const own = Array.from(predicted as Float64Array);
    const off = numbersOf(expected, "prediction").map((value, i) => Math.abs(value - own[i]!));
    // Gradients are rounded to float32 there: a tie of two splits in the first tree goes the other way for a few rows.
    expect(off.toSorted((a, b) => a - b)[450]).toBeLessThan(1e-6);
  });

  it("have the same bits for any partitioning and engine, and train the margins they predict", async () => {
    const engines = [new InlineEngine(), new LocalEngine({ threads: 1 }), new LocalEngine({ threads: 2 })];
    const sampleWeight = y.map((_, i) => (i % 7) / 2);
    const params = { ...FEW, maxIter: 8, maxCatToOnehot: 6, earlyStopping: true, validationFraction: 0.2 };
    let expected: unknown;
    for (const [k, counts] of [[500], [200, 100, 200], [1, 0, 300, 100, 9, 0, 90]].entries()) {
      const model = await new HistGradientBoostingRegressor(params).fit(cutAt(counts), y, {
        engine: engines[k]!,
        sampleWeight,
      });
      expected ??= model.toJSON();
      expect(model.toJSON()).toEqual(expected);
    }
    const plain = await new HistGradientBoostingRegressor({ ...params, earlyStopping: false }).fit(cutAt([500]), y);
    const predicted = (await plain.predict(cutAt([500])).compute()).toFlat();
    const loss = y.reduce((sum, value, i) => sum + 0.5 * (Number(predicted[i]) - value) ** 2, 0) / y.length;
    expect(-plain.trainScore.at(-1)!).toBeCloseTo(loss, 6);
    for (const engine of engines) {
      await expect.poll(() => engine.heldBytes).toBe(0);
      await engine.close();
    }
  });

  it("come from a frame's columns of text without any encoding", async () => {
    const params = { ...FEW, categoricalFeatures: "fromDtype" as const };
    const model = await new HistGradientBoostingRegressor(params).fit(frameOf(columns, 3), y);
    expect(model.categories[2]).toEqual(["c0003", "c0008", "c0009", "c0070", "c0400"]);
    expect(model.categories[1]).toBeNull();
    const byCode = await new HistGradientBoostingRegressor(FEW).fit(cutAt([500]), y);
    const predicted = (await model.predict(frameOf(columns, 2)).compute()).toFlat();
    const codes = (await byCode.predict(cutAt([500])).compute()).toFlat();
    codes.forEach((value, i) => expect(predicted[i]).toBeCloseTo(Number(value), 9));
    const others = (
      await model
        .predict(
          frameOf(
            columns.map((_, j) => fresh.map((row) => row[j]!)),
            1,
          ),
        )
        .compute()
    ).toFlat();
    const expected = await byCode.predict(fresh);
    expected.forEach((value, i) => expect(others[i]).toBeCloseTo(value, 9));
    const again = HistGradientBoostingRegressor.fromJSON(JSON.parse(JSON.stringify(model.toJSON())));
    expect((await again.predict(frameOf(columns, 2)).compute()).toFlat()).toEqual(predicted);
    const classifier = await new HistGradientBoostingClassifier({ ...params, maxIter: 5 }).fit(
      frameOf(columns, 2),
      y.map((value) => (value > 1 ? "high" : "low")),
    );
    expect(
      await classifier.score(
        frameOf(columns, 2),
        y.map((value) => (value > 1 ? "high" : "low")),
      ),
    ).toBeGreaterThan(0.7);
  });

  it("of hundreds are told apart better than as numbers", async () => {
    const n = 6000;
    let state = 7;
    const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
    const effect = Array.from({ length: 250 }, () => next() * 10);
    const code = Array.from({ length: n }, () => Math.floor(next() * 250));
    const target = code.map((c) => effect[c]! + next());
    const rows = code.map((c) => [c]);
    const fit = (categoricalFeatures: number[] | null): Promise<HistGradientBoostingRegressor> =>
      new HistGradientBoostingRegressor({ categoricalFeatures, maxIter: 20 }).fit(
        rows.slice(0, 4000),
        target.slice(0, 4000),
      );
    const [native, numbers] = [await fit([0]), await fit(null)];
    const [own, other] = [
      await native.score(rows.slice(4000), target.slice(4000)),
      await numbers.score(rows.slice(4000), target.slice(4000)),
    ];
    expect(own).toBeGreaterThan(0.9);
    expect(own).toBeGreaterThan(other + 0.1);
  });

  it("measure sets with codes that the fit has not seen as missing values, as predictions take them", async () => {
    const X = rowsOf(columns);
    const others = X.map((row, i) => (i % 2 === 0 ? row : [row[0]! + 0.5 + (i % 5), row[1]!, row[2]! + 1, row[3]!]));
    const model = await new HistGradientBoostingRegressor({ ...FEW, maxIter: 6 }).fit(X, y, {
      evalSets: [{ X: others, y, name: "others" }],
    });
    const predicted = await model.predict(others);
    const loss = y.reduce((sum, value, i) => sum + 0.5 * (predicted[i]! - value) ** 2, 0) / y.length;
    expect(-model.evalsResult["others"]!["loss"]!.at(-1)!).toBeCloseTo(loss, 9);
  });

  it("are explained and staged from text as from codes", async () => {
    const frame = frameOf(columns, 2);
    const byText = await new HistGradientBoostingRegressor({ maxIter: 4, minSamplesLeaf: 5 }).fit(frame, y);
    const positions = new Map(byText.categories[0]!.map((text, k) => [Number(text.slice(1)), k] as const));
    const positions2 = new Map(byText.categories[2]!.map((text, k) => [Number(text.slice(1)), k] as const));
    const rows = rowsOf(columns).map(([a, x, b, z]) => [positions.get(a!) ?? NaN, x!, positions2.get(b!) ?? NaN, z!]);
    const sums = (await byText.shapValues(frame).compute()).toRows();
    const predicted = (await byText.predict(frame).compute()).toFlat();
    for (const [i, row] of sums.entries()) {
      expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(Number(predicted[i]), 9);
      if (i < 40) expect(byText.marginsOfRow(rows[i]!)[0]).toBeCloseTo(Number(predicted[i]), 9);
    }
    expect((await byText.shapInteractions(frame).compute()).rows).toBe(500);
    const leaves = (await byText.applyLeaves(frame).compute()).toRows();
    expect(leaves[0]!.length).toBe(4);
    const stages: number[] = [];
    for await (const stage of byText.stagedPredict(frame, { every: 2 }))
      stages.push(Number((await stage.compute()).toFlat()[3]));
    expect(stages[1]).toBe(Number(predicted[3]));
  });

  it("come from tables in this process, too: rows of cells and columns by name", async () => {
    const text = (code: number): string | null => (Number.isNaN(code) ? null : `c${String(code).padStart(4, "0")}`);
    const cells = rowsOf(columns).map(([a, x, b, z]) => [text(a!), x!, text(b!), z!]);
    const named = {
      a: columns[0]!.map(text),
      x: columns[1]!,
      b: columns[2]!.map(text),
      z: columns[3]!,
    };
    const params = { maxIter: 6, minSamplesLeaf: 5 };
    const byFrame = await new HistGradientBoostingRegressor(params).fit(frameOf(columns, 3), y);
    const [byCells, byNames] = [
      await new HistGradientBoostingRegressor(params).fit(cells, y),
      await new HistGradientBoostingRegressor(params).fit(named, y, { evalSets: [{ X: named, y }] }),
    ];
    expect(byCells.trees).toEqual(byFrame.trees);
    expect(byNames.trees).toEqual(byFrame.trees);
    byNames.trainScore.forEach((score, k) => expect(byNames.evalsResult["eval0"]!["loss"]![k]).toBeCloseTo(score, 9));
    expect(byCells.featureNames).toBeUndefined();
    expect(byNames.featureNames).toEqual(["a", "x", "b", "z"]);
    const expected = (await byFrame.predict(frameOf(columns, 2)).compute()).toFlat();
    expect(Array.from(await byCells.predict(cells))).toEqual(Array.from(expected, Number));
    expect(Array.from(await byNames.predict(named))).toEqual(Array.from(expected, Number));
    expect((await byNames.shapValues(named)).rows).toBe(500);
    const strange = await byCells.predict([["never seen", 0, null, 0]]);
    expect(strange[0]).toBe((await byCells.predict([[null, 0, null, 0]]))[0]);
    expect(() => byCells.predict([["c0003", "one", null, 0]])).toThrow(
      'column 1 has the text "one" in row 0, but the fit saw numbers there',
    );
    const labels = y.map((value) => (value > 1 ? "high" : "low"));
    const classes = await new HistGradientBoostingClassifier(params).fit(named, labels);
    expect(await classes.score(named, labels)).toBeGreaterThan(0.7);
    const one = await new HistGradientBoostingRegressor({ maxIter: 1, minSamplesLeaf: 1 }).fit(
      ["u", "v", null],
      [1, 2, 3],
    );
    expect((await one.predict(["u", "w"])).length).toBe(2);
  });

  it("are refit on new rows: nothing changes on the old ones, and sets keep their sides", async () => {
    const X = cutAt([200, 100, 200]);
    const model = await new HistGradientBoostingRegressor({ ...FEW, maxIter: 6 }).fit(X, y);
    expect(model.trees.categoryBits!.length).toBeGreaterThan(20);
    const same = await model.refit(X, y, { decay: 0 });
    same.trees.value.forEach((value, k) => expect(value).toBeCloseTo(model.trees.value[k]!, 5));
    const shifted = y.map((value) => 2 * value + 1);
    const [one, other] = [
      await model.refit(X, shifted, { decay: 0 }),
      await model.refit(cutAt([1, 499]), shifted, { decay: 0 }),
    ];
    expect(other.toJSON()).toEqual(one.toJSON());
    // The second oracle: rows by predicted leaf, and their means by hand, in the first tree.
    const leaves = (await model.applyLeaves(X).compute()).toRows().map((row) => row[0]!);
    const sums = new Map<number, [number, number]>();
    leaves.forEach((leaf, i) => {
      const [sum, count] = sums.get(leaf) ?? [0, 0];
      sums.set(leaf, [sum + shifted[i]! - model.baseline, count + 1]);
    });
    expect(sums.size).toBeGreaterThan(5);
    for (const [leaf, [sum, count]] of sums) expect(one.trees.value[leaf]).toBeCloseTo((0.1 * sum) / count, 6);
    const frame = await new HistGradientBoostingRegressor({ maxIter: 4, minSamplesLeaf: 5 }).fit(
      frameOf(columns, 2),
      y,
    );
    const again = await frame.refit(frameOf(columns, 3), y, { decay: 0 });
    again.trees.value.forEach((value, k) => expect(value).toBeCloseTo(frame.trees.value[k]!, 5));
    expect(again.categories).toEqual(frame.categories);
  });

  it("of fewest rows are missing values where they are more than bins, when asked", async () => {
    // 400 categories: 300 of four rows and more, told apart up to 255, and 100 of one row.
    const code = Array.from({ length: 2200 }, (_, i) => (i < 2100 ? i % 300 : 200 + i - 1900));
    const noise = code.map((_, i) => ((i * 37) % 101) / 101);
    const target = code.map((c, i) => (c % 2) * 3 + noise[i]!);
    const text = code.map((c) => `c${c}`);
    const params = { rareCategories: "missing", maxIter: 3, minSamplesLeaf: 2, catSmooth: 1 } as const;
    const rows = code.map((c, i) => [c, noise[i]!]);
    const numbers = { ...params, categoricalFeatures: [0] };
    const model = await new HistGradientBoostingRegressor(numbers).fit(rows, target);
    // By hand: the codes of most rows stay, of equal ones the smaller; the others are NaN.
    const rowsOfCode = new Map<number, number>();
    for (const c of code) rowsOfCode.set(c, (rowsOfCode.get(c) ?? 0) + 1);
    const kept = new Set(
      [...rowsOfCode]
        .toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
        .slice(0, 255)
        .map(([c]) => c),
    );
    const told = rows.map(([c, x]) => [kept.has(c!) ? c! : NaN, x!]);
    const byHand = await new HistGradientBoostingRegressor(numbers).fit(told, target);
    expect(model.trees).toEqual(byHand.trees);
    expect(await model.predict(rows)).toEqual(await byHand.predict(told));
    const predicted = await model.predict(rows);
    const loss = target.reduce((sum, value, i) => sum + 0.5 * (predicted[i]! - value) ** 2, 0) / target.length;
    expect(-model.trainScore.at(-1)!).toBeCloseTo(loss, 9);
    const frames = await Promise.all(
      [1, 3].map((partitions) =>
        new HistGradientBoostingRegressor(params).fit(
          DistributedDataFrame.fromColumns({ text, noise }, { partitions }),
          target,
        ),
      ),
    );
    expect(frames[1]!.toJSON()).toEqual(frames[0]!.toJSON());
    expect(frames[0]!.trainScore.at(-1)!).toBeCloseTo(model.trainScore.at(-1)!, 1);
    await expect(
      new HistGradientBoostingRegressor({ ...numbers, rareCategories: "error" }).fit(rows, target),
    ).rejects.toThrow('Pass rareCategories: "missing"');
  });

  it("say what is wrong", async () => {
    const fit = (rows: number[][], params: object = {}): Promise<unknown> =>
      new HistGradientBoostingRegressor({ categoricalFeatures: [0], ...params }).fit(
        rows,
        rows.map((_, i) => i),
      );
    await expect(fit([[0], [-1], [2]])).rejects.toThrow("column 0 of categories has -1 in partition 0, row 1");
    await expect(fit([[0], [1.5]])).rejects.toThrow("has 1.5 in partition 0, row 1");
    await expect(fit([[0], [70_000]])).rejects.toThrow("whole numbers from 0 to 65535");
    await expect(fit([[0], [1], [2]], { maxBins: 2 })).rejects.toThrow(
      "column 0 has 3 categories or more, but its bins take 2",
    );
    await expect(fit([[0], [1]], { categoricalFeatures: [4] })).rejects.toThrow(
      "categoricalFeatures has column 4, but X has 1",
    );
    await expect(fit([[0], [1]], { categoricalFeatures: [true, false] })).rejects.toThrow("has 2 entries, but X has 1");
    await expect(fit([[0], [1]], { monotonicConstraints: [1] })).rejects.toThrow("categories have no order");
    const frame = DistributedDataFrame.fromColumns({ k: ["a", "b", "c"], x: [1, 2, 3] });
    await expect(
      new HistGradientBoostingRegressor({ categoricalFeatures: null }).fit(frame, [1, 2, 3]),
    ).rejects.toThrow('column "k" is text, but it is not among categoricalFeatures');
    await expect(new HistGradientBoostingRegressor({ maxBins: 2 }).fit(frame, [1, 2, 3])).rejects.toThrow(
      'column "k" has 3 categories or more',
    );
    const numbers = await new HistGradientBoostingRegressor().fit({ x: [1, 2, 3], k: [1, 2, 3] }, [1, 2, 3]);
    expect(() => numbers.predict(frame)).toThrow('column "k" is');
  });
});
