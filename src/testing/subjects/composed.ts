import { LinearRegression } from "../../../models/linear/linear-regression.js";
import { LogisticRegression } from "../../../models/linear/logistic-regression.js";
import { FrequencyEncoder } from "../../../preprocessing/frequency-encoder.js";
import { StandardScaler } from "../../../preprocessing/standard-scaler.js";
import { ColumnTransformer, type ColumnTransformerParams } from "../../compose/column-transformer.js";
import { FeatureUnion, type FeatureUnionParams } from "../../compose/feature-union.js";
import { makePipeline, Pipeline, type PipelineParams } from "../../compose/pipeline.js";
import {
  TransformedTargetRegressor,
  type TransformedTargetRegressorParams,
} from "../../compose/transformed-target-regressor.js";
import type { AnyEstimator } from "../../estimator/registry.js";
import { RFE } from "../../feature-selection/rfe.js";
import { RFECV } from "../../feature-selection/rfecv.js";
import { SelectFromModel } from "../../feature-selection/select-from-model.js";
import { CalibratedClassifierCV } from "../../model-selection/calibrated-classifier.js";
import { FixedThresholdClassifier, TunedThresholdClassifierCV } from "../../model-selection/threshold-classifiers.js";
import type { CheckedEstimator, TestSubject } from "../subject.js";
import { subjectOf } from "./of-class.js";

// Unlike a plain class's, their parameters hold estimators: a new one each time, so that no two tests share state.
const pipelineOf = (make: () => AnyEstimator): Pick<TestSubject, "make" | "makeWith" | "fromJSON"> => ({
  make: () => makePipeline(new StandardScaler(), make()),
  makeWith: (params) =>
    new Pipeline({ ...makePipeline(new StandardScaler(), make()).getParams(), ...params } as PipelineParams),
  fromJSON: (json) => Pipeline.fromJSON(json),
});

const columnParts = (): Pick<ColumnTransformerParams, "transformers" | "remainder"> => ({
  transformers: [
    ["scale", new StandardScaler(), /^(a|b|x0|x1)$/u],
    ["frequency", new FrequencyEncoder(), /^(c|x2)$/u],
  ],
  remainder: "passthrough",
});

const unionParts = (): Pick<FeatureUnionParams, "transformerList"> => ({
  transformerList: [
    ["scale", new StandardScaler()],
    ["frequency", new FrequencyEncoder()],
  ],
});

const targetParts = (): Pick<TransformedTargetRegressorParams, "regressor" | "transformer"> => ({
  regressor: new LinearRegression(),
  transformer: new StandardScaler(),
});

/** A classifier around a logistic regression. */
const wrapped = (
  Class: new (params: { estimator: AnyEstimator }) => object,
  params: object,
  fromJSON: TestSubject["fromJSON"],
): Pick<TestSubject, "make" | "makeWith" | "fromJSON"> => {
  const makeWith = (own: object): CheckedEstimator =>
    new Class({ estimator: new LogisticRegression(), ...params, ...own }) as CheckedEstimator;
  return { make: () => makeWith({}), makeWith, fromJSON };
};

/** What stratified folds change: they are drawn from the labels before any row is read with its partition. */
const foldSkips: TestSubject["skip"] = [
  {
    check: "a NaN or infinity in y is named, and a missing y",
    reason: "the splitter lists the labels first: its message names the label that is too rare, not its row",
  },
  {
    check: "X and y of different lengths are refused, also when only partition 7 shows it",
    reason: "the splitter counts the rows first, and names both counts",
  },
  {
    check: "weight 1 is no weight, 2 the row twice, 0 without it",
    reason: "a row twice is in two places of the folds; for a fitted estimator the test of calibration has it",
  },
];

const thresholdSkip = {
  check: "fitted values agree with each other",
  reason: "the label follows the threshold, not the larger probability",
} as const;

/** A selector by a model: its parameters hold an estimator too. */
const selectorOf = (
  Class: unknown,
  params: Record<string, unknown>,
  attributes: readonly string[],
  minRows = 1,
): TestSubject => ({
  ...subjectOf(
    Class,
    {},
    {
      onePass: false,
      task: "transformer",
      solution: "closed form",
      attributes,
      outputs: ["transform"],
      weights: true,
      sparse: {},
      nan: "refused",
      anyRowOrder: minRows === 1,
      minRows,
    },
  ),
  make: () => new (Class as typeof RFE)({ estimator: new LinearRegression(), ...params }),
  makeWith: (own) => new (Class as typeof RFE)({ estimator: new LinearRegression(), ...params, ...own }),
});

export const composedSubjects: readonly TestSubject[] = [
  {
    name: "Pipeline of StandardScaler and LinearRegression",
    onePass: false,
    ...pipelineOf(() => new LinearRegression()),
    task: "regressor",
    solution: "closed form",
    attributes: [],
    outputs: ["predict"],
    weights: true,
    sparse: { standardscaler__withMean: false },
    nan: "refused",
    anyRowOrder: true,
  },
  {
    name: "Pipeline of StandardScaler and LogisticRegression",
    onePass: false,
    ...pipelineOf(() => new LogisticRegression()),
    task: "classifier",
    solution: "iterative",
    attributes: [],
    outputs: ["predict", "predictProba", "decisionFunction"],
    weights: true,
    sparse: { standardscaler__withMean: false },
    nan: "refused",
    anyRowOrder: true,
  },
  {
    name: "ColumnTransformer",
    onePass: false,
    make: () => new ColumnTransformer(columnParts()),
    makeWith: (params) => new ColumnTransformer({ ...columnParts(), ...params }),
    fromJSON: (json) => ColumnTransformer.fromJSON(json),
    task: "transformer",
    solution: "closed form",
    attributes: [],
    weights: true,
    nan: "left out",
    anyRowOrder: true,
  },
  {
    name: "FeatureUnion",
    onePass: false,
    make: () => new FeatureUnion(unionParts()),
    makeWith: (params) => new FeatureUnion({ ...unionParts(), ...params }),
    fromJSON: (json) => FeatureUnion.fromJSON(json),
    task: "transformer",
    solution: "closed form",
    attributes: [],
    weights: true,
    nan: "left out",
    anyRowOrder: true,
  },
  {
    name: "TransformedTargetRegressor",
    onePass: false,
    make: () => new TransformedTargetRegressor(targetParts()),
    makeWith: (params) => new TransformedTargetRegressor({ ...targetParts(), ...params }),
    fromJSON: (json) => TransformedTargetRegressor.fromJSON(json),
    task: "regressor",
    solution: "closed form",
    attributes: [],
    outputs: ["predict"],
    weights: true,
    sparse: {},
    nan: "refused",
    anyRowOrder: true,
  },
  {
    name: "CalibratedClassifierCV",
    ...wrapped(CalibratedClassifierCV, { cv: 2 }, (json) => CalibratedClassifierCV.fromJSON(json)),
    onePass: false,
    task: "classifier",
    solution: "iterative",
    attributes: [],
    outputs: ["predict", "predictProba"],
    weights: true,
    nan: "refused",
    anyRowOrder: false,
    minRows: 4,
    skip: foldSkips,
  },
  {
    name: "FixedThresholdClassifier",
    ...wrapped(FixedThresholdClassifier, { threshold: 0.25 }, (json) => FixedThresholdClassifier.fromJSON(json)),
    onePass: false,
    task: "classifier",
    solution: "iterative",
    attributes: [],
    outputs: ["predict", "predictProba", "decisionFunction"],
    weights: true,
    nan: "refused",
    anyRowOrder: true,
    skip: [thresholdSkip],
  },
  {
    name: "TunedThresholdClassifierCV",
    ...wrapped(TunedThresholdClassifierCV, { cv: 2 }, (json) => TunedThresholdClassifierCV.fromJSON(json)),
    onePass: false,
    task: "classifier",
    solution: "iterative",
    attributes: ["bestThreshold"],
    outputs: ["predict", "predictProba", "decisionFunction"],
    weights: true,
    nan: "refused",
    anyRowOrder: false,
    minRows: 4,
    skip: [...foldSkips, thresholdSkip],
  },
  selectorOf(SelectFromModel, { threshold: "median" }, ["importances"]),
  selectorOf(RFE, { nFeaturesToSelect: 0.7 }, ["ranking"]),
  selectorOf(RFECV, { cv: 2, minFeaturesToSelect: 2 }, ["ranking"], 2),
];
