export { BaseSearch } from "./base-search.js";
export type { BaseSearchParams, Refit, SearchFitOptions } from "./search-plan.js";
export { AshaSearchCV, type AshaParams } from "./asha-search.js";
export { BracketSearch, type SearchMetadata } from "./bracket-search.js";
export { hyperbandBrackets, type Bracket, type BudgetTable, type Rung } from "./budget-table.js";
export {
  crossValidate,
  crossValPredict,
  crossValScore,
  type CrossValidateOptions,
  type CrossValidation,
  type CrossValPredictOptions,
  type EvaluationOptions,
} from "./cross-validate.js";
export {
  learningCurve,
  validationCurve,
  type LearningCurve,
  type LearningCurveOptions,
  type ScoreCurve,
  type ValidationCurveOptions,
} from "./curves.js";
export {
  choice,
  logNormal,
  logUniform,
  normal,
  quantized,
  randint,
  uniform,
  type Distribution,
} from "./distributions.js";
export type { ErrorScore } from "./fold-runner.js";
export { GridSearchCV, RandomizedSearchCV, type GridSearchParams, type RandomizedSearchParams } from "./grid-search.js";
export { GroupKFold, LeaveOneGroupOut, StratifiedGroupKFold, type GroupKFoldParams } from "./group-splitters.js";
export {
  HalvingGridSearchCV,
  HalvingRandomSearchCV,
  type HalvingGridParams,
  type HalvingRandomParams,
} from "./halving-search.js";
export {
  HyperbandSearchCV,
  SuccessiveHalvingSearchCV,
  type HyperbandParams,
  type SuccessiveHalvingParams,
} from "./hyperband.js";
export {
  IncrementalSearchCV,
  InverseDecaySearchCV,
  type IncrementalParams,
  type InverseDecayParams,
} from "./incremental-search.js";
export { KFold, RepeatedKFold, type KFoldParams, type RepeatedKFoldParams } from "./k-fold.js";
export {
  PredefinedSplit,
  TimeSeriesSplit,
  type PredefinedSplitParams,
  type TimeSeriesSplitParams,
} from "./ordered-splitters.js";
export { ParameterGrid, sampleParameters, type ParamGrid, type ParamSet } from "./parameter-sets.js";
export {
  permutationImportance,
  type PermutationImportance,
  type PermutationImportanceOptions,
} from "./permutation-importance.js";
export { ResourceSearch, type Resource, type ResourceSearchParams } from "./resource-search.js";
export { RowSelection, type Split } from "./row-selection.js";
export type { Scoring } from "./scoring.js";
export type { SearchResults } from "./search-results.js";
export { when, type Conditional, type ParamDistributions } from "./search-space.js";
export { ShuffleSplit, StratifiedShuffleSplit, type ShuffleSplitParams } from "./shuffle-split.js";
export { Splitter } from "./splitter.js";
export { RepeatedStratifiedKFold, StratifiedKFold } from "./stratified-k-fold.js";
export { TPESearchCV, type TPESearchParams } from "./tpe-search.js";
export { trainTestSplit, type SplitOf, type SplitOptions, type Splittable } from "./train-test-split.js";
export type { HistoryEntry } from "./trial-book.js";
export type { Cv } from "./trial-data.js";
export type { TargetInput, TrialEstimator } from "./trial-estimator.js";
export {
  CalibratedClassifierCV,
  type CalibratedClassifierCVParams,
  type CalibratedModel,
} from "./calibrated-classifier.js";
export type { Calibrator } from "./calibration-steps.js";
export type { CalibrationMethod } from "./calibrators.js";
export {
  FixedThresholdClassifier,
  TunedThresholdClassifierCV,
  type FixedThresholdParams,
  type ThresholdResponse,
  type TunedThresholdParams,
} from "./threshold-classifiers.js";
export type { ThresholdCurve } from "./threshold-curve.js";
export {
  partialDependence,
  type DependenceKind,
  type PartialDependence,
  type PartialDependenceOptions,
} from "./partial-dependence.js";
