export { GroupKFold, LeaveOneGroupOut, StratifiedGroupKFold, type GroupKFoldParams } from "./group-splitters.js";
export { KFold, RepeatedKFold, type KFoldParams, type RepeatedKFoldParams } from "./k-fold.js";
export {
  PredefinedSplit,
  TimeSeriesSplit,
  type PredefinedSplitParams,
  type TimeSeriesSplitParams,
} from "./ordered-splitters.js";
export { RowSelection, type Split } from "./row-selection.js";
export { ShuffleSplit, StratifiedShuffleSplit, type ShuffleSplitParams } from "./shuffle-split.js";
export { Splitter } from "./splitter.js";
export { RepeatedStratifiedKFold, StratifiedKFold } from "./stratified-k-fold.js";
export { trainTestSplit, type SplitOf, type SplitOptions, type Splittable } from "./train-test-split.js";
