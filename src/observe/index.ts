export {
  calibrationChart,
  detCurveChart,
  lineChart,
  partialDependenceChart,
  precisionRecallChart,
  rocCurveChart,
  type CalibrationCurve,
  type ChartOptions,
  type ChartSeries,
  type DependenceCurve,
  type DetCurve,
  type PrecisionRecallLine,
  type PredictionHistogram,
  type RocCurve,
} from "./charts.js";
export { barChart, type Bar, type BarChartOptions } from "./bar-chart.js";
export { treeChart, type TreeChartNode, type TreeChartOptions } from "./tree-chart.js";
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
