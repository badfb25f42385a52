import { bytesOf } from "./lanes";
import { murmur } from "./murmur";
import { findTerm, GRAM_BYTES } from "./terms";

const WORD: i32 = 0;
const CHAR: i32 = 1;

function isAscii(src: usize, length: u32): bool {
  const end = src + <usize>length;
  let p = src;
  for (; p + 16 <= end; p += 16) if (i8x16.bitmask(v128.load(p)) != 0) return false;
  for (; p < end; p++) if (load<i8>(p) < 0) return false;
  return true;
}

// @ts-ignore: decorator
@inline
function isSpace(byte: u32): bool {
  return byte == 32 || byte - 9 < 5 || byte - 28 < 4;
}

// @ts-ignore: decorator
@inline
function storeSpan(spans: usize, n: u32, begin: usize, end: usize): void {
  const span = spans + bytesOf<u64>(n);
  store<u32>(span, <u32>begin);
  store<u32>(span, <u32>end, 4);
}

// Letters, digits and the underscore.
// @ts-ignore: decorator
@inline
function wordBytes(bytes: v128): v128 {
  const letters = i8x16.lt_u(i8x16.sub(v128.or(bytes, i8x16.splat(32)), i8x16.splat(97)), i8x16.splat(26));
  const digits = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(48)), i8x16.splat(10));
  return v128.or(v128.or(letters, digits), i8x16.eq(bytes, i8x16.splat(95)));
}

// @ts-ignore: decorator
@inline
function smallBytes(bytes: v128): v128 {
  const large = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(65)), i8x16.splat(26));
  return v128.or(bytes, v128.and(large, i8x16.splat(32)));
}

/**
 * Sixteen bytes at a time are copied and turned into a bit each; runs of bits are tokens. They stay where they are, unless
 * they are to be joined: then they move together, always to the left, and never over bytes that are still to come.
 */
function words(
  src: usize, length: u32, lower: i32, minLength: u32, stop: usize, joined: i32, out: usize, spans: usize,
): u32 {
  let n: u32 = 0;
  let to = out;
  let begin: usize = 0;
  let inside: u32 = 0;
  for (let at: u32 = 0; at < length; at += 16) {
    const target = out + <usize>at;
    const rest = length - at;
    if (rest < 16) {
      // What follows the text may not be there to read.
      v128.store(target, i8x16.splat(0));
      for (let k: u32 = 0; k < rest; k++) store<u8>(target + <usize>k, load<u8>(src + <usize>(at + k)));
    }
    const bytes = v128.load(rest < 16 ? target : src + <usize>at);
    v128.store(target, lower != 0 ? smallBytes(bytes) : bytes);
    const bits = <u32>i8x16.bitmask(wordBytes(bytes));
    let edges = (bits ^ ((bits << 1) | inside)) & 0xffff;
    inside = bits >>> 15;
    while (edges != 0) {
      const place = target + <usize>ctz(edges);
      edges &= edges - 1;
      if (begin == 0) begin = place;
      else {
        const end = taken(begin, place, minLength, stop, joined, out, to, spans, n);
        if (end != 0) {
          n++;
          to = end;
        }
        begin = 0;
      }
    }
  }
  if (begin != 0 && taken(begin, out + <usize>length, minLength, stop, joined, out, to, spans, n) != 0) n++;
  return n;
}

/** Takes a token, at `to` where tokens are joined; returns where the next would go, 0 for one that is left out. */
// @ts-ignore: decorator
@inline
function taken(
  begin: usize, end: usize, minLength: u32, stop: usize, joined: i32, out: usize, to: usize, spans: usize, n: u32,
): usize {
  const size = <u32>(end - begin);
  if (size < minLength || (stop != 0 && findTerm(stop, begin, size, murmur(begin, size)) != 0)) return 0;
  if (joined == 0) {
    storeSpan(spans, n, begin - out, end - out);
    return to;
  }
  if (to != begin) for (let k: usize = 0; k < <usize>size; k++) store<u8>(to + k, load<u8>(begin + k));
  storeSpan(spans, n, to - out, to - out + <usize>size);
  store<u8>(to + <usize>size, 32);
  return to + <usize>size + 1;
}

/** One character for each span; the bytes of one character stay together. */
function characters(from: usize, to: usize, out: usize, spans: usize, first: u32): u32 {
  let n = first;
  for (let p = from; p < to;) {
    const begin = p++;
    while (p < to && (load<u8>(p) & 0xc0) == 0x80) p++;
    storeSpan(spans, n++, begin - out, p - out);
  }
  return n;
}

// @ts-ignore: decorator
@inline
function small(byte: u32, lower: i32): u32 {
  return lower != 0 && byte - 65 < 26 ? byte + 32 : byte;
}

function squeezed(src: usize, length: u32, lower: i32, out: usize): usize {
  const last = src + <usize>length;
  let to = out;
  for (let p = src; p < last;) {
    const byte = <u32>load<u8>(p++);
    if (isSpace(byte) && p < last && isSpace(<u32>load<u8>(p))) {
      while (p < last && isSpace(<u32>load<u8>(p))) p++;
      store<u8>(to++, 32);
    } else store<u8>(to++, small(byte, lower));
  }
  return to;
}

export function textSpans(
  analyzer: i32, src: usize, length: u32, lower: i32, minLength: u32, stop: usize, joined: i32, ascii: i32,
  out: usize, spans: usize, groups: usize,
): i32 {
  if (ascii != 0 && !isAscii(src, length)) return -1;
  if (analyzer == WORD || analyzer == CHAR) {
    const n = analyzer == WORD
      ? words(src, length, lower, minLength, stop, joined, out, spans)
      : characters(out, squeezed(src, length, lower, out), out, spans, 0);
    store<u32>(groups, 1);
    store<u32>(groups, 0, 4);
    store<u32>(groups, n, 8);
    return n;
  }
  const last = src + <usize>length;
  let n: u32 = 0;
  let count: u32 = 0;
  let to = out;
  for (let p = src; p < last;) {
    if (isSpace(<u32>load<u8>(p))) {
      p++;
      continue;
    }
    const begin = to;
    store<u8>(to++, 32);
    for (; p < last; p++) {
      const byte = <u32>load<u8>(p);
      if (isSpace(byte)) break;
      store<u8>(to++, small(byte, lower));
    }
    store<u8>(to++, 32);
    count++;
    store<u32>(groups + bytesOf<u32>(count), n);
    n = characters(begin, to, out, spans, n);
  }
  store<u32>(groups, count);
  store<u32>(groups + bytesOf<u32>(count + 1), n);
  return n;
}

export function textGrams(
  text: usize, spans: usize, groups: usize, low: u32, high: u32, whole: i32, grams: usize,
): u32 {
  const count = load<u32>(groups);
  let gram = grams;
  for (let g: u32 = 1; g <= count; g++) {
    const first = load<u32>(groups + bytesOf<u32>(g));
    const end = load<u32>(groups + bytesOf<u32>(g + 1));
    const most = end - first;
    // A short group stands for itself where that is asked.
    const from = whole != 0 && most > 0 && low > most ? most : low;
    const upTo = high < most ? high : most;
    for (let size = from; size <= upTo; size++) {
      for (let i = first; i + size <= end; i++) {
        const begin = load<u32>(spans + bytesOf<u64>(i));
        const length = load<u32>(spans + bytesOf<u64>(i + size - 1), 4) - begin;
        store<u32>(gram, murmur(text + <usize>begin, length));
        store<u32>(gram, begin, 4);
        store<u32>(gram, length, 8);
        gram += GRAM_BYTES;
      }
    }
  }
  return <u32>((gram - grams) / GRAM_BYTES);
}

export function hashKeys(grams: usize, n: u32, nFeatures: u32, signed: i32, keys: usize): void {
  // A power of two, as by default, needs no division.
  const mask = popcnt<u32>(nFeatures) == 1 ? nFeatures - 1 : 0;
  for (let i: u32 = 0; i < n; i++) {
    const hash = load<u32>(grams + <usize>i * GRAM_BYTES);
    const negative = hash >>> 31;
    // |-2^31| is 2^31: it fits without a sign.
    const size: u32 = negative != 0 ? <u32>0 - hash : hash;
    const column = mask != 0 ? size & mask : size % nFeatures;
    store<u32>(keys + bytesOf<u32>(i), (column << 1) | (signed != 0 ? negative : 0));
  }
}
