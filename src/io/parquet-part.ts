import { polars, type PolarsLazyFrame } from "../collections/frame/polars.js";

/** Rows [offset, offset + rows) of a Parquet file. */
export interface ParquetPart {
  readonly format: "parquet";
  readonly path: string;
  readonly offset: number;
  readonly rows: number;
  /** True when the part is the whole file: predicates then reach the scan (Polars does not push them through a slice). */
  readonly whole: boolean;
  readonly columns: readonly string[] | null;
}

/** Opens a part lazily: Polars pushes the projection and the slice into the scan and skips other row groups. */
export function openParquet(part: ParquetPart): PolarsLazyFrame {
  const pl = polars();
  let frame: PolarsLazyFrame = pl.scanParquet(part.path, { glob: false });
  if (!part.whole) frame = frame.slice(part.offset, part.rows);
  if (part.columns) frame = frame.select(part.columns.map((name) => pl.col(name)));
  return frame;
}
