import { bytesOf } from "./lanes";

const WORD: i32 = 0;
const CHAR: i32 = 1;

// The head of a table of terms.
const SLOTS: usize = 0;
const SLOT_COUNT: usize = 4;
const ENTRIES: usize = 8;
const COUNT: usize = 12;
const CAPACITY: usize = 16;
const BYTES: usize = 20;
const USED: usize = 24;
const BYTE_CAPACITY: usize = 28;

// An entry: hash, offset, length, stamp, document weight, occurrences.
const ENTRY_SHIFT: usize = 5;
const GRAM_BYTES: usize = 12;

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
function mixed(k: u32): u32 {
  return rotl<u32>(k * 0xcc9e2d51, 15) * 0x1b873593;
}

/** MurmurHash3, x86, 32 bits, seed 0. */
function murmur(src: usize, length: u32): u32 {
  let h: u32 = 0;
  let p = src;
  const end = src + <usize>(length & ~3);
  for (; p < end; p += 4) h = rotl<u32>(h ^ mixed(load<u32>(p)), 13) * 5 + 0xe6546b64;
  const rest = length & 3;
  if (rest != 0) {
    let k = <u32>load<u8>(p);
    if (rest > 1) k |= <u32>load<u8>(p, 1) << 8;
    if (rest > 2) k |= <u32>load<u8>(p, 2) << 16;
    h ^= mixed(k);
  }
  h ^= length;
  h = (h ^ (h >>> 16)) * 0x85ebca6b;
  h = (h ^ (h >>> 13)) * 0xc2b2ae35;
  return h ^ (h >>> 16);
}

// Sixteen bytes at a time, whatever follows the last: most terms take one look.
function sameBytes(a: usize, b: usize, length: u32): bool {
  let rest = length;
  while (rest > 16) {
    if (v128.any_true(v128.xor(v128.load(a), v128.load(b)))) return false;
    a += 16;
    b += 16;
    rest -= 16;
  }
  const equal = i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b)));
  return (~equal & ((1 << rest) - 1)) == 0;
}

/** The entry with these bytes, or 0. */
function findTerm(table: usize, text: usize, length: u32, hash: u32): usize {
  const slots = <usize>load<u32>(table, SLOTS);
  const mask = load<u32>(table, SLOT_COUNT) - 1;
  const entries = <usize>load<u32>(table, ENTRIES);
  const bytes = <usize>load<u32>(table, BYTES);
  let slot = hash & mask;
  for (let number = load<u32>(slots + bytesOf<u32>(slot)); number != 0; number = load<u32>(slots + bytesOf<u32>(slot))) {
    const entry = entries + ((<usize>number - 1) << ENTRY_SHIFT);
    if (
      load<u32>(entry) == hash && load<u32>(entry, 8) == length &&
      sameBytes(bytes + <usize>load<u32>(entry, 4), text, length)
    ) return entry;
    slot = (slot + 1) & mask;
  }
  return 0;
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

export function termKeys(table: usize, text: usize, grams: usize, n: u32, keys: usize): u32 {
  const entries = <usize>load<u32>(table, ENTRIES);
  let found: u32 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const gram = grams + <usize>i * GRAM_BYTES;
    const entry = findTerm(table, text + <usize>load<u32>(gram, 4), load<u32>(gram, 8), load<u32>(gram));
    if (entry == 0) continue;
    store<u32>(keys + bytesOf<u32>(found++), <u32>((entry - entries) >> ENTRY_SHIFT) << 1);
  }
  return found;
}

/** Puts entry `number` of this hash into the first free slot. */
function occupy(table: usize, hash: u32, number: u32): void {
  const slots = <usize>load<u32>(table, SLOTS);
  const mask = load<u32>(table, SLOT_COUNT) - 1;
  let slot = hash & mask;
  while (load<u32>(slots + bytesOf<u32>(slot)) != 0) slot = (slot + 1) & mask;
  store<u32>(slots + bytesOf<u32>(slot), number + 1);
}

export function termCount(table: usize, text: usize, grams: usize, from: u32, n: u32, stamp: u32, weight: f64): u32 {
  const entries = <usize>load<u32>(table, ENTRIES);
  for (let i = from; i < n; i++) {
    const gram = grams + <usize>i * GRAM_BYTES;
    const hash = load<u32>(gram);
    const begin = text + <usize>load<u32>(gram, 4);
    const length = load<u32>(gram, 8);
    let entry = findTerm(table, begin, length, hash);
    if (entry == 0) {
      const number = load<u32>(table, COUNT);
      const used = load<u32>(table, USED);
      if (number >= load<u32>(table, CAPACITY) || (number + 1) << 1 > load<u32>(table, SLOT_COUNT)) return i;
      if (load<u32>(table, BYTE_CAPACITY) - used < length) return i;
      memory.copy(<usize>load<u32>(table, BYTES) + <usize>used, begin, length);
      entry = entries + ((<usize>number) << ENTRY_SHIFT);
      store<u32>(entry, hash);
      store<u32>(entry, used, 4);
      store<u32>(entry, length, 8);
      store<u32>(entry, 0, 12);
      store<f64>(entry, 0, 16);
      store<f64>(entry, 0, 24);
      store<u32>(table, number + 1, COUNT);
      store<u32>(table, used + length, USED);
      occupy(table, hash, number);
    }
    if (load<u32>(entry, 12) != stamp) {
      store<u32>(entry, stamp, 12);
      store<f64>(entry, load<f64>(entry, 16) + weight, 16);
    }
    store<f64>(entry, load<f64>(entry, 24) + weight, 24);
  }
  return n;
}

export function termSlots(table: usize): void {
  memory.fill(<usize>load<u32>(table, SLOTS), 0, bytesOf<u32>(load<u32>(table, SLOT_COUNT)));
  const entries = <usize>load<u32>(table, ENTRIES);
  const bytes = <usize>load<u32>(table, BYTES);
  const count = load<u32>(table, COUNT);
  for (let number: u32 = 0; number < count; number++) {
    const entry = entries + ((<usize>number) << ENTRY_SHIFT);
    const hash = murmur(bytes + <usize>load<u32>(entry, 4), load<u32>(entry, 8));
    store<u32>(entry, hash);
    occupy(table, hash, number);
  }
}

/** Whether term `a` stands before term `b`. */
function isBefore(entries: usize, bytes: usize, a: u32, b: u32): bool {
  const left = entries + ((<usize>a) << ENTRY_SHIFT);
  const right = entries + ((<usize>b) << ENTRY_SHIFT);
  const leftLength = load<u32>(left, 8);
  const rightLength = load<u32>(right, 8);
  const shorter = leftLength < rightLength ? leftLength : rightLength;
  let p = bytes + <usize>load<u32>(left, 4);
  let q = bytes + <usize>load<u32>(right, 4);
  const end = p + <usize>shorter;
  while (p < end) {
    const x = load<u8>(p++);
    const y = load<u8>(q++);
    if (x != y) return x < y;
  }
  return leftLength < rightLength;
}

export function termOrder(table: usize, order: usize, scratch: usize): void {
  const entries = <usize>load<u32>(table, ENTRIES);
  const bytes = <usize>load<u32>(table, BYTES);
  const count = load<u32>(table, COUNT);
  // A merge sort from the bottom; an odd number of rounds starts in the scratch, so that the last ends in `order`.
  let rounds: u32 = 0;
  for (let width: u32 = 1; width < count; width *= 2) rounds++;
  let source = (rounds & 1) != 0 ? scratch : order;
  let target = (rounds & 1) != 0 ? order : scratch;
  for (let i: u32 = 0; i < count; i++) store<u32>(source + bytesOf<u32>(i), i);
  for (let width: u32 = 1; width < count; width *= 2) {
    for (let from: u32 = 0; from < count; from += 2 * width) {
      const middle = from + width < count ? from + width : count;
      const end = middle + width < count ? middle + width : count;
      let a = from;
      let b = middle;
      for (let k = from; k < end; k++) {
        const takeLeft = a < middle && (b >= end || !isBefore(
          entries, bytes, load<u32>(source + bytesOf<u32>(b)), load<u32>(source + bytesOf<u32>(a)),
        ));
        store<u32>(target + bytesOf<u32>(k), load<u32>(source + bytesOf<u32>(takeLeft ? a++ : b++)));
      }
    }
    const other = source;
    source = target;
    target = other;
  }
}

// Runs of this length are sorted by insertion, then merged.
const RUN: u32 = 16;

/** Sorts u32[n], ascending; the result is at the returned address, one of the two. */
function sorted(keys: usize, n: u32, scratch: usize): usize {
  for (let from: u32 = 0; from < n; from += RUN) {
    const end = from + RUN < n ? from + RUN : n;
    for (let i = from + 1; i < end; i++) {
      const key = load<u32>(keys + bytesOf<u32>(i));
      let k = i;
      while (k > from) {
        const before = load<u32>(keys + bytesOf<u32>(k - 1));
        if (before <= key) break;
        store<u32>(keys + bytesOf<u32>(k), before);
        k--;
      }
      store<u32>(keys + bytesOf<u32>(k), key);
    }
  }
  let source = keys;
  let target = scratch;
  for (let width = RUN; width < n; width *= 2) {
    for (let from: u32 = 0; from < n; from += 2 * width) {
      const middle = from + width < n ? from + width : n;
      const end = middle + width < n ? middle + width : n;
      let a = from;
      let b = middle;
      let k = from;
      while (a < middle && b < end) {
        const x = load<u32>(source + bytesOf<u32>(a));
        const y = load<u32>(source + bytesOf<u32>(b));
        const left = u32(x <= y);
        store<u32>(target + bytesOf<u32>(k++), left != 0 ? x : y);
        a += left;
        b += 1 - left;
      }
      for (; a < middle; a++) store<u32>(target + bytesOf<u32>(k++), load<u32>(source + bytesOf<u32>(a)));
      for (; b < end; b++) store<u32>(target + bytesOf<u32>(k++), load<u32>(source + bytesOf<u32>(b)));
    }
    const other = source;
    source = target;
    target = other;
  }
  return source;
}

export function keyCounts(keys: usize, n: u32, scratch: usize, indices: usize, values: usize): u32 {
  const ordered = sorted(keys, n, scratch);
  let found: u32 = 0;
  for (let i: u32 = 0; i < n;) {
    const column = load<u32>(ordered + bytesOf<u32>(i)) >>> 1;
    let sum = 0;
    for (; i < n; i++) {
      const key = load<u32>(ordered + bytesOf<u32>(i));
      if (key >>> 1 != column) break;
      sum += 1 - <i32>((key & 1) << 1);
    }
    store<u32>(indices + bytesOf<u32>(found), column);
    store<f64>(values + bytesOf<f64>(found), <f64>sum);
    found++;
  }
  if (ordered != keys) memory.copy(keys, ordered, bytesOf<u32>(n));
  return found;
}
