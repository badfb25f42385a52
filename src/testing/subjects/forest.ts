import { DecisionTreeClassifier } from "../../../models/forest/decision-tree-classifier.js";
import { DecisionTreeRegressor } from "../../../models/forest/decision-tree-regressor.js";
import { ExtraTreesClassifier } from "../../../models/forest/extra-trees-classifier.js";
import { ExtraTreesRegressor } from "../../../models/forest/extra-trees-regressor.js";
import { RandomForestClassifier } from "../../../models/forest/random-forest-classifier.js";
import { RandomForestRegressor } from "../../../models/forest/random-forest-regressor.js";
import type { TestSubject } from "../subject.js";
import { subjectOf } from "./of-class.js";

// Bit for bit for any partitioning (tests of their own prove it), but weight 2 rounds once where two rows round twice.
const grown = {
  solution: "iterative",
  attributes: ["featureImportances", "nEstimators"],
  weights: true,
  nan: "left out",
  anyRowOrder: true,
  onePass: false,
} as const;
// A bootstrap draws a row by its number: a row that stands elsewhere, or twice, is drawn another time.
const drawn = { ...grown, weights: true, anyRowOrder: false } as const;
const FEW = { nEstimators: 5, maxDepth: 5 };
const drawnTwice = {
  check: "weight 1 is no weight, 2 the row twice, 0 without it",
  reason: "each of two rows is drawn by its own number, a row of weight 2 by one",
};

export const forestSubjects: readonly TestSubject[] = [
  subjectOf(DecisionTreeClassifier, { maxDepth: 5 }, { task: "classifier", ...grown }),
  subjectOf(DecisionTreeRegressor, { maxDepth: 5 }, { task: "regressor", ...grown }),
  subjectOf(RandomForestClassifier, FEW, { task: "classifier", ...drawn, skip: [drawnTwice] }),
  subjectOf(RandomForestRegressor, FEW, { task: "regressor", ...drawn, skip: [drawnTwice] }),
  subjectOf(ExtraTreesClassifier, FEW, { task: "classifier", ...grown }),
  subjectOf(ExtraTreesRegressor, FEW, { task: "regressor", ...grown }),
];
