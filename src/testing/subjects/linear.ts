import { ElasticNetCV } from "../../../models/linear/elastic-net-cv.js";
import { ElasticNet } from "../../../models/linear/elastic-net.js";
import { GammaRegressor } from "../../../models/linear/gamma-regressor.js";
import { GeneralizedLinearRegressor } from "../../../models/linear/generalized-linear-regressor.js";
import { HuberRegressor } from "../../../models/linear/huber-regressor.js";
import { LassoCV } from "../../../models/linear/lasso-cv.js";
import { Lasso } from "../../../models/linear/lasso.js";
import { LinearRegression } from "../../../models/linear/linear-regression.js";
import { LinearSVC } from "../../../models/linear/linear-svc.js";
import { LinearSVR } from "../../../models/linear/linear-svr.js";
import { LogisticRegressionCV } from "../../../models/linear/logistic-regression-cv.js";
import { LogisticRegression } from "../../../models/linear/logistic-regression.js";
import { PoissonRegressor } from "../../../models/linear/poisson-regressor.js";
import { QuantileRegressor } from "../../../models/linear/quantile-regressor.js";
import { RidgeCV } from "../../../models/linear/ridge-cv.js";
import { Ridge } from "../../../models/linear/ridge.js";
import { TweedieRegressor } from "../../../models/linear/tweedie-regressor.js";
import type { TestSubject } from "../subject.js";
import { subjectOf } from "./of-class.js";

const dense = { weights: true, sparse: {}, nan: "refused" } as const;

const squares = {
  ...dense,
  task: "regressor",
  attributes: ["coef", "intercept"],
  onePass: true,
  anyRowOrder: true,
} as const;

const generalised = {
  ...dense,
  task: "regressor",
  target: "positive",
  score: "explained deviance",
  solution: "iterative",
  attributes: ["coef", "intercept", "objective"],
  anyRowOrder: true,
  onePass: false,
} as const;

const logistic = {
  ...dense,
  task: "classifier",
  solution: "iterative",
  attributes: ["coef", "intercept", "objective"],
  anyRowOrder: true,
  onePass: false,
} as const;

// The folds of a cross-validated path are cut by row number.
const cvPath = { ...squares, solution: "iterative", minRows: 5, anyRowOrder: false } as const;

export const linearSubjects: readonly TestSubject[] = [
  subjectOf(
    LinearRegression,
    {},
    {
      ...squares,
      solution: "closed form",
      attributes: ["coef", "intercept", "rank"],
      mergeable: { keepMoments: true },
    },
  ),
  subjectOf(
    LinearRegression,
    { solver: "tsqr" },
    {
      ...squares,
      name: "LinearRegression by TSQR",
      solution: "closed form",
      onePass: false,
      mergeable: { keepMoments: true },
    },
  ),
  subjectOf(
    LinearRegression,
    { solver: "randomized" },
    {
      ...squares,
      name: "LinearRegression by random directions",
      solution: "closed form",
      onePass: false,
      mergeable: { solver: "auto", keepMoments: true },
    },
  ),
  subjectOf(Ridge, {}, { ...squares, solution: "closed form", mergeable: { keepMoments: true } }),
  subjectOf(RidgeCV, {}, { ...squares, solution: "closed form", minRows: 2 }),
  subjectOf(Lasso, { alpha: 0.1 }, { ...squares, solution: "iterative" }),
  subjectOf(LassoCV, {}, cvPath),
  subjectOf(ElasticNet, { alpha: 0.1 }, { ...squares, solution: "iterative" }),
  subjectOf(ElasticNetCV, {}, cvPath),
  subjectOf(LogisticRegression, {}, logistic),
  subjectOf(
    LogisticRegression,
    {},
    {
      ...logistic,
      name: "LogisticRegression of three classes",
      target: "three classes",
      attributes: ["coef", "intercepts", "objective"],
    },
  ),
  subjectOf(
    LogisticRegression,
    { classWeight: "balanced" },
    { ...logistic, name: "LogisticRegression with balanced classes" },
  ),
  subjectOf(
    LogisticRegression,
    { penalty: "l1", C: 0.5 },
    { ...logistic, name: "LogisticRegression with an L1 penalty" },
  ),
  subjectOf(
    LogisticRegression,
    { penalty: "elasticnet", l1Ratio: 0.5, solver: "fista" },
    { ...logistic, name: "LogisticRegression by fista" },
  ),
  subjectOf(
    LogisticRegression,
    { penalty: "elasticnet", l1Ratio: 0.5, solver: "admm" },
    { ...logistic, name: "LogisticRegression by consensus" },
  ),
  subjectOf(
    HuberRegressor,
    { tol: 1e-9 },
    { ...squares, solution: "iterative", onePass: false, attributes: ["coef", "intercept", "scale", "objective"] },
  ),
  subjectOf(
    QuantileRegressor,
    { alpha: 0.01, quantile: 0.4 },
    { ...squares, solution: "iterative", onePass: false, attributes: ["coef", "intercept", "objective"] },
  ),
  // The folds are drawn by row number.
  subjectOf(LogisticRegressionCV, { Cs: [0.1, 1], cv: 2 }, { ...logistic, minRows: 8, anyRowOrder: false }),
  subjectOf(PoissonRegressor, { alpha: 0.01 }, generalised),
  subjectOf(GammaRegressor, { alpha: 0.01 }, generalised),
  subjectOf(
    GeneralizedLinearRegressor,
    { family: "gamma", link: "sqrt" },
    { ...generalised, attributes: ["coef", "intercept", "objective", "deviance", "dispersion"] },
  ),
  subjectOf(
    GeneralizedLinearRegressor,
    { family: "negativeBinomial", alpha: 0.01 },
    { ...generalised, name: "GeneralizedLinearRegressor of a negative binomial" },
  ),
  subjectOf(TweedieRegressor, { alpha: 0.01, power: 1.5 }, { ...generalised, name: "TweedieRegressor of power 1.5" }),
  subjectOf(
    LinearSVC,
    { C: 0.1 },
    {
      ...logistic,
      name: "LinearSVC of three classes",
      target: "three classes",
      attributes: ["coef", "intercepts", "objective"],
    },
  ),
  subjectOf(
    LinearSVC,
    { C: 0.1, loss: "hinge", tol: 1e-9 },
    { ...logistic, name: "LinearSVC with the hinge", attributes: ["coef", "objective"] },
  ),
  subjectOf(LinearSVC, { C: 0.1, penalty: "l1", tol: 1e-12 }, { ...logistic, name: "LinearSVC with an L1 penalty" }),
  subjectOf(
    LinearSVR,
    { C: 0.1, epsilon: 0.1, tol: 1e-9 },
    { ...logistic, task: "regressor", attributes: ["coef", "objective"] },
  ),
];
