import { FitError } from "../../src/base/errors.js";
import { Design, type FitOptions, type RowVectors } from "../../src/estimator/design.js";
import { requireTarget, type LabelInput, type MatrixInput } from "../../src/estimator/inputs.js";
import { codeLabels, holdWithLabels, type Label } from "../../src/estimator/labels.js";
import { noRows } from "../../src/estimator/no-rows.js";
import { glmFamily } from "../../src/kernels/kernels.js";
import type { Solution } from "../../src/numeric/solvers/objective.js";
import { Penalty } from "../../src/numeric/solvers/penalty.js";
import { classFactors, oneClassError, type ClassWeight } from "../../src/estimator/class-design.js";
import { fitGlm, type GlmProblem } from "./glm-fit.js";
import { fitGlmJointly } from "./glm-joint-fit.js";
import type { LogisticPenalty, LogisticSolver } from "./logistic-solver.js";
import { interceptsOf, type LossShape } from "./partitioned-loss.js";
import { fitPenalised } from "./penalised-fit.js";
import { centred, fitSoftmax, softmaxStart } from "./softmax-fit.js";

/** The rows of a fit with their labels as classes 0 to k - 1. */
export interface ClassDesign extends Disposable {
  readonly design: Design;
  readonly classes: readonly Label[];
  /** Σw of each class, factors included. */
  readonly classWeights: Float64Array;
  /** Σw. */
  readonly weight: number;
  readonly rows: number;
  /** What the weights of each class were multiplied by, where they were. */
  readonly factors: Float64Array | undefined;
}

/**
 * Holds X, y and weights, finds the labels that have a weight, and codes them; weights are multiplied by the factors of
 * their classes.
 * @throws FitError for one class only, or a `classWeight` of a label that y lacks
 */
export async function openClasses(
  owner: string,
  X: MatrixInput,
  y: LabelInput,
  classWeight: ClassWeight,
  options: FitOptions,
  vectors: RowVectors = {},
): Promise<ClassDesign> {
  requireTarget(owner, y);
  const target = await codeLabels(owner, y, options);
  const design = Design.open(owner, X, target.values, options, vectors);
  try {
    const summary = await holdWithLabels(design);
    if (summary.rows === 0) throw noRows(owner);
    const present = summary.labels.filter((_, k) => (summary.weights[k] ?? 0) > 0);
    const found = summary.weights.filter((weight) => weight > 0);
    const classes = Array.from(present, (code) => target.labelOf(code));
    if (classes.length < 2) throw oneClassError(owner, classes);
    const factors = classWeight === null ? undefined : classFactors(owner, classWeight, classes, found);
    const coded = summary.labels.length === present.length && present.every((code, k) => code === k);
    if (!coded || factors) await design.encodeLabels(present, factors);
    const classWeights = found.map((weight, k) => weight * (factors?.[k] ?? 1));
    return {
      design,
      classes,
      classWeights,
      weight: classWeights.reduce((sum, weight) => sum + weight, 0),
      rows: summary.rows,
      factors,
      [Symbol.dispose]: () => design[Symbol.dispose](),
    };
  } catch (error) {
    design[Symbol.dispose]();
    throw error;
  }
}

/** What {@link fitLogistic} minimises besides the data, and how. */
export interface LogisticProblem {
  readonly C: number;
  readonly penalty: LogisticPenalty;
  readonly l1Ratio: number;
  readonly fitIntercept: boolean;
  readonly tol: number;
  readonly maxIter: number;
  readonly solver: LogisticSolver;
  /** Coefficients of a model much like this one, `rows x (columns + 1)`, intercepts last. */
  readonly start?: Float64Array | undefined;
}

/** The factors of |coef|₁ and ½ |coef|² of a penalty. */
export function penaltyFactors(
  penalty: LogisticPenalty,
  l1Ratio: number,
): { readonly l1: number; readonly l2: number } {
  if (penalty === "none") return { l1: 0, l2: 0 };
  const share = penalty === "l1" ? 1 : penalty === "l2" ? 0 : l1Ratio;
  return { l1: share, l2: 1 - share };
}

/** Log odds of the classes: the intercept of the model without columns. */
function logOdds({ classWeights: [negative = 0, positive = 0] }: ClassDesign): number {
  return Math.log(positive / negative);
}

/** The problem as one of the GLM solvers'; undefined where it is none. */
function glmOf(data: ClassDesign, problem: LogisticProblem): GlmProblem | undefined {
  const { rows, weight } = data;
  const { C, fitIntercept, tol, maxIter, solver, start } = problem;
  if (data.classes.length !== 2 || (solver !== "newton" && solver !== "lbfgs")) return undefined;
  return {
    family: glmFamily.logistic,
    lossScale: C,
    ridge: penaltyFactors(problem.penalty, problem.l1Ratio).l2,
    shift: 0,
    intercept: logOdds(data),
    solver,
    warm: start !== undefined,
    fitIntercept,
    tol,
    maxIter,
    rows,
    weight,
    start,
  };
}

/**
 * As {@link fitLogistic} for several problems over the same rows, in their order: those that the GLM solvers take share
 * their passes, the others are solved one after the other.
 */
export async function fitLogisticJointly(
  data: ClassDesign,
  problems: readonly LogisticProblem[],
): Promise<readonly Solution[]> {
  const glms = problems.map((problem) => glmOf(data, problem)).filter((glm) => glm !== undefined);
  if (glms.length === problems.length) return fitGlmJointly(data.design, glms);
  const solutions: Solution[] = [];
  for (const problem of problems) solutions.push(await fitLogistic(data, problem));
  return solutions;
}

/** Minimises the penalised loss over held partitions by the solver that was chosen. */
export async function fitLogistic(data: ClassDesign, problem: LogisticProblem): Promise<Solution> {
  const { design, classWeights, weight, rows } = data;
  const { C, fitIntercept, tol, maxIter, solver, start } = problem;
  const glm = glmOf(data, problem);
  if (glm) return fitGlm(design, glm);
  const { l1, l2 } = penaltyFactors(problem.penalty, problem.l1Ratio);
  const classes = data.classes.length;
  const shared = { fitIntercept, tol, maxIter, rows, weight, start };
  const q = design.nFeatures + 1;
  if (solver === "lbfgs") return fitSoftmax(design, { ...shared, C, k: classes, classWeights, ridge: l2 });
  const k = classes === 2 ? 1 : classes;
  const family = classes === 2 ? glmFamily.logistic : undefined;
  const shape: LossShape = { family, k, q, lossScale: C, fitIntercept, weight };
  const penalty = new Penalty({ l1, l2, free: interceptsOf(shape) });
  const cold = softmaxStart({ k, fitIntercept: fitIntercept && k > 1, classWeights, weight }, q);
  if (k === 1 && fitIntercept) cold[q - 1] = logOdds(data);
  const solution = await fitPenalised(
    design,
    { shape, penalty, tol, maxIter, rows, start: start ?? cold, warm: start !== undefined },
    solver,
  );
  return k > 1 ? centred(solution, { k, fitIntercept }, q, problem.penalty !== "none") : solution;
}

/** @throws DataError naming a NaN or infinity in X; FitError when the objective overflows without one */
export async function assertUsableSolution(owner: string, design: Design, solution: Solution): Promise<void> {
  if (solution.x.every(Number.isFinite) && Number.isFinite(solution.value)) return;
  await design.assertFinite();
  throw new FitError(`${owner}: the objective overflows. Scale X first, for example with StandardScaler.`);
}
