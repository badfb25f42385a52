import { DataError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyForNumbers } from "../../src/estimator/apply.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import {
  requireTarget,
  type DistributedInput,
  type MatrixInput,
  type VectorInput,
} from "../../src/estimator/inputs.js";
import type { LocalTable, TableInput } from "../../src/estimator/table.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { BoostedModel, type StagedOptions } from "./boosted-model.js";
import type { BoostingFitOptions } from "./boosting-fit-options.js";
import type { PredictedWithin, WithinOptions } from "./predict-within.js";
import { boostingRules, type BoostingParams } from "./boosting-params.js";
import { meanNdcg } from "./rank-score.js";
import type { Objective } from "./objectives.js";

/** Parameters of {@link HistGradientBoostingRanker}. */
export interface HistGradientBoostingRankerParams extends BoostingParams {
  truncation: number;
  sigmoid: number;
  normalize: boolean;
  ndcgAt: number | null;
}

/** Options of {@link HistGradientBoostingRanker.fit}. */
export interface RankerFitOptions extends BoostingFitOptions<HistGradientBoostingRanker> {
  /** Number of each row's group (its query), cut like X; the rows of a group follow one another. */
  readonly groups?: VectorInput;
}

const TABLE = new ParamTable<HistGradientBoostingRankerParams>("HistGradientBoostingRanker", (z) =>
  z.object({
    ...boostingRules(z),
    truncation: z.int().min(1).default(30).describe("pairs count when one of both is among so many best of its group"),
    sigmoid: z.number().positive().default(1).describe("steepness of the loss of a pair"),
    normalize: z
      .boolean()
      .default(true)
      .describe("divide by the distance of scores, and scale groups by the logarithm of their total, as LightGBM does"),
    ndcgAt: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe("scores are NDCG of so many best of each group, null for all"),
  }),
);

const MOST_RELEVANT = 31;

/**
 * Gradient boosting of trees for rankings, with lambdarank (Burges 2010; Ke et al., "LightGBM", 2017): each pair of rows of a
 * group that differ in relevance pulls their margins apart by `sigmoid · σ(−sigmoid · (m_high − m_low))` times the change of
 * NDCG that swapping both would make. Gains are `2^relevance − 1`, discounts `1 / log2(2 + rank)`.
 *
 * X and trees as in {@link HistGradientBoostingRegressor}. y: relevance, 0 to 31. `groups` in the options of `fit`: a number
 * for each row; rows of a group follow one another, in any partitions (a group may lie across several: they are cut anew at
 * groups). Rows start at margin 0. Early stopping holds out whole groups. `trainScore` and `validationScore` are the mean
 * NDCG of the groups less 1; a group without relevant rows has NDCG 1. Sample weights multiply the derivatives of rows.
 *
 * Not in scikit-learn; differs from LightGBM: ties of margins keep the order of the rows.
 *
 * @example
 * ```ts
 * const ranker = new HistGradientBoostingRanker({ minSamplesLeaf: 1, maxIter: 20 });
 * await ranker.fit([[0], [1], [2], [0], [1], [2]], [0, 1, 2, 0, 1, 2], { groups: [1, 1, 1, 2, 2, 2] });
 * await ranker.predict([[0], [2]]); // the second is larger
 * ```
 */
export class HistGradientBoostingRanker extends BoostedModel<HistGradientBoostingRankerParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<HistGradientBoostingRankerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): HistGradientBoostingRanker {
    return new HistGradientBoostingRanker().restore(json);
  }

  /**
   * @throws DataError without groups, for a group whose rows lie apart, relevance below 0 or above 31, infinities; FitError when too few groups are left for early stopping
   */
  async fit(X: TableInput, y: VectorInput, options: RankerFitOptions = {}): Promise<this> {
    const owner = "HistGradientBoostingRanker.fit";
    requireTarget(owner, y);
    const { x, texts } = await this.fitInput(owner, X, options);
    using design = openGroups(owner, x, y, options);
    const { truncation, sigmoid, normalize } = this.params;
    const objective: Objective = { kind: "ranking", rules: { truncation, sigmoid, normalize, at: this.#at } };
    await this.boost(
      design,
      { objective, targets: { least: 0, inclusive: true, most: MOST_RELEVANT }, texts },
      options,
    );
    return this;
  }

  /** The margin of each row: larger ranks higher within its group. Lazy for distributed X, computed for local X. */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalTable): Promise<Float64Array>;
  predict(X: TableInput): DistributedArray | Promise<Float64Array>;
  predict(X: TableInput): DistributedArray | Promise<Float64Array> {
    const owner = "HistGradientBoostingRanker.predict";
    const step = fnRef(new URL("./tree-tasks.js", import.meta.url).href, "marginStep");
    return applyForNumbers(owner, this.coded(owner, X), this.state, (x) =>
      x.mapChunks(owner, step, { ...this.treeArgs(owner, x) }, { innerShape: [] }),
    );
  }

  /**
   * Margins by as many rounds of trees as there is time for, and how many those are: see {@link PredictedWithin}.
   * @throws as {@link predict}; ParameterError for a deadline that is no number above 0
   */
  predictWithin(X: DistributedInput, options: WithinOptions): Promise<PredictedWithin<DistributedArray>>;
  predictWithin(X: LocalTable, options: WithinOptions): Promise<PredictedWithin<Float64Array>>;
  async predictWithin(
    X: TableInput,
    options: WithinOptions,
  ): Promise<PredictedWithin<DistributedArray | Float64Array>> {
    const finish = (local: LocalMatrix): Float64Array => local.toVector() as Float64Array;
    const owner = "HistGradientBoostingRanker.predictWithin";
    return this.within(owner, X, options, { kind: "margin" }, { shape: { innerShape: [] }, finish });
  }

  /**
   * Margins after each round (see `every`), one after another: lazy arrays for distributed X, values for local X. Each stage
   * predicts from the first tree on, so all stages together cost the square of the rounds.
   */
  stagedPredict(X: DistributedInput, options?: StagedOptions): AsyncGenerator<DistributedArray, void, undefined>;
  stagedPredict(X: LocalTable, options?: StagedOptions): AsyncGenerator<Float64Array, void, undefined>;
  stagedPredict(
    X: TableInput,
    options: StagedOptions = {},
  ): AsyncGenerator<DistributedArray | Float64Array, void, undefined> {
    return this.staged(options, (model) => model.predict(X));
  }

  /** Mean NDCG (of `ndcgAt` best) of the groups. */
  async score(X: TableInput, y: VectorInput, options: FitOptions & { groups?: VectorInput } = {}): Promise<number> {
    const owner = "HistGradientBoostingRanker.score";
    using design = openGroups(owner, this.coded(owner, X), y, options);
    const { featureNames: names, baselines, trees } = this.state;
    return meanNdcg(design, { trees, baselines }, { truncation: 1, sigmoid: 1, normalize: true, at: this.#at }, names);
  }

  get #at(): number {
    return this.params.ndcgAt ?? 2 ** 31;
  }
}

registerEstimator("HistGradientBoostingRanker", HistGradientBoostingRanker);

function openGroups(owner: string, X: MatrixInput, y: VectorInput, options: RankerFitOptions): Design {
  const { groups, baseMargin } = options;
  if (groups === undefined)
    throw new DataError(
      `${owner}: it ranks rows within groups, and there are none. Pass { groups } with a number a row.`,
    );
  return Design.open(owner, X, y, options, { groups, baseMargin });
}
