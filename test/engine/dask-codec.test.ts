import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Plain } from "#src/base/plain.js";
import { MessageReader, type Message } from "#src/engine/dask/message-socket.js";
import { decodeForArenas, decodeValue, encodeValue, totalBytes } from "#src/engine/dask/value-codec.js";
import { hostColumn } from "#src/memory/host-column.js";

const bytesOf = (value: Plain): Uint8Array => {
  const pieces = encodeValue(value);
  const bytes = Buffer.concat(pieces);
  expect(bytes.byteLength).toBe(totalBytes(pieces));
  return bytes;
};

const awkward: Plain = {
  zero: -0,
  none: null,
  missing: undefined,
  nan: Number.NaN,
  big: -(2n ** 90n),
  text: "zażółć \u0000 🦊",
  small: Int16Array.of(-1, 2),
  empty: new Float64Array(0),
  large: [Float64Array.from({ length: 300 }, (_, i) => i / 3), Uint8Array.from({ length: 1025 }, (_, i) => i)],
  wide: BigInt64Array.from({ length: 200 }, (_, i) => BigInt(i) - 100n),
  column: hostColumn(
    "f32",
    Float32Array.from({ length: 400 }, (_, i) => i),
  ) as unknown as Plain,
};

describe("values on the wire", () => {
  it("come back as they were, small arrays and large ones, to the bit", () => {
    for (const decode of [decodeValue, decodeForArenas]) expect(decode(bytesOf(awkward))).toEqual(awkward);
  });

  it("come back from the middle of a message, aligned or not", () => {
    const bytes = bytesOf(awkward);
    for (const shift of [1, 4, 8]) {
      const inside = Buffer.alloc(bytes.byteLength + shift);
      inside.set(bytes, shift);
      for (const decode of [decodeValue, decodeForArenas]) expect(decode(inside.subarray(shift))).toEqual(awkward);
    }
  });

  it("do not share memory with the message, but for columns on their way into arenas", () => {
    const bytes = bytesOf(awkward);
    const whole = decodeValue(bytes) as { large: Uint8Array[] };
    const placed = decodeForArenas(bytes) as { large: Uint8Array[] };
    bytes.fill(0);
    for (const value of [whole, placed]) expect(value.large[1]?.[7]).toBe(7);
  });

  it("survive any nesting of plain data", () => {
    const numbers = fc.oneof(fc.float64Array({ maxLength: 200 }), fc.int32Array({ maxLength: 400 }));
    const name = fc.string().filter((text) => text !== "__proto__");
    const leaf = fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.bigInt(), fc.constant(null), numbers);
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie("tree")), fc.dictionary(name, tie("tree"))),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(decodeValue(bytesOf(value as Plain))).toEqual(value);
      }),
    );
  });
});

describe("messages", () => {
  const head = Buffer.from([0x81, 0xa1, 0x61, 0x05]); // { a: 5 }
  const message = (payload: Uint8Array): Buffer => {
    const prefix = Buffer.alloc(12);
    prefix.writeUInt32LE(head.byteLength, 0);
    prefix.writeBigUInt64LE(BigInt(payload.byteLength), 4);
    return Buffer.concat([prefix, head, payload]);
  };

  it("are put together from chunks of any size", () => {
    const stream = Buffer.concat([
      message(Uint8Array.of(1, 2, 3)),
      message(new Uint8Array(0)),
      message(new Uint8Array(70)),
    ]);
    for (const size of [1, 2, 5, 13, 64, stream.byteLength]) {
      const seen: Message[] = [];
      const reader = new MessageReader((one) => seen.push(one));
      for (let at = 0; at < stream.byteLength; at += size) reader.push(stream.subarray(at, at + size));
      expect(seen.map((one) => [one.header, one.payload.byteLength])).toEqual([3, 0, 70].map((n) => [{ a: 5 }, n]));
      expect([...(seen[0]?.payload ?? [])]).toEqual([1, 2, 3]);
    }
  });

  it("are read to the place that is asked for, in reads of any size", () => {
    const large = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
    const stream = Buffer.concat([message(large), message(Uint8Array.of(1)), message(large)]);
    for (const size of [1000, 65_536, 199_999, stream.byteLength]) {
      const seen: Message[] = [];
      const places: Uint8Array[] = [];
      const reader = new MessageReader(
        (one) => seen.push(one),
        (_, bytes) => (bytes > 1 ? (places[places.length] = new Uint8Array(bytes)) : undefined),
      );
      // As a socket does it.
      const { buffer, callback } = reader.onread;
      for (let at = 0; at < stream.byteLength;) {
        const target = typeof buffer === "function" ? buffer() : buffer;
        const bytes = Math.min(size, target.byteLength, stream.byteLength - at);
        target.set(stream.subarray(at, at + bytes));
        callback(bytes, target);
        at += bytes;
      }
      expect(seen.map((one) => one.payload.byteLength)).toEqual([200_000, 1, 200_000]);
      expect(places).toHaveLength(2);
      for (const [i, place] of places.entries()) {
        expect(seen[2 * i]?.payload).toBe(place);
        expect(Buffer.compare(place, large)).toBe(0);
      }
    }
  });
});
