import { BernoulliNB } from "../../../models/naive-bayes/bernoulli-nb.js";
import { CategoricalNB } from "../../../models/naive-bayes/categorical-nb.js";
import { GaussianNB } from "../../../models/naive-bayes/gaussian-nb.js";
import { MultinomialNB } from "../../../models/naive-bayes/multinomial-nb.js";
import { Binarizer } from "../../../preprocessing/binarizer.js";
import { makePipeline, Pipeline, type PipelineParams } from "../../compose/pipeline.js";
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

// The checks' rows have negative values, which are no counts and no codes: marks of what is above 0 stand before them.
const marked = (model: MultinomialNB | CategoricalNB): TestSubject => ({
  ...promises,
  name: `Pipeline of Binarizer and ${model.kind}`,
  make: () => makePipeline(new Binarizer(), model.clone()),
  makeWith: (params) =>
    new Pipeline({ ...makePipeline(new Binarizer(), model.clone()).getParams(), ...params } as PipelineParams),
  fromJSON: (json) => Pipeline.fromJSON(json),
  attributes: [],
  // A pipeline opens the rows of each of its steps.
  onePass: false,
});

export const naiveBayesSubjects: readonly TestSubject[] = [
  subjectOf(GaussianNB, {}, promises),
  subjectOf(BernoulliNB, {}, promises),
  marked(new MultinomialNB()),
  marked(new CategoricalNB()),
];
