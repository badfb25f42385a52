/*
 * Types of the kernels on text. A document becomes spans (its tokens, or its characters) in a buffer of its own, spans
 * become grams (runs of spans with their hash), and grams are counted by column or in a table of terms. The conventions
 * of all kernels stand at `Kernels` in kernels.ts.
 *
 * A table of terms is u32[8]: address and number (a power of two) of its slots, address, count and capacity of its
 * entries, address, used bytes and capacity of its bytes, after which 16 more can be read. A slot holds an entry's number plus one, 0 when it is free. An
 * entry has `TERM_BYTES`: u32 hash, offset and length of its bytes, u32 stamp of the last document it was counted in, f64
 * weight of the documents that have it, f64 weighted count of its occurrences.
 */

/** Bytes of an entry of a table of terms. */
export const TERM_BYTES = 32;

/** Words (32 bits) of the head of a table of terms. */
export const TERM_TABLE_WORDS = 8;

/** What `textSpans` cuts a document into. */
export const textAnalyzer = { word: 0, char: 1, charWb: 2 } as const;
/** Code of an analyzer. */
export type TextAnalyzerCode = (typeof textAnalyzer)[keyof typeof textAnalyzer];

/**
 * Cuts a document into spans of `out`, where its bytes are copied; with `lower`, A to Z become a to z.
 *
 * - word: tokens, runs of at least `minLength` letters, digits and underscores of ASCII; tokens that are in the table
 *   `stop` are left out. With `joined` there is one space between a token and the next. One group.
 * - char: characters; whitespace that is not alone becomes one space. One group.
 * - charWb: the words between whitespace, each with a space on both sides, a group each; spans are their characters.
 *
 * Whitespace is 9 to 13 and 28 to 32. With `ascii`, a document that has other bytes than ASCII is left alone; without it
 * characters are UTF-8.
 *
 * @param analyzer in: code of the analyzer
 * @param src in: u8[length]
 * @param length in: bytes
 * @param lower in: 1 for small letters
 * @param minLength in: bytes of a token at least, at least 1; other analyzers ignore it
 * @param stop in: table of terms, or 0; other analyzers ignore it
 * @param joined in: 1 to put tokens side by side; other analyzers ignore it
 * @param ascii in: 1 to stop at a byte above 127
 * @param out out: u8[2 · length + 32]; what no span has is undefined
 * @param spans out: u32[(2 · length + 2) × 2], begin and end of each span in `out`
 * @param groups out: u32[length + 3], the number of groups, and for each the number of its first span; then the number of
 *   spans
 * @returns spans; -1 for a document that is not ASCII and has to be
 */
export type TextSpansKernel = (
  analyzer: TextAnalyzerCode,
  src: number,
  length: number,
  lower: 0 | 1,
  minLength: number,
  stop: number,
  joined: 0 | 1,
  ascii: 0 | 1,
  out: number,
  spans: number,
  groups: number,
) => number;

/**
 * The grams of a document: all runs of `low` to `high` spans within a group, each the bytes from the begin of its first
 * span to the end of its last. The hash is MurmurHash3 (x86, 32 bits, seed 0).
 *
 * @param text in: the buffer of the spans
 * @param spans in: u32[n × 2]
 * @param groups in: as `textSpans` writes them
 * @param low in: spans of a gram at least, at least 1
 * @param high in: spans of a gram at most
 * @param whole in: 1 where a group shorter than `low` is a gram, once
 * @param grams out: u32[count × 3], hash, begin and length of each; see `gramCount` for how many there are at most
 * @returns the count
 */
export type TextGramsKernel = (
  text: number,
  spans: number,
  groups: number,
  low: number,
  high: number,
  whole: number,
  grams: number,
) => number;

/**
 * Columns of grams by their hash h, read as a signed number: `key = 2 · (|h| mod nFeatures) + (1 where h < 0 and signed)`.
 *
 * @param grams in: u32[n × 3]
 * @param n in: grams
 * @param nFeatures in: columns, below 2^31
 * @param signed in: 1 to keep the sign
 * @param keys out: u32[n]
 */
export type HashKeysKernel = (grams: number, n: number, nFeatures: number, signed: number, keys: number) => void;

/**
 * Columns of grams that are in a table of terms: `key = 2 · number`.
 *
 * @param table in: table of terms
 * @param text in: the buffer of the grams; 16 bytes after a gram can be read
 * @param grams in: u32[n × 3]
 * @param n in: grams
 * @param keys out: u32[n]
 * @returns how many of them are there
 */
export type TermKeysKernel = (table: number, text: number, grams: number, n: number, keys: number) => number;

/**
 * Counts the grams of a document in a table of terms, which takes up new ones while it has room: entries, bytes, and
 * half of its slots.
 *
 * @param table in/out: table of terms
 * @param text in: the buffer of the grams; 16 bytes after a gram can be read
 * @param grams in: u32[n × 3]
 * @param from in: the gram to begin with
 * @param n in: grams
 * @param stamp in: number of the document, at least 1, another for each
 * @param weight in: of the document
 * @returns the first gram that is not counted for want of room; n when all are
 */
export type TermCountKernel = (
  table: number,
  text: number,
  grams: number,
  from: number,
  n: number,
  stamp: number,
  weight: number,
) => number;

/**
 * Fills the slots of a table of terms, and the hashes of its entries, from the entries' bytes.
 *
 * @param table in/out: table of terms, with more slots than entries
 */
export type TermSlotsKernel = (table: number) => void;

/**
 * The entries of a table of terms in ascending order of their bytes.
 *
 * @param table in: table of terms
 * @param order out: u32[count], numbers of entries
 * @param scratch scratch: u32[count]
 */
export type TermOrderKernel = (table: number, order: number, scratch: number) => void;

/**
 * Counts keys by column: ascending columns, and for each the number of its even keys less that of its odd ones.
 *
 * @param keys in/out: u32[n]; sorted afterwards
 * @param n in: keys
 * @param scratch scratch: u32[n]
 * @param indices out: i32[n], columns
 * @param values out: f64[n], counts
 * @returns columns
 */
export type KeyCountsKernel = (keys: number, n: number, scratch: number, indices: number, values: number) => number;
