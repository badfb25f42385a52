import { DataError, FitError, ParameterError, show } from "../../src/base/errors.js";
import type { ParamTable } from "../../src/base/params.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyForLabels } from "../../src/estimator/apply-labels.js";
import { applyToRows } from "../../src/estimator/apply.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import { Estimator, type FittedInput } from "../../src/estimator/estimator.js";
import { statisticsByMerge, type FoldStatistics } from "../../src/estimator/fold-statistics.js";
import {
  checkColumns,
  requireTarget,
  toMatrix,
  type DistributedInput,
  type LabelInput,
  type LocalInput,
  type MatrixInput,
} from "../../src/estimator/inputs.js";
import { codeLabels, type Label } from "../../src/estimator/labels.js";
import { noRows } from "../../src/estimator/no-rows.js";
import { labelAccuracy } from "../../src/metrics/label-accuracy.js";
import {
  CLASS_STATISTICS_STEP,
  mergeClassStatistics,
  type ClassStatistic,
  type ClassStatistics,
} from "../../src/numeric/class-statistics.js";
import type { JointArgs, JointOutput } from "./joint-steps.js";

/** Distinct labels that a classifier takes. */
const MOST_LABELS = 1000;

/** Parameters that all naive Bayes classifiers have. */
export interface NaiveBayesParams {
  priors: readonly number[] | null;
}

/** Sums by class, under the labels of `classes`. */
export interface NaiveBayesState extends FittedInput {
  readonly classes: readonly Label[];
  readonly statistics: ClassStatistics;
}

/** What predictions need, derived from the statistics. */
export type JointModel = Pick<JointArgs, "constant" | "weight" | "center" | "threshold" | "sizes">;

/**
 * A classifier from sums by class: one pass, mergeable without loss, so that `partialFit` and `merge` equal one fit on all
 * rows and cross-validation costs one scan.
 */
export abstract class NaiveBayes<P extends NaiveBayesParams> extends Estimator<P, NaiveBayesState> {
  protected constructor(table: ParamTable<P>, params: Partial<P>) {
    super(table, params);
  }

  /** What is summed. */
  protected abstract get statistic(): ClassStatistic;

  /** The model of the fitted sums. */
  protected abstract model(): JointModel;

  /** One pass. @throws DataError for NaN and infinities; FitError for fewer than two classes with weight */
  async fit(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    const state = await this.#measure(owner, X, y, options);
    if (state.classes.length < 2) {
      const seen =
        state.classes.length === 0 ? "no rows with a positive weight" : `one class only: ${show(state.classes[0])}`;
      throw new FitError(`${owner}: y has ${seen}. It needs two; check the filter and the label column.`);
    }
    checkPriors(owner, this.params.priors, state.classes.length);
    this.setState(state);
    return this;
  }

  /** Adds rows to what was learnt before: equal to one fit on all. Batches may have any classes. One pass. */
  async partialFit(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.partialFit`;
    const added = await this.#measure(owner, toMatrix(owner, X, this.stateIfFitted), y, options);
    return this.addState(owner, added, united);
  }

  /** The classifier of all rows of both, with the parameters of `a`. */
  protected static joined<E extends NaiveBayes<NaiveBayesParams>>(a: E, b: E): E {
    checkColumns(`${a.kind}.merge`, { width: b.state.nFeatures, names: b.state.featureNames }, a.state);
    const merged = a.clone();
    merged.setState(united(`${a.kind}.merge`, a.state, b.state));
    return merged;
  }

  /** @internal Fits of cross-validation's folds from one scan. */
  get foldStatistics(): FoldStatistics {
    const additive = statisticsByMerge<NaiveBayes<P>>(this, (a, b) => NaiveBayes.joined(a as never, b as never));
    // A model of one class is for `fit` to refuse.
    const fitTo = (total: NaiveBayes<P>): boolean => total.classes.length >= 2 && additive.fitTo(total);
    return { ...additive, fitTo } as FoldStatistics;
  }

  /** The labels, in sorted order. */
  get classes(): readonly Label[] {
    return this.state.classes;
  }

  /** Weight of the rows of each class. */
  get classCount(): Float64Array {
    return this.state.statistics.weight;
  }

  /** The label of each row: lazy for distributed X (positions in `classes` for labels that are no numbers). */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Label[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Label[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Label[]> {
    const { classes } = this.state;
    return applyForLabels(`${this.kind}.predict`, X, this.state, classes, (x, labels) =>
      this.#joint("predict", x, { output: "label", labels }),
    );
  }

  /** Probabilities, one column a class. */
  predictProba(X: DistributedInput): DistributedArray;
  predictProba(X: LocalInput): Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix> {
    const build = (x: DistributedArray): DistributedArray => this.#joint("predictProba", x, { output: "probability" });
    return applyToRows(`${this.kind}.predictProba`, X, this.state, build, (local) => local);
  }

  /** Joint log-likelihoods log P(class) + log P(row | class), one column a class. */
  predictJointLogProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix> {
    const build = (x: DistributedArray): DistributedArray =>
      this.#joint("predictJointLogProba", x, { output: "joint" });
    return applyToRows(`${this.kind}.predictJointLogProba`, X, this.state, build, (local) => local);
  }

  /** Share of rows (by weight) whose label is predicted. */
  async score(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<number> {
    return labelAccuracy(this, X, y, options);
  }

  /** log P(class): of the given priors, or the classes' shares. */
  protected logPriors(): Float64Array {
    const { weight } = this.state.statistics;
    const { priors } = this.params;
    checkPriors(this.kind, priors, weight.length);
    if (priors) return Float64Array.from(priors, Math.log);
    const all = weight.reduce((sum, value) => sum + value, 0);
    return weight.map((value) => Math.log(value / all));
  }

  #joint(method: string, x: DistributedArray, output: JointOutput): DistributedArray {
    const owner = `${this.kind}.${method}`;
    const { classes, featureNames } = this.state;
    const args = { owner, names: featureNames ?? x.names, ...this.model(), ...output };
    const step = fnRef(new URL("./joint-steps.js", import.meta.url).href, "jointStep");
    const shape =
      output.output === "label" ? { innerShape: [] } : { innerShape: [classes.length], names: classes.map(String) };
    return x.mapChunks(owner, step, args as never, shape);
  }

  async #measure(owner: string, X: MatrixInput, y: LabelInput, options: FitOptions): Promise<NaiveBayesState> {
    requireTarget(owner, y);
    const target = await codeLabels(owner, y, options);
    using design = Design.open(owner, X, target.values, options);
    const args = { ...this.statistic, owner, limit: MOST_LABELS };
    const found = await design.reduce<ClassStatistics>(CLASS_STATISTICS_STEP, args, mergeClassStatistics);
    if (found.rows === 0) throw noRows(owner);
    if (
      found.first.some((row) => !row.every(Number.isFinite)) ||
      found.second.some((row) => !row.every(Number.isFinite))
    )
      await design.assertFinite();
    if (found.labels.length > MOST_LABELS || found.labels.some((label) => !Number.isInteger(label))) {
      throw new DataError(
        `${owner}: y has ${found.labels.length} distinct values, which do not look like labels. A classifier needs classes (integers, booleans or strings); for a number to predict use a regressor.`,
      );
    }
    const classes = Array.from(found.labels, (code) => target.labelOf(code));
    return {
      ...design.columns,
      classes,
      statistics: { ...found, labels: Float64Array.from(found.labels.keys()) },
    };
  }
}

// The codes of texts are their positions among those of one call: both sides are renamed to positions in all labels.
function united(owner: string, a: NaiveBayesState, b: NaiveBayesState): NaiveBayesState {
  const classes = [...new Set([...a.classes, ...b.classes])];
  if (new Set(classes.map((label) => typeof label)).size > 1)
    throw new DataError(`${owner}: labels mix types: ${classes.map(show).join(", ")}. Use labels of one type.`);
  classes.sort((p, q) => (p < q ? -1 : p > q ? 1 : 0));
  const renamed = (state: NaiveBayesState): ClassStatistics => ({
    ...state.statistics,
    labels: Float64Array.from(state.classes, (label) => classes.indexOf(label)),
  });
  return { ...a, classes, statistics: mergeClassStatistics(renamed(a), renamed(b)) };
}

function checkPriors(owner: string, priors: readonly number[] | null, classes: number): void {
  if (!priors) return;
  if (priors.length !== classes)
    throw new ParameterError(
      `${owner}: priors has ${priors.length} values, but there are ${classes} classes. Give one a class.`,
    );
  const sum = priors.reduce((total, value) => total + value, 0);
  if (Math.abs(sum - 1) > 1e-8)
    throw new ParameterError(`${owner}: priors must sum to 1; they sum to ${sum}. Divide them by their sum.`);
}
