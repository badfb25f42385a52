import { readRange } from "./compressed.js";

const TAIL_BYTES = 8;
const MAX_DEPTH = 16;
// Fields of the Thrift structures FileMetaData and RowGroup of the Parquet format.
const ROW_GROUPS = 4;
const GROUP_ROWS = 3;

/** Types of the Thrift compact protocol. */
const enum Type {
  stop = 0,
  true = 1,
  false = 2,
  byte = 3,
  i16 = 4,
  i32 = 5,
  i64 = 6,
  double = 7,
  binary = 8,
  list = 9,
  set = 10,
  map = 11,
  struct = 12,
}

/**
 * The numbers of rows of a Parquet file's row groups, from its footer; undefined where the footer is not understood, so
 * that a reader which can do without falls back. A part of a row group costs nearly what the whole costs to read, because
 * its pages are compressed: who reads a file once wants its parts to end where row groups do.
 */
export function rowGroupRows(path: string, fileBytes: number): number[] | undefined {
  try {
    const tail = readRange(path, fileBytes - TAIL_BYTES, fileBytes);
    const length = tail.readUInt32LE(0);
    const end = fileBytes - TAIL_BYTES;
    if (length > end) return undefined;
    return groupsOf(new CompactReader(readRange(path, end - length, end)));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function groupsOf(reader: CompactReader): number[] | undefined {
  let groups: number[] | undefined;
  reader.struct((field, type) => {
    if (field !== ROW_GROUPS || type !== Type.list) return false;
    const found: number[] = [];
    reader.list(() => {
      reader.struct((inner, innerType) => {
        if (inner !== GROUP_ROWS || innerType !== Type.i64) return false;
        found.push(reader.integer());
        return true;
      });
    });
    groups = found;
    return true;
  });
  return groups;
}

/** As much of the Thrift compact protocol as a Parquet footer needs. @throws RangeError for what is none */
class CompactReader {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  /** Goes through a structure's fields; `take` reads a field's value and returns true, or leaves it to be skipped. */
  struct(take: (field: number, type: Type) => boolean, depth = 0): void {
    let field = 0;
    for (;;) {
      const head = this.#byte();
      const type = (head & 15) as Type;
      if (type === Type.stop) return;
      field = head >> 4 === 0 ? this.integer() : field + (head >> 4);
      if (!take(field, type)) this.#skip(type, depth + 1);
    }
  }

  list(each: (type: Type) => void): void {
    const head = this.#byte();
    const size = head >> 4 === 15 ? this.#varint() : head >> 4;
    // An element takes a byte at least: a longer list is none.
    if (size > this.bytes.length - this.#at) throw new RangeError("a list longer than its file");
    for (let i = 0; i < size; i++) each((head & 15) as Type);
  }

  /** A zigzag number. */
  integer(): number {
    const raw = this.#varint();
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  #skip(type: Type, depth: number, inList = false): void {
    if (depth > MAX_DEPTH) throw new RangeError("nested too deeply");
    switch (type) {
      case Type.true:
      case Type.false:
        // A field's value is in its type; an element of a list is a byte.
        if (inList) this.#byte();
        return;
      case Type.byte:
        this.#byte();
        return;
      case Type.i16:
      case Type.i32:
      case Type.i64:
        this.#varint();
        return;
      case Type.double:
        this.#move(8);
        return;
      case Type.binary:
        this.#move(this.#varint());
        return;
      case Type.list:
      case Type.set:
        this.list((element) => this.#skip(element, depth + 1, true));
        return;
      case Type.struct:
        this.struct(() => false, depth);
        return;
      default:
        throw new RangeError(`a type ${type} that Parquet does not use`);
    }
  }

  #byte(): number {
    const byte = this.bytes[this.#at++];
    if (byte === undefined) throw new RangeError("the footer ends early");
    return byte;
  }

  #move(by: number): void {
    if (by > this.bytes.length - this.#at) throw new RangeError("the footer ends early");
    this.#at += by;
  }

  /** Exact to 2^53, which no count of rows or bytes of a file passes. */
  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      if (scale > 2 ** 63) throw new RangeError("a number without end");
    }
  }
}
