import type { DistributedArray } from "../collections/array/distributed-array.js";
import type { FitOptions } from "../estimator/design.js";
import type { LabelInput } from "../estimator/inputs.js";
import type { TableInput } from "../estimator/table.js";
import { codeLabels, type Label } from "../estimator/labels.js";
import { accuracyScore } from "./accuracy.js";

/** What {@link labelAccuracy} asks of a classifier. */
interface LabelPredictor {
  readonly kind: string;
  readonly classes: readonly Label[];
  predict(X: TableInput): DistributedArray | Promise<Label[]>;
}

/**
 * Share of rows (by weight) whose label a classifier predicts: its `score`.
 * @throws DataError for a label that is not among its classes
 */
export async function labelAccuracy(
  classifier: LabelPredictor,
  X: TableInput,
  y: LabelInput,
  options: FitOptions,
): Promise<number> {
  const owner = `${classifier.kind}.score`;
  const { classes } = classifier;
  const target = await codeLabels(owner, y, options, classes);
  const predicted = await classifier.predict(X);
  const coded = Array.isArray(predicted)
    ? (await codeLabels(owner, predicted as LabelInput, options, classes)).values
    : predicted;
  return accuracyScore(target.values, coded, options);
}
