import { createHash } from "node:crypto";
import { DataError } from "../base/errors.js";
import type { PlainRecord } from "../base/plain.js";
import { padded, splitTree } from "./plain-tree.js";

/** Version of the file's layout; the JSON form of estimators has its own. */
export const FILE_VERSION = 1;

/** What a file starts with. */
export const MAGIC = "PARTWISE";
/** Bytes before the header. */
export const PREFIX = 32;
/** Bytes of the checksum at the end. */
export const HASH = 32;
/** Most bytes of a header: names, categories and vocabularies are in it; this is far beyond what they need. */
export const MAX_HEADER = 2 ** 28;

/**
 * Plain data as one file:
 *
 * | bytes | what |
 * |---|---|
 * | 8 | `PARTWISE` |
 * | 4 + 4 | layout version, 0 |
 * | 8 + 8 | bytes of the header (padded to 8), bytes of the arrays; little endian, as everything |
 * | ... | the header: JSON, in which `{ "$array": [type, offset, length] }` stands for a typed array |
 * | ... | the typed arrays, each at a multiple of 8 |
 * | 32 | SHA-256 of all before |
 */
export function encodeContainer(content: PlainRecord): Uint8Array {
  const { json, arrays, bytes } = splitTree(content);
  const text = Buffer.from(JSON.stringify(json), "utf8");
  const header = padded(text.byteLength);
  if (header > MAX_HEADER)
    throw new DataError(
      `saveModel: the model's names and categories take ${header} bytes; a file holds ${MAX_HEADER}. Limit the categories.`,
    );
  const file = new Uint8Array(PREFIX + header + bytes + HASH);
  const view = new DataView(file.buffer);
  file.set(Buffer.from(MAGIC, "latin1"), 0);
  view.setUint32(8, FILE_VERSION, true);
  view.setBigUint64(16, BigInt(header), true);
  view.setBigUint64(24, BigInt(bytes), true);
  file.set(text, PREFIX);
  // JSON allows blanks at the end, and a viewer shows them better than zeros.
  file.fill(0x20, PREFIX + text.byteLength, PREFIX + header);
  let at = PREFIX + header;
  for (const array of arrays) {
    file.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += padded(array.byteLength);
  }
  file.set(createHash("sha256").update(file.subarray(0, at)).digest(), at);
  return file;
}
