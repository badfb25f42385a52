import { bytesOf } from "./lanes";
import { murmur } from "./murmur";

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

/** Of a gram: hash, offset, length. */
export const GRAM_BYTES: usize = 12;

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
export function findTerm(table: usize, text: usize, length: u32, hash: u32): usize {
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
