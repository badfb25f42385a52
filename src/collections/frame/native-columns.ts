import type { PolarsFrame } from "./polars.js";

/**
 * A column of a frame as the native part of Polars holds it: what `frame.getColumn` wraps in an object of two hundred
 * closures, which takes up to a millisecond a column and more than copying the values of a batch does.
 */
export interface NativeColumn {
  readonly dtype: unknown;
  nullCount(): number;
  /** A copy of the values; for columns of numbers without nulls. */
  toTypedArray(): ArrayBufferView;
}

/** The native column of this name. */
export function nativeColumn(frame: PolarsFrame, name: string): NativeColumn {
  const inner = (frame as unknown as { inner(): { column(name: string): NativeColumn } }).inner();
  return inner.column(name);
}
