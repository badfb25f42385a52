import { DataError, show } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import type { FitOptions } from "../estimator/design.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import { fittedColumns } from "../estimator/fitted-columns.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../estimator/inputs.js";
import { estimatorFromJSON, registerEstimator } from "../estimator/registry.js";
import { assertNotEmpty } from "../estimator/table.js";
import { eliminate } from "./eliminate.js";
import { modelRules, type ModelSelectorParams } from "./model-selector.js";
import { RecursiveSelector, type RecursiveState } from "./recursive-selector.js";

/** Parameters of {@link RFE}. */
export interface RFEParams extends ModelSelectorParams {
  nFeaturesToSelect: number | null;
  step: number;
}

const TABLE = new ParamTable<RFEParams>("RFE", (z) =>
  z.object({
    ...modelRules(z),
    nFeaturesToSelect: z
      .union([z.null(), z.int().min(1), z.number().gt(0).lt(1)])
      .default(null)
      .describe("columns to keep, below 1 a share of them; null: half of them"),
    step: z
      .union([z.int().min(1), z.number().gt(0).lt(1)])
      .default(1)
      .describe("columns that a round eliminates, below 1 a share of all"),
  }),
);

/**
 * Recursive feature elimination (Guyon et al. 2002): fits a model, takes away the columns with the smallest coef² (or
 * featureImportances²), and fits again on the rest, until `nFeaturesToSelect` are left. Of coefficients of several classes
 * the squares are summed.
 *
 * `fit` reads X once and keeps it; each round makes the model's passes over its columns of what is kept, without copying
 * dense ones. Coefficients are compared as they are: scale X first where columns have different units. Weights go to the
 * model, which is fitted in place on the columns that are left; `predict`, `predictProba`, `decisionFunction` and `score`
 * are its own. X: `(nRows, nFeatures)`, dense or CSR as the model takes it.
 *
 * Differs from scikit-learn: of equal importances the first column is eliminated first.
 *
 * @example
 * ```ts
 * const selector = new RFE({ estimator: new LinearRegression(), nFeaturesToSelect: 1 });
 * await selector.fit({ a: [1, 2, 3, 4], b: [1, -1, 1, -1] }, [2, 4, 6, 8]);
 * selector.getFeatureNamesOut(); // ["a"]
 * selector.ranking; // [1, 2]
 * ```
 */
export class RFE extends RecursiveSelector<RFEParams, RecursiveState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Pick<RFEParams, "estimator"> & Partial<RFEParams>) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): RFE {
    const { estimator } = (json.params ?? {}) as { estimator?: EstimatorJson };
    if (json.kind !== "RFE" || !estimator)
      throw new DataError(`RFE: the JSON holds a ${show(json.kind)}. Load it with that class.`);
    return new RFE({ estimator: estimatorFromJSON(estimator) }).restore(json);
  }

  /** @throws what the model throws; DataError for more columns to keep than there are */
  async fit(X: MatrixInput, y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "RFE.fit";
    const x = toMatrix(owner, X);
    assertNotEmpty(owner, x);
    const { estimator, nFeaturesToSelect, step, importanceGetter } = this.params;
    const share = nFeaturesToSelect ?? 0.5;
    const wanted = share < 1 ? Math.max(1, Math.floor(share * x.width)) : share;
    if (wanted > x.width) {
      throw new DataError(
        `${owner}: nFeaturesToSelect is ${wanted}, but X has ${x.width} columns. Keep at most as many as there are.`,
      );
    }
    const { support, ranking, model } = await eliminate(
      { owner, estimator, importanceGetter, wanted, step },
      x,
      y,
      options,
    );
    estimator.adopt(model);
    this.setState({ ...fittedColumns(x.width, x.names), support, ranking });
    return this;
  }
}

registerEstimator("RFE", RFE);
