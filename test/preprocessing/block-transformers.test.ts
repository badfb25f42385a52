import { describe, expect, it } from "vitest";
import { LinearRegression } from "#models/index.js";
import { BlockTransformer, Categorizer, DummyEncoder } from "#preprocessing/index.js";
import {
  DistributedArray,
  DistributedDataFrame,
  LocalEngine,
  makePipeline,
  type LocalMatrix,
  type Polars,
  type PolarsFrame,
} from "#src/index.js";

const trips = (partitions: number): DistributedDataFrame<{ city: string | null; minutes: number }> =>
  DistributedDataFrame.fromColumns(
    { city: ["Wien", "Brno", null, "Brno", "Graz", "Wien"], minutes: [30, 90, 60, 15, 45, 120] },
    { partitions },
  ) as never;

describe("BlockTransformer", () => {
  it("gives a function each partition of a frame, and frames stay frames", async () => {
    const block = new BlockTransformer({
      func: (frame: PolarsFrame, info: { args: never; pl: Polars }) =>
        frame.withColumn(
          info.pl
            .col("minutes")
            .div((info.args as { by: number }).by)
            .alias("minutes"),
        ),
      args: { by: 60 },
    });
    for (const partitions of [1, 2, 3]) {
      const frame = trips(partitions);
      await block.fit(frame);
      const out = block.transform(frame);
      expect(out).toBeInstanceOf(DistributedDataFrame);
      const computed = await out.compute();
      expect([...computed.getColumn("minutes").toArray()]).toEqual([0.5, 1.5, 1, 0.25, 0.75, 2]);
      expect(computed.getColumn("city").toArray()).toEqual(["Wien", "Brno", null, "Brno", "Graz", "Wien"]);
    }
  });

  it("gives a function each partition of an array, and local rows come back computed", async () => {
    const block = new BlockTransformer({
      func: (part: { readonly columns: readonly unknown[] }) =>
        (part.columns as Float64Array[]).map((column) => column.map((value) => value + 1)),
    });
    await block.fit([[1, 2]]);
    const X = DistributedArray.fromRows(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      { partitions: 2 },
    );
    expect((await block.transform(X).compute()).toRows()).toEqual([
      [2, 3],
      [4, 5],
      [6, 7],
    ]);
    expect(((await block.transform([[1, 2]])) as LocalMatrix).toRows()).toEqual([[2, 3]]);
  });

  it("stands in a pipeline before what takes frames, with the columns that its schema declares", async () => {
    const frame = trips(2);
    const model = makePipeline(
      new BlockTransformer({
        func: (part: PolarsFrame) => {
          const minutes = part.getColumn("minutes").toArray() as number[];
          return { long: minutes.map((value) => (value >= 60 ? "yes" : "no")), minutes };
        },
        schema: { long: "String", minutes: "Float64" },
      }),
      new DummyEncoder(),
      new LinearRegression(),
    );
    await model.fit(frame, [0, 1, 1, 0, 0, 1]);
    const predicted = await (model.predict(frame) as DistributedArray).compute();
    expect(predicted.rows).toBe(6);
    expect(model.getFeatureNamesOut()).toEqual(["minutes", "long_no", "long_yes"]);
  });

  it("says what it returned in place of what was declared, and refuses captured variables and files", async () => {
    const outside = 3;
    expect(() => new BlockTransformer({ func: () => outside })).toThrow(/uses "outside" from outside/);
    const bad = new BlockTransformer({ func: () => ({ a: ["x"] }), schema: { a: "Float64" } });
    const frame = trips(1);
    await bad.fit(frame);
    await expect(bad.transform(frame).compute()).rejects.toThrow(/returned \{ a: String \} for partition 0/);
    expect(() => bad.toJSON()).toThrow(/func is an inline function, which files cannot hold/);
    await expect(new BlockTransformer().fit([])).rejects.toThrow(/empty/);
  });
});

describe("Categorizer", () => {
  it("learns the categories of all partitions, casts to them, and makes others null", async () => {
    for (const partitions of [1, 3]) {
      const frame = trips(partitions);
      const categorizer = await new Categorizer().fit(frame);
      expect(categorizer.categories).toEqual({ city: ["Brno", "Graz", "Wien"] });
      const out = categorizer.transform(frame);
      expect(out.schema).toEqual({ city: "Categorical", minutes: "Float64" });
      const other = DistributedDataFrame.fromColumns({ city: ["Linz", "Graz"], minutes: [1, 2] });
      expect((await categorizer.transform(other).compute()).getColumn("city").toArray()).toEqual([null, "Graz"]);
    }
  });

  it("takes categories that are known beforehand, without a pass over them", async () => {
    const categorizer = await new Categorizer({ categories: { city: ["Wien", "Brno"] } }).fit(trips(2));
    expect(categorizer.categories).toEqual({ city: ["Wien", "Brno"] });
    const out = await categorizer.transform(trips(2)).compute();
    expect(out.getColumn("city").toArray()).toEqual(["Wien", "Brno", null, "Brno", null, "Wien"]);
  });

  it("adds up: partialFit and merge equal one fit on all rows", async () => {
    const one = DistributedDataFrame.fromColumns({ city: ["a", "c"], km: [1, 2] });
    const two = DistributedDataFrame.fromColumns({ city: ["b", "c"], km: [3, 4] });
    const whole = JSON.stringify(await new Categorizer().fit(DistributedDataFrame.concat(one, two)));
    const partial = new Categorizer();
    await partial.partialFit(one);
    await partial.partialFit(two);
    expect(JSON.stringify(partial)).toBe(whole);
    const merged = Categorizer.merge(await new Categorizer().fit(one), await new Categorizer().fit(two));
    expect(JSON.stringify(merged)).toBe(whole);
  });

  it("goes before encoders in a pipeline, on any engine, and survives JSON", async () => {
    const engine = new LocalEngine({ threads: 2 });
    try {
      const frame = trips(3);
      const model = makePipeline(new Categorizer(), new DummyEncoder(), new LinearRegression());
      await model.fit(frame, [0, 1, 1, 0, 0, 1], { engine });
      const again = (model.constructor as typeof import("#src/index.js").Pipeline).fromJSON(model.toJSON());
      const [a, b] = [model, again].map((one) => one.predict(frame) as DistributedArray);
      expect((await b?.compute({ engine }))?.toRows()).toEqual((await a?.compute({ engine }))?.toRows());
    } finally {
      await engine.close();
    }
  });

  it("names a column that is not there or not text, a list for a column that is left out, and too many categories", async () => {
    const fit = (params: object): Promise<unknown> => new Categorizer(params).fit(trips(1));
    await expect(fit({ columns: ["town"] })).rejects.toThrow('X has no column "town". It has city, minutes');
    await expect(fit({ columns: ["minutes"] })).rejects.toThrow('column "minutes" is Float64, not text');
    await expect(fit({ categoryLimit: 2 })).rejects.toThrow(/column "city".*2/);
    const other = DistributedDataFrame.fromColumns({ city: ["a"], town: ["b"] });
    await expect(new Categorizer({ columns: ["town"], categories: { city: ["a"] } }).fit(other)).rejects.toThrow(
      'a list for "city", which is not among columns',
    );
  });
});
