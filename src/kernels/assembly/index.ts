// The kernels of kernels.wasm; kernels.ts describes each. They hold no state and no static data, use no stack in memory
// and allocate nothing, so any number of threads may instantiate the module over one memory.
export { momentsF64, momentsF32 } from "./moments";
export { gramF64, gramF32 } from "./gram";
export {
  crossF64, crossF32, matVecF64, matVecF32, matTVecF64, matTVecF32, matMulF64, matMulF32,
} from "./products";
export {
  glmLossGradF64, glmLossGradF32, glmLossGradHessF64, glmLossGradHessF32, glmLoss, inverseLink, csrGlmLossGrad,
  csrGlmLossGradHess,
} from "./glm";
export { csrGlmLossGrads } from "./glm-models";
export { softmaxLossGradF64, softmaxLossGradF32, csrSoftmaxLossGrad, softmax } from "./softmax";
export { sgdRows, csrSgdRows } from "./sgd";
export { minMaxF64, minMaxF32, nonFiniteF64, nonFiniteF32 } from "./extent";
export { centerScaleF64, centerScaleF32, scaleShiftF64, scaleShiftF32 } from "./affine";
export {
  normalizeRowsF64, normalizeRowsF32, csrNormalizeRows, binCounts, countAbove, edgeBinsF64, edgeBinsF32,
} from "./transform";
export { gather, filter, rowsWithin, copy, fill, fillF64 } from "./rows";
export { convert, applyValidityF64, applyValidityF32 } from "./convert";
export { binary, binaryScalar, unary, compare, compareScalar } from "./elementwise";
export { weightedSum } from "./sums";
export { csrMoments, csrMatVec, csrMatTVec, csrScale, csrStackRows, csrStack } from "./csr";
export { countByte, csvNumbers } from "./csv";
export { boostGradients, boostDerivatives, boostSoftmax, packDerivatives } from "./boost-loss";
export {
  binColumnF64, binColumnF32, histogram, histogramSums, partitionRows, partitionRowsBySet, addAtRows,
} from "./histogram";
export { packPairs, packedHistogram, packedHistogramSums } from "./packed-histogram";
export { packedLogistic } from "./packed-logistic";
export { addTreeBins, treePredictF64, treePredictF32 } from "./trees";
export { leafSetPredictF64, leafSetPredictF32 } from "./leaf-sets";
export { shapPathsF64, shapPathsF32 } from "./shap";
export { textSpans, textGrams, hashKeys } from "./text";
export { termKeys, termCount, termSlots, termOrder } from "./terms";
export { keyCounts } from "./key-counts";
