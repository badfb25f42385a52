import { Design, type FitOptions } from "../../src/estimator/design.js";
import { fittedColumns } from "../../src/estimator/fitted-columns.js";
import { requireTarget, toMatrix, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import { LinearModel, type LinearState } from "./linear-model.js";
import { oneEpoch } from "./sgd-classifier-model.js";
import { fitSgd, newState, resultOf, type SgdProblem, type SgdSolution } from "./sgd-fit.js";
import type { SgdEpochParams } from "./sgd-params.js";
import { takeStream, type BatchStream } from "./sgd-stream.js";
import type { SgdState } from "./sgd-steps.js";
import { warnEpochs } from "./sgd-warning.js";

/** Fitted state of a regressor by stochastic gradient descent. */
export interface SgdRegressorState extends LinearState {
  readonly nIter: number;
  readonly objective: number;
  readonly converged: boolean;
  /** Epochs so far: the number that the next order of rows is drawn by. */
  readonly epochs: number;
  /** Where the model goes on. */
  readonly online: SgdState;
}

/** Linear regression by stochastic gradient descent. */
export abstract class SgdRegressorModel<P extends SgdEpochParams> extends LinearModel<P, SgdRegressorState> {
  /** What is minimised, and how. */
  protected abstract problem(): SgdProblem;

  /**
   * Epochs over all rows until the objective no longer improves.
   * @throws DataError for NaN, infinities or lengths that differ; FitError for coefficients that overflow
   */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    const problem = this.problem();
    const before = this.params.warmStart ? this.stateIfFitted : undefined;
    const start = newState(design.nFeatures, problem);
    const usable = before?.nFeatures === design.nFeatures ? before.online : undefined;
    // A warm start takes the coefficients alone: the steps begin anew.
    if (usable) start.numbers[0] = usable.numbers[0] ?? 0;
    const solution = await this.#run(design, problem, usable ? { ...start, coef: usable.coef } : start, 0);
    if (!solution.converged) warnEpochs(this.kind, problem);
    this.#keep(design.nFeatures, design.names, problem, solution, 0);
    return this;
  }

  /**
   * One epoch over a batch, from where the model is; the first call starts it. Step sizes and averages go on as if all
   * batches were one stream.
   * @throws DataError as {@link fit}, and for other columns than in the first call
   */
  async partialFit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.partialFit`;
    requireTarget(owner, y);
    const before = this.stateIfFitted;
    using design = Design.open(owner, toMatrix(owner, X, before), y, options);
    const problem = oneEpoch(this.problem());
    const start = { ...newState(design.nFeatures, problem), ...before?.online, loss: 0, rows: 0 };
    const epochs = before?.epochs ?? 0;
    const solution = await this.#run(design, problem, start, epochs);
    this.#keep(design.nFeatures, before?.featureNames ?? design.names, problem, solution, epochs);
    return this;
  }

  /**
   * Learns from a stream: `partialFit` of each batch as it comes. Between two batches the model is whole and can predict;
   * an abort or an error of the stream leaves it as the last batch left it.
   */
  async fitStream(batches: BatchStream<VectorInput>, options: Omit<FitOptions, "sampleWeight"> = {}): Promise<this> {
    await takeStream(`${this.kind}.fitStream`, batches, options, (batch, own) =>
      this.partialFit(batch.X, batch.y, own),
    );
    return this;
  }

  /** Epochs of the last fit; 1 after `partialFit`. */
  get nIter(): number {
    return this.state.nIter;
  }

  /** Mean loss of the last epoch's rows, each before its step, plus the penalty. */
  get objective(): number {
    return this.state.objective;
  }

  /** Whether the fit ended before `maxIter`; true after `partialFit` and without `tol`. */
  get converged(): boolean {
    return this.state.converged;
  }

  async #run(design: Design, problem: SgdProblem, start: SgdState, firstEpoch: number): Promise<SgdSolution> {
    const target = { positive: -1, weightPositive: 1, weightNegative: 1, start };
    const [solution] = await fitSgd(design, problem, [target], firstEpoch);
    return solution as SgdSolution;
  }

  #keep(
    nFeatures: number,
    names: readonly string[] | undefined,
    problem: SgdProblem,
    { state, epochs, objective, converged }: SgdSolution,
    epochsBefore: number,
  ): void {
    this.setState({
      ...fittedColumns(nFeatures, names),
      ...resultOf(state, problem),
      nIter: epochs,
      objective,
      converged,
      epochs: epochsBefore + epochs,
      online: state,
    });
  }
}
