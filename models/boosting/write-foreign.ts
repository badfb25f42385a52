import { DataError, ParameterError, show } from "../../src/base/errors.js";
import { writeXGBoost, writeXGBoostBinary } from "../../src/numeric/trees/formats/xgboost-writer.js";
import { ImportedTreesClassifier, ImportedTreesRegressor } from "./imported-trees.js";
import type { TreeModel, TreeState } from "./tree-model.js";

/** Options of {@link toXGBoost}. */
export interface ToXGBoostOptions {
  /** `"json"` (unless given) makes text for a file that ends in `.json`, `"ubj"` bytes for one in `.ubj`. */
  readonly format?: "json" | "ubj";
}

/**
 * A model of trees as an XGBoost file, the text of its JSON or the bytes of its UBJ: write it to a file that ends in `.json`
 * or `.ubj`, and `xgboost.Booster(model_file=...)` predicts what the model predicts, to the rounding of float32 numbers. Regressions whose
 * prediction is the margin are written as `reg:squarederror`; labels and early stopping are not part of such a file.
 *
 * Differs: XGBoost rounds values of X to float32 before it compares them, so that doubles within that rounding of a threshold
 * may go the other way.
 *
 * @throws ParameterError for another format; DataError for LightGBM models in which zeros are missing values, or whose link XGBoost does not have
 */
export function toXGBoost(model: TreeModel<object, TreeState>, options?: { readonly format?: "json" }): string;
export function toXGBoost(model: TreeModel<object, TreeState>, options: { readonly format: "ubj" }): Uint8Array;
export function toXGBoost(model: TreeModel<object, TreeState>, options: ToXGBoostOptions): string | Uint8Array;
export function toXGBoost(model: TreeModel<object, TreeState>, options: ToXGBoostOptions = {}): string | Uint8Array {
  const { format = "json" } = options;
  if (format !== "json" && format !== "ubj")
    throw new ParameterError(`toXGBoost: format must be "json" or "ubj"; got ${show(format)}.`);
  const { trees, baselines, nFeatures, featureNames } = model;
  const source = { trees, baselines, nFeatures, featureNames, objective: objectiveOf(model) };
  return format === "json" ? writeXGBoost(source) : writeXGBoostBinary(source);
}

function objectiveOf(model: TreeModel<object, TreeState>): string {
  const outputs = model.baselines.length;
  if (model instanceof ImportedTreesClassifier || model instanceof ImportedTreesRegressor) {
    const { link, sigmoid, zerosAreMissing } = model;
    if (zerosAreMissing)
      throw new DataError("toXGBoost: zeros are missing values in columns of this model, which XGBoost does not have.");
    if (model.library === "XGBoost") return model.objective === "multi:softmax" ? "multi:softprob" : model.objective;
    if (link === "softmax") return "multi:softprob";
    if (link === "exp") return "count:poisson";
    if (link === "identity") return "reg:squarederror";
    if (link === "logistic" && sigmoid === 1)
      return model instanceof ImportedTreesClassifier ? "binary:logistic" : "reg:logistic";
    throw new DataError(`toXGBoost: XGBoost has no link like that of ${show(model.objective)}.`);
  }
  if ("classes" in model) return outputs > 1 ? "multi:softprob" : "binary:logistic";
  if (model.kind.endsWith("Ranker")) return "rank:ndcg";
  const loss = (model.getParams() as { readonly loss?: unknown }).loss;
  return loss === "poisson"
    ? "count:poisson"
    : loss === "gamma"
      ? "reg:gamma"
      : loss === "tweedie"
        ? "reg:tweedie"
        : "reg:squarederror";
}
