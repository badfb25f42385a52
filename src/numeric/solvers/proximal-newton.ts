import { along, dot, type Evaluation, type Objective, type OnIteration, type Solution } from "./objective.js";
import type { Penalty } from "./penalty.js";
import { minimiseQuadratic } from "./penalised-quadratic.js";

/** Options of {@link proximalNewton}. */
export interface ProximalNewtonOptions {
  /** Stops when the decrease that the model still predicts is at most `tol² · |value|`. */
  readonly tol: number;
  readonly maxIter: number;
  /**
   * Curvature of the smooth part, row-major: a matrix to start from, improved by every pass (BFGS), or a function that
   * measures it at every point.
   */
  readonly curvature: Float64Array | ((x: Float64Array) => Promise<Float64Array>);
  readonly onIteration?: OnIteration | undefined;
}

/** The model's minimum is found to this share of its decrease, which is below what the model itself is wrong by. */
const MODEL_ACCURACY = 3e-3;
/** The same where the curvature is measured, and Newton's method converges quadratically. */
const MEASURED_ACCURACY = 1e-4;

/**
 * Minimises `objective + penalty` by proximal Newton steps (Lee, Sun and Saunders 2014): the smooth part's quadratic model
 * with the penalty itself, minimised by coordinate descent, then a backtracking line search. With a good matrix to start
 * from, each pass over the data removes most of what is left, and BFGS updates make up for what is wrong with it.
 *
 * When the predicted decrease is below the tolerance the last step is taken without another pass, as in `lbfgs`.
 */
export async function proximalNewton(
  objective: Objective,
  penalty: Penalty,
  start: Float64Array,
  options: ProximalNewtonOptions,
): Promise<Solution> {
  const measured = typeof options.curvature === "function" ? options.curvature : undefined;
  let model: Float64Array | undefined = typeof options.curvature === "function" ? undefined : options.curvature.slice();
  let x = start;
  let at = await penalised(objective, penalty, x);
  let evaluations = 1;
  for (let iteration = 1; ; iteration++) {
    const violation = penalty.violation(x, at.gradient);
    options.onIteration?.(iteration, at.value, violation);
    const done = (point: Float64Array, converged: boolean): Solution => ({
      x: point,
      value: at.value,
      gradientNorm: violation,
      evaluations,
      iterations: iteration - 1,
      converged,
    });
    if (!Number.isFinite(at.value) || !Number.isFinite(violation)) return done(x, false);
    if (measured) model = await measured(x);
    const curvature = model as Float64Array;
    const enough = options.tol * options.tol * Math.max(Math.abs(at.value), Number.MIN_VALUE);
    const accuracy = measured ? MEASURED_ACCURACY : MODEL_ACCURACY;
    const quadratic = { curvature, gradient: at.gradient, x, penalty, floor: accuracy * enough };
    const minimum = minimiseQuadratic(quadratic, accuracy);
    const direction = along(minimum.x, x, -1);
    if (minimum.decrease <= enough) return done(minimum.x, minimum.left <= enough);
    if (iteration > options.maxIter) return done(x, false);
    const slope = dot(at.gradient, direction) + penalty.value(minimum.x) - penalty.value(x);
    let next: (Evaluation & { value: number }) | undefined;
    let point = x;
    for (let halvings = 0, step = 1; halvings < 40; halvings++, step /= 2) {
      // The full step as it is: its zeros are exact.
      point = step === 1 ? minimum.x : along(x, direction, step);
      const trial = await penalised(objective, penalty, point);
      evaluations += 1;
      if (trial.value <= at.value + 1e-4 * step * slope) {
        next = trial;
        break;
      }
      // At the limit of the arithmetic the value no longer tells; the optimality conditions do.
      if (Math.abs(trial.value - at.value) <= 4 * Number.EPSILON * Math.abs(at.value)) {
        if (penalty.violation(point, trial.gradient) < violation) next = trial;
        break;
      }
    }
    if (!next) return done(x, minimum.decrease <= 1e3 * Number.EPSILON * Math.abs(at.value));
    if (!measured) update(curvature, along(point, x, -1), along(next.gradient, at.gradient, -1));
    x = point;
    at = next;
  }
}

async function penalised(objective: Objective, penalty: Penalty, x: Float64Array): Promise<Evaluation> {
  const { value, gradient } = await objective.evaluate(x);
  return { value: value + penalty.value(x), gradient };
}

/** The BFGS update of a matrix in place: afterwards `matrix·s = y`. Skipped where it would not stay positive definite. */
function update(matrix: Float64Array, s: Float64Array, y: Float64Array): void {
  const n = s.length;
  const sy = dot(s, y);
  const product = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const step = s[j] as number;
    if (step === 0) continue;
    for (let k = 0; k < n; k++) product[k] = (product[k] as number) + step * (matrix[j * n + k] as number);
  }
  const sBs = dot(s, product);
  if (!(sy > 1e-12 * Math.sqrt(dot(s, s) * dot(y, y))) || !(sBs > 0)) return;
  for (let i = 0; i < n; i++) {
    const a = (y[i] as number) / sy;
    const b = (product[i] as number) / sBs;
    if (a === 0 && b === 0) continue;
    const row = i * n;
    for (let j = 0; j < n; j++)
      matrix[row + j] = (matrix[row + j] as number) + a * (y[j] as number) - b * (product[j] as number);
  }
}
