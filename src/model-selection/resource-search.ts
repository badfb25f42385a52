import { ParameterError, show } from "../base/errors.js";
import type { ParamTable } from "../base/params.js";
import { BaseSearch } from "./base-search.js";
import type { BaseSearchParams, SearchPlan } from "./search-plan.js";
import type { FoldSettings } from "./fold-runner.js";
import type { ParamSet } from "./parameter-sets.js";
import { callsTrainer, paramTrainer, rowsTrainer, secondsTrainer, warmStartOf, type Trainer } from "./resources.js";
import { ShuffleSplit, StratifiedShuffleSplit } from "./shuffle-split.js";
import type { Cv } from "./trial-data.js";
import { canDo, isClassifier, type TrialEstimator } from "./trial-estimator.js";
import type { TrialPolicy } from "./trial-policy.js";

/**
 * What a search spends: "partialFit" calls, "seconds" of them, train rows ("nSamples"), or an integer parameter of the
 * estimator by name.
 */
export type Resource = string;

/** Parameters of searches that give better trials more of a resource. */
export interface ResourceSearchParams extends BaseSearchParams {
  resource: Resource;
  warmStart: boolean;
  randomState?: number | undefined;
}

const WITHOUT_PARAMETER = new Set(["partialFit", "seconds", "nSamples"]);

/** Searches whose trials get more and more of a resource. */
export abstract class ResourceSearch<P extends ResourceSearchParams> extends BaseSearch<P> {
  protected constructor(table: ParamTable<P>, params: object) {
    super(table, params);
    const { resource, estimator, warmStart } = this.params;
    if ((resource === "partialFit" || resource === "seconds") && !canDo(estimator, "partialFit")) {
      throw new ParameterError(
        `${this.kind}: ${estimator.kind} has no partialFit. Pass resource: "nSamples", or the name of an integer parameter such as "maxIter".`,
      );
    }
    if (warmStart && !this.#isParameter)
      throw new ParameterError(
        `${this.kind}: warmStart is for a parameter as the resource, such as "maxIter"; the resource is ${show(resource)}. Leave warmStart out.`,
      );
  }

  /** Decides which trial gets how much. @param rows train rows of the first split */
  protected abstract policy(rows: number): TrialPolicy;

  /** The amount of the resource that stands for all train rows. */
  protected abstract largest(rows: number): number;

  /** The parameters that may be tried. */
  protected abstract tried(): ParamSet[];

  protected override candidates(): ParamSet[] {
    const { resource, warmStart } = this.params;
    const own = this.#isParameter ? { [resource]: 1, ...(warmStart ? { [warmStartOf(resource)]: true } : {}) } : {};
    const sets = this.tried();
    if (sets.some((set) => resource in set))
      throw new ParameterError(
        `${this.kind}: ${show(resource)} is the resource, so it cannot be searched too. Leave one of them out.`,
      );
    return sets.map((set) => ({ ...set, ...own }));
  }

  /** One split: a fifth of the rows is tested, drawn by the seed (and by label for classifiers). */
  protected override defaultCv(hasTarget: boolean): Cv {
    const { estimator, randomState } = this.params;
    const Splitter = hasTarget && isClassifier(estimator) ? StratifiedShuffleSplit : ShuffleSplit;
    return new Splitter({ nSplits: 1, testSize: 0.2, ...(randomState === undefined ? {} : { randomState }) });
  }

  protected async plan(settings: FoldSettings, estimator: TrialEstimator): Promise<SearchPlan> {
    const { resource } = this.params;
    const rows = settings.data.splits[0]?.train.size ?? 0;
    return {
      policy: this.policy(rows),
      trainer: await this.#trainer(settings, estimator, this.largest(rows)),
      byResource: true,
      ...(this.#isParameter ? { refitParams: (amount: number): ParamSet => ({ [resource]: amount }) } : {}),
    };
  }

  get #isParameter(): boolean {
    return !WITHOUT_PARAMETER.has(this.params.resource);
  }

  async #trainer(settings: FoldSettings, estimator: TrialEstimator, most: number): Promise<Trainer> {
    const { resource, randomState, warmStart } = this.params;
    if (resource === "partialFit") return callsTrainer(settings, estimator, randomState);
    if (resource === "seconds") return secondsTrainer(settings, estimator, randomState);
    if (resource === "nSamples") return rowsTrainer(settings, estimator, most, randomState);
    return paramTrainer(settings, estimator, resource, warmStart);
  }
}
