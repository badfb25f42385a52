import type { ArrayPartition } from "../collections/array/tasks.js";
import type { Polars, PolarsFrame } from "../collections/frame/polars.js";
import type { FnRef } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";

/** Every number twice as large: exact in f32 and f64. */
export function doubled({ columns }: ArrayPartition): ArrayLike<number>[] {
  return columns.map((column) => Float64Array.from(column as Float64Array, (value) => value * 2));
}

/** The inverse of {@link doubled}. */
export function halved({ columns }: ArrayPartition): ArrayLike<number>[] {
  return columns.map((column) => Float64Array.from(column as Float64Array, (value) => value / 2));
}

/** {@link doubled} by name. */
export const DOUBLED: FnRef = fnRef(import.meta.url, "doubled");
/** {@link halved} by name. */
export const HALVED: FnRef = fnRef(import.meta.url, "halved");

/** {@link doubled} for a partition of an array or of a frame. */
export function doubledBlock(
  part: ArrayPartition | PolarsFrame,
  { pl }: { readonly pl?: Polars },
): ArrayLike<number>[] | PolarsFrame {
  return pl ? (part as PolarsFrame).select(pl.all().mul(2)) : doubled(part as ArrayPartition);
}

/** {@link doubledBlock} by name. */
export const DOUBLED_BLOCK: FnRef = fnRef(import.meta.url, "doubledBlock");
