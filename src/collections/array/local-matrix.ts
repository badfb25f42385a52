import type { DType, DTypeArrays } from "../../memory/dtype.js";
import type { HostColumn } from "../../memory/host-column.js";

/** A computed array: its columns as typed arrays in this process. */
export class LocalMatrix<D extends DType = DType> {
  /** @param columns one typed array a column, all of one length */
  constructor(
    readonly columns: readonly DTypeArrays[D][],
    readonly rows: number,
    readonly innerShape: readonly number[] = [columns.length],
    readonly names?: readonly string[],
  ) {}

  /** Rows and inner shape. */
  get shape(): number[] {
    return [this.rows, ...this.innerShape];
  }

  /** Value at a row and (flat) column. */
  at(row: number, column = 0): number {
    return Number(this.columns[column]?.[row]);
  }

  /** One array a row. */
  toRows(): number[][] {
    return Array.from({ length: this.rows }, (_, i) => this.columns.map((column) => Number(column[i])));
  }

  /** The values of a one-dimensional array. */
  toVector(): DTypeArrays[D] {
    return this.columns[0] as DTypeArrays[D];
  }

  /** Row-major copy in one typed array of doubles. */
  toFlat(): Float64Array {
    const width = this.columns.length;
    const flat = new Float64Array(this.rows * width);
    this.columns.forEach((column, j) => {
      for (let i = 0; i < this.rows; i++) flat[i * width + j] = Number(column[i]);
    });
    return flat;
  }
}

/** Partitions of one column as one typed array; a single one is returned as it is. */
export function joinColumns(parts: readonly HostColumn[], dtype: DType, rows: number): DTypeArrays[DType] {
  const [only] = parts;
  if (parts.length === 1 && only) return only.data;
  const sample =
    (parts.find((part) => part.data.length > 0) ?? only)?.data ??
    (dtype === "f32" ? new Float32Array() : new Float64Array());
  const Typed = sample.constructor as new (n: number) => Float64Array;
  const out = new Typed(rows);
  let at = 0;
  for (const part of parts) {
    out.set(part.data as Float64Array, at);
    at += part.data.length;
  }
  return out as DTypeArrays[DType];
}
