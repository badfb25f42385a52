import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyToRows } from "../../src/estimator/apply.js";
import type { DistributedInput, LocalInput, MatrixInput } from "../../src/estimator/inputs.js";
import { LinearClassifier, type LinearClassifierState } from "./linear-classifier.js";
import type { SolverExplanation } from "./solver-explanation.js";

/** Fitted state of a logistic model. */
export interface LogisticState extends LinearClassifierState {
  readonly nIter: number;
  readonly objective: number;
  readonly gradientNorm: number;
  readonly converged: boolean;
  /** The solver, and why it was chosen. */
  readonly explanation: SolverExplanation;
}

const TWO = fnRef(new URL("./predict-tasks.js", import.meta.url).href, "probabilityStep");
const MORE = fnRef(new URL("./softmax-predict-tasks.js", import.meta.url).href, "sharesStep");

/** What the logistic models have beside labels and scores of rows: probabilities, and the report of the solver. */
export abstract class LogisticModel<P extends object, S extends LogisticState & object> extends LinearClassifier<P, S> {
  /** Probabilities of the classes, `(nRows, nClasses)`, columns in the order of `classes`. */
  predictProba(X: DistributedInput): DistributedArray;
  predictProba(X: LocalInput): Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix> {
    const owner = `${this.kind}.predictProba`;
    const names = this.state.classes.map(String);
    const options = { innerShape: [names.length], names };
    return applyToRows(
      owner,
      X,
      this.state,
      (x) =>
        names.length > 2
          ? x.mapChunks(owner, MORE, this.scoresArgs(owner, x), options)
          : x.mapChunks(owner, TWO, this.linearArgs(owner, x), options),
      (result) => result,
    );
  }

  /** Iterations over all rows. */
  get nIter(): number {
    return this.state.nIter;
  }

  /** Value of the objective where the last pass measured it. */
  get objective(): number {
    return this.state.objective;
  }

  /** Largest violation of the optimality conditions at that point; without an L1 part that is the gradient's largest entry. */
  get gradientNorm(): number {
    return this.state.gradientNorm;
  }

  /** Whether the solver reached its tolerance. */
  get converged(): boolean {
    return this.state.converged;
  }
}
