import { DataError, FitError, ParameterError, show } from "../../src/base/errors.js";
import { isLocalTable, type TableInput } from "../../src/estimator/table.js";
import type { ArrayParts } from "../../src/collections/array/array-parts.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import { checkColumns, toMatrix, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import type { Label } from "../../src/estimator/labels.js";
import type { EvalMetricInput } from "./eval-metrics.js";
import type { EvalsResult } from "./watch.js";
import type { TreeWords } from "../../src/numeric/trees/dump-text.js";
import { packTrees } from "../../src/numeric/trees/packed-trees.js";
import { takeTrees } from "../../src/numeric/trees/take-trees.js";
import type { BoostingFitOptions, CodedEvalSet, RefitOptions } from "./boosting-fit-options.js";
import type { BoostingParams } from "./boosting-params.js";
import { categoryLimits, codedInput, textsOf } from "./categories.js";
import type { ColumnTexts } from "./category-tasks.js";
import { fitBoosting, type BoostFit, type BoostProblem } from "./fit-boosting.js";
import { refitBoosting } from "./refit-boosting.js";
import { codeOf, outputsOf, type ObjectiveCode } from "./objectives.js";
import { sumWithin, type PredictedWithin, type WithinOptions } from "./predict-within.js";
import { TreeModel, usedColumns } from "./tree-model.js";
import type { Link } from "./tree-tasks.js";

/** Fitted state of boosted trees. */
export interface BoostedState extends BoostFit {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  /** Of a classifier. */
  readonly classes?: readonly Label[];
}

/** Options of staged predictions. */
export interface StagedOptions {
  /** Rounds between two of them; 1 unless given. */
  readonly every?: number;
}

/** What models of boosted trees have in common: what they tell of their fit. */
export abstract class BoostedModel<P extends BoostingParams> extends TreeModel<P, BoostedState> {
  #interrupted: BoostedModel<P> | undefined;

  /** Rounds: `maxIter`, or fewer when it stopped early; with rows held out, up to the best score. A tree an output each. */
  get nIter(): number {
    return (this.state.trees.offsets.length - 1) / this.state.baselines.length;
  }

  /** Mean loss of the training rows, negated: before the first tree, and after each that was grown. */
  get trainScore(): Float64Array {
    return this.state.trainScore;
  }

  /** The same of the rows held out; empty where there are none. */
  get validationScore(): Float64Array {
    return this.state.validationScore;
  }

  /** This model with its first rounds only. @throws ParameterError for a number out of range */
  firstRounds(rounds: number): this {
    if (!(Number.isInteger(rounds) && rounds >= 0 && rounds <= this.nIter))
      throw new ParameterError(`${this.kind}.firstRounds: rounds must be 0 to ${this.nIter}; got ${show(rounds)}.`);
    const { state } = this;
    const model = this.clone();
    model.setState({ ...state, trees: takeTrees(state.trees, 0, rounds * state.baselines.length) });
    return model;
  }

  /** What `predict` makes of the model after `every` rounds, twice as many, ..., and all. */
  protected async *staged<T>(
    { every = 1 }: StagedOptions,
    predict: (model: this) => T,
  ): AsyncGenerator<Awaited<T>, void, undefined> {
    if (!(Number.isInteger(every) && every >= 1))
      throw new ParameterError(`${this.kind}: every must be a whole number from 1; got ${show(every)}.`);
    const { nIter } = this;
    for (let rounds = Math.min(every, nIter); ; rounds = Math.min(nIter, rounds + every)) {
      yield await predict(this.firstRounds(rounds));
      if (rounds === nIter) return;
    }
  }

  /** {@link sumWithin} of this model's trees. */
  protected async within<T>(
    owner: string,
    X: TableInput,
    options: WithinOptions,
    link: Link,
    result: { readonly shape: Pick<ArrayParts, "innerShape" | "names">; readonly finish: (local: LocalMatrix) => T },
  ): Promise<PredictedWithin<DistributedArray | T>> {
    const x = toMatrix(owner, this.coded(owner, X));
    checkColumns(owner, x, this.state);
    const { trees, baselines, featureNames } = this.state;
    const outputs = baselines.length;
    const used = x.layout === "csr" ? usedColumns(trees) : undefined;
    const { rounds, predictions } = await sumWithin(owner, x, options, {
      rounds: this.nIter,
      argsOf: (from, to) => ({
        owner,
        names: featureNames ?? x.names,
        baselines,
        ...(used ? { used } : {}),
        ...packTrees(takeTrees(trees, from * outputs, to * outputs)),
      }),
      link,
      shape: result.shape,
    });
    if (!isLocalTable(X)) return { rounds, predictions };
    using held = predictions;
    return { rounds, predictions: result.finish(await held.compute(run(options))) };
  }

  /** Scores of the last fit by set and metric, more is better: one before the first round, and one after each. */
  get evalsResult(): EvalsResult {
    return this.state.evals ?? {};
  }

  /**
   * A model of the trees so far, after a fit of this one failed or was aborted in its rounds; this one is as it was. With rows
   * held out it has the trees up to the best score. Undefined after a fit that succeeded, and before any.
   */
  get interrupted(): this | undefined {
    return this.#interrupted as this | undefined;
  }

  /** Categories of the columns of text that the fit saw, in the order of their codes; null for columns of numbers. */
  get categories(): ColumnTexts {
    const { texts, nFeatures } = this.state;
    return texts ?? Array.from({ length: nFeatures }, () => null);
  }

  protected override get takesSparse(): boolean {
    return true;
  }

  override get words(): TreeWords {
    return { names: this.state.featureNames, texts: this.state.texts };
  }

  /** X of a fit, with the texts of its columns of text. */
  protected async fitInput(
    owner: string,
    X: TableInput,
    options: FitOptions,
  ): Promise<{ readonly x: MatrixInput; readonly texts: ColumnTexts | undefined }> {
    const texts = await textsOf(owner, X, categoryLimits(this.params).known, options);
    return { x: codedInput(owner, X, texts), texts };
  }

  /** X of a prediction: text as codes of the fit's categories, others of its texts missing. */
  protected override coded(owner: string, X: TableInput): MatrixInput {
    return codedInput(owner, X, this.state.texts, this.state.featureNames);
  }

  /** Fits trees to a design and keeps them. */
  protected async boost(
    design: Design,
    problem: Omit<BoostProblem, "params">,
    options: BoostingFitOptions,
    classes?: readonly Label[],
    open: (owner: string, set: CodedEvalSet) => Promise<Design> | Design = (owner, { X, y, sampleWeight, groups }) =>
      Design.open(
        owner,
        X,
        y as VectorInput,
        sampleWeight === undefined ? run(options) : { ...run(options), sampleWeight },
        { groups },
      ),
  ): Promise<void> {
    const { baseMargin, checkpoint, onIteration, evalMetric } = options;
    const outputs = outputsOf(problem.objective);
    if (baseMargin !== undefined && outputs > 1) {
      throw new FitError(
        `${design.owner}: baseMargin has one margin a row, but the model has ${outputs} outputs. Fit one output at a time.`,
      );
    }
    const before = this.#before(design, codeOf(problem.objective), options, { classes, texts: problem.texts });
    this.#interrupted = undefined;
    const evalSets: { name: string; design: Design }[] = [];
    using _opened = { [Symbol.dispose]: () => evalSets.forEach((set) => set.design[Symbol.dispose]()) };
    for (const [k, set] of (options.evalSets ?? []).entries()) {
      const label = `${design.owner}, evalSets[${k}]`;
      const own = await open(label, { ...set, X: codedInput(label, set.X, problem.texts, design.names) });
      evalSets.push({ name: set.name ?? `eval${k}`, design: own });
      if (own.nFeatures !== design.nFeatures)
        throw new DataError(
          `${own.owner}: X has ${own.nFeatures} columns, but the fit's has ${design.nFeatures}. Take the same columns.`,
        );
    }
    const fit = await fitBoosting(design, {
      ...problem,
      params: this.params,
      ...before,
      offset: baseMargin !== undefined,
      onIteration,
      checkpoint,
      evalSets,
      ...(evalMetric === undefined ? {} : { evalMetrics: [evalMetric].flat() as EvalMetricInput[] }),
      onPartial: (partial) => {
        const model = this.clone();
        model.keep(design, partial, classes);
        this.#interrupted = model;
      },
    });
    this.keep(design, fit, classes);
  }

  /** This model with leaves of other values, from a design of new rows. */
  protected async refitLeaves(
    design: Design,
    { objective, targets }: Pick<BoostProblem, "objective" | "targets">,
    { decay = 0.9 }: RefitOptions,
  ): Promise<this> {
    const { owner } = design;
    if (!(decay >= 0 && decay <= 1))
      throw new ParameterError(`${owner}: decay must be 0 to 1; got ${show(decay)}. It is what the old values count.`);
    const { state } = this;
    checkColumns(owner, { names: design.names, width: design.nFeatures }, state);
    if (codeOf(objective) !== state.loss || outputsOf(objective) !== state.baselines.length)
      throw new FitError(`${owner}: the parameters name another loss than the model was fitted with. Fit anew.`);
    const { params } = this;
    const fit = await refitBoosting(design, state, { objective, params, targets, decay });
    const model = this.clone();
    model.keep(design, state.texts ? { ...fit, texts: state.texts } : fit, state.classes);
    return model;
  }

  /** The trees to go on from: of `initModel`, or with `warmStart` the own ones. */
  #before(
    { owner, nFeatures }: Design,
    loss: ObjectiveCode,
    { initModel, baseMargin }: BoostingFitOptions,
    { classes, texts }: { readonly classes: readonly Label[] | undefined; readonly texts: ColumnTexts | undefined },
  ): Pick<BoostProblem, "init" | "maxRounds"> {
    if (initModel !== undefined && (initModel as object).constructor !== this.constructor) {
      throw new FitError(`${owner}: initModel must be a ${this.kind}; got ${show(initModel)}.`);
    }
    const state = initModel === undefined ? this.stateIfFitted : (initModel as this).state;
    if (!state || (initModel === undefined && !this.params.warmStart)) return {};
    const fail = (what: string): never => {
      throw new FitError(
        `${owner}: ${initModel ? "initModel" : "the fit that warmStart goes on from"} ${what}. Fit anew.`,
      );
    };
    if (baseMargin !== undefined && initModel === undefined) fail("cannot go on with baseMargin");
    if (state.nFeatures !== nFeatures) fail(`has ${state.nFeatures} columns, but X has ${nFeatures}`);
    if (state.loss !== loss) fail("has another loss");
    if (JSON.stringify(state.texts ?? null) !== JSON.stringify(texts ?? null)) fail("has other categories of text");
    if (classes && String(classes) !== String(state.classes))
      fail(`has the classes ${state.classes?.map(show).join(", ")}, but y has ${classes.map(show).join(", ")}`);
    const { trees, baselines } = state;
    const rounds = (trees.offsets.length - 1) / baselines.length;
    return {
      init: { trees, baselines },
      ...(initModel ? {} : { maxRounds: Math.max(0, this.params.maxIter - rounds) }),
    };
  }

  protected keep(design: Design, fit: BoostFit, classes?: readonly Label[]): void {
    this.setState({
      nFeatures: design.nFeatures,
      ...(design.names ? { featureNames: design.names } : {}),
      ...(classes ? { classes } : {}),
      ...fit,
    });
  }
}

/** What else than data the sets of a fit share with it. */
function run({ engine, signal }: FitOptions): FitOptions {
  return { ...(engine ? { engine } : {}), ...(signal ? { signal } : {}) };
}
