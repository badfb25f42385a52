import { Deserializer, Serializer } from "node:v8";
import { isPlainObject, isTypedArray, TYPED_ARRAYS, type Plain, type PlainTypedArray } from "../../base/plain.js";
import { isHostColumn } from "../../memory/host-column.js";

// Arrays travel with their position in this list.
const KINDS = Object.values(TYPED_ARRAYS);

/** Arrays from this size on lie beside the head, so that their bytes are written without another copy. */
const APART_FROM = 1024;
/** As the columns of a chunk lie in an arena, which may be where they are received. */
const ALIGN = 64;
const PREFIX = 8;

/**
 * Plain data as bytes, the same on the driver, in the gateway (which never looks inside) and in sidecars:
 * `[u32 length of the head][u32 zero][head][arrays, each on a multiple of 64]`. The head is V8's own serialisation, which
 * knows -0, NaN, undefined and big integers; its format is readable by every later Node.
 *
 * @returns the pieces in order; large typed arrays are views of the value's own memory
 */
export function encodeValue(value: Plain): Uint8Array[] {
  const writer = new HeadWriter();
  writer.writeHeader();
  writer.writeValue(value);
  const head = writer.releaseBuffer();
  const prefix = new Uint8Array(PREFIX);
  new DataView(prefix.buffer).setUint32(0, head.byteLength, true);
  const pieces: Uint8Array[] = [prefix, head];
  let at = PREFIX + head.byteLength;
  for (const array of writer.apart) {
    const gap = padding(at);
    if (gap > 0) pieces.push(new Uint8Array(gap));
    pieces.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    at += gap + array.byteLength;
  }
  return pieces;
}

/** The value that {@link encodeValue} wrote; its arrays are copies, so that none keeps the whole message alive. */
export function decodeValue(bytes: Uint8Array): Plain {
  return decode(bytes, false);
}

/**
 * The same for a value that is placed in arenas at once: the data of its host columns are views of the message, which
 * saves a copy of the whole; other arrays are copies.
 */
export function decodeForArenas(bytes: Uint8Array): Plain {
  return withOwnArrays(decode(bytes, true)) as Plain;
}

function withOwnArrays(value: unknown): unknown {
  if (isTypedArray(value)) return value.slice();
  if (Array.isArray(value)) return value.map(withOwnArrays);
  if (!isPlainObject(value) || isHostColumn(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withOwnArrays(item)]));
}

function decode(bytes: Uint8Array, views: boolean): Plain {
  const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const reader = new HeadReader(bytes.subarray(PREFIX, PREFIX + headLength), bytes, PREFIX + headLength, views);
  reader.readHeader();
  return reader.readValue() as Plain;
}

/** The number of bytes of several pieces. */
export function totalBytes(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
}

function padding(at: number): number {
  return (ALIGN - (at % ALIGN)) % ALIGN;
}

class HeadWriter extends Serializer {
  readonly apart: PlainTypedArray[] = [];

  constructor() {
    super();
    // Not in Node's type declarations; `v8.DefaultSerializer` is made the same way.
    (
      this as unknown as { _setTreatArrayBufferViewsAsHostObjects(on: boolean): void }
    )._setTreatArrayBufferViewsAsHostObjects(true);
  }

  // V8 calls this for every view.
  _writeHostObject(array: PlainTypedArray): void {
    const kind = KINDS.findIndex((Kind) => array instanceof Kind);
    if (kind < 0) throw new TypeError(`${array.constructor.name} is not plain data.`);
    const apart = array.byteLength >= APART_FROM;
    this.writeUint32(kind * 2 + (apart ? 1 : 0));
    this.writeUint64(Math.floor(array.byteLength / 2 ** 32), array.byteLength >>> 0);
    if (apart) this.apart.push(array);
    else this.writeRawBytes(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
}

class HeadReader extends Deserializer {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #views: boolean;

  constructor(head: Uint8Array, bytes: Uint8Array, at: number, views: boolean) {
    super(head);
    this.#views = views;
    this.#bytes = bytes;
    this.#at = at;
  }

  _readHostObject(): PlainTypedArray {
    const code = this.readUint32();
    const [high, low] = this.readUint64() as unknown as [number, number];
    const length = high * 2 ** 32 + low;
    let source: Uint8Array;
    if (code % 2 === 1) {
      this.#at += padding(this.#at);
      source = this.#bytes.subarray(this.#at, this.#at + length);
      this.#at += length;
    } else source = this.readRawBytes(length);
    const Kind = KINDS[code >> 1];
    if (!Kind) throw new TypeError(`A value from another version of partwise has an array of unknown kind ${code}.`);
    if (this.#views && source.byteOffset % Kind.BYTES_PER_ELEMENT === 0)
      return new Kind(source.buffer as ArrayBuffer, source.byteOffset, length / Kind.BYTES_PER_ELEMENT);
    // Not filled with zeros first: all of it is written.
    const copy = Buffer.allocUnsafeSlow(length);
    copy.set(source);
    return new Kind(copy.buffer, copy.byteOffset, length / Kind.BYTES_PER_ELEMENT);
  }
}
