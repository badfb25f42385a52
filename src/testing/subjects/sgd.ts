import { PassiveAggressiveClassifier } from "../../../models/linear/passive-aggressive-classifier.js";
import { PassiveAggressiveRegressor } from "../../../models/linear/passive-aggressive-regressor.js";
import { Perceptron } from "../../../models/linear/perceptron.js";
import { SGDClassifier } from "../../../models/linear/sgd-classifier.js";
import { SGDRegressor } from "../../../models/linear/sgd-regressor.js";
import type { TestSubject } from "../subject.js";
import { subjectOf } from "./of-class.js";

const stepwise = {
  weights: true,
  sparse: {},
  nan: "refused",
  // The order of the steps is drawn by the rows' numbers alone, and the steps are taken one after another.
  solution: "exact",
  anyRowOrder: false,
  onePass: false,
  skip: [
    {
      check: "weight 1 is no weight, 2 the row twice, 0 without it",
      reason: "A weight scales the step of its row: two steps are not one of twice the size, and every row is a step.",
    },
    {
      check: "partialFit in batches equals one fit",
      reason: "partialFit takes each row once, fit as many times as it takes.",
    },
  ],
} as const;

const regressor = { ...stepwise, task: "regressor", attributes: ["coef", "intercept", "objective"] } as const;
const classifier = { ...stepwise, task: "classifier", attributes: ["coef", "intercepts", "objective"] } as const;
const short = { maxIter: 20, tol: null };
// One column of the checks is 100 times the others: small steps, on average.
const careful = { tol: null, learningRate: "constant", average: true };

export const sgdSubjects: readonly TestSubject[] = [
  subjectOf(SGDClassifier, { ...careful, loss: "log_loss", eta0: 1e-3, maxIter: 100 }, classifier),
  subjectOf(
    SGDClassifier,
    { ...careful, loss: "modified_huber", eta0: 1e-4, maxIter: 300, batchSize: 4 },
    { ...classifier, name: "SGDClassifier of three classes in batches", target: "three classes" },
  ),
  subjectOf(SGDRegressor, short, regressor),
  subjectOf(Perceptron, short, classifier),
  subjectOf(PassiveAggressiveClassifier, { ...short, average: true, C: 1e-4 }, classifier),
  subjectOf(PassiveAggressiveRegressor, short, regressor),
];
