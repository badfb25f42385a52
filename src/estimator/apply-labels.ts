import type { DistributedArray } from "../collections/array/distributed-array.js";
import type { LocalMatrix } from "../collections/array/local-matrix.js";
import { applyToRows } from "./apply.js";
import type { FittedInput } from "./estimator.js";
import type { MatrixInput } from "./inputs.js";
import type { Label } from "./labels.js";

// Arrays hold numbers: labels that are numbers stand for themselves, others for their positions.
const areNumbers = (classes: readonly Label[]): boolean => typeof classes[0] === "number";

/** The number that stands for each class in an array of predictions: the label itself, or its position. */
export function numbersOfClasses(classes: readonly Label[]): number[] {
  const numeric = areNumbers(classes);
  return classes.map((label, k) => (numeric ? Number(label) : k));
}

/** Predictions of {@link numbersOfClasses} as labels. */
export function labelsOfNumbers(classes: readonly Label[], predicted: LocalMatrix): Label[] {
  const numeric = areNumbers(classes);
  return Array.from(predicted.toVector() as Float64Array, (value) => (numeric ? value : (classes[value] as Label)));
}

/**
 * The label of each row: {@link applyToRows} with labels as the caller gave them for local X, and numbers that stand for them
 * for distributed X.
 *
 * @param build the lazy array of predictions, given the number of each class
 * @throws DataError when X has other columns than the fit
 */
export function applyForLabels(
  owner: string,
  X: MatrixInput,
  fitted: FittedInput,
  classes: readonly Label[],
  build: (x: DistributedArray, labels: number[]) => DistributedArray,
): DistributedArray | Promise<Label[]> {
  const labels = numbersOfClasses(classes);
  return applyToRows(
    owner,
    X,
    fitted,
    (x) => build(x, labels),
    (local) => labelsOfNumbers(classes, local),
  );
}
