import { describe, expect, it } from "vitest";
import { DummyEncoder, GroupedImputer } from "#preprocessing/index.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import type { LocalMatrix } from "#src/collections/array/local-matrix.js";
import type { PolarsFrame } from "#src/collections/frame/polars.js";

const rents = {
  city: ["a", "a", "b", "b", null, "a", "b", "b"],
  year: [1, 2, 1, 2, 1, 1, 1, 1],
  rent: [1, 3, 10, NaN, 7, NaN, 30, 30],
  size: [NaN, NaN, 2, 2, 5, NaN, 4, 2],
};
const filled = async (imputer: GroupedImputer, columns: unknown): Promise<number[][]> =>
  ((await imputer.transform(columns as never)) as unknown as LocalMatrix).toRows();
const frameOf = (columns: Record<string, unknown[]>, partitions = 3): DistributedDataFrame =>
  DistributedDataFrame.fromColumns(columns as never, { partitions }) as DistributedDataFrame;

describe("GroupedImputer", () => {
  it.each([
    ["mean", [1, 3, 10, 70 / 3, 7, 2, 30, 30], [19 / 7, 19 / 7, 2, 2, 5, 19 / 7, 4, 2]],
    ["median", [1, 3, 10, 30, 7, 2, 30, 30], [2, 2, 2, 2, 5, 2, 4, 2]],
    ["mostFrequent", [1, 3, 10, 30, 7, 1, 30, 30], [2, 2, 2, 2, 5, 2, 4, 2]],
  ] as const)("fills in the %s of a group, and of all rows where it has none", async (strategy, rent, size) => {
    const frame = frameOf({ city: rents.city, rent: rents.rent, size: rents.size });
    const imputer = await new GroupedImputer({ by: ["city"], strategy }).fit(frame);
    expect(imputer.getFeatureNamesOut()).toEqual(["rent", "size"]);
    const out = await (imputer.transform(frame) as DistributedDataFrame).toArray().compute();
    // The medians of all sizes (2, 2, 5, 4, 2) and of all rents are known by hand.
    [...(out.columns[0] as Float64Array)].forEach((value, i) => expect(value).toBeCloseTo(rent[i] as number, 12));
    [...(out.columns[1] as Float64Array)].forEach((value, i) =>
      expect(value).toBeCloseTo(
        strategy === "mean" ? (i === 0 || i === 1 || i === 5 ? 3 : (size[i] as number)) : (size[i] as number),
        12,
      ),
    );
  });

  it("groups by several columns, takes weights as repeated rows, and adds up", async () => {
    const rows = (from: number, to: number): Record<string, unknown[]> =>
      Object.fromEntries(Object.entries(rents).map(([name, values]) => [name, values.slice(from, to)]));
    const make = (): GroupedImputer => new GroupedImputer({ by: ["city", "year"], strategy: "median" });
    const whole = await make().fit(rents as never);
    const merged = GroupedImputer.merge(await make().fit(rows(0, 5) as never), await make().fit(rows(5, 8) as never));
    const asked = {
      city: ["b", "b", "z", "a"],
      year: [1, 2, 1, 2],
      rent: [NaN, NaN, NaN, NaN],
      size: [NaN, NaN, NaN, 1],
    };
    const expected = [
      [30, 2],
      [8.5, 2],
      [8.5, 2],
      [3, 1],
    ];
    for (const one of [whole, merged]) expect((await filled(one, asked))[0]).toEqual(expected[0]);
    expect(await filled(merged, asked)).toEqual(await filled(whole, asked));
    const weights = [1, 2, 1, 1, 0, 1, 1, 3];
    const repeated = Object.fromEntries(
      Object.entries(rents).map(([name, values]) => [
        name,
        values.flatMap((v: unknown, i: number) => Array.from({ length: weights[i] as number }, () => v)),
      ]),
    );
    const weighted = await make().fit(rents as never, undefined, { sampleWeight: weights });
    const many = await make().fit(repeated as never);
    expect(await filled(weighted, asked)).toEqual(await filled(many, asked));
  });

  it("names what it cannot take", async () => {
    await expect(new GroupedImputer({ by: ["town"] }).fit(frameOf(rents))).rejects.toThrow(
      'by names "town", but X has the columns "city", "year"',
    );
    await expect(new GroupedImputer({ by: ["year"] }).fit(frameOf(rents))).rejects.toThrow(
      'column "city" is String, and only numbers can be filled in',
    );
    await expect(
      new GroupedImputer({ by: ["city"] }).fit(frameOf({ city: ["a", "b"], x: [NaN, NaN] })),
    ).rejects.toThrow('column "x" has no value at all');
    await expect(
      new GroupedImputer({ by: ["city"], groupLimit: 1 }).fit(frameOf({ city: ["a", "b"], x: [1, 2] })),
    ).rejects.toThrow('"city" make more than 1 groups');
    await expect(
      new GroupedImputer({ by: ["city"] }).fit(frameOf({ city: ["a", "b"], x: [1, Infinity] }, 1)),
    ).rejects.toThrow('X has Infinity in column "x", partition 0, row 1');
  });
});

describe("DummyEncoder", () => {
  const homes = { city: ["Bern", "Basel", null, "Bern"], rent: [3, 4, 5, NaN], pets: [true, false, true, true] };

  it("makes numbers first, then a column for each category, as pandas does", async () => {
    const encoder = await new DummyEncoder().fit(frameOf(homes));
    expect(encoder.getFeatureNamesOut()).toEqual([
      "rent",
      "city_Basel",
      "city_Bern",
      "city_null",
      "pets_false",
      "pets_true",
    ]);
    const out = encoder.transform(frameOf(homes)) as DistributedDataFrame;
    expect((await out.toArray().compute()).toRows()).toEqual([
      [3, 0, 1, 0, 0, 1],
      [4, 1, 0, 0, 1, 0],
      [5, 0, 0, 1, 0, 1],
      [NaN, 0, 1, 0, 0, 1],
    ]);
    const back = (await (encoder.inverseTransform(out) as DistributedDataFrame).compute()) as PolarsFrame;
    expect(back.columns).toEqual(["city", "rent", "pets"]);
    expect(back.getColumn("city").toArray()).toEqual(homes.city);
    expect(back.getColumn("pets").toArray()).toEqual(homes.pets);
    expect(back.getColumn("rent").toArray()).toEqual(homes.rent);
  });

  it("leaves out a category, takes numbers as categories where named, and gives the columns back", async () => {
    const encoder = await new DummyEncoder({ columns: ["city", "rent"], drop: "first" }).fit(
      frameOf({ city: ["b", "a", "b"], rent: [2, 1, 2] }),
    );
    expect(encoder.getFeatureNamesOut()).toEqual(["city_b", "rent_2"]);
    const back = await encoder.inverseTransform([
      [0, 1],
      [1, 0],
    ]);
    expect((back as PolarsFrame).getColumn("city").toArray()).toEqual(["a", "b"]);
    expect((back as PolarsFrame).getColumn("rent").toArray()).toEqual([2, 1]);
    const two = await new DummyEncoder({ drop: "if_binary" }).fit(frameOf(homes));
    expect(two.getFeatureNamesOut()).toEqual(["rent", "city_Basel", "city_Bern", "city_null", "pets_true"]);
  });

  it("adds up, and names unknown categories, dates and names that collide", async () => {
    const [a, b] = [
      await new DummyEncoder().fit({ city: ["a", "c"], x: [1, 2] }),
      await new DummyEncoder().fit({ city: ["b"], x: [1] }),
    ];
    expect(DummyEncoder.merge(a, b).getFeatureNamesOut()).toEqual(["x", "city_a", "city_b", "city_c"]);
    expect((await a.partialFit({ city: ["d"], x: [0] })).getFeatureNamesOut()).toEqual([
      "x",
      "city_a",
      "city_c",
      "city_d",
    ]);
    const out = a.transform(frameOf({ city: ["a", "z"], x: [1, 2] }, 1)) as DistributedDataFrame;
    await expect(out.toArray().compute()).rejects.toThrow(
      'column "city", partition 0, row 1: "z" is not among its 3 categories',
    );
    const lenient = await new DummyEncoder({ handleUnknown: "ignore" }).fit({ city: ["a"], x: [1] });
    expect((await lenient.transform({ city: ["q"], x: [9] })).toRows()).toEqual([[9, 0]]);
    await expect(new DummyEncoder().fit({ a: ["b"], a_b: [1] })).rejects.toThrow(
      'two output columns would be called "a_b"',
    );
    await expect(new DummyEncoder().fit({ day: [new Date(0)] } as never)).rejects.toThrow('column "day" is Datetime');
  });
});
