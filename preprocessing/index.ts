export { StandardScaler, type StandardScalerParams } from "./standard-scaler.js";
export { OneHotEncoder, type OneHotEncoderParams } from "./one-hot-encoder.js";
export { OrdinalEncoder, type OrdinalEncoderParams } from "./ordinal-encoder.js";
export { FrequencyEncoder, type FrequencyEncoderParams } from "./frequency-encoder.js";
export { LabelEncoder, type Labels } from "./label-encoder.js";
export { type Category } from "./column-codes.js";
export { TargetEncoder, type TargetEncoderParams } from "./target-encoder.js";
export { DateFeatures, type DateFeaturesParams, type DatePart } from "./date-features.js";
