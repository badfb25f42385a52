import type { CountByteKernel, CsvNumbersKernel } from "../csv-text-kernels.js";
import type { MemoryViews } from "./views.js";

const NEWLINE = 10;
const RETURN = 13;
const NUMBER = /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Plain twin of the byte counter. */
export function countByte(views: MemoryViews): CountByteKernel {
  return (src, value, bytes) => views.u8(src, bytes).filter((byte) => byte === value).length;
}

/**
 * Plain twin of the CSV kernel: finds each field's end, then its value by `Number`. Which long numbers are hard is the
 * one thing that it leaves open, since it decides all of them that have 19 digits or less and an exponent of at most 22.
 */
export function csvNumbers(views: MemoryViews): CsvNumbersKernel {
  return (text, length, delimiter, quote, fields, nFields, capacity, hard, hardCapacity, _scratch, status) => {
    const bytes = views.u8(text, length);
    const table = views.u32(fields, nFields * 3);
    const entries = views.u32(hard, hardCapacity * 4);
    const columns = Array.from({ length: nFields }, (_, j) =>
      table[j * 3] === 0 ? undefined : views.f64(table[j * 3]!, capacity),
    );
    let at = 0;
    let row = 0;
    let nHard = 0;

    // The end of the record's last field, or undefined where the kernel stops.
    const record = (start: number): { end: number; hard: number } | undefined => {
      let from = start;
      let count = nHard;
      for (let j = 0; j < nFields; j++) {
        let end = from;
        while (bytes[end] !== delimiter && bytes[end] !== NEWLINE && bytes[end] !== RETURN) end += 1;
        const column = columns[j];
        if (!column) {
          if (bytes.subarray(from, end).includes(quote)) return undefined;
        } else if (end === from) {
          column[row] = NaN;
          table[j * 3 + 2]! += 1;
        } else {
          const value = decided(String.fromCharCode(...bytes.subarray(from, end)), table[j * 3 + 1] !== 0);
          if (value !== undefined) column[row] = value;
          else {
            if (count === hardCapacity) return undefined;
            entries.set([row, j, from, end], count * 4);
            count += 1;
          }
        }
        if (j === nFields - 1) return { end, hard: count };
        if (bytes[end] !== delimiter) return undefined;
        from = end + 1;
      }
      return undefined;
    };

    while (at < length) {
      const blank = lineEnd(bytes, at);
      if (blank > 0) {
        if (nFields === 1) break;
        at += blank;
        continue;
      }
      const done = row < capacity ? record(at) : undefined;
      const ending = done ? lineEnd(bytes, done.end) : 0;
      if (!done || ending === 0) break;
      at = done.end + ending;
      nHard = done.hard;
      row += 1;
    }
    views.u32(status, 2).set([nHard, at]);
    return row;
  };
}

// Bytes of the line end at an offset; 0 where there is none.
function lineEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === NEWLINE) return 1;
  return bytes[at] === RETURN && bytes[at + 1] === NEWLINE ? 2 : 0;
}

// The value of a field that a kernel decides.
function decided(text: string, integer: boolean): number | undefined {
  if (!NUMBER.test(text)) return undefined;
  if (integer) {
    const value = Number(text);
    // Integers have no negative zero.
    return /^-?\d+$/.test(text) && Math.abs(value) < 2 ** 53 ? value + 0 : undefined;
  }
  const [decimal = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = decimal.replace("-", "").split(".");
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits.length > 19) return undefined;
  const scale = Number(exponent) - fraction.length;
  return digits === "" || Math.abs(scale) <= 22 ? Number(text) : undefined;
}
