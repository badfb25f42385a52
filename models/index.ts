export {
  HistGradientBoostingClassifier,
  type HistGradientBoostingClassifierParams,
} from "./boosting/hist-gradient-boosting-classifier.js";
export {
  HistGradientBoostingRegressor,
  type HistGradientBoostingRegressorParams,
} from "./boosting/hist-gradient-boosting-regressor.js";
export { DecisionTreeClassifier, type DecisionTreeClassifierParams } from "./forest/decision-tree-classifier.js";
export { DecisionTreeRegressor, type DecisionTreeRegressorParams } from "./forest/decision-tree-regressor.js";
export { ExtraTreesClassifier, type ExtraTreesClassifierParams } from "./forest/extra-trees-classifier.js";
export { ExtraTreesRegressor, type ExtraTreesRegressorParams } from "./forest/extra-trees-regressor.js";
export { RandomForestClassifier, type RandomForestClassifierParams } from "./forest/random-forest-classifier.js";
export { RandomForestRegressor, type RandomForestRegressorParams } from "./forest/random-forest-regressor.js";
export { ImportedTreesClassifier, ImportedTreesRegressor } from "./boosting/imported-trees.js";
export { foreignLibraryOf, fromLightGBM, fromXGBoost, type ForeignModelOptions } from "./boosting/read-foreign.js";
export {
  HistGradientBoostingRanker,
  type HistGradientBoostingRankerParams,
  type RankerFitOptions,
} from "./boosting/hist-gradient-boosting-ranker.js";
export type { BoostingFitOptions, EvalSet, RefitOptions } from "./boosting/boosting-fit-options.js";
export type { PredictedWithin, WithinOptions } from "./boosting/predict-within.js";
export type { StagedOptions } from "./boosting/boosted-model.js";
export type { EvalMetric, EvalMetricInput } from "./boosting/eval-metrics.js";
export type { EvalsResult } from "./boosting/watch.js";
export type { IterationReport } from "./boosting/boosting-rounds.js";
export type { CheckpointOptions } from "./boosting/checkpoint.js";
export type { CustomDerivatives, CustomObjective } from "./boosting/custom-objective.js";
export {
  plotImportance,
  plotTree,
  type PlotImportanceOptions,
  type PlottedModel,
  type PlotTreeOptions,
} from "./boosting/plot-trees.js";
export { toXGBoost, type ToXGBoostOptions } from "./boosting/write-foreign.js";
export type { TreeModel } from "./boosting/tree-model.js";
export { IsotonicRegression, type IsotonicRegressionParams } from "./isotonic/isotonic-regression.js";
export { coefficientTable, type CoefficientTable, type CoefficientTableOptions } from "./linear/inference.js";
export { ElasticNet, type ElasticNetParams } from "./linear/elastic-net.js";
export { ElasticNetCV, type ElasticNetCVParams } from "./linear/elastic-net-cv.js";
export { GammaRegressor, type GammaRegressorParams } from "./linear/gamma-regressor.js";
export type { Coefficients } from "./linear/statistics/coefficients.js";
export {
  ModelSummary,
  type CovarianceKind,
  type FTest,
  type PseudoR2,
  type SummaryData,
} from "./linear/statistics/model-summary.js";
export type { SummaryOptions } from "./linear/statistics/summary-options.js";
export type { GlmFitOptions, GlmSummaryOptions, OffsetOptions } from "./linear/glm-model.js";
export {
  GeneralizedLinearRegressor,
  type GeneralizedLinearRegressorParams,
} from "./linear/generalized-linear-regressor.js";
export { HuberRegressor, type HuberRegressorParams } from "./linear/huber-regressor.js";
export { QuantileRegressor, type QuantileRegressorParams } from "./linear/quantile-regressor.js";
export { Lasso, type LassoParams } from "./linear/lasso.js";
export { LassoCV, type LassoCVParams } from "./linear/lasso-cv.js";
export type { LeastSquaresSolver } from "./linear/least-squares-fit.js";
export type { SolverExplanation } from "./linear/solver-explanation.js";
export { LinearRegression, type LinearRegressionParams } from "./linear/linear-regression.js";
export { LinearSVC, type LinearSVCParams } from "./linear/linear-svc.js";
export { LinearSVR, type LinearSVRParams } from "./linear/linear-svr.js";
export { LogisticRegression, type LogisticRegressionParams } from "./linear/logistic-regression.js";
export {
  LogisticRegressionCV,
  type LogisticCVFitOptions,
  type LogisticRegressionCVParams,
} from "./linear/logistic-regression-cv.js";
export {
  enetPath,
  lassoPath,
  type EnetPathOptions,
  type LassoPathOptions,
  type RegularizationPath,
} from "./linear/paths.js";
export {
  PassiveAggressiveClassifier,
  type PassiveAggressiveClassifierParams,
} from "./linear/passive-aggressive-classifier.js";
export {
  PassiveAggressiveRegressor,
  type PassiveAggressiveRegressorParams,
} from "./linear/passive-aggressive-regressor.js";
export { Perceptron, type PerceptronParams } from "./linear/perceptron.js";
export { PoissonRegressor, type PoissonRegressorParams } from "./linear/poisson-regressor.js";
export { Ridge, type RidgeParams } from "./linear/ridge.js";
export { RidgeCV, type RidgeCVParams } from "./linear/ridge-cv.js";
export type { ClassStreamOptions } from "../src/estimator/class-design.js";
export { SGDClassifier, type SGDClassifierParams } from "./linear/sgd-classifier.js";
export { SGDRegressor, type SGDRegressorParams } from "./linear/sgd-regressor.js";
export type { BatchStream, StreamBatch } from "./linear/sgd-stream.js";
export { TweedieRegressor, type TweedieRegressorParams } from "./linear/tweedie-regressor.js";
export { BernoulliNB, type BernoulliNBParams } from "./naive-bayes/bernoulli-nb.js";
export { CategoricalNB, type CategoricalNBParams } from "./naive-bayes/categorical-nb.js";
export { GaussianNB, type GaussianNBParams } from "./naive-bayes/gaussian-nb.js";
export { MultinomialNB, type MultinomialNBParams } from "./naive-bayes/multinomial-nb.js";
export { NeuralClassifier, type NeuralClassifierParams } from "./neural/neural-classifier.js";
export type { NeuralTopology } from "./neural/neural-params.js";
export { NeuralRegressor, type NeuralRegressorParams } from "./neural/neural-regressor.js";
