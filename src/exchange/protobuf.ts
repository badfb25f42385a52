import { DataError } from "../base/errors.js";

/** A field of a protobuf message as it is in the bytes: varints and fixed numbers as `number`, the rest as bytes. */
export interface ProtoField {
  readonly field: number;
  /** 0 varint, 1 eight bytes, 2 bytes with a length, 5 four bytes. */
  readonly wire: number;
  /** The value of a varint (64 bits, two's complement). */
  readonly number: bigint;
  /** What wires 1, 2 and 5 hold; a view of the input. */
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array();

/**
 * The fields of a message, in the order of the bytes. Knows no schema: what a field means is the caller's to say.
 * @throws DataError when the bytes end inside a field, or are no message
 */
export function readMessage(owner: string, bytes: Uint8Array): ProtoField[] {
  const fields: ProtoField[] = [];
  let at = 0;
  const damaged = (): DataError =>
    new DataError(`${owner}: byte ${at} of a message of ${bytes.length} does not fit the format. The file is damaged.`);
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw damaged();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
    throw damaged();
  };
  const take = (length: number): Uint8Array => {
    if (!(length >= 0 && at + length <= bytes.length)) throw damaged();
    const part = bytes.subarray(at, at + length);
    at += length;
    return part;
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (field < 1) throw damaged();
    if (wire === 0) fields.push({ field, wire, number: varint(), bytes: NOTHING });
    else if (wire === 1) fields.push({ field, wire, number: 0n, bytes: take(8) });
    else if (wire === 2) fields.push({ field, wire, number: 0n, bytes: take(Number(varint())) });
    else if (wire === 5) fields.push({ field, wire, number: 0n, bytes: take(4) });
    else throw damaged();
  }
  return fields;
}

/** The values of a repeated varint, packed or not. @throws DataError as {@link readMessage} */
export function varintsOf(owner: string, fields: readonly ProtoField[], field: number): bigint[] {
  return fields
    .filter((one) => one.field === field)
    .flatMap((one) => (one.wire === 0 ? [one.number] : packedVarints(owner, one.bytes)));
}

function packedVarints(owner: string, bytes: Uint8Array): bigint[] {
  const values: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) {
      if (shift >= 70n) throw new DataError(`${owner}: a number has more than 64 bits. The file is damaged.`);
      continue;
    }
    values.push(BigInt.asIntN(64, value));
    value = 0n;
    shift = 0n;
  }
  if (shift > 0n) throw new DataError(`${owner}: a list of numbers ends inside one. The file is damaged.`);
  return values;
}

const utf8 = new TextDecoder();

/** The text of a field. */
export function textOf(field: ProtoField): string {
  return utf8.decode(field.bytes);
}

/** Writes one message; fields come out in the order of the calls. */
export class ProtoWriter {
  readonly #parts: Uint8Array[] = [];

  /** A varint; negative numbers as 64-bit two's complement. */
  int(field: number, value: number | bigint): this {
    return this.#raw(varintBytes(BigInt(field * 8))).#raw(varintBytes(BigInt(value)));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#raw(varintBytes(BigInt(field * 8 + 5))).#raw(bytes);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#raw(varintBytes(BigInt(field * 8 + 2))).#raw(varintBytes(BigInt(value.length))).#raw(value);
  }

  message(field: number, value: ProtoWriter): this {
    return this.bytes(field, value.finish());
  }

  /** A list of varints in one field. */
  ints(field: number, values: readonly (number | bigint)[]): this {
    return this.bytes(field, concatenate(values.map((value) => varintBytes(BigInt(value)))));
  }

  /** A list of four-byte floats in one field. */
  floats(field: number, values: ArrayLike<number>): this {
    const bytes = new Uint8Array(values.length * 4);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i] as number, true);
    return this.bytes(field, bytes);
  }

  /** A field that was read, as it was. */
  copy({ field, wire, number, bytes }: ProtoField): this {
    if (wire === 0) return this.int(field, number);
    if (wire === 2) return this.bytes(field, bytes);
    return this.#raw(varintBytes(BigInt(field * 8 + wire))).#raw(bytes);
  }

  finish(): Uint8Array {
    return concatenate(this.#parts);
  }

  #raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }
}

function varintBytes(value: bigint): Uint8Array {
  let rest = BigInt.asUintN(64, value);
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
