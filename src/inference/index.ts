export type { BatchInfo } from "./scoring-model.js";
export type { ColumnDrift, DriftLimit, DriftReport, DriftThresholds } from "./drift.js";
export type { ScoreOutput } from "./record-model.js";
export { rowScorer, type RowResult, type RowScorer, type RowScorerOptions, type ScoredRow } from "./row-scorer.js";
export { scoreDataset, type FunctionModel, type ScoreDatasetOptions, type ScoreReport } from "./score-dataset.js";
export type { ScoreFormat } from "./score-task.js";
