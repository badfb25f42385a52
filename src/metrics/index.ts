export { accuracyScore, type AccuracyOptions } from "./accuracy.js";
export {
  calibrationCurve,
  type CalibrationCurve,
  type CalibrationKernelOptions,
  type CalibrationOptions,
  type CalibrationStrategy,
} from "./calibration-curve.js";
export {
  confusionMatrix,
  type ConfusionKernelOptions,
  type ConfusionMatrix,
  type ConfusionNormalize,
  type ConfusionOptions,
} from "./confusion-matrix.js";
export type { LabelValues, MetricValues, ToArray } from "./inputs.js";
export { logLoss, type LogLossKernelOptions, type LogLossOptions } from "./log-loss.js";
export type { Label } from "./metric-kernel.js";
export type { MetricOptions, PassOptions } from "./metric-pass.js";
export {
  meanAbsoluteError,
  meanSquaredError,
  r2Score,
  rootMeanSquaredError,
  type Multioutput,
  type RegressionOptions,
  type RegressionScore,
} from "./regression.js";
export { rocAucScore, rocCurve, type RocAucOptions, type RocCurve, type RocCurveOptions } from "./roc.js";
