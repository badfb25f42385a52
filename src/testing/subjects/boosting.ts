import { HistGradientBoostingClassifier } from "../../../models/boosting/hist-gradient-boosting-classifier.js";
import { HistGradientBoostingRegressor } from "../../../models/boosting/hist-gradient-boosting-regressor.js";
import type { TestSubject } from "../subject.js";
import { subjectOf } from "./of-class.js";

// Bit for bit for any partitioning (tests of their own prove it), but weight 2 rounds once where two rows round twice.
const boosted = {
  solution: "iterative",
  attributes: ["baseline", "trainScore", "nIter"],
  weights: true,
  nan: "left out",
  anyRowOrder: true,
  onePass: false,
} as const;
const FEW_TREES = { maxIter: 4, maxLeafNodes: 8, minSamplesLeaf: 1, learningRate: 0.3 };

export const boostingSubjects: readonly TestSubject[] = [
  subjectOf(HistGradientBoostingRegressor, FEW_TREES, { task: "regressor", ...boosted }),
  subjectOf(HistGradientBoostingClassifier, FEW_TREES, { task: "classifier", ...boosted }),
];
