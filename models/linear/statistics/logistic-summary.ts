import { DataError, show } from "../../../src/base/errors.js";
import { Design } from "../../../src/estimator/design.js";
import {
  checkColumns,
  requireTarget,
  toMatrix,
  type LabelInput,
  type MatrixInput,
} from "../../../src/estimator/inputs.js";
import { codeLabels, holdWithLabels, type Label } from "../../../src/estimator/labels.js";
import { columnNames } from "./column-names.js";
import { summariseGlm } from "./glm-summary.js";
import type { ModelSummary } from "./model-summary.js";
import { summariseSoftmax } from "./softmax-summary.js";
import { checkSummaryOptions, type SummaryOptions } from "./summary-options.js";

/** A fitted classifier as its summary needs it. */
export interface FittedClassifier {
  readonly model: string;
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  readonly classes: readonly Label[];
  /** One row for two classes, else one a class. */
  readonly coef: Float64Array;
  readonly intercepts: Float64Array;
  readonly fitIntercept: boolean;
}

/** Statistics of a logistic regression on these rows. @throws DataError for a label that the fit has not seen */
export async function summariseLogistic(
  owner: string,
  fitted: FittedClassifier,
  X: MatrixInput,
  y: LabelInput,
  options: SummaryOptions,
): Promise<ModelSummary> {
  requireTarget(owner, y);
  const checked = await checkSummaryOptions(owner, options);
  const matrix = toMatrix(owner, X);
  checkColumns(owner, matrix, fitted);
  const target = await codeLabels(owner, y, options, fitted.classes);
  using design = Design.open(owner, X, target.values, options, { groups: checked.groups });
  const summary = await holdWithLabels(design);
  const codes = Array.from(summary.labels);
  const classes = Float64Array.from(
    fitted.classes,
    (label) => codes.find((code) => target.labelOf(code) === label || code === Number(label)) ?? NaN,
  );
  const stranger = codes.find((code, at) => !classes.includes(code) && (summary.weights[at] ?? 0) > 0);
  if (stranger !== undefined)
    throw new DataError(`${owner}: y has the label ${show(target.labelOf(stranger))}, which the fit has not seen.`);
  await design.encodeLabels(classes);
  const { model, fitIntercept, coef, intercepts } = fitted;
  const names = columnNames(fitted, matrix);
  if (fitted.classes.length > 2) {
    return await summariseSoftmax(
      design,
      { model, classes: fitted.classes, names, coef, intercepts, fitIntercept },
      checked,
    );
  }
  const composition = { family: { name: "binomial" }, link: { name: "logit" } } as const;
  const intercept = intercepts[0] ?? 0;
  const [against, of] = fitted.classes.map(show);
  const outcome = `${of} against ${against}`;
  return await summariseGlm(
    design,
    { model, composition, names, coef, intercept, fitIntercept, squares: false, outcome },
    checked,
  );
}
