import type { Plain } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import type { FitOptions } from "../estimator/design.js";
import { metricPass } from "../metrics/metric-pass.js";
import type { MetricKernel } from "../metrics/metric-kernel.js";
import { scoreTableKernel } from "../metrics/score-table.js";
import { mergeBinaryTables, type BinaryTable } from "../numeric/binary-table.js";
import { isotonicOf, sharePoints } from "../numeric/isotonic.js";
import { boundedTemperature, inverseTemperature, plattSigmoid } from "../numeric/score-logistic.js";
import { TEMPERATURE_STEP, type Calibrator, type TemperatureSums } from "./calibration-steps.js";

/** How scores become probabilities. */
export type CalibrationMethod = "sigmoid" | "isotonic" | "temperature";

/** What a model says of rows that it was not fitted to, with their classes by position. */
export interface HeldOutScores {
  /** One column for two classes, else one a class. */
  readonly scores: DistributedArray;
  readonly proba: boolean;
  /** Positions of the labels in `classes`, as numbers, cut like the scores. */
  readonly codes: DistributedArray;
  readonly sampleWeight: DistributedArray | undefined;
}

type Run = Pick<FitOptions, "engine" | "signal">;

/**
 * Calibrators of scores: one for two classes and for temperature, else one a class against the others. All held-out rows
 * count as one set. A pass a class, or for the temperature of several classes a pass an iteration.
 */
export async function fitCalibrators(
  owner: string,
  method: CalibrationMethod,
  classes: number,
  parts: readonly HeldOutScores[],
  run: Run,
): Promise<Calibrator[]> {
  if (method === "temperature") {
    const beta =
      classes === 2
        ? inverseTemperature(owner, logitsOf(await tableOf(owner, parts, 1, 0, run), parts))
        : await temperature(owner, parts, run);
    return [{ kind: "temperature", beta }];
  }
  const calibrators: Calibrator[] = [];
  for (let k = classes === 2 ? 1 : 0; k < classes; k++) {
    const table = await tableOf(owner, parts, k, classes === 2 ? 0 : k, run);
    calibrators.push(
      method === "isotonic"
        ? { kind: "isotonic", ...isotonicOf(sharePoints(table)) }
        : { kind: "sigmoid", ...plattSigmoid(owner, table) },
    );
  }
  return calibrators;
}

/** Weight of a class and of the others at each distinct score of a column, over all parts. */
export async function tableOf(
  owner: string,
  parts: readonly HeldOutScores[],
  positive: number,
  column: number,
  run: Run,
): Promise<BinaryTable> {
  let all: BinaryTable | undefined;
  for (const { scores, codes, sampleWeight } of parts) {
    const yScore = scores.width === 1 ? vectorOf(scores) : scores.column(column);
    const [table] = await metricPass([scoreTableKernel(owner, positive)], { yTrue: codes, yScore, sampleWeight }, run);
    all = all ? mergeBinaryTables(owner, all, table) : table;
  }
  return all as BinaryTable;
}

/** A matrix of one column as a vector. */
export function vectorOf(scores: DistributedArray): DistributedArray {
  return new DistributedArray({ ...scores, innerShape: [], names: undefined });
}

// The difference of the two classes' logits, which ascends with the score.
function logitsOf(table: BinaryTable, parts: readonly HeldOutScores[]): BinaryTable {
  const eps = Number.EPSILON;
  const proba = parts[0]?.proba === true;
  return { ...table, score: table.score.map((s) => (proba ? Math.log(s + eps) - Math.log(1 - s + eps) : 2 * s)) };
}

// Newton's method on log β; the loss is convex in β.
async function temperature(owner: string, parts: readonly HeldOutScores[], run: Run): Promise<number> {
  const sumsAt = async (beta: number): Promise<TemperatureSums> => {
    let all: TemperatureSums = { loss: 0, slope: 0, curve: 0, weight: 0 };
    for (const { scores, codes, proba, sampleWeight } of parts) {
      const kernel = temperatureKernel(owner, beta, proba);
      const [sums] = await metricPass([kernel], { yTrue: codes, yScore: scores, sampleWeight }, run);
      all = added(all, sums);
    }
    return all;
  };
  let beta = 1;
  let here = await sumsAt(beta);
  for (let step = 0; step < 100; step++) {
    if (Math.abs(here.slope * beta) <= 1e-11 * here.weight) break;
    let next = boundedTemperature(Math.max(beta / 8, beta - here.slope / Math.max(here.curve, 1e-300)));
    let there = await sumsAt(next);
    while (there.loss > here.loss && Math.abs(next - beta) > 1e-14 * beta) {
      next = (next + beta) / 2;
      there = await sumsAt(next);
    }
    if (!(there.loss < here.loss)) break;
    beta = next;
    here = there;
  }
  return beta;
}

function temperatureKernel(
  owner: string,
  beta: number,
  proba: boolean,
): MetricKernel<TemperatureSums, TemperatureSums> {
  return {
    name: owner,
    needs: ["yTrue", "yScore"],
    textLabels: false,
    step: TEMPERATURE_STEP,
    args: (): Plain => ({ beta, proba }),
    check: () => undefined,
    combine: added,
    finish: (total) => total,
  };
}

function added(a: TemperatureSums, b: TemperatureSums): TemperatureSums {
  return {
    loss: a.loss + b.loss,
    slope: a.slope + b.slope,
    curve: a.curve + b.curve,
    weight: a.weight + b.weight,
  };
}
