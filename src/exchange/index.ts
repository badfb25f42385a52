export { ForeignModel } from "./foreign-model.js";
export { OnnxModel, onnxModel, type OnnxModelOptions } from "./onnx/onnx-model.js";
export type { OnnxInput } from "./onnx/onnx-file.js";
export type { OnnxRuntimeName } from "./onnx/onnx-runtime.js";
