import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeBatches, textBatches } from "#src/collections/frame/text-views.js";
import { polars, type PolarsFrame } from "#src/index.js";

const pl = polars();
const bytesOf = (frame: PolarsFrame): Uint8Array => new Uint8Array(frame.writeIPC({ compression: "uncompressed" }));
const decode = (frame: PolarsFrame, name: string): (string | null)[] => {
  const batches = textBatches(bytesOf(frame), [name])?.get(name);
  const { codes, values, firstRows } = codeBatches(batches ?? [], Infinity, undefined);
  expect(new Set(values).size).toBe(values.length);
  firstRows.forEach((row, id) => expect(codes.indexOf(id)).toBe(row));
  return Array.from(codes, (id) => values[id] ?? null);
};

describe("textBatches", () => {
  it("reads any strings as Polars does: empty, long, null, of any alphabet", () => {
    const word = fc.oneof(
      fc.constantFrom("", "abcdefghijkl", "abcdefghijklm", "abcdefghijkln"),
      fc.string({ unit: "binary", maxLength: 30 }),
    );
    fc.assert(
      fc.property(fc.array(fc.option(word, { freq: 5 }), { minLength: 1, maxLength: 80 }), (words) => {
        const frame = pl.DataFrame([pl.Series("x", words, pl.String)]);
        expect(decode(frame, "x")).toEqual(frame.getColumn("x").toArray());
      }),
      { numRuns: 200 },
    );
  });

  it("finds text beside columns of other types, in slices, and in frames of several chunks", () => {
    const rows = 300;
    const frame = pl.DataFrame([
      pl.Series(
        "n",
        Array.from({ length: rows }, (_, i) => (i % 7 === 0 ? null : i)),
        pl.Float64,
      ),
      pl.Series(
        "a",
        Array.from({ length: rows }, (_, i) => `word ${i % 11}`),
        pl.String,
      ),
      pl.Series(
        "b",
        Array.from({ length: rows }, (_, i) => i % 3 === 0),
        pl.Bool,
      ),
      pl.Series(
        "d",
        Array.from({ length: rows }, (_, i) => new Date(i * 1e9)),
        pl.Datetime("ms"),
      ),
      pl
        .Series(
          "k",
          Array.from({ length: rows }, (_, i) => `k${i % 4}`),
          pl.String,
        )
        .cast(pl.Categorical),
      pl.Series(
        "c",
        Array.from({ length: rows }, (_, i) => (i % 5 === 0 ? null : `a rather long word ${i % 13}`)),
        pl.String,
      ),
    ] as never);
    for (const part of [
      frame,
      frame.slice(37, 101),
      frame.drop("k").slice(0, 50).vstack(frame.drop("k").slice(90, 60)),
      frame.head(0),
    ]) {
      for (const name of ["a", "c"]) expect(decode(part, name)).toEqual(part.getColumn(name).toArray());
    }
  });

  it("leaves to Polars what it does not read", () => {
    const text = pl.Series("x", ["a", "b"], pl.String);
    expect(textBatches(bytesOf(pl.DataFrame([text])), ["y"])).toBeUndefined();
    expect(textBatches(bytesOf(pl.DataFrame([text.cast(pl.Categorical)])), ["x"])).toBeUndefined();
    expect(textBatches(bytesOf(pl.DataFrame([text, pl.Series("l", [[1], [2]])] as never)), ["x"])).toBeUndefined();
    const packed = pl
      .DataFrame([
        pl.Series(
          "x",
          Array.from({ length: 500 }, () => "abc"),
          pl.String,
        ),
      ])
      .writeIPC({ compression: "lz4" });
    expect(textBatches(new Uint8Array(packed), ["x"])).toBeUndefined();
    expect(textBatches(new Uint8Array(20), ["x"])).toBeUndefined();
  });

  it("stops at the limit", () => {
    const batches =
      textBatches(bytesOf(pl.DataFrame([pl.Series("x", ["a", "b", "a", "c"], pl.String)])), ["x"])?.get("x") ?? [];
    expect(codeBatches(batches, 3, undefined).values).toEqual(["a", "b", "c"]);
    expect(() =>
      codeBatches(batches, 2, () => {
        throw new Error("too many");
      }),
    ).toThrow("too many");
  });
});
