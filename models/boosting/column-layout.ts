import type { BinMeaning } from "../../src/numeric/trees/tree-ensemble.js";
import type { ColumnBundle } from "../../src/numeric/trees/bundles.js";
import type { SplitSettings } from "./split-params.js";

/** Most thresholds of a column of bytes: bins 0 to 254, and 255 for missing values. */
export const BYTE_THRESHOLDS = 254;

/**
 * How columns of X become columns of bytes. A column of more bins than a byte tells apart becomes several: each has a stretch of
 * its thresholds, and what lies below or above is in the first or last bin. A threshold is in one of them, so that the best
 * split of all of them is the best split of the column, found in the same order: nothing else has to know.
 */
export interface ColumnLayout {
  /** Thresholds of each column of bytes. */
  readonly thresholds: readonly Float64Array[];
  /** The column of X that each is of; undefined where they are the columns of X. */
  readonly sources: Int32Array | undefined;
  /** Of columns of bytes that several columns of X share: how they do; `sources` has the first of them. */
  readonly bundles?: readonly (ColumnBundle | null)[];
}

/** The layout of columns with these thresholds. */
export function layoutOf(thresholds: readonly Float64Array[]): ColumnLayout {
  if (thresholds.every((own) => own.length <= BYTE_THRESHOLDS)) return { thresholds, sources: undefined };
  const pieces = thresholds.flatMap((own, source) =>
    Array.from({ length: Math.max(1, Math.ceil(own.length / BYTE_THRESHOLDS)) }, (_, k) => ({
      source,
      own: own.slice(k * BYTE_THRESHOLDS, (k + 1) * BYTE_THRESHOLDS),
    })),
  );
  return {
    thresholds: pieces.map(({ own }) => own),
    sources: Int32Array.from(pieces, ({ source }) => source),
  };
}

/** Something that each column of X has, for each column of bytes. */
export function spreadOver<T>({ sources }: ColumnLayout, list: readonly T[]): readonly T[] {
  return sources ? Array.from(sources, (source) => list[source] as T) : list;
}

/** Rules of columns of X as rules of columns of bytes. */
export function settingsOver(layout: ColumnLayout, splits: SplitSettings): SplitSettings {
  const { sources, bundles } = layout;
  if (!sources) return splits;
  const { monotonic, categorical, columns } = splits;
  return {
    ...splits,
    ...(bundles ? { bundles } : {}),
    ...(monotonic ? { monotonic: Int8Array.from(sources, (source) => monotonic[source] as number) } : {}),
    ...(categorical ? { categorical: Uint8Array.from(sources, (source) => categorical[source] as number) } : {}),
    ...(columns ? { columns: { ...columns, sources } } : {}),
  };
}

/** What bins mean, by columns of bytes. @param own thresholds of the columns of X */
export function meaningOver(
  layout: ColumnLayout,
  own: readonly Float64Array[],
  categories: NonNullable<BinMeaning["categories"]>,
): BinMeaning {
  const { thresholds, sources, bundles } = layout;
  if (sources && bundles) return { thresholds: own, sources, bundles };
  return { thresholds, categories: spreadOver(layout, categories), ...(sources ? { sources } : {}) };
}
