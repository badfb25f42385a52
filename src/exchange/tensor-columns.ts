import { DataError, show } from "../base/errors.js";
import { dtypeName, isNumericDtype } from "../collections/frame/frame-types.js";
import { polars, type PolarsFrame } from "../collections/frame/polars.js";
import { labelsOf, numbersOf } from "../collections/frame/to-array-task.js";
import type { OnnxInput, TensorType } from "./onnx/onnx-file.js";
import type { OrtTensor } from "./onnx/onnx-runtime.js";

/** An input with the columns that fill it; undefined for all columns of the batch. */
export interface BoundInput extends OnnxInput {
  readonly columns: readonly string[] | undefined;
}

/** An output with the columns that it becomes. */
export interface BoundOutput {
  readonly output: string;
  readonly names: readonly string[];
  readonly type: TensorType;
}

/** What tensors are made of. */
type TensorData =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array
  | string[];

const INTEGERS = {
  int64: { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER },
  int32: { from: -(2 ** 31), to: 2 ** 31 - 1 },
  int16: { from: -(2 ** 15), to: 2 ** 15 - 1 },
  int8: { from: -128, to: 127 },
  uint8: { from: 0, to: 255 },
  bool: { from: 0, to: 1 },
} as const;

/**
 * The columns of a batch as the data of one input, row by row.
 *
 * @param from first row, @param rows how many, @param height rows of the tensor: those beyond `rows` repeat the last one
 * @throws DataError naming a column that does not fit: its type, a missing text, a number that is no integer of the type
 */
export function tensorData(owner: string, input: BoundInput, frame: PolarsFrame): TensorData {
  const columns = input.columns ?? frame.columns;
  const width = inputWidth(input);
  if (width !== undefined && width !== columns.length)
    throw new DataError(
      `${owner}: the input ${show(input.name)} takes ${width} columns; there are ${columns.length}: ${columns.join(", ")}. Name the right ones in \`columns\`.`,
    );
  return input.type === "string" ? textData(owner, columns, frame) : numberData(owner, input.type, columns, frame);
}

/** Columns that an input takes; undefined where the file leaves it open. */
export function inputWidth({ shape }: OnnxInput): number | undefined {
  const rest = shape.slice(1);
  return rest.some((size) => size < 0) ? undefined : rest.reduce((product, size) => product * size, 1);
}

function textData(owner: string, columns: readonly string[], frame: PolarsFrame): string[] {
  const data = Array.from<string>({ length: frame.height * columns.length });
  columns.forEach((name, j) => {
    const type = dtypeName(frame.getColumn(name).dtype);
    if (type !== "String" && type !== "Categorical")
      throw new DataError(`${owner}: column ${show(name)} is ${type}; the model takes text. Cast it to String.`, {
        details: { column: name },
      });
    labelsOf(frame, name).forEach((value, row) => {
      if (typeof value !== "string") throw badValue(owner, name, row, value, "text");
      data[row * columns.length + j] = value;
    });
  });
  return data;
}

function numberData(
  owner: string,
  type: Exclude<TensorType, "string">,
  columns: readonly string[],
  frame: PolarsFrame,
): TensorData {
  const rows = frame.height;
  const width = columns.length;
  const parts = columns.map((name) => {
    const dtype = dtypeName(frame.getColumn(name).dtype);
    if (!isNumericDtype(dtype))
      throw new DataError(
        `${owner}: column ${show(name)} is ${dtype}; the model takes ${type}. Encode it, or leave it out.`,
        { details: { column: name } },
      );
    // Doubles are rounded while they are turned into rows; a cast before would be a copy more.
    return rows === 0 ? new Float64Array() : numbersOf(frame, name, dtype === "Float32" ? "f32" : "f64");
  });
  if (type === "float32") return byRows(parts, rows, new Float32Array(rows * width));
  if (type === "float64") return byRows(parts, rows, new Float64Array(rows * width));
  const { from, to } = INTEGERS[type];
  parts.forEach((values, j) => {
    for (let row = 0; row < rows; row++) {
      const value = values[row] as number;
      if (!(Number.isInteger(value) && value >= from && value <= to))
        throw badValue(owner, columns[j] as string, row, value, type);
    }
  });
  switch (type) {
    case "int64":
      return wideIntegers(parts, rows);
    case "int32":
      return byRows(parts, rows, new Int32Array(rows * width));
    case "int16":
      return byRows(parts, rows, new Int16Array(rows * width));
    case "int8":
      return byRows(parts, rows, new Int8Array(rows * width));
    default:
      return byRows(parts, rows, new Uint8Array(rows * width));
  }
}

function badValue(owner: string, column: string, row: number, value: unknown, type: string): DataError {
  return new DataError(
    `${owner}: column ${show(column)}, row ${row}: ${show(value)} is no ${type}, which the model takes. Fill or drop such rows.`,
    { details: { column, row } },
  );
}

// So many rows of all columns stay in the cache while they are turned.
const TILE = 1024;

/** Columns row by row. */
export function byRows<T extends Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint8Array>(
  columns: readonly ArrayLike<number>[],
  rows: number,
  out: T,
): T {
  const width = columns.length;
  for (let start = 0; start < rows; start += TILE) {
    const end = Math.min(rows, start + TILE);
    for (let j = 0; j < width; j++) {
      const column = columns[j] as Float64Array;
      for (let i = start, at = start * width + j; i < end; i++, at += width) out[at] = column[i] as number;
    }
  }
  return out;
}

/** As {@link byRows} for 64-bit integers, by halves: numbers become bigints fifty times slower. */
function wideIntegers(columns: readonly ArrayLike<number>[], rows: number): BigInt64Array {
  const width = columns.length;
  const out = new BigInt64Array(rows * width);
  const halves = new Int32Array(out.buffer);
  columns.forEach((column, j) => {
    for (let i = 0, at = 2 * j; i < rows; i++, at += 2 * width) {
      const value = column[i] as number;
      halves[at] = value;
      halves[at + 1] = Math.floor(value / 2 ** 32);
    }
  });
  return out;
}

/** Polars types of the columns that tensors become. */
export const COLUMN_TYPES: Readonly<Record<TensorType, string>> = {
  float32: "Float32",
  float64: "Float64",
  int64: "Int64",
  int32: "Int32",
  int16: "Int16",
  int8: "Int8",
  uint8: "UInt8",
  bool: "Bool",
  string: "String",
};

/**
 * The columns of outputs, one row for each row of the batch.
 * @throws DataError for an output with another number of rows or columns than it had when the model was opened
 */
export function outputFrame(
  owner: string,
  outputs: readonly BoundOutput[],
  tensors: Readonly<Record<string, OrtTensor>>,
  rows: number,
): PolarsFrame {
  const pl = polars();
  return pl.DataFrame(
    outputs.flatMap(({ output, names, type }) => {
      const { data, dims } = tensors[output] as OrtTensor;
      if (data.length !== rows * names.length)
        throw new DataError(
          `${owner}: the output ${show(output)} has shape [${dims.join(", ")}] for ${rows} rows; expected is one row of ${names.length} for each.`,
        );
      return names.map((name, j) => pl.Series(name, columnOf(data, type, rows, names.length, j), polarsType(type)));
    }),
  );
}

function polarsType(type: TensorType): never {
  return (polars() as unknown as Record<string, unknown>)[COLUMN_TYPES[type]] as never;
}

function columnOf(data: OrtTensor["data"], type: TensorType, rows: number, width: number, j: number): never {
  if (type === "string" || type === "bool") {
    const values = Array.from({ length: rows }, (_, i) => data[i * width + j]);
    return (type === "bool" ? values.map(Boolean) : values) as never;
  }
  if (width === 1) return data as never;
  const Typed = data.constructor as new (length: number) => Float64Array;
  const values = new Typed(rows);
  for (let i = 0, at = j; i < rows; i++, at += width) values[i] = data[at] as number;
  return values as never;
}
