/** What parts are written as. */
export const SCORE_FORMATS = ["parquet", "csv", "ndjson", "ipc"] as const;

/** What a part is written as. */
export type ScoreFormat = (typeof SCORE_FORMATS)[number];

/** How the names of parts end. */
export const EXTENSIONS: Readonly<Record<ScoreFormat, string>> = {
  parquet: ".parquet",
  csv: ".csv",
  ndjson: ".ndjson",
  ipc: ".arrow",
};

/** How Parquet parts are compressed: zstd makes the smallest files, the others take about half its time. */
export const SCORE_COMPRESSIONS = ["zstd", "snappy", "lz4", "uncompressed"] as const;

/** How Parquet parts are compressed, see {@link SCORE_COMPRESSIONS}. */
export type ScoreCompression = (typeof SCORE_COMPRESSIONS)[number];
