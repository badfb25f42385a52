import { boostingSubjects } from "./subjects/boosting.js";
import { columnSubjects } from "./subjects/columns.js";
import { composedSubjects } from "./subjects/composed.js";
import { encoderSubjects } from "./subjects/encoders.js";
import { forestSubjects } from "./subjects/forest.js";
import { isotonicSubjects } from "./subjects/isotonic.js";
import { linearSubjects } from "./subjects/linear.js";
import { naiveBayesSubjects } from "./subjects/naive-bayes.js";
import { neuralSubjects } from "./subjects/neural.js";
import { sgdSubjects } from "./subjects/sgd.js";
import { textSubjects } from "./subjects/text.js";
import type { TestSubject } from "./subject.js";

/**
 * Every estimator of partwise with how to make it and what it promises. A new estimator is added to its family's file
 * in `subjects/`; a test fails when one that is exported is missing.
 */
export const testSubjects: readonly TestSubject[] = [
  ...linearSubjects,
  ...isotonicSubjects,
  ...sgdSubjects,
  ...boostingSubjects,
  ...forestSubjects,
  ...naiveBayesSubjects,
  ...neuralSubjects,
  ...columnSubjects,
  ...encoderSubjects,
  ...textSubjects,
  ...composedSubjects,
];
