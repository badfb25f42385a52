import { DataError, FitError } from "../src/base/errors.js";
import type { ParamTable } from "../src/base/params.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import { requireTarget, type LabelInput, type MatrixInput, type VectorInput } from "../src/estimator/inputs.js";
import { codeLabels, holdWithLabels } from "../src/estimator/labels.js";
import { ColumnSelector } from "./column-selector.js";
import { requireWeight } from "./range-fit.js";
import {
  anovaScores,
  chiSquareScores,
  GROUP_MOMENTS_STEP,
  mergeGroupMoments,
  mergeTargetMoments,
  regressionScores,
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

/** What selectors by score know after `fit`. */
export interface ScoreState extends Scores {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
}

/** A selector of columns by their scores against a target; subclasses say which scores are kept. */
export abstract class UnivariateSelector<P extends { readonly scoreFunc: ScoreFunction }> extends ColumnSelector<
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
    const owner = `${this.kind}.fit`;
    requireTarget(owner, y);
    const { scoreFunc } = this.params;
    const target =
      scoreFunc === "fRegression" ? (y as VectorInput) : (await codeLabels(owner, y as LabelInput, options)).values;
    using design = Design.open(owner, X, target, options);
    const found = scoreFunc === "fRegression" ? await againstTarget(design) : await againstClasses(design, scoreFunc);
    this.setState({ nFeatures: design.nFeatures, ...(design.names ? { featureNames: design.names } : {}), ...found });
    return this;
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
}

async function againstTarget(design: Design): Promise<Scores> {
  const total = await design.reduce<TargetMoments>(TARGET_MOMENTS_STEP, undefined, mergeTargetMoments);
  requireRows(design, total.rows);
  if (!total.xx.every(Number.isFinite)) await design.assertFinite();
  requireWeight(design.owner, total.weight);
  return regressionScores(total);
}

async function againstClasses(design: Design, scoreFunc: "fClassif" | "chi2"): Promise<Scores> {
  const { labels, weights, rows } = await holdWithLabels(design);
  requireRows(design, rows);
  requireWeight(
    design.owner,
    weights.reduce((sum, weight) => sum + weight, 0),
  );
  // Labels whose rows all have weight 0 are as if they were not there.
  const classes = labels.filter((_, k) => (weights[k] as number) > 0);
  if (classes.length < 2) {
    throw new FitError(`${design.owner}: y has one class only (${classes[0]}). Scores need at least two classes.`);
  }
  await design.encodeLabels(classes);
  const total = await design.reduce<GroupMoments>(
    GROUP_MOMENTS_STEP,
    { groups: classes.length },
    mergeGroupMoments,
    false,
  );
  if (!total.m2.every(Number.isFinite)) await design.assertFinite();
  if (scoreFunc === "fClassif") return anovaScores(total);
  const negative = total.min.findIndex((value) => value < 0);
  if (negative >= 0) {
    const column = design.names?.[negative] ?? negative;
    throw new DataError(
      `${design.owner}: X has ${total.min[negative]} in column ${JSON.stringify(column)}, and chi2 needs counts, none negative. Use scoreFunc "fClassif".`,
      { details: { column } },
    );
  }
  return chiSquareScores(total);
}

function requireRows(design: Design, rows: number): void {
  if (rows === 0) throw noRows(design.owner);
}
