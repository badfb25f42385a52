import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eachRecord, findRagged } from "#src/io/csv-records.js";
import { parseNumbers } from "#src/io/parse-numbers.js";

const parse = (text: string, integer = [false, false]) =>
  parseNumbers(
    Buffer.from(text),
    44,
    integer.map((flag, j) => ({ name: `c${j}`, wanted: true, integer: flag })),
    text.length + 1,
  );

describe("parseNumbers", () => {
  it("gives the double that Number gives, for any decimal", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.double({ noNaN: true, noDefaultInfinity: true }),
            fc.double({ min: -1e6, max: 1e6, noNaN: true }),
          ),
          { minLength: 1 },
        ),
        (rows) => {
          const text = rows.map(([a, b]) => `${a},${b.toFixed(6)}`).join("\n");
          const parsed = parse(text);
          expect(parsed?.rows).toBe(rows.length);
          expect([...(parsed?.columns[0]?.data ?? [])]).toEqual(rows.map(([a]) => Number(String(a))));
          expect([...(parsed?.columns[1]?.data ?? [])]).toEqual(rows.map(([, b]) => Number(b.toFixed(6))));
        },
      ),
    );
  });

  it("reads empty fields as null and carriage returns as part of the line end", () => {
    const parsed = parse("1,\r\n,2\r\n-3.5,4e2\r\n");
    expect(parsed?.rows).toBe(3);
    expect([...(parsed?.columns[0]?.data ?? [])]).toEqual([1, NaN, -3.5]);
    expect([...(parsed?.columns[1]?.nulls ?? [])]).toEqual([1, 0, 0]);
    expect(parsed?.columns[1]?.data[2]).toBe(400);
  });

  it("leaves everything out of the ordinary to the general reader", () => {
    for (const text of [
      '"1",2\n',
      "1,2,3\n",
      "1\n",
      "1,x\n",
      " 1,2\n",
      "1,NaN\n",
      "1,-\n",
      "1,.\n",
      "1,2e\n",
      "+1,2\n",
    ]) {
      expect(parse(text), JSON.stringify(text)).toBeUndefined();
    }
    expect(parse("\n1,2\n\r\n3,4\n\n")?.rows).toBe(2);
    expect(parse("1\n\n2\n", [false])).toBeUndefined();
    expect(parse("1.5,2\n", [true, true])).toBeUndefined();
    expect(parse("9007199254740993,2\n", [true, true])).toBeUndefined();
  });

  it("skips columns that nobody asked for", () => {
    const fields = [
      { name: "s", wanted: false, integer: false },
      { name: "x", wanted: true, integer: false },
    ];
    const parsed = parseNumbers(Buffer.from("some text,1\nmore,2"), 44, fields, 10);
    expect(parsed?.columns.map((column) => [column.name, ...column.data])).toEqual([["x", 1, 2]]);
  });
});

describe("the record scanner", () => {
  it("counts fields and lines across quoted newlines", () => {
    const seen: [number, number][] = [];
    eachRecord(Buffer.from('a,b\n"x\ny",2\n\n3,4,5'), { delimiter: 44, quote: 34 }, ({ line, fields }) => {
      seen.push([line, fields]);
      return true;
    });
    expect(seen).toEqual([
      [0, 2],
      [1, 2],
      [4, 3],
    ]);
    expect(findRagged(Buffer.from("1,2\n3\n"), { delimiter: 44, quote: 34 }, 2)).toEqual({ line: 1, fields: 1 });
  });
});
