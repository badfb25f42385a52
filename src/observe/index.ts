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
export { parameterImportances, type ParameterImportance } from "./parameter-importances.js";
export { saveChart, toPng } from "./save-chart.js";
export {
  importanceChart,
  parallelCoordinatesChart,
  searchCurvesChart,
  searchReport,
  type SearchCurvesOptions,
  type TrialChartOptions,
} from "./search-charts.js";
