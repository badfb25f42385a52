import { DataError, show } from "../base/errors.js";
import { isPlainObject, isTypedArray, type PlainRecord } from "../base/plain.js";

/** More columns than this no model has; a larger number in a file asks for memory that nobody has. */
const MAX_FEATURES = 2 ** 26;
/** Statistics of columns that many kinds keep: arrays in them have an entry a column. */
const STATISTICS = ["moments", "ranges"] as const;
/** Kinds whose moments are those of the columns and the target: one more each, and the products of all pairs. */
const WITH_TARGET: ReadonlySet<string> = new Set(["LinearRegression", "Ridge"]);

const COEF = ["coef"];
const SELECTED = ["scores"];
const TREES = ["importances"];

/**
 * The fields of each kind's fitted state that have one entry a column; `coef` has one for each column and each intercept.
 * Kernels read so many numbers as the columns say, whatever the length of what they read: a state from a file is checked
 * here, once for all, before anything is computed with it. A kind that is not here is checked for what all have.
 */
const PER_COLUMN: Readonly<Record<string, readonly string[]>> = {
  DecisionTreeClassifier: TREES,
  DecisionTreeRegressor: TREES,
  ElasticNet: COEF,
  ElasticNetCV: COEF,
  ExtraTreesClassifier: TREES,
  ExtraTreesRegressor: TREES,
  FrequencyEncoder: ["categories", "counts"],
  GammaRegressor: COEF,
  GeneralizedLinearRegressor: COEF,
  GenericUnivariateSelect: SELECTED,
  HuberRegressor: COEF,
  IterativeImputer: ["fill"],
  KBinsDiscretizer: ["binEdges"],
  KNNImputer: ["nanCount"],
  Lasso: COEF,
  LassoCV: COEF,
  LinearRegression: COEF,
  LinearSVC: COEF,
  LinearSVR: COEF,
  LogisticRegression: COEF,
  LogisticRegressionCV: COEF,
  OneHotEncoder: ["columns"],
  OrdinalEncoder: ["counts", "categories", "codes"],
  PassiveAggressiveClassifier: COEF,
  PassiveAggressiveRegressor: COEF,
  Perceptron: COEF,
  PoissonRegressor: COEF,
  PowerTransformer: ["lambdas", "mean", "scale"],
  QuantileRegressor: COEF,
  QuantileTransformer: ["quantiles"],
  RFE: ["support", "ranking"],
  RFECV: ["support", "ranking"],
  RandomForestClassifier: TREES,
  RandomForestRegressor: TREES,
  Ridge: COEF,
  RidgeCV: COEF,
  RobustScaler: ["median", "spread"],
  SGDClassifier: COEF,
  SGDRegressor: COEF,
  SelectFdr: SELECTED,
  SelectFpr: SELECTED,
  SelectFromModel: ["importances", "support"],
  SelectFwe: SELECTED,
  SelectKBest: SELECTED,
  SelectPercentile: SELECTED,
  SimpleImputer: ["learnt", "nanCount"],
  SplineTransformer: ["knots"],
  TargetEncoder: ["distinct", "categories", "stats", "encodings"],
  TfidfTransformer: ["documents", "idf"],
  TweedieRegressor: COEF,
};

/** Whole numbers that work grows with, and the most that they may be. */
const MOST: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  SplineTransformer: { degree: 100 },
};

/** The kinds whose fields are known here. */
export function shapedKinds(): string[] {
  return [...Object.keys(PER_COLUMN), ...Object.keys(MOST)];
}

/**
 * Checks the lengths in a state that was read from outside.
 * @throws DataError naming the field, its length and the one that it should have
 */
export function checkStateShapes(kind: string, state: PlainRecord): void {
  const { nFeatures, featureNames } = state;
  if (nFeatures === undefined) return;
  if (typeof nFeatures !== "number" || !Number.isInteger(nFeatures) || nFeatures < 0 || nFeatures > MAX_FEATURES)
    throw damaged(kind, "nFeatures", `is ${show(nFeatures)}, not a number of columns`);
  if (featureNames !== undefined && featureNames !== null) {
    checkLength(kind, "featureNames", featureNames, nFeatures);
    if (!(featureNames as unknown[]).every((name) => typeof name === "string"))
      throw damaged(kind, "featureNames", "holds what is no name");
  }
  for (const name of PER_COLUMN[kind] ?? []) {
    const value = state[name];
    // Several targets have a list of coefficients, each checked below.
    const lists = name === "coef" && Array.isArray(value) ? value : [value];
    const models = name === "coef" && lengthOf(state["intercepts"]) !== undefined ? lengthOf(state["intercepts"]) : 1;
    for (const list of lists)
      if (name !== "coef" || !isPlainObject(list)) checkLength(kind, name, list, nFeatures * (models as number));
  }
  for (const [name, most] of Object.entries(MOST[kind] ?? {})) {
    const value = state[name];
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > most)
      throw damaged(kind, name, `is ${show(value)}, not a whole number up to ${most}`);
  }
  checkClasses(kind, state);
  for (const name of STATISTICS) {
    const statistics = state[name];
    if (!isPlainObject(statistics)) continue;
    const width = WITH_TARGET.has(kind) ? nFeatures + 1 : nFeatures;
    for (const [key, value] of Object.entries(statistics))
      if (isTypedArray(value)) checkLength(kind, `${name}.${key}`, value, key === "scatter" ? width * width : width);
  }
}

function checkClasses(kind: string, { classes, intercepts }: PlainRecord): void {
  const [labels, models] = [lengthOf(classes), lengthOf(intercepts)];
  if (labels === undefined || models === undefined) return;
  if (models !== labels && !(models === 1 && labels === 2))
    throw damaged(kind, "intercepts", `has ${models} values for ${labels} classes`);
}

function checkLength(kind: string, name: string, value: unknown, wanted: number): void {
  const length = lengthOf(value);
  if (length === undefined) throw damaged(kind, name, `is ${show(value)}, not a list of ${wanted}`);
  if (length !== wanted) throw damaged(kind, name, `has ${length} values where the columns ask for ${wanted}`);
}

function lengthOf(value: unknown): number | undefined {
  return Array.isArray(value) || isTypedArray(value) ? value.length : undefined;
}

function damaged(kind: string, name: string, what: string): DataError {
  return new DataError(`${kind}: its state is damaged: ${name} ${what}. Save the model again.`);
}
