import { bytesOf } from "./lanes";

const NEWLINE: u32 = 10;
const RETURN: u32 = 13;
const PLUS: u32 = 43;
const MINUS: u32 = 45;
const POINT: u32 = 46;
const ZERO: u32 = 48;
const EXACT: u64 = 1 << 53;
const FIELD_BYTES: usize = 12;

export function countByte(src: usize, value: u8, bytes: u32): u32 {
  const wanted = i8x16.splat(value);
  let count: u32 = 0;
  let i: u32 = 0;
  for (; i + 64 <= bytes; i += 64) {
    const p = src + <usize>i;
    // Each match is -1: at most four a lane, then the lanes of the sum are added.
    const sum = i8x16.add(
      i8x16.add(i8x16.eq(v128.load(p), wanted), i8x16.eq(v128.load(p, 16), wanted)),
      i8x16.add(i8x16.eq(v128.load(p, 32), wanted), i8x16.eq(v128.load(p, 48), wanted)),
    );
    const pairs = i16x8.extadd_pairwise_i8x16_s(sum);
    const quads = i32x4.extadd_pairwise_i16x8_s(pairs);
    count -=
      i32x4.extract_lane(quads, 0) + i32x4.extract_lane(quads, 1) +
      i32x4.extract_lane(quads, 2) + i32x4.extract_lane(quads, 3);
  }
  for (; i < bytes; i++) count += load<u8>(src + <usize>i) == value ? 1 : 0;
  return count;
}

/** Where the field that starts at `p` ends, for a field without quotes; 0 when it has one. */
function skipField(p: usize, delimiter: u32, quote: u32): usize {
  const delimiters = i8x16.splat(<i8>delimiter);
  // Without a quote the newline, which ends the search anyway, stands in for it.
  const quotes = i8x16.splat(<i8>quote);
  const newlines = i8x16.splat(<i8>NEWLINE);
  const returns = i8x16.splat(<i8>RETURN);
  let stops = 0;
  for (; ; p += 16) {
    const chunk = v128.load(p);
    stops = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(chunk, delimiters), i8x16.eq(chunk, newlines)),
        v128.or(i8x16.eq(chunk, returns), i8x16.eq(chunk, quotes)),
      ),
    );
    if (stops != 0) break;
  }
  p += <usize>ctz(stops);
  return quote != NEWLINE && <u32>load<u8>(p) == quote ? 0 : p;
}

// @ts-ignore: decorator
@inline
function split(x: f64): f64 {
  const scaled = x * 134217729.0;
  return scaled - (scaled - x);
}

// The rounding error of x · y, whose rounded product is `product`.
function productError(x: f64, y: f64, product: f64): f64 {
  const xHigh = split(x);
  const yHigh = split(y);
  const xLow = x - xHigh;
  const yLow = y - yHigh;
  return ((xHigh * yHigh - product) + xHigh * yLow + xLow * yHigh) + xLow * yLow;
}

/**
 * `mantissa · 10^exponent`, correctly rounded; NaN where the doubles used do not tell. The mantissa has up to 19 digits,
 * more than a double: the quotient or product is computed as a sum of two doubles, whose rounding is right when it does
 * not change within the error of the lower one.
 */
function scaled(mantissa: u64, exponent: i32, powers: usize): f64 {
  if (mantissa == 0) return 0;
  if (exponent == 0) return <f64>mantissa;
  if (exponent < -22 || exponent > 22) return NaN;
  const power = load<f64>(powers + bytesOf<f64>(<u32>(exponent < 0 ? -exponent : exponent)));
  const high = <f64>mantissa;
  if (mantissa <= EXACT) return exponent < 0 ? high / power : high * power;
  const low = <f64>(<i64>(mantissa - <u64>high));
  let value: f64;
  let rest: f64;
  let error: f64;
  if (exponent < 0) {
    value = high / power;
    const product = value * power;
    rest = ((high - product - productError(value, power, product)) + low) / power;
    error = Math.abs(rest) * 8.881784197001252e-16;
  } else {
    value = high * power;
    const first = productError(high, power, value);
    const second = low * power;
    rest = first + second;
    error = (Math.abs(first) + Math.abs(second)) * 8.881784197001252e-16;
  }
  const above = value + (rest + error);
  return above == value + (rest - error) ? above : NaN;
}

/**
 * A field that the fast way left: stores its value, or puts it on the list. Returns its end; 0 when the list is full.
 */
function slowField(
  start: usize, text: usize, delimiter: u32, field: usize, j: u32, powers: usize, row: u32,
  hard: usize, hardCapacity: u32, status: usize,
): usize {
  const target = <usize>load<u32>(field) + bytesOf<f64>(row);
  const integer = load<u32>(field, 4) != 0;
  let p = start;
  let byte = <u32>load<u8>(p);
  if (byte == delimiter || byte == NEWLINE || byte == RETURN) {
    store<f64>(target, NaN);
    store<u32>(field, load<u32>(field, 8) + 1, 8);
    return p;
  }
  const negative = byte == MINUS;
  if (negative) byte = <u32>load<u8>(++p);
  let mantissa: u64 = 0;
  let significant = 0;
  let digits = 0;
  let exponent = 0;
  for (; byte - ZERO < 10; byte = <u32>load<u8>(++p)) {
    mantissa = mantissa * 10 + <u64>(byte - ZERO);
    digits++;
    significant += <i32>((<u32>significant | (byte - ZERO)) != 0);
  }
  let whole = true;
  if (byte == POINT) {
    whole = false;
    for (byte = <u32>load<u8>(++p); byte - ZERO < 10; byte = <u32>load<u8>(++p)) {
      mantissa = mantissa * 10 + <u64>(byte - ZERO);
      digits++;
      exponent--;
      significant += <i32>((<u32>significant | (byte - ZERO)) != 0);
    }
  }
  let known = digits > 0 && significant <= 19;
  if ((byte | 32) == 101) {
    whole = false;
    byte = <u32>load<u8>(++p);
    const down = byte == MINUS;
    if (down || byte == PLUS) byte = <u32>load<u8>(++p);
    let power = 0;
    const first = p;
    for (; byte - ZERO < 10; byte = <u32>load<u8>(++p)) if (power < 10000) power = power * 10 + <i32>(byte - ZERO);
    if (p == first) known = false;
    exponent += down ? -power : power;
  }
  if (byte != delimiter && byte != NEWLINE && byte != RETURN) {
    known = false;
    do byte = <u32>load<u8>(++p);
    while (byte != delimiter && byte != NEWLINE && byte != RETURN);
  }
  if (known && (!integer || (whole && mantissa < EXACT))) {
    const value = scaled(mantissa, exponent, powers);
    if (value == value) {
      // Integers have no negative zero.
      store<f64>(target, negative ? (integer ? 0 - value : -value) : value);
      return p;
    }
  }
  const count = load<u32>(status);
  if (count == hardCapacity) return 0;
  const entry = hard + ((<usize>count) << 4);
  store<u32>(entry, row);
  store<u32>(entry, j, 4);
  store<u32>(entry, <u32>(start - text), 8);
  store<u32>(entry, <u32>(p - text), 12);
  store<u32>(status, count + 1);
  return p;
}

// Layout of the scratch: powers of ten, vectors for `record` (constants: the engine makes them anew wherever they are
// used, at four instructions each, but keeps what it has loaded), and two tables to load a vector at any offset of.
const DELIMITERS: usize = 192;
const ZEROS: usize = 208;
const NINES: usize = 224;
const POINTS: usize = 240;
const RETURNS: usize = 256;
const PAIRS: usize = 272;
const HUNDREDS: usize = 288;
const MYRIADS: usize = 304;
const LANES: usize = 320;
const SHIFTS: usize = 352;

function fillScratch(scratch: usize, delimiter: u32): void {
  // Exact: 10^22 is the last power that a double holds.
  let power: f64 = 1;
  for (let i: u32 = 0; i < 23; i++) {
    store<f64>(scratch + bytesOf<f64>(i), power);
    power *= 10;
  }
  v128.store(scratch + DELIMITERS, i8x16.splat(<i8>delimiter));
  v128.store(scratch + ZEROS, i8x16.splat(<i8>ZERO));
  v128.store(scratch + NINES, i8x16.splat(9));
  v128.store(scratch + POINTS, i8x16.splat(<i8>POINT));
  v128.store(scratch + RETURNS, i8x16.splat(<i8>RETURN));
  v128.store(scratch + PAIRS, i16x8.splat(2561));
  v128.store(scratch + HUNDREDS, i32x4.splat(0x00010064));
  v128.store(scratch + MYRIADS, i32x4.splat(0x00012710));
  for (let i: usize = 0; i < 32; i++) {
    store<u8>(scratch + LANES + i, <u8>(<i32>i - 15));
    store<u8>(scratch + SHIFTS + i, i < 16 ? 255 : 0);
  }
}

/** One record from `p`; returns the end of its last field, or 0 where the kernel is to stop. */
function record(
  p: usize, text: usize, delimiter: u32, quote: u32, fields: usize, nFields: u32, row: u32,
  hard: usize, hardCapacity: u32, scratch: usize, status: usize,
): usize {
  const delimiters = v128.load(scratch + DELIMITERS);
  const zeros = v128.load(scratch + ZEROS);
  const nines = v128.load(scratch + NINES);
  const points = v128.load(scratch + POINTS);
  const returns = v128.load(scratch + RETURNS);
  const pairsOf = v128.load(scratch + PAIRS);
  const hundreds = v128.load(scratch + HUNDREDS);
  const myriads = v128.load(scratch + MYRIADS);
  const fieldsEnd = fields + <usize>nFields * FIELD_BYTES;
  let result: usize = 0;
  for (let field = fields; field < fieldsEnd; field += FIELD_BYTES) {
    const column = <usize>load<u32>(field);
    if (column == 0) {
      p = skipField(p, delimiter, quote);
      if (p == 0) break;
    } else {
      const chunk = v128.load(p);
      // Ends of fields: the delimiter, and all control characters up to the carriage return; which one is seen below.
      const stops = i8x16.bitmask(v128.or(i8x16.eq(chunk, delimiters), i8x16.eq(i8x16.min_u(chunk, returns), chunk)));
      const inside = (stops - 1) & ~stops;
      const values = i8x16.sub(chunk, zeros);
      const digits = i8x16.eq(i8x16.min_u(values, nines), values);
      const digit = i8x16.bitmask(digits) & inside;
      const point = i8x16.bitmask(i8x16.eq(chunk, points)) & inside;
      const negative = <i32>(<u32>load<u8>(p) == MINUS);
      const integer = <i32>load<u32>(field, 4);
      // The field ends within the chunk, has a digit, at most one point, nothing else but a sign, and integers no point.
      const strange =
        (((stops - 1) | (digit - 1)) >>> 31) |
        (point & (point - 1)) |
        (digit ^ inside ^ (point | negative)) |
        (point & -integer);
      if (strange == 0) {
        // The digits move to the end of the vector, those before the point by one lane more, and are then added up in
        // pairs, fours and eights: at most 15 of them, which a double holds, over a power of ten, which it holds too.
        const stop = ctz(stops);
        const length = stop - <i32>(point != 0);
        const decimals = <usize>(length - ctz(point | stops));
        const from = i8x16.add(v128.load(scratch + <usize>length, LANES), v128.load(scratch + decimals, SHIFTS));
        const packed = i8x16.swizzle(v128.and(values, digits), from);
        const pairs = i16x8.shr_u(i16x8.mul(packed, pairsOf), 8);
        const fours = i32x4.dot_i16x8_s(pairs, hundreds);
        const both = i64x2.extract_lane(i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(fours, fours), myriads), 0);
        const mantissa = (both & 0xffffffff) * 100000000 + (both >> 32);
        const value = <f64>mantissa / load<f64>(scratch + (decimals << 3));
        const target = column + bytesOf<f64>(row);
        store<u64>(target, reinterpret<u64>(value) | ((<u64>negative) << 63));
        // Integers have no negative zero.
        if (integer != 0) store<f64>(target, load<f64>(target) + 0);
        p += <usize>stop;
      } else {
        const j = <u32>((field - fields) / FIELD_BYTES);
        p = slowField(p, text, delimiter, field, j, scratch, row, hard, hardCapacity, status);
        if (p == 0) break;
      }
    }
    if (<u32>load<u8>(p) != delimiter) {
      if (field + FIELD_BYTES == fieldsEnd) result = p;
      break;
    }
    p++;
  }
  return result;
}

export function csvNumbers(
  text: usize, length: u32, delimiter: u32, quote: i32, fields: usize, nFields: u32, capacity: u32,
  hard: usize, hardCapacity: u32, scratch: usize, status: usize,
): f64 {
  const end = text + <usize>length;
  const quoteByte = quote < 0 ? NEWLINE : <u32>quote;
  let p = text;
  let row: u32 = 0;
  let kept: u32 = 0;
  fillScratch(scratch, delimiter);
  store<u32>(status, 0);
  while (p < end) {
    const first = <u32>load<u8>(p);
    if (first == NEWLINE || (first == RETURN && <u32>load<u8>(p, 1) == NEWLINE)) {
      if (nFields == 1) break;
      p += first == NEWLINE ? 1 : 2;
      continue;
    }
    if (row == capacity) break;
    const next = record(p, text, delimiter, quoteByte, fields, nFields, row, hard, hardCapacity, scratch, status);
    if (next == 0) break;
    const byte = <u32>load<u8>(next);
    if (byte == NEWLINE) p = next + 1;
    else if (byte == RETURN && <u32>load<u8>(next, 1) == NEWLINE) p = next + 2;
    else break;
    kept = load<u32>(status);
    row++;
  }
  store<u32>(status, kept);
  store<u32>(status, <u32>(p - text), 4);
  return <f64>row;
}
