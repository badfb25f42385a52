export { StandardScaler, type StandardScalerParams } from "./standard-scaler.js";
export { OneHotEncoder, type OneHotEncoderParams } from "./one-hot-encoder.js";
