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
  sparse: {},
} as const;
const FEW_TREES = { maxIter: 4, maxLeafNodes: 8, minSamplesLeaf: 1, learningRate: 0.3 };

export const boostingSubjects: readonly TestSubject[] = [
  subjectOf(HistGradientBoostingRegressor, FEW_TREES, { task: "regressor", ...boosted }),
  subjectOf(
    HistGradientBoostingRegressor,
    { ...FEW_TREES, loss: "absolute_error" },
    { name: "HistGradientBoostingRegressor of absolute errors", task: "regressor", ...boosted },
  ),
  subjectOf(
    HistGradientBoostingRegressor,
    { ...FEW_TREES, loss: "gamma" },
    {
      name: "HistGradientBoostingRegressor of gamma deviance",
      task: "regressor",
      target: "positive",
      ...boosted,
      skip: [
        {
          check: "weight 1 is no weight, 2 the row twice, 0 without it",
          reason:
            "second derivatives, of 22 bits, differ by orders of magnitude: rounding a weighted one is 3e-6 of a prediction",
        },
      ],
    },
  ),
  subjectOf(HistGradientBoostingClassifier, FEW_TREES, { task: "classifier", ...boosted }),
  subjectOf(
    HistGradientBoostingClassifier,
    { ...FEW_TREES, classWeight: "balanced" },
    {
      name: "HistGradientBoostingClassifier of three classes",
      task: "classifier",
      target: "three classes",
      ...boosted,
    },
  ),
];
