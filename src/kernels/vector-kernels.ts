/*
 * Types of the kernels on single columns. The conventions of all kernels stand at `Kernels` in kernels.ts.
 */

/** Codes of {@link BinaryKernel} and {@link BinaryScalarKernel}; min and max return NaN when either side is NaN. */
export const binaryOp = { add: 0, sub: 1, mul: 2, div: 3, min: 4, max: 5 } as const;

/** Code of a binary operation, as in {@link binaryOp}. */
export type BinaryOpCode = (typeof binaryOp)[keyof typeof binaryOp];

/** Codes of {@link UnaryKernel}. */
export const unaryOp = {
  neg: 0,
  abs: 1,
  sqrt: 2,
  square: 3,
  exp: 4,
  log: 5,
  reciprocal: 6,
  sign: 7,
  floor: 8,
  ceil: 9,
} as const;

/** Code of a unary operation, as in {@link unaryOp}. */
export type UnaryOpCode = (typeof unaryOp)[keyof typeof unaryOp];

/** Codes of {@link CompareKernel} and {@link CompareScalarKernel}; NaN compares as in IEEE 754: only `ne` is true. */
export const compareOp = { lt: 0, le: 1, gt: 2, ge: 3, eq: 4, ne: 5 } as const;

/** Code of a comparison, as in {@link compareOp}. */
export type CompareOpCode = (typeof compareOp)[keyof typeof compareOp];

/** Codes of the element types that {@link ConvertKernel} knows; bool is a byte, 0 or 1. */
export const dtypeCode = { f64: 0, f32: 1, i64: 2, i32: 3, u8: 4, bool: 5 } as const;

/** Code of an element type, as in {@link dtypeCode}. */
export type DtypeCode = (typeof dtypeCode)[keyof typeof dtypeCode];

/** Bytes of an element that the row kernels move. */
export type ElementBytes = 1 | 4 | 8;

/**
 * Picks rows: `out[i] = src[idx[i]]`.
 *
 * @param elementBytes in: bytes of an element
 * @param src in: elements
 * @param idx in: u32[n]
 * @param n in: rows to pick
 * @param out out: n elements, apart from src
 */
export type GatherKernel = (elementBytes: ElementBytes, src: number, idx: number, n: number, out: number) => void;

/**
 * Keeps the rows whose mask is not 0, in order.
 *
 * @param elementBytes in: bytes of an element
 * @param src in: n elements
 * @param mask in: u8[n]
 * @param n in: rows
 * @param out out: as many elements as are kept (no more is written); may be src itself
 * @returns number of rows kept
 */
export type FilterKernel = (elementBytes: ElementBytes, src: number, mask: number, n: number, out: number) => number;

/**
 * Rows whose value lies in a closed range, ascending; NaN lies in none. Fast where few rows do.
 *
 * @param x in: f64[n]
 * @param n in: rows
 * @param low in: smallest value of the range
 * @param high in: largest value of the range
 * @param out out: u32, as many rows as are found (no more is written)
 * @returns number of rows found
 */
export type RowsWithinKernel = (x: number, n: number, low: number, high: number, out: number) => number;

/**
 * Copies bytes; source and destination may overlap. Concatenation is one copy a piece.
 *
 * @param dst out: `bytes` bytes
 * @param src in: `bytes` bytes
 * @param bytes in: how many
 */
export type CopyKernel = (dst: number, src: number, bytes: number) => void;

/**
 * Sets bytes.
 *
 * @param dst out: `bytes` bytes
 * @param value in: byte, 0 to 255
 * @param bytes in: how many
 */
export type FillKernel = (dst: number, value: number, bytes: number) => void;

/**
 * Sets elements of type f64.
 *
 * @param dst out: f64[n]
 * @param value in: the value
 * @param n in: elements
 */
export type FillF64Kernel = (dst: number, value: number, n: number) => void;

/**
 * Converts elements. Floats become integers by truncation toward zero, and values outside of the target's range become
 * its nearest bound, NaN becomes 0; integers that do not fit are bounded likewise. To bool: 0 for 0 and -0, else 1 (NaN
 * too). To floats: rounded to nearest once.
 *
 * @param srcDtype in: code of the source's type
 * @param dstDtype in: code of the target's type
 * @param src in: n elements
 * @param n in: elements
 * @param dst out: n elements, apart from src
 */
export type ConvertKernel = (srcDtype: DtypeCode, dstDtype: DtypeCode, src: number, n: number, dst: number) => void;

/**
 * Writes NaN where the Arrow validity bit is 0. Bit i stands in byte `(bitOffset + i) >> 3`, lowest bit first.
 *
 * @param values in/out: n elements of the suffix's type
 * @param bitmap in: bits
 * @param bitOffset in: bit of the first element
 * @param n in: elements
 */
export type ApplyValidityKernel = (values: number, bitmap: number, bitOffset: number, n: number) => void;

/**
 * `out[i] = a[i] op b[i]` on f64.
 *
 * @param op in: code of the operation
 * @param a in: f64[n]
 * @param b in: f64[n]
 * @param n in: elements
 * @param out out: f64[n]; may be a or b
 */
export type BinaryKernel = (op: BinaryOpCode, a: number, b: number, n: number, out: number) => void;

/**
 * `out[i] = a[i] op s`, or `s op a[i]` when reversed.
 *
 * @param op in: code of the operation
 * @param a in: f64[n]
 * @param s in: the scalar
 * @param reversed in: 1 when the scalar is on the left, else 0
 * @param n in: elements
 * @param out out: f64[n]; may be a
 */
export type BinaryScalarKernel = (
  op: BinaryOpCode,
  a: number,
  s: number,
  reversed: 0 | 1,
  n: number,
  out: number,
) => void;

/**
 * `out[i] = op(a[i])` on f64, as the functions of Math; exp and log are within 4 units in the last place of Math's.
 *
 * @param op in: code of the operation
 * @param a in: f64[n]
 * @param n in: elements
 * @param out out: f64[n]; may be a
 */
export type UnaryKernel = (op: UnaryOpCode, a: number, n: number, out: number) => void;

/**
 * `out[i] = a[i] op b[i] ? 1 : 0` on f64.
 *
 * @param op in: code of the comparison
 * @param a in: f64[n]
 * @param b in: f64[n]
 * @param n in: elements
 * @param out out: u8[n]
 */
export type CompareKernel = (op: CompareOpCode, a: number, b: number, n: number, out: number) => void;

/**
 * `out[i] = a[i] op s ? 1 : 0` on f64.
 *
 * @param op in: code of the comparison
 * @param a in: f64[n]
 * @param s in: the scalar
 * @param n in: elements
 * @param out out: u8[n]
 */
export type CompareScalarKernel = (op: CompareOpCode, a: number, s: number, n: number, out: number) => void;

/**
 * Σ w·x, with compensation between tiles: the error does not grow with n beyond that of a tile of 1,024.
 *
 * @param x in: f64[n], or 0 for ones (then the sum of weights)
 * @param w in: f64[n] weights, or 0 for ones
 * @param n in: elements
 * @returns the sum; n when both are 0
 */
export type WeightedSumKernel = (x: number, w: number, n: number) => number;
