import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { TaskContext } from "#src/engine/engine.js";
import { inlineEngine } from "#src/engine/default-engine.js";
import { TaskMemory } from "#src/engine/task-memory.js";
import { csvNumbers, type NumberField } from "#src/io/csv-numbers.js";
import { readCsv, type ReadCsvOptions } from "#src/io/read-csv.js";
import { Memory } from "#src/memory/memory.js";

const dir = mkdtempSync(join(tmpdir(), "partwise-csv-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function context(memory = Memory.create(2 ** 30)): TaskContext & { memory: TaskMemory } {
  return { memory: new TaskMemory(memory.share(), 1), partition: undefined, throwIfAborted: () => undefined };
}

/** Parses a text; columns by name, null where a field is empty. */
function parse(text: string, fields: readonly NumberField[], ctx = context(), delimiter = ",") {
  const bytes = Buffer.from(text, "latin1");
  const syntax = { delimiter: delimiter.charCodeAt(0), quote: 34 };
  const source = { bytes: bytes.length, read: (target: Uint8Array, at: number) => bytes.copy(target, 0, at) };
  const found = csvNumbers(ctx, source, syntax, fields);
  if (!found) return undefined;
  const columns = found.names.map((name, j) => {
    const nulls = found.nulls[j] && ctx.memory.view(found.nulls[j]);
    const values = [...ctx.memory.view(found.values.columns[j]!)];
    return [name, values.map((value, i) => (nulls?.[i] ? null : value))] as const;
  });
  return { rows: found.rows, ...Object.fromEntries(columns) } as Record<string, unknown>;
}

const field = (name: string, options: Partial<NumberField> = {}): NumberField => ({
  name,
  wanted: true,
  integer: false,
  ...options,
});
const [a, b] = [field("a"), field("b")];

describe("numbers of a CSV file", () => {
  it("are the doubles that Number gives, however they are written", () => {
    const ctx = context();
    const doubles = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            doubles.map(String),
            doubles.map((v) => v.toPrecision(17)),
            doubles.map((v) => v.toExponential(18)),
            fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((v) => v.toFixed(6)),
            fc.double({ min: -10, max: 10, noNaN: true }).map((v) => v.toFixed(18)),
            fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
            // Digits near the middle of two doubles.
            fc
              .tuple(fc.bigInt({ min: 2n ** 53n, max: 2n ** 62n }), fc.integer({ min: -22, max: 22 }))
              .map(([m, e]) => `${m}e${e}`),
          ),
          { minLength: 1, maxLength: 50 },
        ),
        (texts) => {
          const parsed = parse(texts.map((text) => `${text},1`).join("\n"), [a, b], ctx);
          expect(parsed?.["a"]).toEqual(texts.map(Number));
          ctx.memory.freeAllBut([]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("are null where a field is empty, and end with carriage returns or without any line end", () => {
    expect(parse("1,\r\n,2\r\n-3.5,4e2", [a, b])).toEqual({ rows: 3, a: [1, null, -3.5], b: [null, 2, 400] });
  });

  it("are read as Polars reads them where they are words or have signs and spaces", () => {
    expect(parse("nan,-inf\n,+Infinity\n  +1,-NaN\n+.5,INF\n", [a, b])).toEqual({
      rows: 4,
      a: [NaN, null, 1, 0.5],
      b: [-Infinity, Infinity, NaN, Infinity],
    });
  });

  it("leave everything out of the ordinary to the general reader, and free what they took", () => {
    const ctx = context();
    const held = ctx.memory.held;
    for (const text of ['"1",2\n', "1,2,3\n", "1\n", "1,x\n", "1 ,2\n", "1,-\n", "1,.\n", "1,2e\n", ",\n,x\n"])
      expect(parse(text, [a, b], ctx), JSON.stringify(text)).toBeUndefined();
    const integers = [field("a", { integer: true }), field("b", { integer: true })];
    for (const text of ["1.5,2\n", "9007199254740992,2\n", "1e3,2\n", "nan,2\n", "+1,2\n"])
      expect(parse(text, integers, ctx), JSON.stringify(text)).toBeUndefined();
    expect(parse("1\n\n2\n", [a], ctx)).toBeUndefined();
    expect(parse("112\n", [a, b], ctx, "1")).toBeUndefined();
    expect(ctx.memory.held).toBe(held);
    expect(parse("-0,9007199254740991\n", integers, ctx)).toEqual({ rows: 1, a: [0], b: [2 ** 53 - 1] });
  });

  it("pass over blank lines, and over columns that nobody asked for", () => {
    expect(parse("\n1,2\n\r\n3,4\n\n", [a, b])).toEqual({ rows: 2, a: [1, 3], b: [2, 4] });
    expect(parse("some text\twith a tab,1\nmore,2", [field("s", { wanted: false }), b])).toEqual({
      rows: 2,
      b: [1, 2],
    });
    expect(parse('"x,y",1\n', [field("s", { wanted: false }), b])).toBeUndefined();
    expect(parse("", [a, b])).toEqual({ rows: 0, a: [], b: [] });
  });

  it("move to the arena that has room for the columns", () => {
    const small = Memory.create(2 * 4 * 2 ** 20, 4 * 2 ** 20);
    const ctx = context(small);
    ctx.memory.allocateIn(0, 2.5 * 2 ** 20);
    const text = "1\n".repeat(100_000);
    const parsed = parse(text, [a], ctx);
    expect(parsed?.["rows"]).toBe(100_000);
    expect(new Set(parsed?.["a"] as number[])).toEqual(new Set([1]));
  });
});

describe("readCsv of numbers", () => {
  const edges = [
    "",
    "-0",
    "1e400",
    "1e-400",
    "+1",
    ".5",
    "5.",
    "inf",
    "-Infinity",
    "NaN",
    " 7",
    "8 ",
    '"9"',
    "x",
    '""',
  ];
  const number = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: -1e6, max: 1e6 }).map(String) },
    { weight: 4, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String) },
    { weight: 1, arbitrary: fc.constantFrom(...edges.slice(0, 10)) },
  );
  const integer = fc.oneof(
    { weight: 20, arbitrary: fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }).map(String) },
    { weight: 1, arbitrary: fc.constantFrom("", "-0", "+1", "9007199254740993", " 4") },
  );
  const record = fc.tuple(number, integer, number).map((values) => values.join(","));
  const spoilt = fc.option(
    fc.constantFrom(...edges.map((edge) => `${edge},1,2`), "1,2,3", "1,2", "1,2,3,4", "", "1,2.5,3", ",,"),
    { nil: undefined },
  );

  /** What a file gives as arrays and as a frame, or how it fails. */
  async function outcome(path: string, options: ReadCsvOptions): Promise<unknown> {
    // Few rows to infer from: the later ones are refused by the tasks, not by the opening of the file.
    const known = { inferRows: 1, schema: { a: "Float64", b: "Int64", c: "Float64" } };
    const engine = inlineEngine();
    try {
      const frame = await readCsv(path, { ...options, ...known });
      const narrow = await readCsv(path, { ...options, ...known, columns: ["c", "a"] });
      return {
        array: (await frame.toArray().compute({ engine })).toRows(),
        floats: (await frame.toArray(["c", "a"], { dtype: "f32" }).compute({ engine })).toRows(),
        frame: (await frame.compute({ engine })).toRecords(),
        narrow: (await narrow.compute({ engine })).toRecords(),
        head: (await frame.head(3).compute({ engine })).toRecords(),
      };
    } catch (error) {
      return (error as Error).message;
    }
  }

  it("is what Polars makes of the same file, errors included", async () => {
    let n = 0;
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 30 }),
        spoilt,
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        fc.boolean(),
        async (records, line, end, ended, packed) => {
          const lines = ["a,b,c", ...records];
          if (line !== undefined) lines.splice(1 + (records.length >> 1), 0, line);
          const text = lines.join(end) + (ended ? end : "");
          const path = join(dir, `${n++}.csv`);
          writeFileSync(path, packed ? gzipSync(text) : text);
          // A text that stands for null takes the general way.
          const found = await outcome(path, {});
          kinds.add(typeof found);
          expect(found).toEqual(await outcome(path, { nullValues: "<none>" }));
          rmSync(path);
        },
      ),
      { numRuns: 40 },
    );
    expect(kinds).toContain("object");
  }, 60_000);

  it.each([
    ["x,2,3", 'line 3: the value "x" of column "a" is no f64'],
    ["1,2", "line 3 has 2 field(s); the file has 3 columns"],
    ["1,2,3,4", "line 3 has 4 field(s); the file has 3 columns"],
    ["1,2.5,3", 'line 3: the value "2.5" of column "b" is no i64'],
  ])("refuses the record %s with file and line", async (line, message) => {
    const path = join(dir, "refused.csv");
    writeFileSync(path, `a,b,c\n1,2,3\n${line}\n4,5,6\n`);
    const found = await outcome(path, {});
    expect(found).toContain(message);
    expect(found).toBe(await outcome(path, { nullValues: "<none>" }));
  });

  it("parses a file once for arrays and frames of the same reader", async () => {
    const path = join(dir, "both.csv");
    writeFileSync(path, "a,b,c\n1,2,3\n4,,6\n");
    const frame = await readCsv(path);
    using held = await frame.persist({ engine: inlineEngine() });
    expect((await held.toArray(["c", "b"]).compute()).toRows()).toEqual([
      [3, 2],
      [6, NaN],
    ]);
    expect((await held.compute()).toRecords()).toEqual([
      { a: 1, b: 2, c: 3 },
      { a: 4, b: null, c: 6 },
    ]);
  });
});
