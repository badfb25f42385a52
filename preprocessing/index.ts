export { StandardScaler, type StandardScalerParams } from "./standard-scaler.js";
export { OneHotEncoder, type OneHotEncoderParams } from "./one-hot-encoder.js";
export { OrdinalEncoder, type OrdinalEncoderParams } from "./ordinal-encoder.js";
export { FrequencyEncoder, type FrequencyEncoderParams } from "./frequency-encoder.js";
export { LabelEncoder } from "./label-encoder.js";
export { type Labels } from "./label-codes.js";
export { LabelBinarizer, type LabelBinarizerParams } from "./label-binarizer.js";
export { MultiLabelBinarizer, type LabelSets, type MultiLabelBinarizerParams } from "./multi-label-binarizer.js";
export { type Category } from "./column-codes.js";
export { TargetEncoder, type TargetEncoderParams } from "./target-encoder.js";
export { DummyEncoder, type DummyEncoderParams } from "./dummy-encoder.js";
export { GroupedImputer, type GroupedImputerParams } from "./grouped-imputer.js";
export { BlockTransformer, type BlockFn, type BlockTransformerParams } from "./block-transformer.js";
export { Categorizer, type CategorizerParams } from "./categorizer.js";
export { DateFeatures, type DateFeaturesParams, type DatePart } from "./date-features.js";
export { Binarizer, type BinarizerParams } from "./binarizer.js";
export { FunctionTransformer, type FunctionTransformerParams } from "./function-transformer.js";
export { IterativeImputer, type IterativeImputerParams } from "./iterative-imputer.js";
export { KNNImputer, type KNNImputerParams } from "./knn-imputer.js";
export { KBinsDiscretizer, type KBinsDiscretizerParams } from "./k-bins-discretizer.js";
export { MaxAbsScaler, type MaxAbsScalerParams } from "./max-abs-scaler.js";
export { MinMaxScaler, type MinMaxScalerParams } from "./min-max-scaler.js";
export { Normalizer, type NormalizerParams } from "./normalizer.js";
export { PolynomialFeatures, type PolynomialFeaturesParams } from "./polynomial-features.js";
export { PowerTransformer, type PowerTransformerParams } from "./power-transformer.js";
export { QuantileTransformer, type QuantileTransformerParams } from "./quantile-transformer.js";
export { RobustScaler, type RobustScalerParams } from "./robust-scaler.js";
export { SelectKBest, type SelectKBestParams } from "./select-k-best.js";
export { SelectPercentile, type SelectPercentileParams } from "./select-percentile.js";
export { RFE, type RFEParams } from "../src/feature-selection/rfe.js";
export { RFECV, type RFECVParams, type RFECVResults } from "../src/feature-selection/rfecv.js";
export {
  GenericUnivariateSelect,
  type GenericUnivariateSelectParams,
  type SelectionMode,
} from "./generic-univariate-select.js";
export {
  mutualInfoClassif,
  mutualInfoRegression,
  type DiscreteFeatures,
  type MutualInformationOptions,
  type MutualInformationSettings,
} from "./mutual-information.js";
export { SelectFdr, type SelectFdrParams } from "./select-fdr.js";
export { SelectFpr, type SelectFprParams } from "./select-fpr.js";
export { SelectFwe, type SelectFweParams } from "./select-fwe.js";
export { SelectFromModel, type SelectFromModelParams } from "../src/feature-selection/select-from-model.js";
export { SimpleImputer, type SimpleImputerParams } from "./simple-imputer.js";
export { SplineTransformer, type SplineTransformerParams } from "./spline-transformer.js";
export { VarianceThreshold, type VarianceThresholdParams } from "./variance-threshold.js";
export { CountVectorizer, type CountVectorizerParams } from "./text/count-vectorizer.js";
export { HashingVectorizer, type HashingVectorizerParams } from "./text/hashing-vectorizer.js";
export { TfidfTransformer, type TfidfTransformerParams } from "./text/tfidf-transformer.js";
export { TfidfVectorizer, type TfidfVectorizerParams } from "./text/tfidf-vectorizer.js";
export { type TextInput } from "./text/text-vectorizer.js";
export { type Analyzer } from "./text/text-params.js";
export { FeatureHasher, type FeatureHasherParams, type HashedRows } from "./feature-hasher.js";
