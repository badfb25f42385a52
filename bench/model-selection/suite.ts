import type { Suite } from "../harness/types.js";
import { metricsWorks } from "./metric-works.js";
import { searchWorks } from "./search-works.js";

/** The targets of model selection. */
export const suite: Suite = {
  name: "model-selection",
  about:
    "Metrics: ten of two classes in one call against scikit-learn's one after the other, labels and probabilities in memory " +
    "on both sides (10,000,000 rows with --large, else 2,000,000). " +
    "`grid-search`: 24 points (C, intercept) x 5 folds over a scaler of 14 columns, a one-hot encoder of 6 columns of text " +
    "and a logistic regression on 500,000 rows in memory, scored by log loss; all 24 mean scores are compared. " +
    "`search-overhead` is milliseconds a trial of a grid of 500 over an estimator that does nothing, five folds each; `tpe-overhead` " +
    "is that of 500 proposals of the tree-structured Parzen estimator over three parameters.",
  works: [...metricsWorks, ...searchWorks],
};
