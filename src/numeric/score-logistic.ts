import { FitError } from "../base/errors.js";
import type { BinaryTable } from "./binary-table.js";
import { CompensatedSum } from "./compensated-sum.js";

const STEPS = 200;

/** `1 / (1 + exp(slope · score + offset))`, as in Platt's article. */
export interface PlattSigmoid {
  readonly slope: number;
  readonly offset: number;
}

/**
 * Platt's sigmoid of a score ("Probabilistic outputs for support vector machines", 1999): the least cross-entropy to the
 * targets (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2), by Newton's method with halved steps from his start, to the optimum.
 */
export function plattSigmoid(owner: string, table: BinaryTable): PlattSigmoid {
  const { score } = table;
  const [low, high] = [score[0] as number, score.at(-1) as number];
  const [negatives, positives] = [sum(table.first), sum(table.second)];
  // Scores from -1 to 1: the answer does not depend on their unit, the arithmetic does.
  const middle = low / 2 + high / 2;
  const half = high > low ? high / 2 - low / 2 : 1;
  const rows = Array.from(score, (value, k) => {
    const [w0, w1] = [table.first[k] as number, table.second[k] as number];
    return {
      x: (value - middle) / half,
      weight: w0 + w1,
      target: (w1 * (positives + 1)) / (positives + 2) + w0 / (negatives + 2),
    };
  });
  const [a, b] = minimised(owner, rows, [0, -Math.log((negatives + 1) / (positives + 1))], high > low, true);
  return { slope: -a / half, offset: -(b - (a * middle) / half) };
}

/** The β >= 0 of `1 / (1 + exp(-β · logit))` with the least log loss: temperature scaling of two classes. */
export function inverseTemperature(owner: string, logits: BinaryTable): number {
  const largest = Math.max(1e-300, Math.abs(logits.score[0] as number), Math.abs(logits.score.at(-1) as number));
  const rows = Array.from(logits.score, (value, k) => {
    const [w0, w1] = [logits.first[k] as number, logits.second[k] as number];
    return { x: value / largest, weight: w0 + w1, target: w1 };
  });
  const [slope] = minimised(owner, rows, [largest, 0], true, false);
  return boundedTemperature(slope / largest);
}

/** scikit-learn looks for log β in [-10, 10]. */
export function boundedTemperature(beta: number): number {
  return Math.min(Math.exp(10), Math.max(Math.exp(-10), beta));
}

interface LogisticRow {
  readonly x: number;
  readonly weight: number;
  /** Weight times the share that should be 1. */
  readonly target: number;
}

// Newton's method on Σ weight · log(1 + exp(z)) - target · z with z = a · x + b.
function minimised(
  owner: string,
  rows: readonly LogisticRow[],
  start: readonly [number, number],
  slope: boolean,
  offset: boolean,
): [number, number] {
  const all = rows.reduce((total, row) => total + row.weight, 0);
  const lossAt = (a: number, b: number): number => {
    const loss = new CompensatedSum();
    for (const { x, weight, target } of rows) {
      const z = a * x + b;
      loss.add(weight * (Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z)))) - target * z);
    }
    return loss.value;
  };
  let [a, b] = start;
  let loss = lossAt(a, b);
  for (let step = 0; step < STEPS; step++) {
    let [ga, gb, haa, hab, hbb] = [0, 0, 0, 0, 0];
    for (const { x, weight, target } of rows) {
      const p = 1 / (1 + Math.exp(-(a * x + b)));
      const residual = weight * p - target;
      const curve = weight * p * (1 - p);
      ga += residual * x;
      gb += residual;
      haa += curve * x * x;
      hab += curve * x;
      hbb += curve;
    }
    if (!slope) [ga, haa, hab] = [0, 1, 0];
    if (!offset) [gb, hbb, hab] = [0, 1, 0];
    if (Math.max(Math.abs(ga), Math.abs(gb)) <= 1e-12 * all) return [a, b];
    // A little on the diagonal keeps directions without curvature (all saturated) finite.
    const ridge = 1e-14 * (haa + hbb) + 1e-300;
    const determinant = (haa + ridge) * (hbb + ridge) - hab * hab;
    let da = -((hbb + ridge) * ga - hab * gb) / determinant;
    let db = -((haa + ridge) * gb - hab * ga) / determinant;
    let next = lossAt(a + da, b + db);
    // Near the optimum the loss is flat to its last digits, and the gradient alone knows the way.
    const most = loss * (1 + 4 * Number.EPSILON);
    while (!(next <= most) && !isSmall(da, db, a, b)) {
      da /= 2;
      db /= 2;
      next = lossAt(a + da, b + db);
    }
    if (!(next <= most)) return [a, b];
    const settled = isSmall(da, db, a, b);
    a += da;
    b += db;
    loss = next;
    // A slope without bound (two separated classes, one temperature) is cut at its bound by the caller.
    if (settled || a > 1e12) return [a, b];
  }
  throw new FitError(`${owner}: the calibration did not settle in ${STEPS} steps. Check the scores of the estimator.`);
}

function isSmall(da: number, db: number, a: number, b: number): boolean {
  return Math.abs(da) + Math.abs(db) <= 1e-14 * (Math.abs(a) + Math.abs(b) + 1);
}

function sum(values: Float64Array): number {
  const total = new CompensatedSum();
  for (const value of values) total.add(value);
  return total.value;
}
