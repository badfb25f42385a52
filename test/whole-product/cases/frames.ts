import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pl from "nodejs-polars";
import { tableFromArrays } from "apache-arrow";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { DistributedSeries } from "#src/collections/frame/distributed-series.js";
import { settled, use, type WorkTable } from "../work.js";
import { array, frame } from "./data.js";

use.watch(DistributedDataFrame);
use.watch(DistributedSeries);

const USER = new URL("../fixtures/user-functions.mjs", import.meta.url).href;

/** Verbs of frames and series. */
export const frameWork: WorkTable = {
  "select, filter, withColumns and col": () =>
    frame()
      .filter(frame().col("id").gt(20))
      .withColumns({ twice: pl.col("value").mul(2), month: pl.col("when").date.month() })
      .select("id", "twice", "month", pl.col("group").eq(pl.lit("red")).alias("red")),
  "drop, rename and cast": () =>
    frame()
      .drop("when")
      .rename({ value: "v" })
      .cast({ id: "Float32" } as never),
  "fillNull and dropNulls": () => [frame().fillNull({ value: -1 }), frame().dropNulls("value"), frame().dropNulls()],
  "head, tail and sample, with row counts known and not": () =>
    [frame(), frame().filter(pl.col("id").modulo(3).eq(0))].flatMap((one) => [
      one.head(7),
      one.tail(7),
      one.sample(0.3, { randomState: 5 }),
    ]),
  "concat, repartition and persist": async () => {
    using kept = await frame().concat(frame()).repartition(3).persist();
    return await settled([await kept.countRows(), await kept.filter(pl.col("flag")).countRows(), kept]);
  },
  "describe and valueCounts": async () => [
    await frame().describe(),
    await frame().valueCounts("group"),
    await frame().valueCounts("flag"),
  ],
  "series: classes, encode, unique, valueCounts, min, max, mean": async () => {
    const [value, group] = [frame().column("value"), frame().column("group")];
    return [
      await group.classes(),
      group.encode(["blue", "green", "red"]),
      await group.unique(),
      await group.valueCounts(),
      await value.min(),
      await value.max(),
      await value.mean(),
      value,
      value.toArray({ dtype: "f32" }),
    ];
  },
  "toArray, withArrays, fromArray and withPlan": () => {
    const numbers = frame().fillNull({ value: 0 }).select("id", "value", "when", "flag");
    return [
      numbers.toArray(),
      frame().withArrays({ scaled: numbers.toArray(["value"]).div(100) }),
      DistributedDataFrame.fromArray(array()),
      frame().fromArray(array().columns(["a"])),
      frame().withPlan(frame().plan),
    ];
  },
  "fromRows, fromColumns, fromPolars, fromArrow and toArrow": async () => {
    const table = tableFromArrays({ a: Float64Array.of(1, 2, 3), b: Int32Array.of(4, 5, 6) });
    const arrow = await DistributedDataFrame.fromArrow(table, { partitions: 2 });
    const back = await arrow.toArrow();
    return [
      DistributedDataFrame.fromRows([{ a: 1, t: "x" }, { a: 2 }, { a: null, t: "z" }], { partitions: 2 }),
      DistributedDataFrame.fromPolars(pl.DataFrame({ a: [1, 2, 3], s: ["p", null, "q"] }), { partitions: 2 }),
      arrow.withColumns(pl.col("a").add(1)),
      [...back].map((row) => row.toJSON()),
    ];
  },
  "mapPartitions of a module's function and of an inline one": () => [
    frame().mapPartitions(
      { module: USER, export: "scaled" },
      { args: { by: 3 }, schema: { id: "Float64", scaled: "Float64" } },
    ),
    frame().mapPartitions((part, { partition, pl: polars }) =>
      part.withColumns(polars.lit(partition).cast(polars.Float64).alias("id")),
    ),
  ],
  "explain and visualize, which start nothing": () => {
    const one = frame().filter(pl.col("id").gt(3)).select("id");
    const folder = mkdtempSync(join(tmpdir(), "partwise-plan-"));
    try {
      return [one.explain().length > 20, one.visualize(join(folder, "plan.svg")).startsWith("<svg")];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  "release of a frame that holds nothing": () => frame().release(),
};
