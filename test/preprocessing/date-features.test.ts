import { describe, expect, it } from "vitest";
import { DateFeatures } from "#preprocessing/index.js";
import { DistributedArray, DistributedDataFrame, polars } from "#src/index.js";

const PARTS = ["year", "quarter", "month", "day", "dayOfYear", "weekday", "hour", "minute", "second"] as const;
// From 1580 to 2420 in steps of some 61 days, with times before 1970, leap days and ends of years.
const times = Array.from({ length: 5000 }, (_, i) => Date.UTC(1580, 0, 1) + i * 5_309_287_123);
const special = ["2000-02-29", "1900-03-01", "2024-12-31", "2023-12-31", "1969-12-31", "2100-02-28"].map((day) =>
  Date.parse(`${day}T23:59:59Z`),
);

describe("DateFeatures", () => {
  it("agrees with JavaScript's UTC calendar", async () => {
    const all = [...times, ...special];
    const result = await (await new DateFeatures({ features: PARTS }).fit({ t: all })).transform({ t: all });
    const rows = result.toRows();
    all.forEach((time, i) => {
      const date = new Date(time);
      const year = date.getUTCFullYear();
      const start = Date.UTC(year, 0, 1);
      const month = date.getUTCMonth() + 1;
      const byHand = [
        year,
        Math.ceil(month / 3),
        month,
        date.getUTCDate(),
        Math.floor((time - start) / 86_400_000) + 1,
        date.getUTCDay() || 7,
      ];
      expect(rows[i]).toEqual([...byHand, date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]);
    });
  });

  it("agrees with Polars on a frame of dates and times, null becoming NaN", async () => {
    const pl = polars();
    const frame = DistributedDataFrame.fromColumns(
      { when: [...special.map((time) => new Date(time)), null] },
      { partitions: 2 },
    );
    const parts = await new DateFeatures({ features: ["year", "month", "day", "weekday", "hour"] }).fit(frame);
    expect(parts.getFeatureNamesOut()).toEqual(["when_year", "when_month", "when_day", "when_weekday", "when_hour"]);
    const found = await parts.transform(frame).compute();
    const when = pl.col("when").date;
    const oracle = (await frame.compute()).select(
      when.year().alias("y"),
      when.month().alias("m"),
      when.day().alias("d"),
      when.weekday().alias("w"),
      when.hour().alias("h"),
    );
    expect(found.rows().slice(0, -1)).toEqual(oracle.rows().slice(0, -1));
    expect(found.rows().at(-1)).toEqual([NaN, NaN, NaN, NaN, NaN]);
  });

  it("turns parts that come round again into points of a circle", async () => {
    const parts = await new DateFeatures({ features: ["year", "hour", "month"], cyclic: true }).fit([[0]]);
    expect(parts.getFeatureNamesOut()).toEqual([
      "x0_year",
      "x0_hour_sin",
      "x0_hour_cos",
      "x0_month_sin",
      "x0_month_cos",
    ]);
    const [row = []] = (await parts.transform([[Date.UTC(2020, 3, 1, 6)]])).toRows();
    [2020, 1, 0, 1, 0].forEach((value, j) => expect(row[j]).toBeCloseTo(value, 12));
  });

  it("refuses text and infinities", async () => {
    await expect(new DateFeatures().fit(DistributedDataFrame.fromColumns({ t: ["2020"] }))).rejects.toThrow(
      'column "t" is String, not numeric',
    );
    await expect(new DateFeatures().fit(DistributedArray.fromRows([[0], [Infinity]]))).rejects.toThrow(
      "X has Infinity in column 0, partition 0, row 1",
    );
  });
});
