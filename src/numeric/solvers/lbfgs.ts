import { along, dot, maxNorm, type Evaluation, type Objective, type OnIteration, type Solution } from "./objective.js";

/** Options of {@link lbfgs}. */
export interface LbfgsOptions {
  /** Stops when the decrease that the quadratic model still predicts is at most `tol² · |value|`. */
  readonly tol: number;
  readonly maxIter: number;
  /** Pairs remembered; 10 unless given. */
  readonly memory?: number;
  /** Approximates the inverse Hessian times a vector; scales every step, and makes a few passes enough when it is good. */
  readonly precondition?: (v: Float64Array) => Float64Array;
  readonly onIteration?: OnIteration | undefined;
}

/**
 * Limited-memory BFGS (Nocedal and Wright, "Numerical Optimization", 2006, algorithms 7.4 and 7.5) with a preconditioner as
 * the initial inverse Hessian and a backtracking line search. When the predicted decrease is below the tolerance the last
 * step is taken without another pass: the quadratic model is then more accurate than the stop asks for.
 */
export async function lbfgs(objective: Objective, start: Float64Array, options: LbfgsOptions): Promise<Solution> {
  const memory = options.memory ?? 10;
  const pairs: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  let x = start;
  let at = await objective.evaluate(x);
  let evaluations = 1;
  for (let iteration = 1; ; iteration++) {
    options.onIteration?.(iteration, at.value, maxNorm(at.gradient));
    let direction = twoLoop(at.gradient, pairs, options.precondition);
    let slope = dot(at.gradient, direction);
    if (!(slope < 0)) {
      // Rounding has spoilt the memory: start it over along the (preconditioned) gradient.
      pairs.length = 0;
      direction = twoLoop(at.gradient, pairs, options.precondition);
      slope = dot(at.gradient, direction);
    }
    const done = (point: Float64Array, converged: boolean): Solution => ({
      x: point,
      value: at.value,
      gradientNorm: maxNorm(at.gradient),
      evaluations,
      iterations: iteration - 1,
      converged,
    });
    if (!Number.isFinite(at.value) || Number.isNaN(slope)) return done(x, false);
    // With unit steps along a good model the decrease to come is -slope/2.
    const enough = options.tol * options.tol * Math.max(Math.abs(at.value), Number.MIN_VALUE);
    if (-slope / 2 <= enough) {
      const trusted = options.precondition !== undefined || pairs.length > 0;
      return done(trusted && slope < 0 ? along(x, direction, 1) : x, true);
    }
    if (iteration > options.maxIter) return done(x, false);

    let step = pairs.length === 0 && !options.precondition ? Math.min(1, 1 / maxNorm(at.gradient)) : 1;
    let next: Evaluation | undefined;
    let point = x;
    for (let halvings = 0; halvings < 40; halvings++, step /= 2) {
      point = along(x, direction, step);
      const trial = await objective.evaluate(point);
      evaluations += 1;
      if (trial.value <= at.value + 1e-4 * step * slope) {
        next = trial;
        break;
      }
      // At the limit of the arithmetic the value no longer tells; the gradient does.
      if (Math.abs(trial.value - at.value) <= 4 * Number.EPSILON * Math.abs(at.value)) {
        if (maxNorm(trial.gradient) < maxNorm(at.gradient)) next = trial;
        break;
      }
    }
    // No better point exists in this arithmetic: as converged as it can be when the model says so too.
    if (!next) return done(x, -slope / 2 <= 1e3 * Number.EPSILON * Math.abs(at.value));
    const s = along(point, x, -1);
    const y = along(next.gradient, at.gradient, -1);
    const sy = dot(s, y);
    if (sy > Number.EPSILON * Math.sqrt(dot(s, s) * dot(y, y))) {
      pairs.push({ s, y, rho: 1 / sy });
      if (pairs.length > memory) pairs.shift();
    }
    x = point;
    at = next;
  }
}

function twoLoop(
  gradient: Float64Array,
  pairs: readonly { s: Float64Array; y: Float64Array; rho: number }[],
  precondition: ((v: Float64Array) => Float64Array) | undefined,
): Float64Array {
  let q: Float64Array = gradient.map((value) => -value);
  const alphas: number[] = [];
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { s, y, rho } = pairs[i] as (typeof pairs)[number];
    const alpha = rho * dot(s, q);
    alphas[i] = alpha;
    q = along(q, y, -alpha);
  }
  const last = pairs.at(-1);
  if (precondition) q = precondition(q);
  else if (last) {
    const gamma = 1 / (last.rho * dot(last.y, last.y));
    q = q.map((value) => value * gamma);
  }
  pairs.forEach(({ s, y, rho }, i) => {
    const beta = rho * dot(y, q);
    q = along(q, s, (alphas[i] ?? 0) - beta);
  });
  return q;
}
