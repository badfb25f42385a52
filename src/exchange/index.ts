export { ForeignModel } from "./foreign-model.js";
export { OnnxModel, onnxModel, type OnnxModelOptions } from "./onnx/onnx-model.js";
export type { OnnxInput } from "./onnx/onnx-file.js";
export type { OnnxRuntimeName } from "./onnx/onnx-runtime.js";
export { exportOnnx, type OnnxExportOptions } from "./onnx/export-onnx.js";
export { exportJavaScript } from "./javascript/export-javascript.js";
export type { ExportOptions } from "./graph/record-graph.js";
export { TfjsModel, tfjsModel, type TfjsModelOptions } from "./tfjs/tfjs-model.js";
export type { TfjsBackend } from "./tfjs/tfjs-runtime.js";
