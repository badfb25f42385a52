import type { Design } from "../../src/estimator/design.js";
import type { Plain } from "../../src/base/plain.js";
import type { GlmFamilyCode } from "../../src/kernels/kernels.js";
import { COMPOSED_STEP, type Composition } from "../../src/numeric/glm/composed-steps.js";
import { scaleInPlace } from "../../src/numeric/add-vectors.js";
import { GLM_STEP, mergeGlmSums, type GlmSums } from "../../src/numeric/glm-steps.js";
import { choleskySolve, type Cholesky } from "../../src/numeric/linalg/cholesky.js";
import { lbfgs } from "../../src/numeric/solvers/lbfgs.js";
import { newton, type NewtonOptions } from "../../src/numeric/solvers/newton.js";
import type {
  CurvedObjective,
  Evaluation,
  Objective,
  OnIteration,
  Solution,
} from "../../src/numeric/solvers/objective.js";
import { samplePlan, sampleStride } from "./sample-of-design.js";

/** What {@link fitGlm} minimises, `lossScale · Σ w loss(x·coef + a, y) + ½ ridge |coef|² + shift`, and when it stops. */
export interface GlmProblem {
  readonly family: GlmFamilyCode;
  /** Of the Tweedie family. */
  readonly power?: number;
  /** A family and link without a kernel of their own; then `family` is not read. */
  readonly composed?: Composition | undefined;
  /** Where to start, intercept last; the model without columns unless given. */
  readonly start?: Float64Array | undefined;
  readonly lossScale: number;
  readonly ridge: number;
  /** Keeps the objective away from 0, because `tol` is relative to it; 0 where it never comes near. */
  readonly shift: number;
  readonly fitIntercept: boolean;
  readonly tol: number;
  readonly maxIter: number;
  readonly rows: number;
  /** Σw over all rows. */
  readonly weight: number;
  /** Intercept to start from: that of the model without columns. */
  readonly intercept: number;
  /** Whether `start` is a solution of a problem much like this one: it spares the sample's. */
  readonly warm?: boolean | undefined;
  /** Newton's method over all rows, or L-BFGS; by the data unless given. */
  readonly solver?: "newton" | "lbfgs" | undefined;
}

/** Where a fit ended. */
export interface GlmSolution extends Solution {
  /** Factor of a Hessian on the way, of all rows or a sample; none where there are too many columns. */
  readonly factor?: Cholesky;
}

/** Whether a column of a factored Hessian may be a combination of those before it. */
export function looksDependent({ lower, n }: Cholesky): boolean {
  for (let i = 0; i < n; i++) {
    let size = 0;
    for (let k = 0; k <= i; k++) size += (lower[i * n + k] ?? 0) ** 2;
    if (!((lower[i * n + i] ?? 0) ** 2 > 1e-8 * size)) return true;
  }
  return false;
}

/** Rows of the sample that the preconditioner comes from: its error falls with their number, its cost grows with it. */
const SAMPLE = 40_000;
/** Multiplications that one Hessian of the sample may cost. */
const HESSIAN_WORK = 2e9;
/** Above this many coefficients a Hessian costs more than the passes it saves. */
const MAX_HESSIAN = 1000;
/** Above this many columns the sample is not solved by Newton's method, whose Hessians would cost more than the rest. */
const MAX_NEWTON = 100;
/** Values that the sample of a sparse design may have when it is made dense. */
const MAX_DENSE = 2 ** 22;
/** Sparse samples narrower than this are as well made dense. */
const MIN_SPARSE = 64;

/** Whether the rows are so few that Newton's method over all of them is the cheapest way. */
export function isSmall(rows: number, p: number, layout: "dense" | "csr"): boolean {
  return p <= MAX_HESSIAN && layout === "dense" && sampleStride(rows, sampleSize(p)) === 1;
}

function sampleSize(p: number): number {
  return Math.min(SAMPLE, (2 * HESSIAN_WORK) / (p + 1) ** 2);
}

/**
 * Minimises the penalised loss of a generalised linear model over held partitions, the intercept free.
 *
 * A sample of rows is solved by Newton's method first; its solution is the start and its Hessian the preconditioner of
 * L-BFGS over all rows, each of whose iterations then removes all but a small share (about p / sample) of what is left of
 * the objective's gap: three or four passes over the data where plain L-BFGS takes tens. With few rows the sample is
 * everything, and Newton's method has the answer already. The sample of sparse rows is made dense where they are narrow.
 * A start that is a solution already spares the sample's: its Hessian there is the preconditioner.
 */
export async function fitGlm(design: Design, problem: GlmProblem): Promise<GlmSolution> {
  const p = design.nFeatures;
  const start = startOf(problem, p);
  const options = { tol: problem.tol, maxIter: problem.maxIter, onIteration: reportTo(design, problem.maxIter) };
  const all = { evaluate: async (x: Float64Array) => penalised(await sums(design, problem, x, false), x, problem) };
  const curved = {
    evaluate: async (x: Float64Array) => penalisedHessian(await sums(design, problem, x, true), x, problem),
  };
  const way = wayOf(design, problem);
  if (way.kind === "newton") return newton(curved, start, options);
  if (way.kind === "lbfgs") return lbfgs(all, start, options);
  using sample = await design.derive(samplePlan(design, way.stride, way.sparse));
  const objectives = {
    all,
    curved,
    sampled: { evaluate: async (x: Float64Array) => ofSample(await sums(sample, problem, x, false), x, problem) },
    sampledCurved: {
      evaluate: async (x: Float64Array) => ofSampleCurved(await sums(sample, problem, x, true), x, problem),
    },
  };
  // The sample is everything, and has to outlive the solver.
  if (way.stride === 1 && !problem.solver) return await newton(objectives.sampledCurved, start, options);
  return await solveFromSample(problem, start, objectives, options);
}

/** Where a solver starts: from a solution that is given, or from the model without columns. */
export function startOf(problem: GlmProblem, columns: number): Float64Array {
  const start = new Float64Array(columns + 1);
  if (problem.fitIntercept) start[columns] = problem.intercept;
  if (problem.start) start.set(problem.start);
  return start;
}

/** How a problem is solved, and every how many rows one is of the sample. */
export type GlmWay =
  | { readonly kind: "newton" }
  | { readonly kind: "lbfgs" }
  | { readonly kind: "sample"; readonly stride: number; readonly sparse: boolean };

/** The way with the fewest passes. */
export function wayOf(design: Design, problem: GlmProblem): GlmWay {
  const p = design.nFeatures;
  if (problem.solver === "newton" || (!problem.solver && isSmall(problem.rows, p, design.layout)))
    return { kind: "newton" };
  if (p > MAX_HESSIAN) return { kind: "lbfgs" };
  const sparse = design.layout === "csr" && p > MIN_SPARSE && !problem.composed;
  const dense = design.layout === "csr" && !sparse ? MAX_DENSE / (p + 1) : Infinity;
  const stride = sampleStride(problem.rows, Math.min(sparse ? SAMPLE : sampleSize(p), dense));
  return { kind: "sample", stride, sparse };
}

/** The penalised loss over all rows, and over those of a sample, scaled up to all. */
export interface GlmObjectives {
  readonly all: Objective;
  readonly curved: CurvedObjective;
  readonly sampled: Objective;
  readonly sampledCurved: CurvedObjective;
}

/** The sample's solution first, then L-BFGS over all rows from there. @param onSampled told when the sample has done its part */
export async function solveFromSample(
  problem: GlmProblem,
  start: Float64Array,
  objectives: GlmObjectives,
  options: NewtonOptions,
  onSampled: () => void = () => undefined,
): Promise<GlmSolution> {
  const { all, curved, sampledCurved } = objectives;
  const p = start.length - 1;
  // Further than the sample's own error from the full solution there is nothing to gain.
  const rough = await newton(
    sampledCurved,
    p > MAX_NEWTON && !problem.warm && !problem.composed ? await roughly(problem, start, objectives) : start,
    { tol: 1e-4, maxIter: problem.warm || p > MAX_NEWTON ? 0 : problem.maxIter },
  );
  onSampled();
  let usable = rough.x.every(Number.isFinite);
  if (usable && problem.composed) {
    // Means of rows outside of the sample may lie outside of the family's range there.
    usable = Number.isFinite((await all.evaluate(rough.x)).value);
    if (!usable) return newton(curved, start, options);
  }
  const solution = await lbfgs(all, usable && !problem.warm ? rough.x : start, {
    ...options,
    ...(usable ? { precondition: (v: Float64Array) => choleskySolve(rough.factor, v) } : {}),
  });
  return { ...solution, factor: rough.factor };
}

/**
 * The sample's solution by L-BFGS with its Hessian at the start as the preconditioner: for many columns, where Newton's method
 * would spend a Hessian on each of its iterations.
 */
async function roughly(
  problem: GlmProblem,
  start: Float64Array,
  { sampled, sampledCurved }: GlmObjectives,
): Promise<Float64Array> {
  const first = await newton(sampledCurved, start, { tol: 1e-3, maxIter: 0 });
  const precondition = (v: Float64Array): Float64Array => choleskySolve(first.factor, v);
  const { x } = await lbfgs(sampled, start, { tol: 1e-3, maxIter: problem.maxIter, precondition });
  return x.every(Number.isFinite) ? x : start;
}

/** Tells the fit's caller of each iteration. */
export function reportTo(design: Design, maxIter: number): OnIteration {
  return (iteration, objective, gradientNorm) =>
    design.onProgress?.({
      stage: design.owner,
      done: Math.min(iteration, maxIter),
      total: maxIter,
      detail: { objective, gradientNorm },
    });
}

/** Tells the fit's caller that the solver has ended, however few of its iterations it took. */
export function reportEnd(design: Design, maxIter: number, solution: Solution): void {
  const detail = { objective: solution.value, gradientNorm: solution.gradientNorm, iterations: solution.iterations };
  design.onProgress?.({ stage: design.owner, done: maxIter, total: maxIter, detail });
}

/** A pass over the rows of a design. */
export function sums(
  design: Design,
  { family, power, composed }: GlmProblem,
  coef: Float64Array,
  hess: boolean,
): Promise<GlmSums> {
  if (composed)
    return design.reduce<GlmSums>(COMPOSED_STEP, { ...composed, coef, hess } as unknown as Plain, mergeGlmSums, false);
  return design.reduce<GlmSums>(GLM_STEP, { family, power: power ?? 0, coef, hess }, mergeGlmSums, false);
}

/** Sums over rows as the objective's value and gradient. @param up what a sample's sums are scaled up by to those of all rows */
export function penalised(total: GlmSums, x: Float64Array, problem: GlmProblem, up = 1): Evaluation {
  const { fitIntercept, ridge, shift } = problem;
  const scale = problem.lossScale * up;
  const p = x.length - 1;
  let value = scale * total.loss + shift;
  const gradient = total.grad.map((entry, j) => {
    if (j === p) return fitIntercept ? scale * entry : 0;
    value += 0.5 * ridge * (x[j] ?? 0) ** 2;
    return scale * entry + ridge * (x[j] ?? 0);
  });
  return { value, gradient };
}

/** {@link penalised} from the sums over a sample. */
export function ofSample(part: GlmSums, x: Float64Array, problem: GlmProblem): Evaluation {
  return penalised(part, x, problem, problem.weight / part.weight);
}

/** As {@link ofSample}, with the Hessian. */
export function ofSampleCurved(
  part: GlmSums,
  x: Float64Array,
  problem: GlmProblem,
): Evaluation & { hessian: Float64Array } {
  return penalisedHessian(part, x, problem, problem.weight / part.weight);
}

/** As {@link penalised}, with the Hessian. */
export function penalisedHessian(
  total: GlmSums,
  x: Float64Array,
  problem: GlmProblem,
  up = 1,
): Evaluation & { hessian: Float64Array } {
  const n = x.length;
  const p = n - 1;
  const scale = problem.lossScale * up;
  const hessian = scaleInPlace((total.hess as Float64Array).slice(), scale);
  for (let j = 0; j < p; j++) hessian[j * n + j] = (hessian[j * n + j] ?? 0) + problem.ridge;
  if (!problem.fitIntercept) {
    // Takes the intercept out of the system without another shape.
    for (let j = 0; j < n; j++) hessian[p * n + j] = hessian[j * n + p] = 0;
    hessian[p * n + p] = 1;
  }
  return { ...penalised(total, x, problem, up), hessian };
}
