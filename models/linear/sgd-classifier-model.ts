import type { FitOptions } from "../../src/estimator/design.js";
import { fittedColumns } from "../../src/estimator/fitted-columns.js";
import type { LabelInput, MatrixInput } from "../../src/estimator/inputs.js";
import type { Label } from "../../src/estimator/labels.js";
import {
  classFactors,
  openClassBatch,
  openClassDesign,
  type ClassDesign,
  type ClassStreamOptions,
  type ClassWeight,
} from "../../src/estimator/class-design.js";
import { LinearClassifier, type LinearClassifierState } from "./linear-classifier.js";
import { fitSgd, newState, resultOf, type SgdProblem, type SgdSolution, type SgdTarget } from "./sgd-fit.js";
import type { SgdEpochParams } from "./sgd-params.js";
import { takeStream, type BatchStream } from "./sgd-stream.js";
import type { SgdState } from "./sgd-steps.js";
import { warnEpochs } from "./sgd-warning.js";

/** Parameters that every classifier by stochastic gradient descent has. */
export interface SgdClassParams extends SgdEpochParams {
  classWeight: ClassWeight;
}

/** Fitted state of a classifier by stochastic gradient descent. */
export interface SgdClassifierState extends LinearClassifierState {
  readonly nIter: number;
  readonly objective: number;
  readonly converged: boolean;
  /** Epochs so far: the number that the next order of rows is drawn by. */
  readonly epochs: number;
  /** Where each one-vs-rest model goes on. */
  readonly online: readonly SgdState[];
}

/** Classification by stochastic gradient descent: two classes by one model, more by one against the rest each. */
export abstract class SgdClassifierModel<P extends SgdClassParams> extends LinearClassifier<P, SgdClassifierState> {
  /** What is minimised, and how. */
  protected abstract problem(): SgdProblem;

  /**
   * Epochs over all rows until the objective no longer improves.
   * @throws DataError for NaN, infinities or lengths that differ; FitError for one class only, or coefficients that overflow
   */
  async fit(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    using data = await openClassDesign(owner, X, y, options);
    const problem = this.problem();
    const before = this.params.warmStart ? this.stateIfFitted : undefined;
    const usable = before?.nFeatures === data.design.nFeatures && before.classes.join() === data.classes.join();
    const starts = this.#starts(data, problem, usable ? before : undefined, false);
    const { nFeatures, names } = data.design;
    const solutions = await fitSgd(data.design, problem, this.#targets(owner, data, starts), 0);
    if (solutions.some(({ converged }) => !converged)) warnEpochs(this.kind, problem);
    this.#keep({ nFeatures, names, classes: data.classes }, problem, solutions, 0);
    return this;
  }

  /**
   * One epoch over a batch, from where the model is; the first call starts it. Step sizes and averages go on as if all
   * batches were one stream.
   *
   * @throws DataError for a label that is not among the classes, or other columns; FitError for `classWeight: "balanced"`
   */
  async partialFit(X: MatrixInput, y: LabelInput, options: FitOptions & ClassStreamOptions = {}): Promise<this> {
    const owner = `${this.kind}.partialFit`;
    const before = this.stateIfFitted;
    using data = await openClassBatch(owner, X, y, options, before, this.params.classWeight);
    const problem = oneEpoch(this.problem());
    const starts = this.#starts(data, problem, before, true);
    const { nFeatures, names } = data.design;
    const epochs = before?.epochs ?? 0;
    const solutions = await fitSgd(data.design, problem, this.#targets(owner, data, starts), epochs);
    this.#keep({ nFeatures, names: before?.featureNames ?? names, classes: data.classes }, problem, solutions, epochs);
    return this;
  }

  /**
   * Learns from a stream: `partialFit` of each batch as it comes. Between two batches the model is whole and can predict;
   * an abort or an error of the stream leaves it as the last batch left it.
   */
  async fitStream(
    batches: BatchStream<LabelInput>,
    options: Omit<FitOptions, "sampleWeight"> & ClassStreamOptions = {},
  ): Promise<this> {
    await takeStream(`${this.kind}.fitStream`, batches, options, (batch, own) =>
      this.partialFit(batch.X, batch.y, own),
    );
    return this;
  }

  /** Epochs of the last fit (1 after `partialFit`); the most of all one-vs-rest models. */
  get nIter(): number {
    return this.state.nIter;
  }

  /** Mean loss of the last epoch's rows, each before its step, plus the penalty; the largest of all one-vs-rest models. */
  get objective(): number {
    return this.state.objective;
  }

  /** Whether every model ended before `maxIter`; true after `partialFit` and without `tol`. */
  get converged(): boolean {
    return this.state.converged;
  }

  #starts(
    data: ClassDesign,
    problem: SgdProblem,
    before: Readonly<SgdClassifierState> | undefined,
    goOn: boolean,
  ): SgdState[] {
    const models = data.classes.length > 2 ? data.classes.length : 1;
    const p = data.design.nFeatures;
    return Array.from({ length: models }, (_, k) => {
      const fresh = newState(p, problem);
      const own = before?.online[k];
      if (!own) return fresh;
      if (goOn) return { ...fresh, ...own, loss: 0, rows: 0 };
      // A warm start takes the coefficients alone: the steps begin anew.
      fresh.numbers[0] = own.numbers[0] ?? 0;
      return { ...fresh, coef: own.coef };
    });
  }

  #targets(owner: string, data: ClassDesign, starts: readonly SgdState[]): SgdTarget[] {
    const factors = classFactors(owner, this.params.classWeight, data.classes, data.weights);
    if (starts.length === 1) {
      const [negative = 1, positive = 1] = factors;
      const [start] = starts as [SgdState];
      return [{ positive: 1, weightPositive: positive, weightNegative: negative, start }];
    }
    return starts.map((start, k) => ({ positive: k, weightPositive: factors[k] ?? 1, weightNegative: 1, start }));
  }

  #keep(
    data: { nFeatures: number; names: readonly string[] | undefined; classes: readonly Label[] },
    problem: SgdProblem,
    solutions: readonly SgdSolution[],
    epochsBefore: number,
  ): void {
    const results = solutions.map(({ state }) => resultOf(state, problem));
    const nIter = Math.max(...solutions.map(({ epochs }) => epochs));
    this.setState({
      ...fittedColumns(data.nFeatures, data.names),
      coef: Float64Array.from(results.flatMap(({ coef }) => Array.from(coef))),
      intercepts: Float64Array.from(results, ({ intercept }) => intercept),
      classes: data.classes,
      nIter,
      objective: Math.max(...solutions.map(({ objective }) => objective)),
      converged: solutions.every(({ converged }) => converged),
      epochs: epochsBefore + nIter,
      online: solutions.map(({ state }) => state),
    });
  }
}

/** The problem of a batch: one epoch, no row set aside. */
export function oneEpoch(problem: SgdProblem): SgdProblem {
  return { ...problem, maxIter: 1, tol: null, validation: 0 };
}
