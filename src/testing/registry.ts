import { HistGradientBoostingClassifier } from "../../models/boosting/hist-gradient-boosting-classifier.js";
import { HistGradientBoostingRegressor } from "../../models/boosting/hist-gradient-boosting-regressor.js";
import { ElasticNetCV } from "../../models/linear/elastic-net-cv.js";
import { ElasticNet } from "../../models/linear/elastic-net.js";
import { GammaRegressor } from "../../models/linear/gamma-regressor.js";
import { LassoCV } from "../../models/linear/lasso-cv.js";
import { Lasso } from "../../models/linear/lasso.js";
import { LinearRegression } from "../../models/linear/linear-regression.js";
import { LogisticRegression } from "../../models/linear/logistic-regression.js";
import { PoissonRegressor } from "../../models/linear/poisson-regressor.js";
import { RidgeCV } from "../../models/linear/ridge-cv.js";
import { Ridge } from "../../models/linear/ridge.js";
import { TweedieRegressor } from "../../models/linear/tweedie-regressor.js";
import { FrequencyEncoder } from "../../preprocessing/frequency-encoder.js";
import { OneHotEncoder } from "../../preprocessing/one-hot-encoder.js";
import { OrdinalEncoder } from "../../preprocessing/ordinal-encoder.js";
import { StandardScaler } from "../../preprocessing/standard-scaler.js";
import { DateFeatures } from "../../preprocessing/date-features.js";
import { TargetEncoder } from "../../preprocessing/target-encoder.js";
import { ColumnTransformer, type ColumnTransformerParams } from "../compose/column-transformer.js";
import { FeatureUnion, type FeatureUnionParams } from "../compose/feature-union.js";
import {
  TransformedTargetRegressor,
  type TransformedTargetRegressorParams,
} from "../compose/transformed-target-regressor.js";
import { makePipeline, Pipeline, type PipelineParams } from "../compose/pipeline.js";
import type { AnyEstimator } from "../estimator/registry.js";
import { columnSubjects } from "./column-subjects.js";
import type { TestSubject } from "./subject.js";

const pipelineOf = (make: () => AnyEstimator): Pick<TestSubject, "make" | "makeWith" | "fromJSON"> => ({
  make: () => makePipeline(new StandardScaler(), make()),
  makeWith: (params) =>
    new Pipeline({ ...makePipeline(new StandardScaler(), make()).getParams(), ...params } as PipelineParams),
  fromJSON: (json) => Pipeline.fromJSON(json),
});

const linear = {
  task: "regressor",
  weights: true,
  sparse: {},
  nan: "refused",
  attributes: ["coef", "intercept"],
  onePass: true,
} as const;

const generalised = {
  task: "regressor",
  target: "positive",
  score: "explained deviance",
  solution: "iterative",
  attributes: ["coef", "intercept", "objective"],
  weights: true,
  sparse: {},
  nan: "refused",
  anyRowOrder: true,
  onePass: false,
} as const;

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

function encoderSubjects(): TestSubject[] {
  const shared = { onePass: true, task: "transformer", weights: true, nan: "left out", anyRowOrder: true } as const;
  return [
    {
      ...shared,
      name: "TargetEncoder",
      make: () => new TargetEncoder(),
      makeWith: (params) => new TargetEncoder(params),
      fromJSON: (json) => TargetEncoder.fromJSON(json),
      solution: "closed form",
      attributes: ["targetMean"],
    },
    {
      ...shared,
      name: "DateFeatures",
      make: () => new DateFeatures({ features: ["year", "hour", "second"] }),
      makeWith: (params) => new DateFeatures(params),
      fromJSON: (json) => DateFeatures.fromJSON(json),
      solution: "exact",
      attributes: [],
      // It learns nothing that a weight could change.
      weights: false,
    },
  ];
}

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

/**
 * Every estimator of partwise with how to make it and what it promises. A new estimator is added here; a test fails when
 * one that is exported is missing.
 */
export const testSubjects: readonly TestSubject[] = [
  {
    name: "HistGradientBoostingRegressor",
    make: () => new HistGradientBoostingRegressor(FEW_TREES),
    makeWith: (params) => new HistGradientBoostingRegressor({ ...FEW_TREES, ...params }),
    fromJSON: (json) => HistGradientBoostingRegressor.fromJSON(json),
    task: "regressor",
    ...boosted,
  },
  {
    name: "HistGradientBoostingClassifier",
    make: () => new HistGradientBoostingClassifier(FEW_TREES),
    makeWith: (params) => new HistGradientBoostingClassifier({ ...FEW_TREES, ...params }),
    fromJSON: (json) => HistGradientBoostingClassifier.fromJSON(json),
    task: "classifier",
    ...boosted,
  },
  {
    name: "StandardScaler",
    onePass: true,
    make: () => new StandardScaler(),
    makeWith: (params) => new StandardScaler(params),
    fromJSON: (json) => StandardScaler.fromJSON(json),
    task: "transformer",
    solution: "closed form",
    attributes: ["mean", "variance", "scale"],
    weights: true,
    sparse: { withMean: false },
    nan: "left out",
    anyRowOrder: true,
  },
  {
    name: "LinearRegression",
    onePass: true,
    make: () => new LinearRegression(),
    makeWith: (params) => new LinearRegression(params),
    fromJSON: (json) => LinearRegression.fromJSON(json),
    task: "regressor",
    solution: "closed form",
    attributes: ["coef", "intercept", "rank"],
    weights: true,
    sparse: {},
    nan: "refused",
    anyRowOrder: true,
  },
  {
    name: "LogisticRegression",
    onePass: false,
    make: () => new LogisticRegression(),
    makeWith: (params) => new LogisticRegression(params),
    fromJSON: (json) => LogisticRegression.fromJSON(json),
    task: "classifier",
    solution: "iterative",
    attributes: ["coef", "intercept", "objective"],
    weights: true,
    sparse: {},
    nan: "refused",
    anyRowOrder: true,
  },
  {
    name: "LogisticRegression of three classes",
    onePass: false,
    make: () => new LogisticRegression(),
    makeWith: (params) => new LogisticRegression(params),
    fromJSON: (json) => LogisticRegression.fromJSON(json),
    task: "classifier",
    target: "three classes",
    solution: "iterative",
    attributes: ["coef", "intercepts", "objective"],
    weights: true,
    sparse: {},
    nan: "refused",
    anyRowOrder: true,
  },
  {
    name: "LogisticRegression with balanced classes",
    onePass: false,
    make: () => new LogisticRegression({ classWeight: "balanced" }),
    makeWith: (params) => new LogisticRegression({ classWeight: "balanced", ...params }),
    fromJSON: (json) => LogisticRegression.fromJSON(json),
    task: "classifier",
    solution: "iterative",
    attributes: ["coef", "intercept", "objective"],
    weights: true,
    sparse: {},
    nan: "refused",
    anyRowOrder: true,
  },
  {
    ...generalised,
    name: "PoissonRegressor",
    make: () => new PoissonRegressor({ alpha: 0.01 }),
    makeWith: (params) => new PoissonRegressor({ alpha: 0.01, ...params }),
    fromJSON: (json) => PoissonRegressor.fromJSON(json),
  },
  {
    ...generalised,
    name: "GammaRegressor",
    make: () => new GammaRegressor({ alpha: 0.01 }),
    makeWith: (params) => new GammaRegressor({ alpha: 0.01, ...params }),
    fromJSON: (json) => GammaRegressor.fromJSON(json),
  },
  {
    ...generalised,
    name: "TweedieRegressor of power 1.5",
    make: () => new TweedieRegressor({ alpha: 0.01, power: 1.5 }),
    makeWith: (params) => new TweedieRegressor({ alpha: 0.01, power: 1.5, ...params }),
    fromJSON: (json) => TweedieRegressor.fromJSON(json),
  },
  {
    name: "Ridge",
    make: () => new Ridge(),
    makeWith: (params) => new Ridge(params),
    fromJSON: (json) => Ridge.fromJSON(json),
    ...linear,
    solution: "closed form",
    anyRowOrder: true,
  },
  {
    name: "RidgeCV",
    make: () => new RidgeCV(),
    makeWith: (params) => new RidgeCV(params),
    fromJSON: (json) => RidgeCV.fromJSON(json),
    ...linear,
    solution: "closed form",
    minRows: 2,
    anyRowOrder: true,
  },
  {
    name: "Lasso",
    make: () => new Lasso({ alpha: 0.1 }),
    makeWith: (params) => new Lasso({ alpha: 0.1, ...params }),
    fromJSON: (json) => Lasso.fromJSON(json),
    ...linear,
    solution: "iterative",
    anyRowOrder: true,
  },
  {
    name: "LassoCV",
    make: () => new LassoCV(),
    makeWith: (params) => new LassoCV(params),
    fromJSON: (json) => LassoCV.fromJSON(json),
    ...linear,
    solution: "iterative",
    minRows: 5,
    anyRowOrder: false,
  },
  {
    name: "ElasticNet",
    make: () => new ElasticNet({ alpha: 0.1 }),
    makeWith: (params) => new ElasticNet({ alpha: 0.1, ...params }),
    fromJSON: (json) => ElasticNet.fromJSON(json),
    ...linear,
    solution: "iterative",
    anyRowOrder: true,
  },
  {
    name: "ElasticNetCV",
    make: () => new ElasticNetCV(),
    makeWith: (params) => new ElasticNetCV(params),
    fromJSON: (json) => ElasticNetCV.fromJSON(json),
    ...linear,
    solution: "iterative",
    minRows: 5,
    anyRowOrder: false,
  },
  {
    name: "OneHotEncoder",
    onePass: true,
    make: () => new OneHotEncoder({ sparseOutput: false, handleUnknown: "ignore" }),
    makeWith: (params) => new OneHotEncoder({ sparseOutput: false, handleUnknown: "ignore", ...params }),
    fromJSON: (json) => OneHotEncoder.fromJSON(json),
    task: "transformer",
    solution: "exact",
    attributes: ["width", "outputDensity"],
    weights: true,
    nan: "left out",
    anyRowOrder: true,
  },
  {
    name: "OrdinalEncoder",
    onePass: true,
    make: () => new OrdinalEncoder({ handleUnknown: "use_encoded_value", unknownValue: -1 }),
    makeWith: (params) => new OrdinalEncoder({ handleUnknown: "use_encoded_value", unknownValue: -1, ...params }),
    fromJSON: (json) => OrdinalEncoder.fromJSON(json),
    task: "transformer",
    solution: "exact",
    attributes: [],
    weights: true,
    nan: "left out",
    anyRowOrder: true,
  },
  {
    name: "FrequencyEncoder",
    onePass: true,
    make: () => new FrequencyEncoder(),
    makeWith: (params) => new FrequencyEncoder(params),
    fromJSON: (json) => FrequencyEncoder.fromJSON(json),
    task: "transformer",
    solution: "exact",
    attributes: [],
    weights: true,
    nan: "left out",
    anyRowOrder: true,
  },
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
  ...encoderSubjects(),
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
  ...columnSubjects,
];
