import { DataError, ParameterError, show } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import type { FitOptions } from "../estimator/design.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import { fittedColumns } from "../estimator/fitted-columns.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../estimator/inputs.js";
import { estimatorFromJSON, registerEstimator, type AnyEstimator } from "../estimator/registry.js";
import { importancesOf, requireFitted } from "./importances.js";
import { modelRules, ModelSelector, type ModelSelectorParams, type ModelSelectorState } from "./model-selector.js";

/** Parameters of {@link SelectFromModel}. */
export interface SelectFromModelParams extends ModelSelectorParams {
  threshold: number | string | null;
  maxFeatures: number | null;
  prefit: boolean;
}

interface FromModelState extends ModelSelectorState {
  readonly importances: Float64Array;
  readonly threshold: number;
}

const SCALED = /^\s*(?:(\d+(?:\.\d*)?(?:e[+-]?\d+)?)\s*\*\s*)?(mean|median)\s*$/iu;

const TABLE = new ParamTable<SelectFromModelParams>("SelectFromModel", (z) =>
  z.object({
    ...modelRules(z),
    threshold: z
      .union([
        z.null(),
        z.number().or(z.literal(-Infinity)),
        z.custom((value) => typeof value === "string" && SCALED.test(value), 'must be "mean", "median" or "1.25*mean"'),
      ])
      .default(null)
      .describe(
        'columns of at least this importance are kept: a number, "mean", "median", or a factor of them; null: 1e-5 for lasso models, else "mean"',
      ),
    maxFeatures: z
      .union([z.null(), z.int().min(0)])
      .default(null)
      .describe("at most so many columns, the most important ones; of equal importance the first"),
    prefit: z.boolean().default(false).describe("whether the estimator is fitted already and stays as it is"),
  }),
);

/**
 * Keeps the columns that matter to a model: those whose importance reaches a threshold. The importance of a column is |coef|
 * (of several classes the sum of absolute values), or its featureImportances.
 *
 * `fit` makes the model's passes and none of its own; with `prefit` none at all (X then only says what its columns are
 * called). The model is fitted in place, and `clone` keeps one that is `prefit`. X: `(nRows, nFeatures)` as the model takes
 * it; weights go to the model. `transform` is lazy for distributed X and copies nothing of dense columns.
 *
 * Differs from scikit-learn: `maxFeatures` is a number, not a function; `norm_order` is 1, its default.
 *
 * @example
 * ```ts
 * const selector = new SelectFromModel({ estimator: new Lasso({ alpha: 0.1 }) });
 * await selector.fit({ a: [1, 2, 3, 4], b: [1, -1, 1, -1] }, [1, 2, 3, 4]);
 * selector.getFeatureNamesOut(); // ["a"]
 * ```
 */
export class SelectFromModel extends ModelSelector<SelectFromModelParams, FromModelState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Pick<SelectFromModelParams, "estimator"> & Partial<SelectFromModelParams>) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): SelectFromModel {
    const { estimator } = (json.params ?? {}) as { estimator?: EstimatorJson };
    if (json.kind !== "SelectFromModel" || !estimator)
      throw new DataError(`SelectFromModel: the JSON holds a ${show(json.kind)}. Load it with that class.`);
    return new SelectFromModel({ estimator: estimatorFromJSON(estimator) }).restore(json);
  }

  override clone(): this {
    // A model that is fitted already has no other place to be.
    return this.params.prefit ? (new SelectFromModel(this.getParams()) as this) : super.clone();
  }

  /** @throws what the model throws, and FitError when its importances are not one a column */
  async fit(X: MatrixInput, y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "SelectFromModel.fit";
    const { estimator, prefit, importanceGetter } = this.params;
    const rows = toMatrix(owner, X);
    let model: AnyEstimator = estimator;
    if (prefit) requireFitted(owner, estimator);
    else {
      model = estimator.clone();
      await (model as unknown as Fitting).fit(X, y, options);
    }
    const importances = importancesOf(owner, model, importanceGetter, rows.width, "norm");
    const threshold = thresholdOf(this.params.threshold ?? defaultThreshold(model), importances);
    const support = supportOf(importances, threshold, this.params.maxFeatures);
    if (!prefit) estimator.adopt(model);
    this.setState({
      ...fittedColumns(rows.width, rows.names),
      importances,
      threshold,
      support,
    });
    return this;
  }

  /** Importance of each column of the fit. */
  get importances(): Float64Array {
    return this.state.importances;
  }

  /** The importance that a column needed. */
  get threshold(): number {
    return this.state.threshold;
  }
}

registerEstimator("SelectFromModel", SelectFromModel);

interface Fitting {
  fit(X: MatrixInput, y?: VectorInput | LabelInput, options?: FitOptions): Promise<unknown>;
}

/** Models with a penalty that makes coefficients exactly zero: what is not zero counts. */
function defaultThreshold(model: AnyEstimator): number | string {
  const { penalty, l1Ratio } = model.getParams() as { penalty?: unknown; l1Ratio?: unknown };
  const isLasso = model.kind.includes("Lasso") || penalty === "l1";
  return isLasso || (model.kind.startsWith("ElasticNet") && l1Ratio === 1) ? 1e-5 : "mean";
}

function thresholdOf(threshold: number | string, importances: Float64Array): number {
  if (typeof threshold === "number") return threshold;
  const [, factor = "1", reference = ""] = SCALED.exec(threshold) ?? [];
  if (reference === "")
    throw new ParameterError(`SelectFromModel: threshold must be a number or text; got ${show(threshold)}.`);
  const sorted = importances.slice().sort();
  const middle = ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2;
  const mean = importances.reduce((sum, value) => sum + value, 0) / importances.length;
  return Number(factor) * (reference.toLowerCase() === "mean" ? mean : middle);
}

function supportOf(importances: Float64Array, threshold: number, most: number | null): boolean[] {
  const order = Array.from(importances.keys()).sort(
    (i, j) => (importances[j] as number) - (importances[i] as number) || i - j,
  );
  const first = new Set(most === null ? order : order.slice(0, most));
  return Array.from(importances, (value, j) => first.has(j) && value >= threshold);
}
