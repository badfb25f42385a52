import { DataError, show } from "../../src/base/errors.js";
import { writeXGBoost } from "../../src/numeric/trees/formats/xgboost-writer.js";
import { ImportedTreesClassifier, ImportedTreesRegressor } from "./imported-trees.js";
import type { TreeModel, TreeState } from "./tree-model.js";

/**
 * A model of trees as the text of an XGBoost JSON file: write it to a file that ends in `.json`, and
 * `xgboost.Booster(model_file=...)` predicts what the model predicts, to the rounding of float32 numbers. Regressions whose
 * prediction is the margin are written as `reg:squarederror`; labels and early stopping are not part of such a file.
 *
 * Differs: XGBoost rounds values of X to float32 before it compares them, so that doubles within that rounding of a threshold
 * may go the other way.
 *
 * @throws DataError for LightGBM models in which zeros are missing values, or whose link XGBoost does not have
 */
export function toXGBoost(model: TreeModel<object, TreeState>): string {
  const { trees, baselines, nFeatures, featureNames } = model;
  return writeXGBoost({ trees, baselines, nFeatures, featureNames, objective: objectiveOf(model) });
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
