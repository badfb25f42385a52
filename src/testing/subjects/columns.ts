import { Binarizer } from "../../../preprocessing/binarizer.js";
import { FunctionTransformer } from "../../../preprocessing/function-transformer.js";
import { IterativeImputer } from "../../../preprocessing/iterative-imputer.js";
import { KBinsDiscretizer } from "../../../preprocessing/k-bins-discretizer.js";
import { KNNImputer } from "../../../preprocessing/knn-imputer.js";
import { MaxAbsScaler } from "../../../preprocessing/max-abs-scaler.js";
import { MinMaxScaler } from "../../../preprocessing/min-max-scaler.js";
import { Normalizer } from "../../../preprocessing/normalizer.js";
import { PolynomialFeatures } from "../../../preprocessing/polynomial-features.js";
import { PowerTransformer } from "../../../preprocessing/power-transformer.js";
import { QuantileTransformer } from "../../../preprocessing/quantile-transformer.js";
import { RobustScaler } from "../../../preprocessing/robust-scaler.js";
import { GenericUnivariateSelect } from "../../../preprocessing/generic-univariate-select.js";
import { SelectFdr } from "../../../preprocessing/select-fdr.js";
import { SelectFpr } from "../../../preprocessing/select-fpr.js";
import { SelectFwe } from "../../../preprocessing/select-fwe.js";
import { SelectKBest } from "../../../preprocessing/select-k-best.js";
import { SelectPercentile } from "../../../preprocessing/select-percentile.js";
import { SimpleImputer } from "../../../preprocessing/simple-imputer.js";
import { SplineTransformer } from "../../../preprocessing/spline-transformer.js";
import { StandardScaler } from "../../../preprocessing/standard-scaler.js";
import { VarianceThreshold } from "../../../preprocessing/variance-threshold.js";
import { DOUBLED, HALVED } from "../check-functions.js";
import type { SkippedCheck, TestSubject } from "../subject.js";
import { subjectOf } from "./of-class.js";
import { READS_NOTHING } from "./skips.js";

/** A transformer of numeric columns. */
const subject = (
  Class: unknown,
  params: Record<string, unknown>,
  rest: Pick<TestSubject, "attributes" | "nan"> & Partial<TestSubject>,
): TestSubject =>
  subjectOf(Class, params, {
    task: "transformer",
    solution: "closed form",
    weights: true,
    anyRowOrder: true,
    onePass: false,
    ...rest,
  });

const stateless = { attributes: [], nan: "refused", weights: false, skip: READS_NOTHING } as const;

const LOSSY: SkippedCheck = {
  check: "fitted values agree with each other",
  reason: "the inverse gives the middle of a bin, not the value",
};
const NOTHING_VARIES: SkippedCheck = {
  check: "one row, one column and constant columns work",
  reason: "it is an error, as in scikit-learn, when no column varies",
};
const TOO_FEW: SkippedCheck = {
  ...NOTHING_VARIES,
  reason: "a share of one column that is less than all of it is none",
};

// Exact for the checks' few rows.
const SKETCHED = { quantileError: 0.01 } as const;

const NOT_TELLING: SkippedCheck = {
  ...NOTHING_VARIES,
  reason: "a column that tells nothing is not kept, and one that is constant tells nothing",
};
const OF_ALL_ROWS: readonly SkippedCheck[] = [
  "partialFit in batches equals one fit",
  "merged fits equal the fit on all rows, in any grouping",
].map((check) => ({ check, reason: "the bins of mutual information are cut from all rows" }));

/** Transformers of columns of numbers: scalers, bins, distributions, features, imputers, selectors. */
export const columnSubjects: readonly TestSubject[] = [
  subject(
    StandardScaler,
    {},
    { attributes: ["mean", "variance", "scale"], nan: "left out", sparse: { withMean: false }, onePass: true },
  ),
  subject(MinMaxScaler, {}, { attributes: ["dataMin", "dataMax", "scale", "min"], nan: "left out", onePass: true }),
  subject(MaxAbsScaler, {}, { attributes: ["maxAbs", "scale"], nan: "left out", sparse: {}, onePass: true }),
  subject(RobustScaler, {}, { attributes: ["center", "scale"], nan: "left out", mergeable: SKETCHED }),
  subject(Normalizer, {}, { ...stateless, sparse: {} }),
  subject(Binarizer, {}, { ...stateless, sparse: {} }),
  subject(PolynomialFeatures, {}, stateless),
  subject(FunctionTransformer, { func: DOUBLED, inverseFunc: HALVED }, stateless),
  subject(
    KBinsDiscretizer,
    { encode: "ordinal" },
    { attributes: ["nBins"], nan: "refused", skip: [LOSSY], mergeable: SKETCHED },
  ),
  subject(IterativeImputer, { addIndicator: true }, { attributes: ["initialStatistics", "nIter"], nan: "left out" }),
  subject(KNNImputer, {}, { attributes: ["indicatorFeatures"], nan: "left out" }),
  subject(SplineTransformer, {}, { attributes: ["nSplines"], nan: "refused", onePass: true }),
  subject(QuantileTransformer, {}, { attributes: ["references"], nan: "left out", mergeable: SKETCHED }),
  subject(PowerTransformer, {}, { attributes: ["lambdas"], nan: "left out", solution: "iterative" }),
  subject(SimpleImputer, {}, { attributes: ["statistics"], nan: "left out", onePass: true }),
  subject(
    VarianceThreshold,
    {},
    { attributes: ["variances"], nan: "left out", sparse: {}, onePass: true, skip: [NOTHING_VARIES] },
  ),
  subject(
    SelectKBest,
    { scoreFunc: "fRegression", k: 2 },
    { attributes: ["scores", "pValues"], nan: "refused", sparse: {}, onePass: true },
  ),
  subject(
    SelectFpr,
    { scoreFunc: "fRegression", alpha: 0.9 },
    { attributes: ["scores", "pValues"], nan: "refused", sparse: {}, onePass: true, skip: [NOT_TELLING] },
  ),
  subject(
    SelectFdr,
    { scoreFunc: "fRegression", alpha: 0.9 },
    { attributes: ["scores", "pValues"], nan: "refused", sparse: {}, onePass: true, skip: [NOT_TELLING] },
  ),
  subject(
    SelectFwe,
    { scoreFunc: "fRegression", alpha: 0.9 },
    { attributes: ["scores", "pValues"], nan: "refused", sparse: {}, onePass: true, skip: [NOT_TELLING] },
  ),
  subject(
    GenericUnivariateSelect,
    { scoreFunc: "fRegression", mode: "kBest", param: 2 },
    { attributes: ["scores", "pValues"], nan: "refused", sparse: {}, onePass: true },
  ),
  subjectOf(
    SelectKBest,
    { scoreFunc: { score: "mutualInfoRegression", nBins: 5 }, k: 2 },
    {
      name: "SelectKBest by mutual information",
      task: "transformer",
      solution: "closed form",
      weights: true,
      anyRowOrder: true,
      onePass: false,
      attributes: ["scores"],
      nan: "refused",
      skip: OF_ALL_ROWS,
    },
  ),
  subject(
    SelectPercentile,
    { scoreFunc: "fRegression", percentile: 70 },
    { attributes: ["scores", "pValues"], nan: "refused", sparse: {}, onePass: true, skip: [TOO_FEW] },
  ),
];
