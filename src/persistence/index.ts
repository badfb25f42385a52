export { loadModel, type LoadOptions } from "./load-model.js";
export { saveModel, type Savable, type SavedModel, type SaveOptions } from "./save-model.js";
export { readModelFile, type ModelFile, type ModelInput } from "./model-file.js";
export type { GoldenRows } from "./golden-rows.js";
export type { CategorySketch, ColumnSketch, DataSketch, NumberSketch } from "./data-sketch.js";
