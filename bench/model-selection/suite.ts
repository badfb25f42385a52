import type { Suite } from "../harness/types.js";
import { metricsWorks } from "./metric-works.js";

/** The targets of model selection. */
export const suite: Suite = {
  name: "model-selection",
  about:
    "Metrics: ten of two classes in one call against scikit-learn's one after the other, labels and probabilities in memory " +
    "on both sides (10,000,000 rows with --large, else 2,000,000).",
  works: [...metricsWorks],
};
