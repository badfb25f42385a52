import { BernoulliNB } from "../../../models/naive-bayes/bernoulli-nb.js";
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

// The checks' rows have negative values, of which there are no counts: marks of what is above 0 stand before it.
const marked = (): Pipeline => makePipeline(new Binarizer(), new MultinomialNB());

export const naiveBayesSubjects: readonly TestSubject[] = [
  subjectOf(GaussianNB, {}, promises),
  subjectOf(BernoulliNB, {}, promises),
  {
    ...promises,
    name: "Pipeline of Binarizer and MultinomialNB",
    make: marked,
    makeWith: (params) => new Pipeline({ ...marked().getParams(), ...params } as PipelineParams),
    fromJSON: (json) => Pipeline.fromJSON(json),
    attributes: [],
    // A pipeline opens the rows of each of its steps.
    onePass: false,
  },
];
