import { DataError, show } from "../base/errors.js";
import { drawChart, type ChartOptions, type ChartSeries } from "./draw-chart.js";

export type { ChartOptions, ChartSeries } from "./draw-chart.js";

// Both axes run from 0 to 1: a square frame shows the diagonal at 45 degrees.
const SQUARE = { width: 590, height: 604 };

/** One ROC curve: what `rocCurve` returns, with a name. */
export interface RocCurve {
  readonly name: string;
  /** False positive rates, ascending. */
  readonly fpr: ArrayLike<number>;
  /** True positive rates, ascending. */
  readonly tpr: ArrayLike<number>;
  /** Area under the curve, for the legend. */
  readonly auc?: number;
}

/**
 * ROC curves with the diagonal of a coin toss, as SVG. Points nearer than a third of a pixel are left out, so that curves
 * of millions of rows stay small files.
 *
 * @throws DataError for a curve without points, of unequal lengths, or with rates outside [0, 1]
 *
 * @example
 * ```ts
 * await saveChart(await rocCurveChart({ curves: [{ name: "model", fpr, tpr, auc }] }), "roc.png");
 * ```
 */
export async function rocCurveChart(options: ChartOptions & { readonly curves: readonly RocCurve[] }): Promise<string> {
  const { curves, ...rest } = options;
  const series = curves.map(({ name, fpr, tpr, auc }) => ({
    name: auc === undefined ? name : `${name} (AUC ${auc.toFixed(3)})`,
    x: fpr,
    y: tpr,
  }));
  assertShares("rocCurveChart", series);
  return drawChart("rocCurveChart", {
    title: "ROC curve",
    ...SQUARE,
    ...rest,
    series,
    xLabel: "False positive rate",
    yLabel: "True positive rate",
    xDomain: [0, 1],
    yDomain: [0, 1],
    diagonal: "chance (AUC 0.500)",
    legend: "bottom right",
  });
}

/** One calibration curve: bins of predictions. */
export interface CalibrationCurve {
  readonly name: string;
  /** Mean predicted probability of each bin. */
  readonly predicted: ArrayLike<number>;
  /** Share of positives in each bin. */
  readonly observed: ArrayLike<number>;
}

/** How predictions are distributed: rows in bins of equal width from 0 to 1. */
export interface PredictionHistogram {
  readonly count: ArrayLike<number>;
}

/**
 * Calibration curves (observed share against mean prediction) with the diagonal of perfect calibration, as SVG. With
 * `histogram`, light bars on the floor show where predictions lie, the tallest a quarter of the frame.
 *
 * @throws DataError for a curve without points, of unequal lengths, or with values outside [0, 1]
 */
export async function calibrationChart(
  options: ChartOptions & { readonly curves: readonly CalibrationCurve[]; readonly histogram?: PredictionHistogram },
): Promise<string> {
  const { curves, histogram, ...rest } = options;
  const series = curves.map(({ name, predicted, observed }) => ({ name, x: predicted, y: observed, dots: true }));
  assertShares("calibrationChart", series);
  const counts = histogram ? Array.from(histogram.count) : [];
  const most = Math.max(1, ...counts);
  const bars = {
    name: "predictions",
    from: counts.map((_, k) => k / counts.length),
    to: counts.map((_, k) => (k + 1) / counts.length),
    height: counts.map((count) => (0.25 * count) / most),
  };
  return drawChart("calibrationChart", {
    title: "Calibration",
    ...SQUARE,
    ...rest,
    series,
    xLabel: "Mean predicted probability",
    yLabel: "Share of positives",
    xDomain: [0, 1],
    yDomain: [0, 1],
    diagonal: "perfectly calibrated",
    ...(counts.length > 0 ? { bars } : {}),
    legend: "top left",
  });
}

/**
 * Curves over one pair of axes, as SVG: losses by iteration, scores by parameter.
 *
 * @throws DataError for a curve without points, of unequal lengths, or with values that are not finite (or not above 0 on a
 *   log scale)
 *
 * @example
 * ```ts
 * const svg = await lineChart({ series: [{ name: "train", x: rounds, y: loss }], xLabel: "Round", yLabel: "Log loss" });
 * ```
 */
export async function lineChart(
  options: ChartOptions & {
    readonly series: readonly ChartSeries[];
    readonly xLabel: string;
    readonly yLabel: string;
    /** Logarithmic axes; false unless given. */
    readonly xLog?: boolean;
    readonly yLog?: boolean;
  },
): Promise<string> {
  return drawChart("lineChart", { ...options, legend: "above" });
}

function assertShares(owner: string, series: readonly ChartSeries[]): void {
  for (const { name, x, y } of series) {
    for (const values of [x, y]) {
      for (let i = 0; i < values.length; i++) {
        const value = values[i] ?? NaN;
        if (value >= 0 && value <= 1) continue;
        throw new DataError(
          `${owner}: the curve ${show(name)} has ${value} at point ${i}; rates lie between 0 and 1. Check what was passed.`,
        );
      }
    }
  }
}
