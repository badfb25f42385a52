export {
  calibrationChart,
  lineChart,
  rocCurveChart,
  type CalibrationCurve,
  type ChartOptions,
  type ChartSeries,
  type PredictionHistogram,
  type RocCurve,
} from "./charts.js";
export { progressBar, type ProgressBar, type ProgressBarOptions, type ProgressStream } from "./progress-bar.js";
export { saveChart, toPng } from "./save-chart.js";
