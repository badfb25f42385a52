import type { Kernels } from "../kernels.js";
import { boostDerivatives, boostGradients, boostSoftmax, packDerivatives } from "./boost-loss.js";
import { applyValidity, convert } from "./convert.js";
import { csrMatTVec, csrMatVec, csrMoments, csrScale, csrStack, csrStackRows } from "./csr.js";
import { countByte, csvNumbers } from "./csv.js";
import {
  csrGlmLossGrad,
  csrGlmLossGradHess,
  csrGlmLossGrads,
  glmLoss,
  glmLossGrad,
  glmLossGradHess,
  inverseLink,
} from "./glm.js";
import {
  addAtRows,
  binColumn,
  histogram,
  histogramSums,
  packedHistogram,
  packedHistogramSums,
  packedLogistic,
  packPairs,
  partitionRows,
  partitionRowsBySet,
} from "./histogram.js";
import { leafSetPredict } from "./leaf-sets.js";
import { affine, cross, gram, matMul, matTVec, matVec, minMax, moments, nonFinite } from "./matrix.js";
import { csrSgdRows, sgdRows } from "./sgd.js";
import { shapPaths } from "./shap.js";
import { csrSoftmaxLossGrad, softmax, softmaxLossGrad } from "./softmax.js";
import { addTreeBins, treePredict } from "./trees.js";
import { binCounts, countAbove, csrNormalizeRows, edgeBins, normalizeRows } from "./transform.js";
import { hashKeys, keyCounts, termCount, termKeys, termOrder, termSlots, textGrams, textSpans } from "./text.js";
import {
  binary,
  binaryScalar,
  compare,
  compareScalar,
  copy,
  fill,
  fillF64,
  filter,
  gather,
  rowsWithin,
  unary,
  weightedSum,
} from "./vector.js";
import { MemoryViews } from "./views.js";

/**
 * The kernels in plain TypeScript over a memory: what each one means, written to be read, and the twin that the
 * WebAssembly kernels are tested against. Same signatures and conventions; slower, and no scratch is used.
 */
export function referenceKernels(memory: WebAssembly.Memory): Kernels {
  const views = new MemoryViews(memory);
  const centerScale = (x: number, shift: number, scale: number): number => (x - shift) * scale;
  const scaleShift = (x: number, shift: number, scale: number): number => x * scale + shift;
  return {
    momentsF64: moments(views, "F64"),
    momentsF32: moments(views, "F32"),
    minMaxF64: minMax(views, "F64"),
    minMaxF32: minMax(views, "F32"),
    nonFiniteF64: nonFinite(views, "F64"),
    nonFiniteF32: nonFinite(views, "F32"),
    gramF64: gram(views, "F64"),
    gramF32: gram(views, "F32"),
    crossF64: cross(views, "F64"),
    crossF32: cross(views, "F32"),
    matVecF64: matVec(views, "F64"),
    matVecF32: matVec(views, "F32"),
    matTVecF64: matTVec(views, "F64"),
    matTVecF32: matTVec(views, "F32"),
    matMulF64: matMul(views, "F64"),
    matMulF32: matMul(views, "F32"),
    glmLossGradF64: glmLossGrad(views, "F64"),
    glmLossGradF32: glmLossGrad(views, "F32"),
    glmLossGradHessF64: glmLossGradHess(views, "F64"),
    glmLossGradHessF32: glmLossGradHess(views, "F32"),
    glmLoss: glmLoss(views),
    inverseLink: inverseLink(views),
    softmaxLossGradF64: softmaxLossGrad(views, "F64"),
    softmaxLossGradF32: softmaxLossGrad(views, "F32"),
    csrSoftmaxLossGrad: csrSoftmaxLossGrad(views),
    softmax: softmax(views),
    sgdRows: sgdRows(views),
    csrSgdRows: csrSgdRows(views),
    centerScaleF64: affine(views, "F64", centerScale),
    centerScaleF32: affine(views, "F32", centerScale),
    scaleShiftF64: affine(views, "F64", scaleShift),
    scaleShiftF32: affine(views, "F32", scaleShift),
    normalizeRowsF64: normalizeRows("F64", views),
    normalizeRowsF32: normalizeRows("F32", views),
    csrNormalizeRows: csrNormalizeRows(views),
    binCounts: binCounts(views),
    countAbove: countAbove(views),
    edgeBinsF64: edgeBins("F64", views),
    edgeBinsF32: edgeBins("F32", views),
    gather: gather(views),
    filter: filter(views),
    rowsWithin: rowsWithin(views),
    copy: copy(views),
    fill: fill(views),
    fillF64: fillF64(views),
    convert: convert(views),
    applyValidityF64: applyValidity(views, "F64"),
    applyValidityF32: applyValidity(views, "F32"),
    binary: binary(views),
    binaryScalar: binaryScalar(views),
    unary: unary(views),
    compare: compare(views),
    compareScalar: compareScalar(views),
    weightedSum: weightedSum(views),
    csrMoments: csrMoments(views),
    csrMatVec: csrMatVec(views),
    csrMatTVec: csrMatTVec(views),
    csrGlmLossGrad: csrGlmLossGrad(views),
    csrGlmLossGradHess: csrGlmLossGradHess(views),
    csrGlmLossGrads: csrGlmLossGrads(views),
    csrScale: csrScale(views),
    csrStackRows: csrStackRows(views),
    csrStack: csrStack(views),
    countByte: countByte(views),
    csvNumbers: csvNumbers(views),
    textSpans: textSpans(views),
    textGrams: textGrams(views),
    hashKeys: hashKeys(views),
    termKeys: termKeys(views),
    termCount: termCount(views),
    termSlots: termSlots(views),
    termOrder: termOrder(views),
    keyCounts: keyCounts(views),
    binColumnF64: binColumn(views, "F64"),
    binColumnF32: binColumn(views, "F32"),
    boostGradients: boostGradients(views),
    boostDerivatives: boostDerivatives(views),
    boostSoftmax: boostSoftmax(views),
    packDerivatives: packDerivatives(views),
    histogram: histogram(views),
    histogramSums: histogramSums(views),
    packPairs: packPairs(views),
    packedLogistic: packedLogistic(views),
    packedHistogram: packedHistogram(views),
    packedHistogramSums: packedHistogramSums(views),
    partitionRows: partitionRows(views),
    partitionRowsBySet: partitionRowsBySet(views),
    addAtRows: addAtRows(views),
    addTreeBins: addTreeBins(views),
    treePredictF64: treePredict(views, "F64"),
    treePredictF32: treePredict(views, "F32"),
    leafSetPredictF64: leafSetPredict(views, "F64"),
    leafSetPredictF32: leafSetPredict(views, "F32"),
    shapPathsF64: shapPaths(views, "F64"),
    shapPathsF32: shapPaths(views, "F32"),
  };
}
