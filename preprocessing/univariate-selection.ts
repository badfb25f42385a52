import type * as Zod from "zod";
import { DataError, FitError, show } from "../src/base/errors.js";
import type { ParamTable, ZodNamespace } from "../src/base/params.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import { fittedColumns } from "../src/estimator/fitted-columns.js";
import {
  requireTarget,
  toMatrix,
  type LabelInput,
  type MatrixInput,
  type VectorInput,
} from "../src/estimator/inputs.js";
import { codeLabels, holdWithLabels, type Label } from "../src/estimator/labels.js";
import { FeatureSelector } from "../src/estimator/feature-selector.js";
import { informationOf, type MutualInformationSettings } from "./mutual-information.js";
import { requireWeight } from "./range-fit.js";
import {
  anovaScores,
  chiSquareScores,
  GROUP_MOMENTS_STEP,
  mergeGroupMoments,
  mergeTargetMoments,
  regressionScores,
  regroup,
  TARGET_MOMENTS_STEP,
  type GroupMoments,
  type Scores,
  type TargetMoments,
} from "./univariate-scores.js";
import { noRows } from "../src/estimator/no-rows.js";

/** A score with a probability: the analysis of variance of classes, the F test of a line, chi-square of counts. */
export type TestFunction = "fClassif" | "fRegression" | "chi2";

type InformationName = "mutualInfoClassif" | "mutualInfoRegression";

/** Mutual information with what it is told; see {@link mutualInfoClassif}. */
export interface InformationFunction extends MutualInformationSettings {
  readonly score: InformationName;
}

/** How a column is scored against the target. */
export type ScoreFunction = TestFunction | InformationName | InformationFunction;

const TEST_FUNCTIONS = ["fClassif", "fRegression", "chi2"] as const;

/** The parameter `scoreFunc` where a probability is needed. */
export function testFunctionField(z: ZodNamespace): Zod.ZodType {
  return z
    .enum(TEST_FUNCTIONS)
    .default("fClassif")
    .describe(
      "analysis of variance for classes, the F test of a line for numbers, or chi-square for counts and classes",
    );
}

const INFORMATION_FUNCTIONS = ["mutualInfoClassif", "mutualInfoRegression"] as const;

/** The rule of `scoreFunc` where no probability is needed. */
export const scoreRule = (z: ZodNamespace) =>
  z
    .union([
      z.enum([...TEST_FUNCTIONS, ...INFORMATION_FUNCTIONS]),
      z.strictObject({
        score: z.enum(INFORMATION_FUNCTIONS),
        nBins: z.int().min(2).optional(),
        discreteFeatures: z
          .union([z.literal("auto"), z.boolean(), z.array(z.int().min(0)), z.array(z.boolean())])
          .optional(),
      }),
    ])
    .default("fClassif")
    .describe(
      "analysis of variance for classes, the F test of a line for numbers, chi-square for counts and classes, or mutual information; { score, nBins, discreteFeatures } tells the last how",
    );

/** Sums of a fit against classes: group g of the moments is the class `labels[g]`. */
interface ClassMoments {
  readonly labels: readonly Label[];
  readonly moments: GroupMoments;
}

/** What selectors by score know after `fit`: the sums as well, from which the scores of a union follow. */
export interface ScoreState extends Scores {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  /** What the fit used, whatever the parameter is set to later. */
  readonly scoreFunc: TestFunction | InformationName;
  /** Of "fRegression". */
  readonly target?: TargetMoments | undefined;
  /** Of the others. */
  readonly classes?: ClassMoments | undefined;
}

/** A selector of columns by their scores against a target; subclasses say which scores are kept. */
export abstract class UnivariateSelector<P extends { readonly scoreFunc: ScoreFunction }> extends FeatureSelector<
  P,
  ScoreState
> {
  /** @throws ParameterError on an unknown parameter or a value out of range */
  protected constructor(table: ParamTable<P>, params: Partial<P>) {
    super(table, params);
  }

  /**
   * Scores the columns. One pass for "fRegression"; for the others the rows are held, the labels listed, and one pass made.
   * @throws DataError for NaN, infinities, no rows, y that is missing or (for "chi2") negative X; FitError for one class
   */
  async fit(X: MatrixInput, y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    this.setState(await this.#measure(`${this.kind}.fit`, X, y, options));
    return this;
  }

  /** Adds rows to what was learnt before; the first batch needs two classes. @throws DataError as `fit`, and for other columns */
  async partialFit(X: MatrixInput, y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.partialFit`;
    if (informationFunction(this.params.scoreFunc)) throw notMergeable(owner);
    const x = toMatrix(owner, X, this.stateIfFitted);
    return this.addState(owner, await this.#measure(owner, x, y, options, this.isFitted), united);
  }

  /** A selector with these parameters that has seen the rows of both. @throws DataError for other columns or scores */
  protected scoredWith(other: this): this {
    return this.mergedWith(other, united);
  }

  /** Score of each column; the larger, the more it tells about the target. NaN for constant columns of a class score. */
  get scores(): Float64Array {
    return this.state.scores;
  }

  /** Probability of a score as large for a column that is independent of the target. @throws DataError for mutual information */
  get pValues(): Float64Array {
    const { scoreFunc, pValues } = this.state;
    if (pValues.length === this.scores.length) return pValues;
    throw new DataError(`${this.kind}: ${scoreFunc} has no probabilities. Use a test: ${TEST_FUNCTIONS.join(", ")}.`);
  }

  /** Scores with the lowest number for NaN, so that such columns come last. */
  protected get rankable(): Float64Array {
    return this.scores.map((score) => (Number.isNaN(score) ? -Number.MAX_VALUE : score));
  }

  async #measure(
    owner: string,
    X: MatrixInput,
    y: VectorInput | LabelInput | undefined,
    options: FitOptions,
    oneClass = false,
  ): Promise<ScoreState> {
    requireTarget(owner, y);
    const { scoreFunc } = this.params;
    const information = informationFunction(scoreFunc);
    if (information) {
      const { names, width } = toMatrix(owner, X);
      const scores = await informationOf(owner, information.score, X, y, information, options);
      return { ...fittedColumns(width, names), scoreFunc: information.score, scores, pValues: new Float64Array() };
    }
    if (scoreFunc === "fRegression") {
      using design = Design.open(owner, X, y as VectorInput, options);
      return { ...design.columns, ...fromTarget(await againstTarget(design)) };
    }
    const { values, labelOf } = await codeLabels(owner, y as LabelInput, options);
    using design = Design.open(owner, X, values, options);
    const classes = await againstClasses(design, scoreFunc as "fClassif" | "chi2", labelOf);
    if (!oneClass) requireTwo(owner, classes.labels);
    return { ...design.columns, ...fromClasses(scoreFunc as "fClassif" | "chi2", classes) };
  }
}

function informationFunction(scoreFunc: ScoreFunction): InformationFunction | undefined {
  if (typeof scoreFunc === "object") return scoreFunc;
  return scoreFunc === "mutualInfoClassif" || scoreFunc === "mutualInfoRegression" ? { score: scoreFunc } : undefined;
}

// The bins of continuous columns are cut from all rows.
function notMergeable(owner: string): DataError {
  return new DataError(
    `${owner}: mutual information is of all rows at once. Fit on all of them, or use a test as scoreFunc.`,
  );
}

type Columns = Pick<ScoreState, "nFeatures" | "featureNames">;

function fromTarget(target: TargetMoments): Omit<ScoreState, keyof Columns> {
  return { scoreFunc: "fRegression", target, ...regressionScores(target) };
}

function fromClasses(scoreFunc: "fClassif" | "chi2", classes: ClassMoments): Omit<ScoreState, keyof Columns> {
  const scores = scoreFunc === "fClassif" ? anovaScores(classes.moments) : chiSquareScores(classes.moments);
  return { scoreFunc, classes, ...scores };
}

function united(owner: string, a: ScoreState, b: ScoreState): ScoreState {
  if (a.scoreFunc !== b.scoreFunc) {
    throw new DataError(
      `${owner}: one was fitted with scoreFunc ${show(a.scoreFunc)}, the other with ${show(b.scoreFunc)}. Use one score.`,
    );
  }
  const columns = fittedColumns(a.nFeatures, a.featureNames);
  if (a.scoreFunc.startsWith("mutual")) throw notMergeable(owner);
  if (a.target && b.target) return { ...columns, ...fromTarget(mergeTargetMoments(a.target, b.target)) };
  const [left, right] = [a.classes as ClassMoments, b.classes as ClassMoments];
  const labels = [...new Set([...left.labels, ...right.labels])].sort((p, q) => (p < q ? -1 : p > q ? 1 : 0));
  const spread = ({ labels: own, moments }: ClassMoments): GroupMoments =>
    regroup(
      moments,
      own.map((label) => labels.indexOf(label)),
      labels.length,
    );
  const moments = mergeGroupMoments(spread(left), spread(right));
  return { ...columns, ...fromClasses(a.scoreFunc as "fClassif" | "chi2", { labels, moments }) };
}

async function againstTarget(design: Design): Promise<TargetMoments> {
  const total = await design.reduce<TargetMoments>(TARGET_MOMENTS_STEP, undefined, mergeTargetMoments);
  requireRows(design, total.rows);
  if (!total.xx.every(Number.isFinite)) await design.assertFinite();
  requireWeight(design.owner, total.weight);
  return total;
}

async function againstClasses(
  design: Design,
  scoreFunc: "fClassif" | "chi2",
  labelOf: (code: number) => Label,
): Promise<ClassMoments> {
  const { labels, weights, rows } = await holdWithLabels(design);
  requireRows(design, rows);
  requireWeight(
    design.owner,
    weights.reduce((sum, weight) => sum + weight, 0),
  );
  // Labels whose rows all have weight 0 are as if they were not there.
  const classes = labels.filter((_, k) => (weights[k] as number) > 0);
  await design.encodeLabels(classes);
  const moments = await design.reduce<GroupMoments>(
    GROUP_MOMENTS_STEP,
    { groups: classes.length },
    mergeGroupMoments,
    false,
  );
  if (!moments.m2.every(Number.isFinite)) await design.assertFinite();
  const negative = scoreFunc === "chi2" ? moments.min.findIndex((value) => value < 0) : -1;
  if (negative >= 0) {
    const column = design.names?.[negative] ?? negative;
    throw new DataError(
      `${design.owner}: X has ${moments.min[negative]} in column ${JSON.stringify(column)}, and chi2 needs counts, none negative. Use scoreFunc "fClassif".`,
      { details: { column } },
    );
  }
  return { labels: Array.from(classes, labelOf), moments };
}

function requireTwo(owner: string, labels: readonly Label[]): void {
  if (labels.length >= 2) return;
  throw new FitError(`${owner}: y has one class only (${String(labels[0])}). Scores need at least two classes.`);
}

function requireRows(design: Design, rows: number): void {
  if (rows === 0) throw noRows(design.owner);
}
