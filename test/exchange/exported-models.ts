import {
  DecisionTreeRegressor,
  ExtraTreesRegressor,
  HistGradientBoostingClassifier,
  HistGradientBoostingRegressor,
  RandomForestClassifier,
} from "#models/index.js";
import {
  GeneralizedLinearRegressor,
  HuberRegressor,
  Lasso,
  LinearRegression,
  LinearSVC,
  LinearSVR,
  LogisticRegression,
  PassiveAggressiveClassifier,
  Perceptron,
  PoissonRegressor,
  QuantileRegressor,
  Ridge,
  SGDClassifier,
  SGDRegressor,
  TweedieRegressor,
} from "#models/index.js";
import {
  Binarizer,
  FrequencyEncoder,
  KBinsDiscretizer,
  MaxAbsScaler,
  MinMaxScaler,
  Normalizer,
  OneHotEncoder,
  OrdinalEncoder,
  PolynomialFeatures,
  PowerTransformer,
  QuantileTransformer,
  RobustScaler,
  SelectKBest,
  SimpleImputer,
  SplineTransformer,
  StandardScaler,
  TargetEncoder,
  VarianceThreshold,
} from "#preprocessing/index.js";
import { ColumnTransformer, makePipeline, makeUnion } from "#src/index.js";
import type { AnyEstimator } from "#src/estimator/registry.js";

/** A model to export, with what it is fitted on. */
export interface Exported {
  readonly name: string;
  make(): AnyEstimator;
  readonly X: "numbers" | "gaps" | "table" | "positive" | "codes";
  readonly y: "two" | "three" | "positive";
  /** Whether every answer has the same bits in JavaScript; else up to a few units in the last place. */
  readonly sameBits: boolean;
}

const transformer = (name: string, make: () => unknown, X: Exported["X"] = "numbers"): Exported => ({
  name,
  make: make as () => AnyEstimator,
  X,
  y: "positive",
  sameBits: true,
});
const model = (name: string, make: () => unknown, y: Exported["y"], X: Exported["X"] = "numbers"): Exported => ({
  name,
  make: make as () => AnyEstimator,
  X,
  y,
  sameBits: false,
});
const table = (kind: unknown = new TargetEncoder()): ColumnTransformer =>
  new ColumnTransformer({
    transformers: [
      ["city", new OneHotEncoder({ handleUnknown: "ignore" }), ["city", "kind"]],
      ["kind", kind as TargetEncoder, ["kind"]],
      ["numbers", makePipeline(new SimpleImputer(), new StandardScaler()), ["b", "a"]],
    ],
    transformerWeights: { numbers: 0.5 },
  });

/** Every estimator that exports, in the forms that differ. */
export const exportedModels: readonly Exported[] = [
  transformer("StandardScaler", () => new StandardScaler()),
  transformer("StandardScaler without mean", () => new StandardScaler({ withMean: false })),
  transformer("MinMaxScaler", () => new MinMaxScaler({ featureRange: [-2, 3] })),
  transformer("MinMaxScaler, clipped", () => new MinMaxScaler({ clip: true })),
  transformer("MaxAbsScaler", () => new MaxAbsScaler()),
  transformer("RobustScaler", () => new RobustScaler()),
  transformer("Normalizer l1", () => new Normalizer({ norm: "l1" })),
  transformer("Normalizer l2", () => new Normalizer()),
  transformer("Normalizer max", () => new Normalizer({ norm: "max" })),
  transformer("Binarizer", () => new Binarizer({ threshold: 0.25 })),
  transformer("SimpleImputer", () => new SimpleImputer({ addIndicator: true, strategy: "median" }), "gaps"),
  transformer("PolynomialFeatures", () => new PolynomialFeatures({ degree: 3 })),
  transformer("VarianceThreshold", () => new VarianceThreshold()),
  { ...transformer("SelectKBest", () => new SelectKBest({ k: 2 })), y: "two" },
  transformer("OneHotEncoder", () => new OneHotEncoder({ handleUnknown: "ignore", sparseOutput: false }), "table"),
  transformer("OneHotEncoder, first dropped", () => new OneHotEncoder({ drop: "first", sparseOutput: false }), "table"),
  transformer(
    "OrdinalEncoder",
    () => new OrdinalEncoder({ handleUnknown: "use_encoded_value", unknownValue: -1 }),
    "table",
  ),
  transformer("OrdinalEncoder of numbers with gaps", () => new OrdinalEncoder(), "gaps"),
  transformer("TargetEncoder", () => new TargetEncoder(), "table"),
  transformer("FrequencyEncoder", () => new FrequencyEncoder(), "table"),
  transformer("KBinsDiscretizer", () => new KBinsDiscretizer({ nBins: 4, encode: "ordinal" })),
  transformer("KBinsDiscretizer, a column a bin", () => new KBinsDiscretizer({ nBins: 3, encode: "onehotDense" })),
  transformer("PowerTransformer", () => new PowerTransformer(), "gaps"),
  { ...transformer("PowerTransformer, Box-Cox", () => new PowerTransformer({ method: "box-cox" })), X: "positive" },
  transformer("QuantileTransformer", () => new QuantileTransformer({ nQuantiles: 30 }), "gaps"),
  transformer(
    "QuantileTransformer to a normal distribution",
    () => new QuantileTransformer({ nQuantiles: 30, outputDistribution: "normal" }),
    "gaps",
  ),
  ...(["constant", "linear", "continue", "periodic"] as const).map((extrapolation) =>
    transformer(
      `SplineTransformer, ${extrapolation}`,
      () => new SplineTransformer({ nKnots: 4, extrapolation, knots: "quantile" }),
    ),
  ),
  transformer(
    "SplineTransformer of degree 1",
    () => new SplineTransformer({ degree: 1, extrapolation: "linear", includeBias: false }),
  ),
  model("LinearRegression", () => new LinearRegression(), "positive"),
  model("Ridge", () => new Ridge(), "positive"),
  model("Lasso", () => new Lasso({ alpha: 0.1 }), "positive"),
  model("HuberRegressor", () => new HuberRegressor(), "positive"),
  model("QuantileRegressor", () => new QuantileRegressor(), "positive"),
  model("LinearSVR", () => new LinearSVR(), "positive"),
  model("SGDRegressor", () => new SGDRegressor(), "positive"),
  model("PoissonRegressor", () => new PoissonRegressor(), "positive"),
  model("TweedieRegressor", () => new TweedieRegressor({ power: 1.5 }), "positive"),
  ...(["log", "inverse", "inverseSquared", "sqrt"] as const).map((link) =>
    model(
      `GeneralizedLinearRegressor with the link ${link}`,
      () => new GeneralizedLinearRegressor({ family: "gamma", link, alpha: 0.1 }),
      "positive",
    ),
  ),
  model(
    "GeneralizedLinearRegressor with the link cloglog",
    () => new GeneralizedLinearRegressor({ family: "binomial", link: "cloglog", alpha: 0.1 }),
    "two",
  ),
  model("LogisticRegression of two classes", () => new LogisticRegression(), "two"),
  model("LogisticRegression of three classes", () => new LogisticRegression(), "three"),
  model("LinearSVC of two classes", () => new LinearSVC(), "two"),
  model("LinearSVC of three classes", () => new LinearSVC(), "three"),
  model("Perceptron", () => new Perceptron(), "two"),
  model("PassiveAggressiveClassifier", () => new PassiveAggressiveClassifier(), "three"),
  model("SGDClassifier without probabilities", () => new SGDClassifier(), "two"),
  model("SGDClassifier log_loss", () => new SGDClassifier({ loss: "log_loss" }), "two"),
  model("SGDClassifier log_loss of three", () => new SGDClassifier({ loss: "log_loss" }), "three"),
  model("SGDClassifier modified_huber", () => new SGDClassifier({ loss: "modified_huber" }), "three"),
  model(
    "HistGradientBoostingRegressor",
    () => new HistGradientBoostingRegressor({ maxIter: 12, minSamplesLeaf: 5 }),
    "positive",
    "gaps",
  ),
  model(
    "HistGradientBoostingRegressor, poisson",
    () => new HistGradientBoostingRegressor({ maxIter: 5, loss: "poisson" }),
    "positive",
  ),
  model(
    "HistGradientBoostingClassifier",
    () => new HistGradientBoostingClassifier({ maxIter: 12, minSamplesLeaf: 5 }),
    "two",
    "gaps",
  ),
  model(
    "HistGradientBoostingClassifier of three classes",
    () => new HistGradientBoostingClassifier({ maxIter: 6, minSamplesLeaf: 5 }),
    "three",
  ),
  model(
    "HistGradientBoostingRegressor with large trees",
    () => new HistGradientBoostingRegressor({ maxIter: 3, maxLeafNodes: 80, minSamplesLeaf: 1 }),
    "positive",
  ),
  model(
    "HistGradientBoostingRegressor with sets of categories",
    () => new HistGradientBoostingRegressor({ maxIter: 8, minSamplesLeaf: 2, categoricalFeatures: [0, 2] }),
    "positive",
    "codes",
  ),
  model(
    "HistGradientBoostingClassifier of three classes with sets of categories",
    () => new HistGradientBoostingClassifier({ maxIter: 4, minSamplesLeaf: 2, categoricalFeatures: [0] }),
    "three",
    "codes",
  ),
  model(
    "HistGradientBoostingRegressor that codes text itself",
    () => new HistGradientBoostingRegressor({ maxIter: 8, minSamplesLeaf: 2 }),
    "positive",
    "table",
  ),
  model("RandomForestClassifier", () => new RandomForestClassifier({ nEstimators: 5 }), "two", "gaps"),
  model("RandomForestClassifier of three classes", () => new RandomForestClassifier({ nEstimators: 5 }), "three"),
  model("ExtraTreesRegressor", () => new ExtraTreesRegressor({ nEstimators: 5 }), "positive"),
  model("DecisionTreeRegressor", () => new DecisionTreeRegressor(), "positive"),
  model(
    "FeatureUnion",
    () => makePipeline(makeUnion(new StandardScaler(), new PolynomialFeatures()), new Ridge()),
    "positive",
  ),
  model(
    "bins and splines in compressed rows",
    () =>
      makePipeline(
        makeUnion(new KBinsDiscretizer({ nBins: 3, encode: "onehot" }), new SplineTransformer({ sparseOutput: true })),
        new Ridge(),
      ),
    "positive",
  ),
  model("ColumnTransformer of text and numbers", () => makePipeline(table(), new LogisticRegression()), "two", "table"),
  model(
    "ColumnTransformer before three classes",
    () => makePipeline(table(new FrequencyEncoder()), "passthrough", new LogisticRegression()),
    "three",
    "table",
  ),
];

const N = 90;
const at = (i: number): number[] => [Math.sin(i), Math.cos(3 * i) * 5, i % 7];

/** Columns of training rows. */
export function columnsFor(kind: Exported["X"]): Record<string, (number | string)[]> {
  const index = Array.from({ length: N }, (_, i) => i);
  const [a, b, c] = [0, 1, 2].map((j) =>
    index.map((i) => (kind === "gaps" && (i + j) % 6 === 0 ? Number.NaN : at(i)[j]!)),
  );
  if (kind === "positive") return { a: a!.map((x) => x + 2), b: b!.map((x) => x + 6), c: c!.map((x) => x + 1) };
  // Codes beyond 64 too, so that sets take several words; some are missing.
  if (kind === "codes")
    return {
      a: index.map((i) => (i % 13 === 0 ? Number.NaN : ((i * 7) % 11) * 9)),
      b: b!,
      c: index.map((i) => (i * 5) % 6),
    };
  if (kind !== "table") return { a: a!, b: b!, c: c! };
  return {
    city: index.map((i) => ["Brno", "Praha", "Wien"][(i * 7) % 3]!),
    kind: index.map((i) => ["day", "night"][(i >> 1) % 2]!),
    a: a!,
    b: b!.map((value, i) => (i % 9 === 0 ? Number.NaN : value)),
    c: c!,
  };
}

/** Targets for them. */
export function targetFor(kind: Exported["y"]): number[] | string[] {
  const rows = Array.from({ length: N }, (_, i) => at(i));
  if (kind === "positive") return rows.map(([a, b]) => Math.abs(a! + 2 * b!) + 1);
  if (kind === "two") return rows.map(([a, b], i) => (a! + b! + (i % 5) / 3 > 0.5 ? 1 : 0));
  return rows.map(([a, b]) => (a! > 0.3 ? "high" : b! > 0 ? "late" : "low"));
}
