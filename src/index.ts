// Public names, by hand: what is not here is not promised.
export {
  AbortedError,
  DataError,
  EngineClosedError,
  FileError,
  FitError,
  MemoryLimitError,
  NotFittedError,
  ParameterError,
  PartwiseError,
  TaskError,
  WorkerLostError,
} from "./base/errors.js";
export { ParamTable } from "./base/params.js";
export { CounterRng } from "./base/rng.js";
export { DistributedArray } from "./collections/array/distributed-array.js";
export type { Scalars } from "./collections/array/elementwise.js";
export type { ArrayConvertible, FrameLike } from "./collections/array/frame-like.js";
export { LocalMatrix } from "./collections/array/local-matrix.js";
export { DistributedDataFrame, type FrameFn } from "./collections/frame/distributed-data-frame.js";
export type { AnySchema, Columns } from "./collections/frame/schema-types.js";
export { DistributedSeries, type FrameRunOptions, type ValueCount } from "./collections/frame/distributed-series.js";
export { polars, type Polars, type PolarsExpr, type PolarsFrame } from "./collections/frame/polars.js";
export type { Progress, RunOptions } from "./collections/plan-run.js";
export { makeColumnSelector, type ColumnSelector, type ColumnSpec } from "./compose/column-selector.js";
export {
  ColumnTransformer,
  makeColumnTransformer,
  type ColumnsEstimator,
  type ColumnTransformerParams,
  type ColumnTransformerPart,
} from "./compose/column-transformer.js";
export { FeatureUnion, makeUnion, type FeatureUnionParams } from "./compose/feature-union.js";
export {
  makePipeline,
  Pipeline,
  type PipelineParams,
  type PipelineStep,
  type PipelineStepLike,
} from "./compose/pipeline.js";
export { PrefixCache, type PrefixCacheOptions } from "./compose/prefix-cache.js";
export {
  TransformedTargetRegressor,
  type TargetFunction,
  type TransformedTargetRegressorParams,
} from "./compose/transformed-target-regressor.js";
export { connect } from "./engine/dask/connect.js";
export {
  type LocalCluster,
  type LocalClusterOptions,
  type LocalWorker,
  type LocalWorkerOptions,
  startCluster,
} from "./engine/dask/local-cluster.js";
export { DaskEngine } from "./engine/dask/dask-engine.js";
export type { DaskOptions, TlsFiles } from "./engine/dask/dask-options.js";
export type { DaskWorkerInfo } from "./engine/dask/dask-worker.js";
export type { AdaptOptions, ClusterScaler } from "./engine/dask/scaling.js";
export { defaultEngine, inlineEngine, localEngine, setEngine } from "./engine/default-engine.js";
export type { Engine, EngineEvents, FnRef, TaskContext, TaskSpec, TaskStatus, WorkerInfo } from "./engine/engine.js";
export { fnRef } from "./engine/fn-ref.js";
export {
  rowScorer,
  scoreDataset,
  type BatchInfo,
  type DriftReport,
  type DriftThresholds,
  type FunctionModel,
  type RowScorer,
  type RowScorerOptions,
  type ScoreDatasetOptions,
  type ScoreReport,
  duckdbSink,
  postgresSink,
  type DuckDbSinkOptions,
  type OpenTable,
  type PostgresClient,
  type PostgresSinkOptions,
  type TableBatch,
  type TableReport,
  type TableSink,
} from "./inference/index.js";
export {
  exportJavaScript,
  exportOnnx,
  ForeignModel,
  OnnxModel,
  onnxModel,
  type ExportOptions,
  type OnnxExportOptions,
  TfjsModel,
  tfjsModel,
  type OnnxModelOptions,
  type TfjsModelOptions,
} from "./exchange/index.js";
export { LocalEngine, type LocalEngineOptions } from "./engine/local/local-engine.js";
export { Design, type FitOptions } from "./estimator/design.js";
export { Estimator, type EstimatorJson, type FittedInput } from "./estimator/estimator.js";
export { FrameTransformer, type RowsTransform, type TransformingEstimator } from "./estimator/frame-transformer.js";
export type { DistributedInput, LabelInput, LocalInput, MatrixInput, VectorInput } from "./estimator/inputs.js";
export type { Label } from "./estimator/labels.js";
export { estimatorFromJSON, registerEstimator } from "./estimator/registry.js";
export type {
  Cell,
  ColumnKind,
  FittedTable,
  LocalTable,
  Rows,
  Table,
  TableColumn,
  TableInput,
} from "./estimator/table.js";
export { Transformer } from "./estimator/transformer.js";
export type { Column, CsrChunk, DenseChunk, MatrixChunk } from "./memory/column.js";
export type { DesignChunk } from "./numeric/design-chunk.js";
export { readCsv, type ReadCsvOptions } from "./io/read-csv.js";
export { readNdjson, type ReadNdjsonOptions } from "./io/read-ndjson.js";
export { readIpc, readParquet, type ReadColumnsOptions } from "./io/read-parquet.js";
export {
  calibrationChart,
  detCurveChart,
  importanceChart,
  lineChart,
  parallelCoordinatesChart,
  parameterImportances,
  partialDependenceChart,
  precisionRecallChart,
  progressBar,
  rocCurveChart,
  saveChart,
  searchCurvesChart,
  searchReport,
  toPng,
  type ParameterImportance,
  type ProgressBar,
  type SearchCurvesOptions,
  type TrialChartOptions,
} from "./observe/index.js";
import { addKindLoader } from "./persistence/kind-loaders.js";
export {
  loadModel,
  readModelFile,
  saveModel,
  type DataSketch,
  type LoadOptions,
  type ModelFile,
  type SavedModel,
  type SaveOptions,
} from "./persistence/index.js";

// A file may hold any of them; they are loaded when one does.
addKindLoader(() => import("../models/index.js"));
addKindLoader(() => import("./model-selection/index.js"));
addKindLoader(() => import("../preprocessing/index.js"));
