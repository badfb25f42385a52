import { DataError, show } from "../../base/errors.js";
import { polars, type PolarsDataType, type PolarsFrame } from "./polars.js";

/** Column names with their types in words: `Int64`, `Float64`, `String`, `Datetime(us)`, `List(Int64)`. */
export type FrameSchema = Readonly<Record<string, string>>;

/** A column type as users may write it: a Polars type or its name. */
export type DTypeLike = PolarsDataType | string;

const SIMPLE = new Set([
  "Int8",
  "Int16",
  "Int32",
  "Int64",
  "UInt8",
  "UInt16",
  "UInt32",
  "UInt64",
  "Float32",
  "Float64",
  "Bool",
  "String",
  "Utf8",
  "Date",
  "Time",
  "Categorical",
  "Null",
]);
const WRAPPER = "DataType(";
const NUMERIC = /^(U?Int(8|16|32|64)|Float(32|64)|Decimal\(.*\)|Bool|Date|Datetime\(.*\)|Duration\(.*\)|Time)$/;

/** A Polars type in words; {@link dtypeOf} reads it back. */
export function dtypeName(dtype: DTypeLike): string {
  if (typeof dtype === "string") return dtype === "Utf8" ? "String" : dtype;
  // Polars prints DataType(Datetime(us,)) and nests the wrapper for inner types.
  let text = String(dtype);
  for (let at = text.indexOf(WRAPPER); at >= 0; at = text.indexOf(WRAPPER)) {
    const end = closing(text, at + WRAPPER.length);
    text = text.slice(0, at) + text.slice(at + WRAPPER.length, end) + text.slice(end + 1);
  }
  text = text.replace(/,\)/g, ")");
  return text === "Utf8" ? "String" : text;
}

/**
 * The Polars type of a name.
 * @throws DataError for a name that is none
 */
export function dtypeOf(dtype: DTypeLike, owner: string): PolarsDataType {
  if (typeof dtype !== "string") return dtype;
  const pl = polars();
  if (SIMPLE.has(dtype)) return (pl as unknown as Record<string, PolarsDataType>)[dtype] as PolarsDataType;
  const [, name, inner] = /^(\w+)\((.*)\)$/s.exec(dtype) ?? [];
  const parts = splitTop(inner ?? "");
  if (name === "Datetime" && isUnit(parts[0])) return pl.Datetime(parts[0], parts[1] || undefined);
  if (name === "Duration" && isUnit(parts[0])) return pl.Duration(parts[0]);
  if (name === "Decimal") return pl.Decimal(Number(parts[0]), Number(parts[1] ?? 0));
  if (name === "List" && inner) return pl.List(dtypeOf(inner, owner));
  const fields = name === "Struct" ? parts.map((part) => /^Field\("(.*?)", (.*)\)$/s.exec(part)) : [];
  if (fields.length > 0 && fields.every((field) => field !== null)) {
    return pl.Struct(
      Object.fromEntries(fields.map(([, field, type]) => [field as string, dtypeOf(type as string, owner)])),
    );
  }
  throw new DataError(
    `${owner}: ${show(dtype)} is not a column type. Use one of ${[...SIMPLE].join(", ")}, Datetime(us), Duration(ms), List(...), or a Polars type.`,
  );
}

/** Where the parenthesis that is open at `from` closes. */
function closing(text: string, from: number): number {
  let depth = 1;
  let at = from;
  for (; at < text.length; at++) {
    if (text[at] === "(") depth += 1;
    else if (text[at] === ")" && --depth === 0) break;
  }
  return at;
}

/** Splits at the commas outside parentheses. */
function splitTop(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    if (text[at] === "(") at = closing(text, at + 1);
    else if (at === text.length || text[at] === ",") {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return parts;
}

function isUnit(unit: string | undefined): unit is "ms" | "us" | "ns" {
  return unit === "ms" || unit === "us" || unit === "ns";
}

/** The schema of a frame, types in words. */
export function schemaOf(frame: PolarsFrame): FrameSchema {
  // Not `frame.schema`, which makes a Series object of every column: more than a millisecond each.
  const { dtypes } = frame;
  return Object.fromEntries(frame.columns.map((name, j) => [name, dtypeName(dtypes[j] as PolarsDataType)]));
}

/** An empty frame with the given columns. */
export function emptyFrame(schema: Readonly<Record<string, DTypeLike>>, owner: string): PolarsFrame {
  const types = Object.fromEntries(Object.entries(schema).map(([name, dtype]) => [name, dtypeOf(dtype, owner)]));
  // Not the constructor of frames, which makes a Series object of every column: more than a millisecond each.
  return polars().readRecords([], { schema: types });
}

/** True when columns of this type become numbers: numbers, booleans (0, 1), dates and durations (milliseconds). */
export function isNumericDtype(name: string): boolean {
  return NUMERIC.test(name);
}
