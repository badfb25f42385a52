import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, expectTypeOf, it } from "vitest";
import { DistributedArray, DistributedDataFrame, polars, readCsv, type AnySchema } from "#src/index.js";

const pl = polars();
const frame = DistributedDataFrame.fromColumns({ fare: [1, 2, 3], city: ["a", "b", "c"], open: [true, false, true] });

// Each @ts-expect-error is a test of the compiler: where there is no error, `npm run typecheck:test` fails.
describe("a frame whose columns the compiler knows", () => {
  it("refuses a column that it does not have, when it compiles and when it runs", () => {
    // @ts-expect-error there is no column "fair"
    expect(() => frame.select("city", "fair")).toThrow('there is no column "fair"; did you mean "fare"?');
    // @ts-expect-error there is no column "town"
    expect(() => frame.column("town")).toThrow('there is no column "town". The columns are "fare", "city", "open".');
    // @ts-expect-error there is no column "fair"
    expect(() => frame.drop("fair")).toThrow('did you mean "fare"?');
    // @ts-expect-error there is no column "fair"
    expect(() => frame.rename({ fair: "price" })).toThrow('did you mean "fare"?');
    // @ts-expect-error there is no column "fair"
    expect(() => frame.cast({ fair: "Float32" })).toThrow('did you mean "fare"?');
    // @ts-expect-error there is no column "fair"
    expect(() => frame.toArray(["fair"])).toThrow('did you mean "fare"?');
    // @ts-expect-error there is no column "fair"
    expect(() => frame.dropNulls("fair")).toThrow('did you mean "fare"?');
    // @ts-expect-error there is no column "fair"
    expect(() => frame.fillNull({ fair: 0 })).toThrow('did you mean "fare"?');
    // @ts-expect-error there is no column "fair"
    expect(() => frame.col("fair")).toThrow('did you mean "fare"?');
    // @ts-expect-error there is no column "fair"
    expect(() => frame.valueCounts("fair")).toThrow('did you mean "fare"?');
  });

  it("knows what verbs leave", () => {
    expectTypeOf(frame).toEqualTypeOf<DistributedDataFrame<{ fare: number; city: string; open: boolean }>>();
    expectTypeOf(frame.select("fare", "city")).toEqualTypeOf<DistributedDataFrame<{ fare: number; city: string }>>();
    expectTypeOf(frame.drop("open").columns).toEqualTypeOf<("fare" | "city")[]>();
    const renamed = frame.rename({ fare: "price" });
    expectTypeOf(renamed.columns).toEqualTypeOf<("price" | "city" | "open")[]>();
    // @ts-expect-error it was renamed
    expect(() => renamed.column("fare")).toThrow('there is no column "fare"');
    const wider = frame
      .filter(pl.col("fare").gt(1))
      .head(2)
      .withColumns({ double: frame.col("fare").mul(2) });
    expect(wider.select("double", "city").columns).toEqual(["double", "city"]);
    // @ts-expect-error there is no column "triple"
    expect(() => wider.select("triple")).toThrow('there is no column "triple"');
    expectTypeOf(frame.cast({ fare: "Float32" }).columns).toEqualTypeOf<("fare" | "city" | "open")[]>();
    const rows = DistributedDataFrame.fromRows([{ a: 1, b: "x" }]);
    // @ts-expect-error there is no column "c"
    expect(() => rows.select("c")).toThrow('there is no column "c"');
  });

  it("computes what the named form of withColumns says, and replaces columns", async () => {
    const found = frame.withColumns({ fare: frame.col("fare").mul(2), sum: frame.col("fare").add(1) });
    expect((await found.select("fare", "sum").compute()).rows()).toEqual([
      [2, 2],
      [4, 3],
      [6, 4],
    ]);
    expect(() => frame.withColumns({ x: 3 } as never)).toThrow("expected a column name or a Polars expression; got 3");
  });

  it("is declared where it comes from a file", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "partwise-types-")), "a.csv");
    writeFileSync(path, "fare,city\n1,a\n2,b\n");
    const typed = await readCsv<{ fare: number; city: string }>(path);
    // @ts-expect-error there is no column "fair"
    expect(() => typed.column("fair")).toThrow('did you mean "fare"?');
    expect(await typed.countRows()).toEqual([2]);
  });
});

describe("a frame whose columns the compiler does not know", () => {
  const unknown: DistributedDataFrame = frame;

  it("takes any name, and says which are there when it is called", async () => {
    expectTypeOf(unknown).toEqualTypeOf<DistributedDataFrame<AnySchema>>();
    expect(() => unknown.select("fair")).toThrow('there is no column "fair"; did you mean "fare"?');
    expect(() => unknown.column("citty")).toThrow('did you mean "city"?');
    const names: string[] = ["fare", "city"];
    expect(unknown.select(...names).columns).toEqual(names);
    // What was selected is known.
    // @ts-expect-error only fare is left
    expect(() => unknown.select("fare").column("city")).toThrow('there is no column "city"');
    // Expressions do not tell their names: unknown again.
    expect(frame.select("city", pl.col("fare").alias("price")).column("price").name).toBe("price");
    expect(frame.withColumns(pl.col("fare").alias("price")).column("price").name).toBe("price");
  });

  it("passes where any frame is taken", async () => {
    const take = (any: DistributedDataFrame): readonly string[] => any.columns;
    expect(take(frame)).toEqual(["fare", "city", "open"]);
    expect(() => frame.toArray(["fare"]).column("fair")).toThrow('there is no column "fair" (did you mean "fare"?)');
    expect(() => DistributedArray.fromColumns({ a: [1] }).columns(["a", "b"])).toThrow('there is no column "b"');
  });
});
