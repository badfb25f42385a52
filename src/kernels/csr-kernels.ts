/*
 * Types of the kernels for CSR matrices. Row i holds the entries `indptr[i] <= k < indptr[i + 1]`, each with a column
 * `indices[k]` and a value `values[k]`; indptr need not start at 0, so a run of rows is a slice. A row names a column
 * at most once. The conventions of all kernels stand at `Kernels` in kernels.ts.
 */
import type { GlmFamilyCode } from "./glm-kernels.js";

/**
 * Weighted moments of each column of a CSR matrix with absent entries as zeros; the layout of `out` and its meaning are
 * those of `MomentsKernel`. Two passes over the entries: absent rows enter as `(Σ their w) · mean²`.
 *
 * @param indptr in: i32[rows + 1]
 * @param indices in: i32, columns of the entries
 * @param values in: f64, values of the entries
 * @param rows in: rows
 * @param nCols in: columns
 * @param w in: f64[rows] weights, or 0 for none
 * @param out out: f64[nCols × 5], overwritten
 */
export type CsrMomentsKernel = (
  indptr: number,
  indices: number,
  values: number,
  rows: number,
  nCols: number,
  w: number,
  out: number,
) => void;

/**
 * CSR matrix times vector: `out[i] = intercept + Σₖ coef[indices[k]] values[k]`.
 *
 * @param indptr in: i32[rows + 1]
 * @param indices in: i32, columns of the entries
 * @param values in: f64, values of the entries
 * @param rows in: rows
 * @param coef in: f64[columns]
 * @param intercept in: added to every row
 * @param out out: f64[rows], overwritten
 */
export type CsrMatVecKernel = (
  indptr: number,
  indices: number,
  values: number,
  rows: number,
  coef: number,
  intercept: number,
  out: number,
) => void;

/**
 * Transposed CSR matrix times vector: `out[indices[k]] += r[i] values[k]`.
 *
 * @param indptr in: i32[rows + 1]
 * @param indices in: i32, columns of the entries
 * @param values in: f64, values of the entries
 * @param rows in: rows
 * @param r in: f64[rows]
 * @param out in/out: f64[columns]
 */
export type CsrMatTVecKernel = (
  indptr: number,
  indices: number,
  values: number,
  rows: number,
  r: number,
  out: number,
) => void;

/**
 * Loss and gradient of a GLM over a CSR matrix, as `GlmLossGradKernel`.
 *
 * @param family in: code of the family
 * @param power in: of the Tweedie family; others ignore it
 * @param indptr in: i32[rows + 1]
 * @param indices in: i32, columns of the entries
 * @param values in: f64, values of the entries
 * @param rows in: rows
 * @param nCols in: columns
 * @param y in: f64[rows] targets
 * @param w in: f64[rows] weights, or 0 for none
 * @param offset in: f64[rows] added to η, or 0 for none
 * @param coef in: f64[nCols + 1], intercept last
 * @param grad in/out: f64[nCols + 1]
 * @param scratch scratch: `glmScratchBytes()` bytes
 * @returns Σ w·loss of this call
 */
export type CsrGlmLossGradKernel = (
  family: GlmFamilyCode,
  power: number,
  indptr: number,
  indices: number,
  values: number,
  rows: number,
  nCols: number,
  y: number,
  w: number,
  offset: number,
  coef: number,
  grad: number,
  scratch: number,
) => number;

/**
 * {@link CsrGlmLossGradKernel} for several models at once: one read of the matrix for eight of them.
 *
 * @param family in: code of the family
 * @param power in: of the Tweedie family; others ignore it
 * @param indptr in: i32[rows + 1]
 * @param indices in: i32, columns of the entries
 * @param values in: f64, values of the entries
 * @param rows in: rows
 * @param nCols in: columns
 * @param y in: f64[rows] targets
 * @param w in: f64[rows] weights, or 0 for none
 * @param offset in: f64[rows] added to η, or 0 for none
 * @param models in: an even number of models; one more than wanted, with coefficients 0, makes an odd one even
 * @param coefs in: f64[(nCols + 1) × models], the models' coefficients of the first column first, intercepts last
 * @param grads in/out: f64[(nCols + 1) × models], in the same order
 * @param losses out: f64[2 × models], overwritten; Σ w·loss of each model first, then what rounding took from it
 * @param scratch scratch: `glmModelsScratchBytes(models)` bytes
 */
export type CsrGlmLossGradsKernel = (
  family: GlmFamilyCode,
  power: number,
  indptr: number,
  indices: number,
  values: number,
  rows: number,
  nCols: number,
  y: number,
  w: number,
  offset: number,
  models: number,
  coefs: number,
  grads: number,
  losses: number,
  scratch: number,
) => void;

/**
 * As {@link CsrGlmLossGradKernel}, and adds `Σ w·loss''(η)·x̃x̃ᵀ` with `x̃ = [x, 1]` to hess, from the pairs of entries of
 * each row. With the squared family and coef 0 that is the Gram matrix.
 *
 * @param family in: code of the family
 * @param power in: of the Tweedie family; others ignore it
 * @param indptr in: i32[rows + 1]
 * @param indices in: i32, columns of the entries
 * @param values in: f64, values of the entries
 * @param rows in: rows
 * @param nCols in: columns
 * @param y in: f64[rows] targets
 * @param w in: f64[rows] weights, or 0 for none
 * @param offset in: f64[rows] added to η, or 0 for none
 * @param coef in: f64[nCols + 1], intercept last
 * @param grad in/out: f64[nCols + 1]
 * @param hess in/out: f64[(nCols + 1)²] row-major, symmetric on entry (its lower triangle is not read) and on return
 * @param scratch scratch: `csrHessScratchBytes()` bytes
 * @returns Σ w·loss of this call
 */
export type CsrGlmLossGradHessKernel = (
  family: GlmFamilyCode,
  power: number,
  indptr: number,
  indices: number,
  values: number,
  rows: number,
  nCols: number,
  y: number,
  w: number,
  offset: number,
  coef: number,
  grad: number,
  hess: number,
  scratch: number,
) => number;

/**
 * Scales the entries by column: `out[k] = values[k] · scale[indices[k]]`.
 *
 * @param values in: f64[nnz]
 * @param indices in: i32[nnz]
 * @param nnz in: entries
 * @param scale in: f64[columns]
 * @param out out: f64[nnz]; may be values itself
 */
export type CsrScaleKernel = (values: number, indices: number, nnz: number, scale: number, out: number) => void;

/**
 * Where the rows of blocks of columns stacked side by side begin: `indptr[i]` is the number of entries of the rows before i.
 *
 * @param parts in: u32[nParts × 4], for each block its indptr, indices, values and first column; a single dense f64 column
 *   has 0 for indptr and indices, and its zeros are no entries
 * @param nParts in: blocks
 * @param rows in: rows
 * @param indptr out: u32[rows + 1]
 * @returns the number of entries, a double because it may be above 2^31: more than an i32 holds do not fit one chunk
 */
export type CsrStackRowsKernel = (parts: number, nParts: number, rows: number, indptr: number) => number;

/**
 * Fills the entries of stacked blocks: each row's are those of the blocks in their order.
 *
 * @param parts in: as for `CsrStackRowsKernel`
 * @param nParts in: blocks
 * @param rows in: rows
 * @param indices out: i32, one for each entry
 * @param values out: f64, one for each entry
 */
export type CsrStackKernel = (parts: number, nParts: number, rows: number, indices: number, values: number) => void;
