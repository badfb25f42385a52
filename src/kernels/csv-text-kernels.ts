/*
 * Types of the kernels on delimited text. The conventions of all kernels stand at `Kernels` in kernels.ts.
 */

/**
 * Counts bytes of one value: newlines, say, for an upper bound of the records.
 *
 * @param src in: `bytes` bytes
 * @param value in: byte, 0 to 255
 * @param bytes in: how many
 * @returns the count
 */
export type CountByteKernel = (src: number, value: number, bytes: number) => number;

/**
 * Parses records of delimited numbers into f64 columns, one column a field. `[-]digits[.digits][e[±]digits]`, with digits
 * before or after the point, becomes the nearest double (ties to even); an empty field becomes NaN and is counted. A
 * record ends with "\n" or "\r\n"; blank lines are passed over, except with a single field, where they stop the kernel.
 *
 * A field that the kernel does not decide goes to the list of hard fields, for the caller to resolve: words, and numbers
 * of more than 19 digits, of large exponents, or too near to the middle of two doubles; in a column of integers whatever
 * is no integer below 2^53. The kernel stops before a record with fields too many or too few, or a carriage return
 * inside, before a quote in a skipped field, and when the list or the columns are full.
 *
 * @param text in: u8[length + 16]; byte length - 1 is a newline, what follows is read but has no meaning
 * @param length in: bytes
 * @param delimiter in: byte, none of the characters of numbers and line ends
 * @param quote in: byte that stops the kernel in a skipped field, or -1
 * @param fields in/out: u32[nFields × 3], for each field its f64[capacity] column (0 to skip the field), 1 where only
 *   integers are allowed, and the count of empty fields, which is added to
 * @param nFields in: fields of a record, at least 1
 * @param capacity in: most records
 * @param hard out: u32[hardCapacity × 4], for each hard field its row, its field, and its first and last byte (exclusive)
 *   as offsets in text; in order
 * @param hardCapacity in: most hard fields
 * @param scratch scratch: see `CSV_SCRATCH_BYTES`
 * @param status out: u32[2], the number of hard fields, and the offset of the first byte not parsed: `length` unless the
 *   kernel stopped
 * @returns records parsed; columns hold whatever in the rows after them
 */
export type CsvNumbersKernel = (
  text: number,
  length: number,
  delimiter: number,
  quote: number,
  fields: number,
  nFields: number,
  capacity: number,
  hard: number,
  hardCapacity: number,
  scratch: number,
  status: number,
) => number;
