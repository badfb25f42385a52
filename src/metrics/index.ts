export {
  averagePrecisionScore,
  precisionRecallCurve,
  type AveragePrecisionOptions,
  type PrecisionRecallCurve,
  type PrecisionRecallKernelOptions,
  type PrecisionRecallOptions,
} from "./average-precision.js";
export { accuracyScore, type AccuracyOptions } from "./accuracy.js";
export {
  calibrationCurve,
  type CalibrationCurve,
  type CalibrationKernelOptions,
  type CalibrationOptions,
  type CalibrationStrategy,
} from "./calibration-curve.js";
export {
  balancedAccuracyScore,
  cohenKappaScore,
  matthewsCorrcoef,
  type BalancedAccuracyOptions,
  type CohenKappaKernelOptions,
  type CohenKappaOptions,
  type KappaWeights,
} from "./class-agreement.js";
export {
  classificationReport,
  type ClassificationReport,
  type ClassScores,
  type ReportKernelOptions,
  type ReportOptions,
} from "./classification-report.js";
export {
  brierScoreLoss,
  topKAccuracyScore,
  type BrierKernelOptions,
  type BrierOptions,
  type TopKKernelOptions,
  type TopKOptions,
} from "./column-losses.js";
export {
  confusionMatrix,
  type ConfusionKernelOptions,
  type ConfusionMatrix,
  type ConfusionNormalize,
  type ConfusionOptions,
} from "./confusion-matrix.js";
export { d2AbsoluteErrorScore, d2LogLossScore, type D2LogLossOptions } from "./d2-scores.js";
export {
  d2TweedieScore,
  meanAbsolutePercentageError,
  meanGammaDeviance,
  meanPinballLoss,
  meanPoissonDeviance,
  meanSquaredLogError,
  meanTweedieDeviance,
  rootMeanSquaredLogError,
  type PinballOptions,
  type TweedieOptions,
} from "./deviance.js";
export { explainedVarianceScore, maxError, medianAbsoluteError, type MedianErrorOptions } from "./error-spread.js";
export type { LabelValues, MetricValues, ToArray } from "./inputs.js";
export { logLoss, type LogLossKernelOptions, type LogLossOptions } from "./log-loss.js";
export type { Label } from "./metric-kernel.js";
export type { MetricOptions, PassOptions } from "./metric-pass.js";
export {
  f1Score,
  fbetaScore,
  jaccardScore,
  precisionRecallFscoreSupport,
  precisionScore,
  recallScore,
  type Average,
  type AveragedScore,
  type FbetaOptions,
  type PrecisionKernelOptions,
  type PrecisionOptions,
  type PrecisionRecallFscore,
  type PrecisionRecallFscoreOptions,
} from "./precision-recall.js";
export {
  meanAbsoluteError,
  meanSquaredError,
  r2Score,
  rootMeanSquaredError,
  type Multioutput,
  type RegressionOptions,
  type RegressionScore,
} from "./regression.js";
export type { MultiClass } from "./roc-auc-multiclass.js";
export {
  getScorer,
  getScorerNames,
  makeScorer,
  type MakeScorerOptions,
  type ScoreFunction,
  type Scorer,
  type ScorerKernel,
  type ScorerResponse,
} from "./scorer.js";
export { rocAucScore, rocCurve, type RocAucOptions, type RocCurve, type RocCurveOptions } from "./roc.js";
export { auc } from "./auc.js";
export {
  adjustedMutualInfoScore,
  completenessScore,
  homogeneityCompletenessVMeasure,
  homogeneityScore,
  mutualInfoScore,
  normalizedMutualInfoScore,
  vMeasureScore,
  type EntropyAverage,
  type MutualInfoOptions,
  type VMeasureOptions,
  type VMeasures,
} from "./clustering-information.js";
export {
  adjustedRandScore,
  fowlkesMallowsScore,
  pairConfusionMatrix,
  randScore,
  type PairConfusion,
} from "./clustering-pairs.js";
export { contingencyMatrix, type ContingencyMatrix } from "./contingency.js";
export { detCurve, type DetCurve, type DetKernelOptions, type DetOptions } from "./det-curve.js";
export { hingeLoss, type HingeOptions } from "./hinge-loss.js";
export {
  coverageError,
  dcgScore,
  labelRankingAveragePrecisionScore,
  labelRankingLoss,
  ndcgScore,
  type DcgOptions,
  type NdcgOptions,
} from "./label-ranking.js";
export { classLikelihoodRatios, type LikelihoodRatios } from "./likelihood-ratios.js";
export {
  hammingLoss,
  multilabelConfusionMatrix,
  zeroOneLoss,
  type BinaryConfusion,
  type MultilabelConfusionOptions,
  type ZeroOneOptions,
} from "./multilabel.js";
export {
  pairwiseDistances,
  pairwiseDistancesArgmin,
  pairwiseDistancesArgminMin,
  pairwiseKernels,
  type DistanceOptions,
  type KernelOptions,
  type Nearest,
} from "./pairwise.js";
export type { DistanceMetric, PairwiseKernel } from "./pairwise-steps.js";
export { binnedCurves, type BinnedCurves, type BinnedKernelOptions, type BinnedOptions } from "./binned-curves.js";
export {
  calinskiHarabaszScore,
  daviesBouldinScore,
  silhouetteSamples,
  silhouetteScore,
  type SilhouetteOptions,
} from "./cluster-shape.js";
export { scoreMetrics, type ScoreMetricsInputs } from "./score-metrics.js";
export type { MetricInputs } from "./metric-pass.js";
