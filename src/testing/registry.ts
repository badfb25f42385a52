import { LinearRegression } from "../../models/linear/linear-regression.js";
import { LogisticRegression } from "../../models/linear/logistic-regression.js";
import { StandardScaler } from "../../preprocessing/standard-scaler.js";
import { makePipeline, Pipeline, type PipelineParams } from "../compose/pipeline.js";
import type { AnyEstimator } from "../estimator/registry.js";
import type { TestSubject } from "./subject.js";

const pipelineOf = (make: () => AnyEstimator): Pick<TestSubject, "make" | "makeWith" | "fromJSON"> => ({
  make: () => makePipeline(new StandardScaler(), make()),
  makeWith: (params) => new Pipeline({ ...makePipeline(new StandardScaler(), make()).getParams(), ...params } as PipelineParams),
  fromJSON: (json) => Pipeline.fromJSON(json),
});

/**
 * Every estimator of partwise with how to make it and what it promises. A new estimator is added here; a test fails when
 * one that is exported is missing.
 */
export const testSubjects: readonly TestSubject[] = [
  {
    name: "StandardScaler",
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
    name: "Pipeline of StandardScaler and LinearRegression",
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
];
