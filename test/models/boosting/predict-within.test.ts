import { describe, expect, it } from "vitest";
import {
  HistGradientBoostingClassifier,
  HistGradientBoostingRanker,
  HistGradientBoostingRegressor,
} from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";

const n = 600;
const rows = Array.from({ length: n }, (_, i) => [((i * 37) % 101) / 10, ((i * 53) % 97) / 97, i % 5]);
const y = rows.map(([a, b, c]) => Math.sin(a!) + b! * c!);
const hour = { deadlineMs: 3_600_000 };

describe("predictions by a deadline", () => {
  it("are those of the first rounds, bit for bit, whatever their number", async () => {
    const model = await new HistGradientBoostingRegressor({ maxIter: 60, loss: "squared_error" }).fit(rows, y);
    const whole = await model.predictWithin(rows, hour);
    expect(whole.rounds).toBe(60);
    expect(whole.predictions).toEqual(await model.predict(rows));
    // A deadline that has passed: the first round alone.
    const first = await model.predictWithin(rows, { deadlineMs: 1e-6 });
    expect(first.rounds).toBe(1);
    expect(first.predictions).toEqual(await model.firstRounds(1).predict(rows));
    const some = await model.predictWithin(rows, { deadlineMs: 12 });
    expect(some.predictions).toEqual(await model.firstRounds(some.rounds).predict(rows));
  });

  it("are there for distributed rows, and leave nothing behind once released", async () => {
    const engine = new LocalEngine({ threads: 2 });
    const X = DistributedArray.fromRows(rows, { partitions: 4 });
    const labels = y.map((value) => (value > 2 ? "high" : value > 0.5 ? "some" : "low"));
    const model = await new HistGradientBoostingClassifier({ maxIter: 12 }).fit(rows, labels);
    const { predictions, rounds } = await model.predictProbaWithin(X, { ...hour, engine });
    expect(rounds).toBe(12);
    expect(predictions.names).toEqual(["high", "low", "some"]);
    expect((await predictions.compute()).toFlat()).toEqual((await model.predictProba(X).compute()).toFlat());
    predictions.release();
    const few = await model.predictWithin(rows, { deadlineMs: 1e-6, engine });
    expect(few.predictions).toEqual(await model.firstRounds(1).predict(rows));
    await expect.poll(() => engine.heldBytes).toBe(0);
    await engine.close();
  });

  it("take log links, text, rankings, and many trees an output", async () => {
    const frame = DistributedDataFrame.fromColumns({
      a: rows.map(([a]) => a!),
      kind: rows.map(([, , c]) => ["u", "v", "w", "x", null][c!]!),
    });
    const counts = y.map((value) => Math.round(Math.abs(value)));
    const poisson = await new HistGradientBoostingRegressor({ loss: "poisson", maxIter: 9 }).fit(frame, counts);
    const { predictions } = await poisson.predictWithin(frame, hour);
    expect((await predictions.compute()).toFlat()).toEqual((await poisson.predict(frame).compute()).toFlat());
    const groups = rows.map((_, i) => Math.floor(i / 20));
    const ranker = await new HistGradientBoostingRanker({ maxIter: 5 }).fit(rows, counts, { groups });
    expect((await ranker.predictWithin(rows, hour)).predictions).toEqual(await ranker.predict(rows));
  });

  it("say what is wrong", async () => {
    const model = await new HistGradientBoostingRegressor({ maxIter: 2 }).fit(rows, y);
    await expect(model.predictWithin(rows, { deadlineMs: 0 })).rejects.toThrow(
      "HistGradientBoostingRegressor.predictWithin: deadlineMs must be a number above 0; got 0",
    );
    await expect(model.predictWithin([[1]], hour)).rejects.toThrow("columns");
    await expect(model.predictWithin([[1, Infinity, 2]], hour)).rejects.toThrow("partition 0, row 0");
    const aborted = AbortSignal.abort(new Error("enough"));
    await expect(model.predictWithin(rows, { ...hour, signal: aborted })).rejects.toThrow("stopped by its signal");
    const two = await new HistGradientBoostingRegressor({ loss: "quantile", quantile: [0.2, 0.8], maxIter: 2 }).fit(
      rows,
      y,
    );
    await expect(two.predictWithin(rows, hour)).rejects.toThrow("2 quantiles of each row");
    await expect(new HistGradientBoostingRegressor().predictWithin(rows, hour)).rejects.toThrow("fit");
  });
});
