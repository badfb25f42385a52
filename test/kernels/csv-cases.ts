import { expect } from "vitest";
import { CSV_SCRATCH_BYTES, type Kernels } from "#src/kernels/kernels.js";
import { expectSame, uniform, type Flavour, type KernelHarness } from "./kernel-harness.js";
import type { TwinCase } from "./matrix-cases.js";

const countByte: TwinCase = (h, n) => {
  for (const value of [0, 10, 255]) {
    h.reset();
    const src = h.u8(uniform(n, 1).map((u, i) => (u > 0.3 ? value : (value + 1 + i) % 256)));
    const count = h.run((k) => k.countByte(src, value, n));
    expect(count.wasm, `n ${n}, byte ${value}`).toBe(count.twin);
  }
};

const odd = [
  "",
  "-",
  ".",
  "-.",
  "NaN",
  "-inf",
  "1e5",
  "-2.5E-3",
  "1e400",
  "1e-400",
  "-0",
  "-0.0",
  "0",
  ".5",
  "5.",
  "-.25",
  "+1",
  " 1",
  "1 ",
  "1.2.3",
  "--1",
  "1-",
  "1e",
  "0x10",
  "000000000000000000000001",
  "123456789012345",
  "1234567890123456",
  "0.1234567890123456",
  "-0.12345678901234567",
  "1234567890.123456789",
  "9007199254740991",
  "9007199254740992",
  "9007199254740993",
  "-9007199254740993",
  "9223372036854775807",
  "18446744073709551616",
  "12345678901234567890123",
  "0.00000000000000000000012345",
  "1e22",
  "1e23",
  "8.41e-21",
  "9.5367431640625e-7",
  "123456789012345678e22",
  "1234567890123456789e-22",
];

/** A field as text. */
function field(i: number, u: number, flavour: Flavour): string {
  if (flavour === "special" && i % 3 === 1) return odd[(i * 7) % odd.length]!;
  const digits = Math.floor((u + 1) * 10);
  return i % 4 === 0 ? String(Math.round(u * 10 ** (digits % 15))) : (u * 10 ** (i % 7)).toFixed(digits);
}

/** The kernel over a text, on all sides: rows, status, hard fields, field table and columns. */
function parse(
  h: KernelHarness,
  text: string,
  fields: readonly { skip?: boolean; integer?: boolean }[],
  capacity: number,
  hardCapacity: number,
  what: string,
): void {
  h.reset();
  const bytes = [...Buffer.from(text, "latin1")];
  const at = h.u8([...bytes, ...Array.from({ length: 16 }, (_, i) => 48 + (i % 10))]);
  const columns = fields.map(({ skip }) => (skip ? 0 : h.room(capacity * 8)));
  const table = h.u32(fields.flatMap(({ integer }, j) => [columns[j]!, integer ? 1 : 0, j]));
  h.allowWrites(table, fields.length * 12);
  const hard = h.room(hardCapacity * 16);
  const status = h.room(8);
  const scratch = h.room(CSV_SCRATCH_BYTES);
  const rows = h.run((k) =>
    k.csvNumbers(at, bytes.length, 44, 34, table, fields.length, capacity, hard, hardCapacity, scratch, status),
  );
  expect(rows.wasm, `rows, ${what}`).toBe(rows.twin);
  const state = h.bytesAt(status, 8);
  expectSame(state, `status, ${what}`);
  expectSame(h.bytesAt(hard, new Uint32Array(state.twin.buffer)[0]! * 16), `hard fields, ${what}`);
  expectSame(h.bytesAt(table, fields.length * 12), `fields, ${what}`);
  columns.forEach((column, j) => {
    if (column !== 0) expectSame(h.f64At(column, rows.wasm), `column ${j}, ${what}`);
  });
}

const csvNumbers: TwinCase = (h, n, flavour) => {
  const layouts = [
    [{}],
    [{ integer: true }],
    [{}, { skip: true }, { integer: true }],
    [{ skip: true }, {}, {}, { skip: true }],
    [{}, {}, { integer: true }, {}, {}, {}, {}],
  ];
  for (const layout of n > 100 ? layouts.slice(2, 4) : layouts) {
    const [values, choice] = [uniform(n * layout.length, 1), uniform(n + 1, 2)];
    const lines = Array.from({ length: n }, (_, i) => {
      const record = layout.map(({ skip }, j) => {
        const k = i * layout.length + j;
        if (skip) return "some text of any length, ends".slice(0, k % 24);
        return field(k, values[k]!, flavour);
      });
      return record.join(",");
    });
    const what = `n ${n}, ${layout.length} fields`;
    const unix = lines.map((line) => `${line}\n`).join("");
    parse(h, unix, layout, n, 2 * n * layout.length, `${what}, \\n`);
    parse(h, lines.map((line) => `${line}\r\n`).join(""), layout, n, 2 * n * layout.length, `${what}, \\r\\n`);
    if (n === 0 || n > 20) continue;
    // Blank lines, too little room, and every reason to stop, at some row.
    const row = Math.floor(((choice[n]! + 1) / 2) * n);
    const spoilt = (line: string): string => [...lines.slice(0, row), line, ...lines.slice(row)].join("\n") + "\n";
    for (const line of ["", "\r", ",,,,,,,,,", "1", '"1",2', '1,"2",3', "1,2,\r3", "\r1", "1\t,2,3,4"])
      parse(h, spoilt(line), layout, n + 1, 2 * (n + 1) * layout.length, `${what}, ${JSON.stringify(line)} at ${row}`);
    parse(h, unix, layout, row, 2 * n * layout.length, `${what}, room for ${row} rows`);
    parse(h, unix, layout, n, 1, `${what}, room for 1 hard field`);
  }
};

/** Cases of the kernels on delimited text. */
export const csvCases: Readonly<Record<keyof Pick<Kernels, "countByte" | "csvNumbers">, TwinCase>> = {
  countByte,
  csvNumbers,
};
