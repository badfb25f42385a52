import { BernoulliNB } from "../../../models/naive-bayes/bernoulli-nb.js";
import { GaussianNB } from "../../../models/naive-bayes/gaussian-nb.js";
import type { TestSubject } from "../subject.js";
import { subjectOf } from "./of-class.js";

const promises = {
  task: "classifier",
  solution: "closed form",
  attributes: ["classCount"],
  outputs: ["predict", "predictProba"],
  weights: true,
  sparse: {},
  nan: "refused",
  anyRowOrder: true,
  onePass: true,
} as const;

/** MultinomialNB is not here, as the checks' rows have negative values: tests of its own hold it to the same. */
export const naiveBayesSubjects: readonly TestSubject[] = [
  subjectOf(GaussianNB, {}, promises),
  subjectOf(BernoulliNB, {}, promises),
];
