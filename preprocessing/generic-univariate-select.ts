import { ParameterError, show } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { belowDiscoveryRate, belowFamilyRate, belowRate, highest, highestShare } from "./score-rules.js";
import { scoreRule, UnivariateSelector, type ScoreFunction } from "./univariate-selection.js";

/** How {@link GenericUnivariateSelect} selects. */
export type SelectionMode = "percentile" | "kBest" | "fpr" | "fdr" | "fwe";

/** Parameters of {@link GenericUnivariateSelect}. */
export interface GenericUnivariateSelectParams {
  scoreFunc: ScoreFunction;
  mode: SelectionMode;
  param: number | "all";
}

const TABLE = new ParamTable<GenericUnivariateSelectParams>("GenericUnivariateSelect", (z) =>
  z.object({
    scoreFunc: scoreRule(z),
    mode: z.enum(["percentile", "kBest", "fpr", "fdr", "fwe"]).default("percentile").describe("what param is"),
    param: z
      .union([z.number().min(0), z.literal("all")])
      .default(10)
      .describe('per cent of the columns, a number of them or "all", or a rate between 0 and 1'),
  }),
);

/**
 * {@link SelectPercentile}, {@link SelectKBest}, {@link SelectFpr}, {@link SelectFdr} or {@link SelectFwe} by the parameter
 * `mode`, so that a search can choose among them.
 *
 * Differs from scikit-learn: the default of `param` is 10, for the default mode.
 *
 * @example
 * ```ts
 * const selector = new GenericUnivariateSelect({ mode: "kBest", param: 1 });
 * await selector.fit({ a: [1, 2, 1, 2], b: [1, 1, 5, 6] }, [0, 0, 1, 1]);
 * selector.getFeatureNamesOut(); // ["b"]
 * ```
 */
export class GenericUnivariateSelect extends UnivariateSelector<GenericUnivariateSelectParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<GenericUnivariateSelectParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): GenericUnivariateSelect {
    return new GenericUnivariateSelect().restore(json);
  }

  /** The selector of the union of what two selectors have seen, with the parameters of the first. @throws DataError for other columns or scores */
  static merge(a: GenericUnivariateSelect, b: GenericUnivariateSelect): GenericUnivariateSelect {
    return a.scoredWith(b);
  }

  /** @throws ParameterError for a `param` that the mode does not take */
  getSupport(): boolean[] {
    const { mode, param } = this.params;
    if (mode === "kBest") {
      if (param === "all" || Number.isInteger(param)) return highest(this.rankable, param);
      throw this.#wrong("an integer");
    }
    if (mode === "percentile") {
      if (typeof param === "number" && param <= 100) return highestShare(this.rankable, param);
      throw this.#wrong("<= 100");
    }
    if (param === "all" || param > 1) throw this.#wrong("a rate <= 1");
    const rule = { fpr: belowRate, fdr: belowDiscoveryRate, fwe: belowFamilyRate }[mode];
    return rule(this.pValues, param);
  }

  #wrong(rule: string): ParameterError {
    const { mode, param } = this.params;
    return new ParameterError(
      `GenericUnivariateSelect: param must be ${rule} for mode ${show(mode)}; got ${show(param)}.`,
    );
  }
}

registerEstimator("GenericUnivariateSelect", GenericUnivariateSelect);
