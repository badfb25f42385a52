import { DataError, FitError, show } from "../src/base/errors.js";
import type { ParamTable } from "../src/base/params.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import {
  checkColumns,
  requireTarget,
  toMatrix,
  type LabelInput,
  type MatrixInput,
  type VectorInput,
} from "../src/estimator/inputs.js";
import { codeLabels, holdWithLabels, type Label } from "../src/estimator/labels.js";
import { FeatureSelector } from "../src/estimator/feature-selector.js";
import { requireSameColumns } from "./column-steps.js";
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

/** How a column is scored against the target. */
export type ScoreFunction = "fClassif" | "fRegression" | "chi2";

/** The score functions by name, for parameter tables. */
export const SCORE_FUNCTIONS = ["fClassif", "fRegression", "chi2"] as const;

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
  readonly scoreFunc: ScoreFunction;
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
    const seen = this.stateIfFitted;
    if (seen) checkColumns(owner, toMatrix(owner, X), seen);
    const added = await this.#measure(owner, X, y, options, seen !== undefined);
    this.setState(seen ? united(owner, seen, added) : added);
    return this;
  }

  /** A selector with these parameters that has seen the rows of both. @throws DataError for other columns or scores */
  protected mergedWith(other: this): this {
    const owner = `${this.kind}.merge`;
    requireSameColumns(owner, this.state, other.state);
    const merged = this.clone();
    merged.setState(united(owner, this.state, other.state));
    return merged;
  }

  /** Score of each column; the larger, the more it tells about the target. NaN for constant columns of a class score. */
  get scores(): Float64Array {
    return this.state.scores;
  }

  /** Probability of a score as large for a column that is independent of the target. */
  get pValues(): Float64Array {
    return this.state.pValues;
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
    if (scoreFunc === "fRegression") {
      using design = Design.open(owner, X, y as VectorInput, options);
      return { ...columnsOf(design), ...fromTarget(await againstTarget(design)) };
    }
    const { values, labelOf } = await codeLabels(owner, y as LabelInput, options);
    using design = Design.open(owner, X, values, options);
    const classes = await againstClasses(design, scoreFunc, labelOf);
    if (!oneClass) requireTwo(owner, classes.labels);
    return { ...columnsOf(design), ...fromClasses(scoreFunc, classes) };
  }
}

type Columns = Pick<ScoreState, "nFeatures" | "featureNames">;

function columnsOf({ nFeatures, names }: Design): Columns {
  return { nFeatures, ...(names ? { featureNames: names } : {}) };
}

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
  const columns = { nFeatures: a.nFeatures, ...(a.featureNames ? { featureNames: a.featureNames } : {}) };
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
