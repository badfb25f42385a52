import { createHash } from "node:crypto";
import { DataError, show } from "../base/errors.js";
import { isPlainObject, type Plain, type PlainRecord } from "../base/plain.js";
import { joinTree, padded, splitTree } from "./plain-tree.js";

/** Version of the file's layout; the JSON form of estimators has its own. */
export const FILE_VERSION = 1;

const MAGIC = "PARTWISE";
const PREFIX = 32;
const HASH = 32;
// Names, categories and vocabularies are in the header; this is far beyond what they need.
const MAX_HEADER = 2 ** 28;

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

/**
 * The inverse of {@link encodeContainer}. Checks sizes before it reads and the hash before it believes.
 * @param name what to call the file in errors
 * @throws DataError for a file that is foreign, cut short, changed, or of a newer version
 */
export function decodeContainer(file: Uint8Array, name: string): PlainRecord {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.byteLength < 8 || Buffer.from(file.subarray(0, 8)).toString("latin1") !== MAGIC)
    throw new DataError(
      `${name}: it is not a partwise model file (it does not start with ${show(MAGIC)}). Save one with saveModel(model, path).`,
    );
  if (file.byteLength < PREFIX + HASH) throw new DataError(cutShort(name, file.byteLength, PREFIX + HASH));
  const version = view.getUint32(8, true);
  if (version < 1 || version > FILE_VERSION)
    throw new DataError(
      `${name}: the file has layout version ${version}; this partwise reads 1 to ${FILE_VERSION}. Update partwise.`,
    );
  const header = view.getBigUint64(16, true);
  const arrays = view.getBigUint64(24, true);
  const whole = BigInt(PREFIX + HASH) + header + arrays;
  if (whole !== BigInt(file.byteLength)) throw new DataError(cutShort(name, file.byteLength, whole));
  if (header > MAX_HEADER)
    throw new DataError(`${name}: its header of ${header} bytes is too large. The file is damaged.`);
  const end = file.byteLength - HASH;
  const hash = createHash("sha256").update(file.subarray(0, end)).digest();
  if (!hash.equals(file.subarray(end)))
    throw new DataError(
      `${name}: its content does not match its checksum. The file was changed or damaged; save it again.`,
    );
  const start = PREFIX + Number(header);
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(file.buffer, file.byteOffset + PREFIX, Number(header)).toString("utf8"));
  } catch (cause) {
    throw new DataError(`${name}: its header is not JSON. The file is damaged; save the model again.`, { cause });
  }
  const content: Plain = joinTree(json, file.subarray(start, end));
  if (!isPlainObject(content)) throw new DataError(`${name}: its header is not an object. The file is damaged.`);
  return content as PlainRecord;
}

function cutShort(name: string, is: number, wanted: number | bigint): string {
  return `${name}: it has ${is} bytes and should have ${wanted}: it was cut short or is damaged. Copy it again.`;
}
