// Slack for the kernels to start their scratch at a cache line.
const ALIGNMENT = 64;

// Mirrors gramTileRows and tileStride of assembly/gram.ts.
function gramTileStride(nCols: number): number {
  const fit = Math.floor(131_072 / (nCols + 3)) & ~3;
  return Math.min(2048, Math.max(64, fit)) * 8 + 64;
}

/** Bytes of scratch that `gramF64` and `gramF32` need for `nCols` columns: about 1 MiB, more above 2,000 columns. */
export function gramScratchBytes(nCols: number): number {
  return (nCols + 3) * gramTileStride(nCols) + ALIGNMENT;
}

/** Bytes of scratch that `glmLossGradF64`, `glmLossGradF32` and `csrGlmLossGrad` need, for any number of columns. */
export function glmScratchBytes(): number {
  // TILE of assembly/lanes.ts, and a line for the element that may be written after an odd last row.
  return 1024 * 8 + 64 + ALIGNMENT;
}

/** Bytes of scratch that `csrGlmLossGrads` needs for so many models. */
export function glmModelsScratchBytes(models: number): number {
  // STRIDE of assembly/glm-models.ts.
  return models * (128 * 8 + 64) + ALIGNMENT;
}

/** Bytes of scratch that `softmaxLossGradF64`, `softmaxLossGradF32` and `csrSoftmaxLossGrad` need for `k` classes. */
export function softmaxScratchBytes(k: number): number {
  // STRIDE of assembly/softmax.ts.
  return (k + 2) * (512 * 8 + 64) + ALIGNMENT;
}

/** Bytes of scratch that `glmLossGradHessF64` and `glmLossGradHessF32` need for `nCols` columns and the intercept. */
export function glmHessScratchBytes(nCols: number): number {
  return (nCols + 1 + 4) * gramTileStride(nCols + 1) + ALIGNMENT;
}

/** Bytes of scratch that `csrGlmLossGradHess` needs, for any number of columns. */
export function csrHessScratchBytes(): number {
  return 2 * glmScratchBytes();
}

/** Bytes of scratch that `csvNumbers` needs. */
export const CSV_SCRATCH_BYTES = 384;
