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

/** One DET curve: what `detCurve` returns, with a name. */
export interface DetCurve {
  readonly name: string;
  /** False positive rates. */
  readonly fpr: ArrayLike<number>;
  /** False negative rates at the same thresholds. */
  readonly fnr: ArrayLike<number>;
}

/**
 * DET curves (both error rates against each other), as SVG, on logarithmic axes: a rate of 0 has no place on them, so that
 * such points are left out. scikit-learn draws them on axes of normal deviates; for rates below a tenth both look alike.
 *
 * @throws DataError for a curve without points where both rates are above 0, of unequal lengths, or with rates outside [0, 1]
 *
 * @example
 * ```ts
 * await saveChart(await detCurveChart({ curves: [{ name: "model", ...(await detCurve(y, score)) }] }), "det.svg");
 * ```
 */
export async function detCurveChart(options: ChartOptions & { readonly curves: readonly DetCurve[] }): Promise<string> {
  const { curves, ...rest } = options;
  const all = curves.map(({ name, fpr, fnr }) => ({ name, x: Array.from(fpr), y: Array.from(fnr) }));
  assertShares("detCurveChart", all);
  const series = all.map(({ name, x, y }) => {
    const kept = x.map((_, i) => i).filter((i) => !(x[i] === 0 || y[i] === 0));
    // Lengths that differ are the drawing's to refuse.
    return x.length === y.length
      ? { name, x: kept.map((i) => x[i] ?? NaN), y: kept.map((i) => y[i] ?? NaN) }
      : { name, x, y };
  });
  return drawChart("detCurveChart", {
    title: "Detection error tradeoff",
    ...SQUARE,
    ...rest,
    series,
    xLabel: "False positive rate",
    yLabel: "False negative rate",
    xLog: true,
    yLog: true,
    legend: "above",
  });
}

/** One precision-recall curve: what `precisionRecallCurve` returns, with a name. */
export interface PrecisionRecallLine {
  readonly name: string;
  readonly precision: ArrayLike<number>;
  readonly recall: ArrayLike<number>;
  /** Average precision, for the legend. */
  readonly averagePrecision?: number;
}

/**
 * Precision by recall, as SVG.
 * @throws DataError for a curve without points, of unequal lengths, or with values outside [0, 1]
 */
export async function precisionRecallChart(
  options: ChartOptions & { readonly curves: readonly PrecisionRecallLine[] },
): Promise<string> {
  const { curves, ...rest } = options;
  const series = curves.map(({ name, precision, recall, averagePrecision }) => ({
    name: averagePrecision === undefined ? name : `${name} (AP ${averagePrecision.toFixed(3)})`,
    x: recall,
    y: precision,
  }));
  assertShares("precisionRecallChart", series);
  return drawChart("precisionRecallChart", {
    title: "Precision and recall",
    ...SQUARE,
    ...rest,
    series,
    xLabel: "Recall",
    yLabel: "Precision",
    xDomain: [0, 1],
    yDomain: [0, 1],
    legend: "above",
  });
}

/** The dependence on one feature: `grid[0]` and `average` of `partialDependence`, and `individual` where it was asked for. */
export interface DependenceCurve {
  readonly name: string;
  /** Values of the feature, numbers ascending. */
  readonly grid: ArrayLike<number>;
  /** The mean prediction at each. */
  readonly average: ArrayLike<number>;
  /** Predictions of single rows, a row each: drawn as a band from their first to their last tenth. */
  readonly individual?: readonly ArrayLike<number>[];
}

/**
 * Partial dependence of predictions on a feature of numbers, a curve an output or model, as SVG; with `individual` a light
 * band holds the middle eight tenths of the rows' own curves.
 *
 * @throws DataError for a curve without points, of unequal lengths, or with values that are not finite
 *
 * @example
 * ```ts
 * const { grid, average } = await partialDependence(model, X, { features: [0] });
 * const curve = { name: "model", grid: grid[0] as number[], average: average![0]! };
 * await saveChart(await partialDependenceChart({ curves: [curve], xLabel: "age" }), "age.svg");
 * ```
 */
export async function partialDependenceChart(
  options: ChartOptions & {
    readonly curves: readonly DependenceCurve[];
    readonly xLabel: string;
    /** "Partial dependence" unless given. */
    readonly yLabel?: string;
  },
): Promise<string> {
  const { curves, yLabel = "Partial dependence", ...rest } = options;
  const series = curves.map(({ name, grid, average, individual }) => {
    if (!individual?.length) return { name, x: grid, y: average };
    const tenths = Array.from(grid, (_, i) => {
      const sorted = individual.map((row) => row[i] ?? NaN).sort((a, b) => a - b);
      const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
      return [at(0.1), at(0.9)] as const;
    });
    const band = { low: tenths.map(([low]) => low), high: tenths.map(([, high]) => high) };
    return { name, x: grid, y: average, band };
  });
  return drawChart("partialDependenceChart", { ...rest, series, yLabel, legend: "above" });
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
