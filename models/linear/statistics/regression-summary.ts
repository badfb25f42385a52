import { Design, type RowVectors } from "../../../src/estimator/design.js";
import type { FittedInput } from "../../../src/estimator/estimator.js";
import {
  checkColumns,
  requireTarget,
  toMatrix,
  type MatrixInput,
  type VectorInput,
} from "../../../src/estimator/inputs.js";
import { columnNames } from "./column-names.js";
import { summariseGlm, type FittedGlm } from "./glm-summary.js";
import type { ModelSummary } from "./model-summary.js";
import { checkSummaryOptions, type SummaryOptions } from "./summary-options.js";

/** Statistics of a fitted regression on these rows. */
export async function summariseRegression(
  owner: string,
  fitted: Omit<FittedGlm, "names"> & FittedInput,
  X: MatrixInput,
  y: VectorInput,
  options: SummaryOptions,
  vectors: RowVectors = {},
): Promise<ModelSummary> {
  requireTarget(owner, y);
  const checked = await checkSummaryOptions(owner, options);
  const matrix = toMatrix(owner, X);
  checkColumns(owner, matrix, fitted);
  using design = Design.open(owner, X, y, options, { ...vectors, groups: checked.groups });
  return await summariseGlm(design, { ...fitted, names: columnNames(fitted, matrix) }, checked);
}
