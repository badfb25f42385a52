import { DataError, FitError, show } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyForLabels, labelsOfNumbers, numbersOfClasses } from "../../src/estimator/apply-labels.js";
import { applyToRows } from "../../src/estimator/apply.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { type DistributedInput, type LabelInput } from "../../src/estimator/inputs.js";
import { codeLabels, holdWithLabels, type Label } from "../../src/estimator/labels.js";
import type { LocalTable, TableInput } from "../../src/estimator/table.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { boostLoss } from "../../src/kernels/kernels.js";
import { labelAccuracy } from "../../src/metrics/label-accuracy.js";
import {
  classFactors,
  openClassDesign,
  type ClassDesign,
  type ClassWeight,
  classWeightField,
} from "../../src/estimator/class-design.js";
import { BoostedModel, type StagedOptions } from "./boosted-model.js";
import type { BoostingFitOptions, CodedEvalSet, RefitOptions } from "./boosting-fit-options.js";
import type { PredictedWithin, WithinOptions } from "./predict-within.js";
import { boostingRules, type BoostingParams } from "./boosting-params.js";
import { classTotals } from "./start-margins.js";
import { pointwise, type Objective } from "./objectives.js";

/** Parameters of {@link HistGradientBoostingClassifier}. */
export interface HistGradientBoostingClassifierParams extends BoostingParams {
  classWeight: ClassWeight;
  scalePosWeight: number;
}

const TABLE = new ParamTable<HistGradientBoostingClassifierParams>("HistGradientBoostingClassifier", (z) =>
  z.object({
    ...boostingRules(z),
    classWeight: classWeightField(
      z,
      'factors of the sample weights by label, 1 for labels left out; "balanced" gives every class the same total',
    ),
    scalePosWeight: z
      .number()
      .positive()
      .default(1)
      .describe("factor of the sample weights of the second of two classes, on top of classWeight"),
  }),
);

const task = (name: string): ReturnType<typeof fnRef> => fnRef(new URL("./tree-tasks.js", import.meta.url).href, name);

/**
 * Gradient boosting of trees over binned columns for two classes or more, with log loss (Friedman 2001; Ke et al.,
 * "LightGBM", 2017). Two classes: `log(1 + e^m) − ym` for y in {0, 1}, where the margin
 * `m = baseline + Σₜ value of the row's leaf in tree t` is the log odds of the second class. More: a tree each a round,
 * `log Σₖ e^mₖ − m_y`, with probabilities `e^mₖ / Σ e^m`; second derivatives are `p(1 − p)`, as in scikit-learn. Leaves take
 * `−learningRate · G / (H + l2Regularization)`; trees grow leaf by leaf, largest gain first.
 *
 * X: `(nRows, nFeatures)`, dense (f64 or f32) or sparse (CSR; what it does not hold is the number 0); or a frame, or a table in this
 * process, whose columns of text are categories (see `categoricalFeatures`; 255 of a column at most): no encoding is needed, and texts that the fit did not see are missing values. NaN are missing values: every split learns the side they go to. Infinities are
 * an error that names column, partition and row. y: labels of one type (numbers, booleans or strings), two or more.
 *
 * X is read once (once more for texts), binned to a byte a value (twice: in rows and in columns), and let go. With `maxBins` above
 * 255 a column of more values than 255 becomes a column of bytes for each 254 of its thresholds: exact, but time and memory grow
 * with them. A tree of 31 leaves takes about 8
 * rounds; a round sends histograms only (6 KiB a column and leaf). The derivatives are rounded to integers
 * (30 and 22 bits, fewer above a million rows), so that every sum is exact: the model has the same bits for any
 * partitioning, engine and number of threads. From 65,536 rows on, or with `quantizedGradients: true`, they are rounded at random to
 * few bits (10 and 8), which is faster and costs nothing that matters.
 *
 * Differs from scikit-learn: `scalePosWeight` is there (as in XGBoost and LightGBM); thresholds lie between observed values, and are weighted; rows for early
 * stopping are drawn one by one, not stratified, and the trees after the best score are dropped; `featureImportances` are
 * there.
 *
 * @example
 * ```ts
 * const model = await new HistGradientBoostingClassifier({ minSamplesLeaf: 1 }).fit([[0], [1], [2], [3]], ["no", "no", "yes", "yes"]);
 * console.log(await model.predict([[0.2], [2.8]])); // ["no", "yes"]
 * ```
 */
export class HistGradientBoostingClassifier extends BoostedModel<HistGradientBoostingClassifierParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<HistGradientBoostingClassifierParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): HistGradientBoostingClassifier {
    return new HistGradientBoostingClassifier().restore(json);
  }

  /**
   * @throws DataError for infinities, columns of categories in sparse X, or lengths that differ; FitError for fewer than two classes, a label of
   * `classWeight` that y lacks, `scalePosWeight` with more than two classes, or when too few rows are left for early stopping
   */
  async fit(
    X: TableInput,
    y: LabelInput,
    options: BoostingFitOptions<HistGradientBoostingClassifier> = {},
  ): Promise<this> {
    const owner = "HistGradientBoostingClassifier.fit";
    const { x, texts } = await this.fitInput(owner, X, options);
    using data = await openClassDesign(owner, x, y, options, undefined, { baseMargin: options.baseMargin });
    const { design, classes } = data;
    await this.#weighClasses(data);
    await this.boost(design, { objective: objectiveOf(classes), texts }, options, classes, (label, set) =>
      openCoded(label, set, classes, options),
    );
    return this;
  }

  /**
   * A model with the same splits whose leaves are of new rows, tree after tree (LightGBM's refit): each takes
   * `decay · old + (1 − decay) · new`, where new is what a fit would give the leaf. Leaves that no row reaches keep their
   * value. This model is as it was.
   * @throws DataError for other columns or labels than the fit's; FitError for sets that tell more than 255
   * groups of codes of a column apart
   */
  async refit(X: TableInput, y: LabelInput, options: RefitOptions = {}): Promise<HistGradientBoostingClassifier> {
    const owner = "HistGradientBoostingClassifier.refit";
    using data = await openClassDesign(owner, this.coded(owner, X), y, options, this.classes);
    await this.#weighClasses(data);
    return await this.refitLeaves(data.design, { objective: objectiveOf(this.classes) }, options);
  }

  async #weighClasses({ design, classes, weights }: ClassDesign): Promise<void> {
    const { classWeight, scalePosWeight } = this.params;
    if (classWeight === null && scalePosWeight === 1) return;
    const { owner } = design;
    if (scalePosWeight !== 1 && classes.length > 2) {
      throw new FitError(
        `${owner}: scalePosWeight is for two classes; y has ${classes.length}. Use classWeight: { label: factor }.`,
      );
    }
    const totals = classWeight === "balanced" ? await classTotals(design, classes.length) : weights;
    const factors = classFactors(owner, classWeight, classes, totals);
    factors[1] = (factors[1] as number) * scalePosWeight;
    await design.encodeLabels(Float64Array.from(classes.keys()), factors);
  }

  /**
   * The most probable label of each row. Lazy for distributed X: an array of the labels where they are numbers (booleans as
   * 0 and 1), of their positions in `classes` where they are strings. Local X gives labels as they were in fit.
   */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalTable): Promise<Label[]>;
  predict(X: TableInput): DistributedArray | Promise<Label[]>;
  predict(X: TableInput): DistributedArray | Promise<Label[]> {
    const owner = "HistGradientBoostingClassifier.predict";
    const { classes } = this;
    return applyForLabels(owner, this.coded(owner, X), this.state, classes, (x, labels) =>
      x.mapChunks(owner, task("labelStep"), { ...this.treeArgs(owner, x), labels }, { innerShape: [] }),
    );
  }

  /** Probabilities of the classes, `(nRows, nClasses)`, columns in the order of `classes`. */
  predictProba(X: DistributedInput): DistributedArray;
  predictProba(X: LocalTable): Promise<LocalMatrix>;
  predictProba(X: TableInput): DistributedArray | Promise<LocalMatrix>;
  predictProba(X: TableInput): DistributedArray | Promise<LocalMatrix> {
    const owner = "HistGradientBoostingClassifier.predictProba";
    const names = this.classes.map(String);
    return applyToRows(
      owner,
      this.coded(owner, X),
      this.state,
      (x) =>
        x.mapChunks(
          owner,
          task("probabilityStep"),
          { ...this.treeArgs(owner, x) },
          { innerShape: [names.length], names },
        ),
      (result) => result,
    );
  }

  /**
   * Two classes: the margin of each row, `(nRows)`; above 0 the second class is the more probable. More: the margin of each
   * class, `(nRows, nClasses)`.
   */
  decisionFunction(X: DistributedInput): DistributedArray;
  decisionFunction(X: LocalTable): Promise<Float64Array | LocalMatrix>;
  decisionFunction(X: TableInput): DistributedArray | Promise<Float64Array | LocalMatrix>;
  decisionFunction(X: TableInput): DistributedArray | Promise<Float64Array | LocalMatrix> {
    const owner = "HistGradientBoostingClassifier.decisionFunction";
    const names = this.classes.map(String);
    const shape = names.length > 2 ? { innerShape: [names.length], names } : { innerShape: [] };
    return applyToRows<Float64Array | LocalMatrix>(
      owner,
      this.coded(owner, X),
      this.state,
      (x) => x.mapChunks(owner, task("marginStep"), { ...this.treeArgs(owner, x) }, shape),
      (result) => (names.length > 2 ? result : (result.toVector() as Float64Array)),
    );
  }

  /**
   * Labels by as many rounds of trees as there is time for, and how many those are: see {@link PredictedWithin}.
   * @throws as {@link predict}; ParameterError for a deadline that is no number above 0
   */
  predictWithin(X: DistributedInput, options: WithinOptions): Promise<PredictedWithin<DistributedArray>>;
  predictWithin(X: LocalTable, options: WithinOptions): Promise<PredictedWithin<Label[]>>;
  async predictWithin(X: TableInput, options: WithinOptions): Promise<PredictedWithin<DistributedArray | Label[]>> {
    const { classes } = this;
    const labels = numbersOfClasses(classes);
    const finish = (local: LocalMatrix): Label[] => labelsOfNumbers(classes, local);
    const owner = "HistGradientBoostingClassifier.predictWithin";
    return this.within(owner, X, options, { kind: "labels", labels }, { shape: { innerShape: [] }, finish });
  }

  /**
   * Probabilities by as many rounds of trees as there is time for, at least one, and how many those are: those of
   * `firstRounds(rounds)`, bit for bit. All rows have the same rounds. Distributed X is held for the call; its predictions stay
   * in the engine until they are released.
   * @throws as {@link predictProba}; ParameterError for a deadline that is no number above 0
   *
   * @example
   * ```ts
   * const { predictions, rounds } = await model.predictProbaWithin(X, { deadlineMs: 50 });
   * ```
   */
  predictProbaWithin(X: DistributedInput, options: WithinOptions): Promise<PredictedWithin<DistributedArray>>;
  predictProbaWithin(X: LocalTable, options: WithinOptions): Promise<PredictedWithin<LocalMatrix>>;
  async predictProbaWithin(
    X: TableInput,
    options: WithinOptions,
  ): Promise<PredictedWithin<DistributedArray | LocalMatrix>> {
    const names = this.classes.map(String);
    const shape = { innerShape: [names.length], names };
    const owner = "HistGradientBoostingClassifier.predictProbaWithin";
    return this.within(owner, X, options, { kind: "probabilities" }, { shape, finish: (local) => local });
  }

  /**
   * Labels after each round (see `every`), one after another: lazy arrays for distributed X, values for local X. Each stage
   * predicts from the first tree on, so all stages together cost the square of the rounds.
   */
  stagedPredict(X: DistributedInput, options?: StagedOptions): AsyncGenerator<DistributedArray, void, undefined>;
  stagedPredict(X: LocalTable, options?: StagedOptions): AsyncGenerator<Label[], void, undefined>;
  stagedPredict(
    X: TableInput,
    options: StagedOptions = {},
  ): AsyncGenerator<DistributedArray | Label[], void, undefined> {
    return this.staged(options, (model) => model.predict(X));
  }

  /**
   * Probabilities after each round (see `every`), one after another: lazy arrays for distributed X, values for local X. Each stage
   * predicts from the first tree on, so all stages together cost the square of the rounds.
   */
  stagedPredictProba(X: DistributedInput, options?: StagedOptions): AsyncGenerator<DistributedArray, void, undefined>;
  stagedPredictProba(X: LocalTable, options?: StagedOptions): AsyncGenerator<LocalMatrix, void, undefined>;
  stagedPredictProba(
    X: TableInput,
    options: StagedOptions = {},
  ): AsyncGenerator<DistributedArray | LocalMatrix, void, undefined> {
    return this.staged(options, (model) => model.predictProba(X));
  }

  /** Share of rows whose label is predicted. */
  async score(X: TableInput, y: LabelInput, options: FitOptions = {}): Promise<number> {
    return labelAccuracy(this, X, y, options);
  }

  /** The labels, in sorted order. */
  get classes(): readonly Label[] {
    return this.state.classes ?? [];
  }
}

registerEstimator("HistGradientBoostingClassifier", HistGradientBoostingClassifier);

/** A set to be measured, y as positions in the fit's classes. @throws DataError for another label */
async function openCoded(
  owner: string,
  { X, y, sampleWeight }: CodedEvalSet,
  classes: readonly Label[],
  { engine, signal }: FitOptions,
): Promise<Design> {
  const run = { ...(engine ? { engine } : {}), ...(signal ? { signal } : {}) };
  const target = await codeLabels(owner, y as LabelInput, run, classes);
  const design = Design.open(owner, X, target.values, sampleWeight === undefined ? run : { ...run, sampleWeight });
  const { labels } = await holdWithLabels(design);
  const codes = Float64Array.from(classes, (label, k) => (typeof label === "number" ? label : k));
  const strange = labels.find((label) => !codes.includes(label));
  if (strange !== undefined) {
    design[Symbol.dispose]();
    throw new DataError(
      `${owner}: y has the label ${strange}, which the fit's y lacks. It has ${classes.map(show).join(", ")}.`,
    );
  }
  await design.encodeLabels(codes);
  return design;
}

function objectiveOf(classes: readonly Label[]): Objective {
  return classes.length === 2 ? pointwise(boostLoss.logistic) : { kind: "softmax", classes: classes.length };
}
