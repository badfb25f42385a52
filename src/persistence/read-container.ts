import { createHash, type Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { DataError, show } from "../base/errors.js";
import { isPlainObject, type PlainRecord } from "../base/plain.js";
import { FILE_VERSION, HASH, MAGIC, MAX_HEADER, PREFIX } from "./container.js";
import { joinTree, type ArrayPlace, type JoinedTree } from "./plain-tree.js";

// Arrays of so many bytes are read where they stay; smaller ones are read together and copied.
const LARGE = 2 ** 16;
// What is read at once: while a piece is hashed, the next one is read.
const PIECE = 2 ** 22;

/**
 * The content of a file that `encodeContainer` made. Sizes are checked before anything is read, and the checksum before
 * anything is believed. The bytes pass once: large arrays are read where they stay, and hashed while the next piece is read,
 * so that a file costs its own size in memory and little more time than its checksum.
 *
 * @param name what to call the file in errors
 * @throws DataError for a file that is foreign, cut short, changed, or of a newer version
 */
export async function readContainer(file: FileHandle, name: string): Promise<PlainRecord> {
  const { size } = await file.stat();
  const prefix = new Uint8Array(Math.min(PREFIX, size));
  const reader = new PieceReader(file, name, size);
  await reader.read(prefix, 0);
  const header = checkPrefix(prefix, name, size);
  const text = new Uint8Array(header);
  await reader.read(text, PREFIX);
  const hash = createHash("sha256").update(prefix).update(text);
  const bytes = size - HASH - PREFIX - header;
  // What is wrong with the header may be for the checksum to say.
  const tree = attempt(() => parseHeader(text, name, bytes));
  await reader.readAll(piecesOf(tree instanceof Error ? [] : tree.places, bytes), PREFIX + header, hash);
  const checksum = new Uint8Array(HASH);
  await reader.read(checksum, size - HASH);
  if (!hash.digest().equals(checksum))
    throw new DataError(
      `${name}: its content does not match its checksum. The file was changed or damaged; save it again.`,
    );
  if (tree instanceof Error) throw tree;
  return tree.content as PlainRecord;
}

/** Bytes of the header. @throws DataError */
function checkPrefix(prefix: Uint8Array, name: string, size: number): number {
  if (size < MAGIC.length || Buffer.from(prefix.subarray(0, MAGIC.length)).toString("latin1") !== MAGIC)
    throw new DataError(
      `${name}: it is not a partwise model file (it does not start with ${show(MAGIC)}). Save one with saveModel(model, path).`,
    );
  if (size < PREFIX + HASH) throw cutShort(name, size, PREFIX + HASH);
  const view = new DataView(prefix.buffer);
  const version = view.getUint32(8, true);
  if (version < 1 || version > FILE_VERSION)
    throw new DataError(
      `${name}: the file has layout version ${version}; this partwise reads 1 to ${FILE_VERSION}. Update partwise.`,
    );
  const header = view.getBigUint64(16, true);
  const whole = BigInt(PREFIX + HASH) + header + view.getBigUint64(24, true);
  if (whole !== BigInt(size)) throw cutShort(name, size, whole);
  if (header > MAX_HEADER)
    throw new DataError(`${name}: its header of ${header} bytes is too large. The file is damaged.`);
  return Number(header);
}

function parseHeader(text: Uint8Array, name: string, bytes: number): JoinedTree {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(text.buffer).toString("utf8"));
  } catch (cause) {
    throw new DataError(`${name}: its header is not JSON. The file is damaged; save the model again.`, { cause });
  }
  if (!isPlainObject(json)) throw new DataError(`${name}: its header is not an object. The file is damaged.`);
  return joinTree(json, bytes);
}

function attempt<T>(make: () => T): T | Error {
  try {
    return make();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

/** Bytes of the file that are read at once: those of a large array, or what lies between such. */
interface Piece {
  readonly offset: number;
  readonly target: Uint8Array;
  /** Small arrays that lie in it. */
  readonly small: readonly ArrayPlace[];
}

/** All `bytes` of the arrays in pieces, one after another. */
function* piecesOf(places: readonly ArrayPlace[], bytes: number): Generator<Piece> {
  let small: ArrayPlace[] = [];
  let at = 0;
  function* between(end: number): Generator<Piece> {
    while (at < end) {
      // Ends where a small array does not go on, unless there is none.
      const limit = Math.min(end, at + PIECE);
      const cut = limit === end ? undefined : small.find(({ offset, array }) => offset + array.byteLength > limit);
      const stop = Math.min(limit, cut?.offset ?? limit);
      yield {
        offset: at,
        target: new Uint8Array(stop - at),
        small: small.filter(({ offset }) => offset >= at && offset < stop),
      };
      at = stop;
    }
    small = [];
  }
  for (const place of places) {
    const { offset, array } = place;
    if (array.byteLength < LARGE) {
      small.push(place);
      continue;
    }
    yield* between(offset);
    for (; at < offset + array.byteLength; at += PIECE) {
      const from = at - offset;
      const length = Math.min(PIECE, array.byteLength - from);
      yield { offset: at, target: new Uint8Array(array.buffer, from, length), small: [] };
    }
    at = offset + array.byteLength;
  }
  yield* between(bytes);
}

class PieceReader {
  constructor(
    readonly file: FileHandle,
    readonly name: string,
    readonly size: number,
  ) {}

  /** Reads as many bytes as `target` holds. @throws DataError where the file ends before */
  async read(target: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < target.length;) {
      const { bytesRead } = await this.file.read(target, done, target.length - done, position + done);
      if (bytesRead === 0) throw cutShort(this.name, position + done, this.size);
      done += bytesRead;
    }
  }

  /** Reads pieces and hashes them: one while the next is read. */
  async readAll(pieces: Iterable<Piece>, start: number, hash: Hash): Promise<void> {
    let before: Piece | undefined;
    for (const piece of pieces) {
      const reading = this.read(piece.target, start + piece.offset);
      if (before) finish(before, hash);
      await reading;
      before = piece;
    }
    if (before) finish(before, hash);
  }
}

function finish({ offset, target, small }: Piece, hash: Hash): void {
  hash.update(target);
  for (const { offset: own, array } of small) {
    const bytes = target.subarray(own - offset, own - offset + array.byteLength);
    new Uint8Array(array.buffer).set(bytes);
  }
}

function cutShort(name: string, is: number, wanted: number | bigint): DataError {
  return new DataError(
    `${name}: it has ${is} bytes and should have ${wanted}: it was cut short or is damaged. Copy it again.`,
  );
}
