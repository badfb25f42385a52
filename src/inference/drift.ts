import type { ColumnSketch, DataSketch } from "../persistence/data-sketch.js";
import type { DriftCounts } from "./drift-counts.js";

/** When a column counts as drifted. A share is of the rows looked at. */
export interface DriftThresholds {
  /** Population stability index; 0.1 is usually called a small change and 0.25 a large one. */
  readonly psi?: DriftLimit;
  /** Share of missing values beyond that of the training data. */
  readonly missing?: DriftLimit;
  /** Share of values that the training data did not have: numbers out of range, new categories. */
  readonly outside?: DriftLimit;
}

/** A warning above `warn`, a failed run above `fail`. */
export interface DriftLimit {
  readonly warn?: number;
  readonly fail?: number;
}

/** One column of a {@link DriftReport}. */
export interface ColumnDrift {
  readonly column: string;
  readonly kind: ColumnSketch["kind"];
  readonly psi: number;
  readonly missingShare: number;
  readonly trainingMissingShare: number;
  readonly outsideShare: number;
  readonly examples: readonly string[];
  readonly level: "ok" | "warn" | "fail";
  /** What is over a threshold, in words. */
  readonly reasons: readonly string[];
}

/** How the scored rows differ from those of the training. */
export interface DriftReport {
  readonly rows: number;
  readonly trainingRows: number;
  readonly level: "ok" | "warn" | "fail";
  readonly columns: readonly ColumnDrift[];
}

/** Warnings at the usual marks; nothing fails unless asked. */
export const DEFAULT_THRESHOLDS: Required<DriftThresholds> = {
  psi: { warn: 0.1 },
  missing: { warn: 0.05 },
  outside: { warn: 0.01 },
};

/**
 * Compares counts with the sketch they were made by. The population stability index is `Σ (p - q) ln(p / q)` over the
 * bins, p and q the shares of scored and of training rows with half a row added to each bin, so that an empty one does
 * not make it infinite.
 */
export function driftReport(
  sketch: DataSketch,
  counts: readonly DriftCounts[],
  thresholds: DriftThresholds,
): DriftReport {
  const limits = { ...DEFAULT_THRESHOLDS, ...thresholds };
  const columns = sketch.columns.map((column, j) => columnDrift(column, sketch.rows, counts[j] as DriftCounts, limits));
  const level = columns.some((column) => column.level === "fail")
    ? "fail"
    : columns.some((column) => column.level === "warn")
      ? "warn"
      : "ok";
  return { rows: counts[0]?.rows ?? 0, trainingRows: sketch.rows, level, columns };
}

function columnDrift(
  column: ColumnSketch,
  trainingRows: number,
  counted: DriftCounts,
  limits: Required<DriftThresholds>,
): ColumnDrift {
  const training = column.kind === "number" ? column.counts : Float64Array.of(...column.counts, column.others);
  const psi = populationStability(training, counted.counts);
  const share = (n: number, of: number): number => (of === 0 ? 0 : n / of);
  const missingShare = share(counted.missing, counted.rows);
  const trainingMissingShare = share(column.missing, trainingRows);
  const outsideShare = share(counted.outside, counted.rows);
  const reasons: string[] = [];
  let level: ColumnDrift["level"] = "ok";
  const look = (value: number, { warn, fail }: DriftLimit, text: string): void => {
    const fails = fail !== undefined && value > fail;
    if (!fails && !(warn !== undefined && value > warn)) return;
    level = fails || level === "fail" ? "fail" : "warn";
    reasons.push(text);
  };
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  look(psi, limits.psi, `population stability index ${psi.toFixed(3)}`);
  look(
    missingShare - trainingMissingShare,
    limits.missing,
    `${percent(missingShare)} missing, in training ${percent(trainingMissingShare)}`,
  );
  look(
    outsideShare,
    limits.outside,
    `${percent(outsideShare)} ${column.kind === "number" ? "out of the training range" : "of unseen categories"}, for example ${counted.examples.join(", ")}`,
  );
  const { name, kind } = column;
  return {
    column: name,
    kind,
    psi,
    missingShare,
    trainingMissingShare,
    outsideShare,
    examples: counted.examples,
    level,
    reasons,
  };
}

function populationStability(training: Float64Array, scored: Float64Array): number {
  const half = 0.5;
  const total = (counts: Float64Array): number => counts.reduce((sum, n) => sum + n, 0) + half * counts.length;
  const [all, now] = [total(training), total(scored)];
  // Nothing was scored, so nothing has moved.
  if (now === half * scored.length) return 0;
  return training.reduce((sum, n, k) => {
    const q = (n + half) / all;
    const p = ((scored[k] ?? 0) + half) / now;
    return sum + (p - q) * Math.log(p / q);
  }, 0);
}
