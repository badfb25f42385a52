import type {
  BoostDerivativesKernel,
  BoostGradientsKernel,
  BoostSoftmaxKernel,
  PackDerivativesKernel,
} from "./boost-loss-kernels.js";
import type {
  CsrGlmLossGradHessKernel,
  CsrGlmLossGradKernel,
  CsrGlmLossGradsKernel,
  CsrMatTVecKernel,
  CsrMatVecKernel,
  CsrMomentsKernel,
  CsrScaleKernel,
  CsrStackKernel,
  CsrStackRowsKernel,
} from "./csr-kernels.js";
import type { CountByteKernel, CsvNumbersKernel } from "./csv-text-kernels.js";
import type { GlmLossGradHessKernel, GlmLossGradKernel, GlmLossKernel, InverseLinkKernel } from "./glm-kernels.js";
import type {
  AddAtRowsKernel,
  BinColumnKernel,
  HistogramKernel,
  HistogramSumsKernel,
  PackedHistogramKernel,
  PackedHistogramSumsKernel,
  PackedLogisticKernel,
  PackPairsKernel,
  PartitionRowsBySetKernel,
  PartitionRowsKernel,
} from "./histogram-kernels.js";
import type {
  HashKeysKernel,
  KeyCountsKernel,
  TermCountKernel,
  TermKeysKernel,
  TermOrderKernel,
  TermSlotsKernel,
  TextGramsKernel,
  TextSpansKernel,
} from "./text-kernels.js";
import type {
  AffineKernel,
  CrossKernel,
  GramKernel,
  MatMulKernel,
  MatTVecKernel,
  MatVecKernel,
  MinMaxKernel,
  MomentsKernel,
  NonFiniteKernel,
} from "./matrix-kernels.js";
import type { AddTreeBinsKernel, LeafSetPredictKernel, ShapPathsKernel, TreePredictKernel } from "./tree-kernels.js";
import type { CsrSgdRowsKernel, SgdRowsKernel } from "./sgd-kernels.js";
import type { CsrSoftmaxLossGradKernel, SoftmaxKernel, SoftmaxLossGradKernel } from "./softmax-kernels.js";
import type {
  BinCountsKernel,
  CountAboveKernel,
  CsrNormalizeRowsKernel,
  EdgeBinsKernel,
  NormalizeRowsKernel,
} from "./transform-kernels.js";
import type {
  ApplyValidityKernel,
  BinaryKernel,
  BinaryScalarKernel,
  CompareKernel,
  CompareScalarKernel,
  ConvertKernel,
  CopyKernel,
  FillF64Kernel,
  FillKernel,
  FilterKernel,
  GatherKernel,
  RowsWithinKernel,
  UnaryKernel,
  WeightedSumKernel,
} from "./vector-kernels.js";

/**
 * The kernels over one memory, in WebAssembly (`instantiateKernels`) or plain TypeScript (`referenceKernels`).
 *
 * Conventions:
 * - Pointers are byte offsets into the memory (up to 4 GiB), lengths are element counts. Vectors and columns need the
 *   alignment of their element type only, scratch that of 8 bytes.
 * - A matrix is a table of columns, u32[nCols] of byte offsets. Kernels that read one exist for f64 and f32 columns
 *   (suffix); sums are f64 in either case.
 * - Outputs and scratch are the caller's; kernels allocate nothing and keep no state, so several threads may run them
 *   on one memory at once. Scratch needs no initial value.
 * - "in/out" outputs are accumulated into. Nothing traps: NaN and infinities propagate as in IEEE 754 unless stated.
 */
export interface Kernels {
  /** Moments of f64 columns. */
  readonly momentsF64: MomentsKernel;
  /** Moments of f32 columns. */
  readonly momentsF32: MomentsKernel;
  /** Extremes of f64 columns. */
  readonly minMaxF64: MinMaxKernel;
  /** Extremes of f32 columns. */
  readonly minMaxF32: MinMaxKernel;
  /** Count of NaN and infinities in f64 columns. */
  readonly nonFiniteF64: NonFiniteKernel;
  /** Count of NaN and infinities in f32 columns. */
  readonly nonFiniteF32: NonFiniteKernel;
  /** Gram matrix of f64 columns. */
  readonly gramF64: GramKernel;
  /** Gram matrix of f32 columns. */
  readonly gramF32: GramKernel;
  /** Cross product of f64 columns with f64 columns. */
  readonly crossF64: CrossKernel;
  /** Cross product of f32 columns with f64 columns. */
  readonly crossF32: CrossKernel;
  /** Matrix of f64 columns times vector. */
  readonly matVecF64: MatVecKernel;
  /** Matrix of f32 columns times vector. */
  readonly matVecF32: MatVecKernel;
  /** Transposed matrix of f64 columns times vector. */
  readonly matTVecF64: MatTVecKernel;
  /** Transposed matrix of f32 columns times vector. */
  readonly matTVecF32: MatTVecKernel;
  /** Matrix of f64 columns times small matrix. */
  readonly matMulF64: MatMulKernel;
  /** Matrix of f32 columns times small matrix. */
  readonly matMulF32: MatMulKernel;
  /** GLM loss and gradient over f64 columns. */
  readonly glmLossGradF64: GlmLossGradKernel;
  /** GLM loss and gradient over f32 columns. */
  readonly glmLossGradF32: GlmLossGradKernel;
  /** GLM loss, gradient and Hessian over f64 columns. */
  readonly glmLossGradHessF64: GlmLossGradHessKernel;
  /** GLM loss, gradient and Hessian over f32 columns. */
  readonly glmLossGradHessF32: GlmLossGradHessKernel;
  /** GLM loss of stored linear predictors. */
  readonly glmLoss: GlmLossKernel;
  /** GLM means from linear predictors. */
  readonly inverseLink: InverseLinkKernel;
  /** Multinomial loss and gradient over f64 columns. */
  readonly softmaxLossGradF64: SoftmaxLossGradKernel;
  /** Multinomial loss and gradient over f32 columns. */
  readonly softmaxLossGradF32: SoftmaxLossGradKernel;
  /** Multinomial loss and gradient over a CSR matrix. */
  readonly csrSoftmaxLossGrad: CsrSoftmaxLossGradKernel;
  /** Softmax of each row. */
  readonly softmax: SoftmaxKernel;
  /** Stochastic gradient descent over row-major rows. */
  readonly sgdRows: SgdRowsKernel;
  /** Stochastic gradient descent over CSR rows. */
  readonly csrSgdRows: CsrSgdRowsKernel;
  /** `(x - shift) · scale` of f64 columns. */
  readonly centerScaleF64: AffineKernel;
  /** `(x - shift) · scale` of f32 columns. */
  readonly centerScaleF32: AffineKernel;
  /** `x · scale + shift` of f64 columns. */
  readonly scaleShiftF64: AffineKernel;
  /** `x · scale + shift` of f32 columns. */
  readonly scaleShiftF32: AffineKernel;
  /** Rows of f64 columns divided by their norm. */
  readonly normalizeRowsF64: NormalizeRowsKernel;
  /** Rows of f32 columns divided by their norm. */
  readonly normalizeRowsF32: NormalizeRowsKernel;
  /** Compressed rows divided by their norm. */
  readonly csrNormalizeRows: CsrNormalizeRowsKernel;
  /** Weight in equal bins. */
  readonly binCounts: BinCountsKernel;
  /** Values above edges. */
  readonly countAbove: CountAboveKernel;
  /** Edges not above f64 values. */
  readonly edgeBinsF64: EdgeBinsKernel;
  /** Edges not above f32 values. */
  readonly edgeBinsF32: EdgeBinsKernel;
  /** Rows by index. */
  readonly gather: GatherKernel;
  /** Rows by mask. */
  readonly filter: FilterKernel;
  /** Rows of a range of values. */
  readonly rowsWithin: RowsWithinKernel;
  /** Bytes from one place to another. */
  readonly copy: CopyKernel;
  /** Bytes of one value. */
  readonly fill: FillKernel;
  /** f64 elements of one value. */
  readonly fillF64: FillF64Kernel;
  /** Conversion between element types. */
  readonly convert: ConvertKernel;
  /** NaN for invalid f64 elements. */
  readonly applyValidityF64: ApplyValidityKernel;
  /** NaN for invalid f32 elements. */
  readonly applyValidityF32: ApplyValidityKernel;
  /** Arithmetic of two f64 vectors. */
  readonly binary: BinaryKernel;
  /** Arithmetic of an f64 vector and a scalar. */
  readonly binaryScalar: BinaryScalarKernel;
  /** Functions of an f64 vector. */
  readonly unary: UnaryKernel;
  /** Comparison of two f64 vectors. */
  readonly compare: CompareKernel;
  /** Comparison of an f64 vector and a scalar. */
  readonly compareScalar: CompareScalarKernel;
  /** Weighted sum of an f64 vector. */
  readonly weightedSum: WeightedSumKernel;
  /** Moments of CSR columns. */
  readonly csrMoments: CsrMomentsKernel;
  /** CSR matrix times vector. */
  readonly csrMatVec: CsrMatVecKernel;
  /** Transposed CSR matrix times vector. */
  readonly csrMatTVec: CsrMatTVecKernel;
  /** GLM loss and gradient over a CSR matrix. */
  readonly csrGlmLossGrad: CsrGlmLossGradKernel;
  /** GLM loss, gradient and Hessian over a CSR matrix. */
  readonly csrGlmLossGradHess: CsrGlmLossGradHessKernel;
  /** Of several models at once. */
  readonly csrGlmLossGrads: CsrGlmLossGradsKernel;
  /** Entries of a CSR matrix scaled by column. */
  readonly csrScale: CsrScaleKernel;
  /** Starts of the rows of blocks side by side. */
  readonly csrStackRows: CsrStackRowsKernel;
  /** Entries of blocks side by side. */
  readonly csrStack: CsrStackKernel;
  /** Bytes of one value, counted. */
  readonly countByte: CountByteKernel;
  /** Records of delimited numbers as f64 columns. */
  readonly csvNumbers: CsvNumbersKernel;
  /** Documents cut into tokens or characters. */
  readonly textSpans: TextSpansKernel;
  /** Runs of tokens or characters, hashed. */
  readonly textGrams: TextGramsKernel;
  /** Columns of grams by hash. */
  readonly hashKeys: HashKeysKernel;
  /** Columns of grams by a table of terms. */
  readonly termKeys: TermKeysKernel;
  /** Terms and their counts. */
  readonly termCount: TermCountKernel;
  /** Slots of a table of terms. */
  readonly termSlots: TermSlotsKernel;
  /** Terms in order. */
  readonly termOrder: TermOrderKernel;
  /** Columns counted. */
  readonly keyCounts: KeyCountsKernel;
  /** Bins of an f64 column. */
  readonly binColumnF64: BinColumnKernel;
  /** Bins of an f32 column. */
  readonly binColumnF32: BinColumnKernel;
  /** Integer derivatives of a loss, for boosting. */
  readonly boostGradients: BoostGradientsKernel;
  /** Losses and derivatives in doubles, for boosting. */
  readonly boostDerivatives: BoostDerivativesKernel;
  /** Multinomial losses and derivatives in doubles, for boosting. */
  readonly boostSoftmax: BoostSoftmaxKernel;
  /** Derivatives as integers. */
  readonly packDerivatives: PackDerivativesKernel;
  /** Integer histograms of derivatives over bins. */
  readonly histogram: HistogramKernel;
  /** Integer histograms added to sums in doubles. */
  readonly histogramSums: HistogramSumsKernel;
  /** Derivatives of few bits, both in one integer. */
  readonly packPairs: PackPairsKernel;
  /** Packed derivatives of the log loss. */
  readonly packedLogistic: PackedLogisticKernel;
  /** Histograms of packed derivatives over bins. */
  readonly packedHistogram: PackedHistogramKernel;
  /** Packed histograms added to sums in doubles. */
  readonly packedHistogramSums: PackedHistogramSumsKernel;
  /** Rows of a leaf by the side of its split. */
  readonly partitionRows: PartitionRowsKernel;
  readonly partitionRowsBySet: PartitionRowsBySetKernel;
  /** A number added to some elements. */
  readonly addAtRows: AddAtRowsKernel;
  /** A tree's values added to margins by bins. */
  readonly addTreeBins: AddTreeBinsKernel;
  /** Trees summed over f64 columns. */
  readonly treePredictF64: TreePredictKernel;
  /** Trees summed over f32 columns. */
  readonly treePredictF32: TreePredictKernel;
  /** Trees summed over f64 columns by sets of leaves. */
  readonly leafSetPredictF64: LeafSetPredictKernel;
  /** Trees summed over f32 columns by sets of leaves. */
  readonly leafSetPredictF32: LeafSetPredictKernel;
  /** Shapley values of trees over f64 columns. */
  readonly shapPathsF64: ShapPathsKernel;
  /** Shapley values of trees over f32 columns. */
  readonly shapPathsF32: ShapPathsKernel;
}

export { kernelNames } from "./kernel-names.js";
export {
  csrHessScratchBytes,
  CSV_SCRATCH_BYTES,
  glmHessScratchBytes,
  glmModelsScratchBytes,
  glmScratchBytes,
  gramScratchBytes,
  softmaxScratchBytes,
} from "./scratch-sizes.js";
export { boostLoss, type BoostLossCode, type BoundedLossCode } from "./boost-loss-kernels.js";
export {
  HISTOGRAM_BINS,
  HISTOGRAM_ROWS,
  histogramScratchBytes,
  MISSING_BIN,
  PACKED_DROP,
  PACKED_ROWS,
} from "./histogram-kernels.js";
export {
  CATEGORY_SET_BYTES,
  leafSetScratchBytes,
  MAX_TREE_COLUMNS,
  nodeFlag,
  PLANE_ROWS,
  PLANE_THRESHOLDS,
  planeFlag,
  planeKind,
  SHAP_STEP_BYTES,
  shapFlag,
  shapScratchBytes,
  treeScratchBytes,
} from "./tree-kernels.js";
export { TERM_BYTES, TERM_TABLE_WORDS, textAnalyzer, type TextAnalyzerCode } from "./text-kernels.js";
export { glmFamily, type GlmFamilyCode } from "./glm-kernels.js";
export { NORMALIZE_SCRATCH_BYTES, rowNorm, type RowNormCode } from "./transform-kernels.js";
export {
  binaryOp,
  compareOp,
  dtypeCode,
  unaryOp,
  type BinaryOpCode,
  type CompareOpCode,
  type DtypeCode,
  type ElementBytes,
  type UnaryOpCode,
} from "./vector-kernels.js";
