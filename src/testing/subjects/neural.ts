import { NeuralClassifier } from "../../../models/neural/neural-classifier.js";
import { NeuralRegressor } from "../../../models/neural/neural-regressor.js";
import type { TestSubject } from "../subject.js";
import { subjectOf } from "./of-class.js";

const network = {
  weights: true,
  nan: "refused",
  // Blocks and the order of their rows are drawn by the rows' numbers alone.
  solution: "exact",
  attributes: ["weights", "lossCurve"],
  anyRowOrder: false,
  onePass: false,
  skip: [
    {
      check: "weight 1 is no weight, 2 the row twice, 0 without it",
      reason:
        "A weight scales the loss of its row within a minibatch, and every row is in one: two rows are two draws.",
    },
    {
      check: "partialFit in batches equals one fit",
      reason: "partialFit takes each row once, fit as many times as it takes.",
    },
  ],
} as const;
const small = { hiddenLayers: [8], epochs: 6, learningRate: 0.05, batchSize: 64, tol: null };

export const neuralSubjects: readonly TestSubject[] = [
  subjectOf(NeuralClassifier, small, { ...network, task: "classifier" }),
  subjectOf(NeuralRegressor, small, { ...network, task: "regressor" }),
];
