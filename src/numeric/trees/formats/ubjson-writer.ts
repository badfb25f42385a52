import { isPlainObject } from "../../../base/plain.js";

const TYPED = [
  { of: Float32Array, marker: "d" },
  { of: Int32Array, marker: "l" },
  { of: BigInt64Array, marker: "L" },
  { of: Uint8Array, marker: "U" },
] as const;

type Typed = InstanceType<(typeof TYPED)[number]["of"]>;

/**
 * Plain data as Universal Binary JSON (draft 12), in the dialect of XGBoost's: lengths of 64 bits, typed arrays as arrays of
 * one type, whole numbers in as few bytes as they need, other numbers as doubles. {@link readUbjson} reads it.
 */
export function writeUbjson(value: unknown): Uint8Array {
  const out = new Sink();
  write(out, value);
  return out.bytes();
}

function write(out: Sink, value: unknown): void {
  const typed = TYPED.find(({ of }) => value instanceof of);
  if (typed) writeTyped(out, typed.marker, value as Typed);
  else if (Array.isArray(value)) {
    out.mark("[#");
    out.length(value.length);
    for (const entry of value) write(out, entry);
  } else if (isPlainObject(value)) {
    out.mark("{");
    for (const [key, own] of Object.entries(value)) {
      out.text(key);
      write(out, own);
    }
    out.mark("}");
  } else if (typeof value === "string") {
    out.mark("S");
    out.text(value);
  } else writeNumber(out, value as number);
}

function writeTyped(out: Sink, marker: string, list: Typed): void {
  out.mark(`[$${marker}#`);
  out.length(list.length);
  const size = list.BYTES_PER_ELEMENT;
  const view = out.room(list.length * size);
  list.forEach((value: number | bigint, k: number) => {
    if (marker === "d") view.setFloat32(k * size, Number(value));
    else if (marker === "l") view.setInt32(k * size, Number(value));
    else if (marker === "L") view.setBigInt64(k * size, value as bigint);
    else view.setUint8(k, Number(value));
  });
}

function writeNumber(out: Sink, value: number): void {
  const whole = Number.isInteger(value);
  if (whole && value >= -128 && value < 128) {
    out.mark("i");
    out.room(1).setInt8(0, value);
  } else if (whole && value >= -(2 ** 31) && value < 2 ** 31) {
    out.mark("l");
    out.room(4).setInt32(0, value);
  } else {
    out.mark("D");
    out.room(8).setFloat64(0, value);
  }
}

/** Bytes that grow. */
class Sink {
  #bytes = new Uint8Array(4096);
  #used = 0;

  /** The next `count` bytes, to be filled. */
  room(count: number): DataView {
    if (this.#used + count > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#used + count));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    const view = new DataView(this.#bytes.buffer, this.#used, count);
    this.#used += count;
    return view;
  }

  mark(markers: string): void {
    const view = this.room(markers.length);
    for (let k = 0; k < markers.length; k++) view.setUint8(k, markers.charCodeAt(k));
  }

  length(count: number): void {
    this.mark("L");
    this.room(8).setBigInt64(0, BigInt(count));
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.length(bytes.length);
    const view = this.room(bytes.length);
    bytes.forEach((byte, k) => view.setUint8(k, byte));
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#used);
  }
}
