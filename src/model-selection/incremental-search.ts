import { ParamTable, type ZodNamespace } from "../base/params.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import { registerEstimator } from "../estimator/registry.js";
import type { BracketOptions } from "./bracket-policy.js";
import { BracketSearch, type SearchMetadata } from "./bracket-search.js";
import { decayRungs, type Bracket } from "./budget-table.js";
import { paramsFromJSON } from "./base-search.js";
import { baseSearchShape } from "./grid-search.js";
import { ParameterGrid, sampleParameters, type ParamGrid, type ParamSet } from "./parameter-sets.js";
import type { ResourceSearchParams } from "./resource-search.js";
import { distributionsShape, patienceOf, patienceShape, resourceShape } from "./resource-shape.js";
import type { ParamDistributions } from "./search-space.js";

/** Parameters of {@link IncrementalSearchCV}. */
export interface IncrementalParams extends ResourceSearchParams {
  paramDistributions: ParamDistributions | readonly ParamDistributions[];
  nInitialParameters: number | "grid";
  maxIter: number;
  fitsPerScore: number;
  patience: boolean | number;
  tol: number;
  medianStopping: boolean;
}

/** Parameters of {@link InverseDecaySearchCV}. */
export interface InverseDecayParams extends IncrementalParams {
  decayRate: number;
}

function incrementalShape(z: ZodNamespace) {
  return {
    ...baseSearchShape(z),
    ...distributionsShape(z),
    nInitialParameters: z
      .union([z.int().min(1), z.literal("grid")])
      .default(10)
      .describe('number of draws; "grid" for every combination of lists'),
    maxIter: z.int().min(1).default(100).describe("most of the resource for one trial"),
    fitsPerScore: z.int().min(1).default(1).describe("of the resource, between two scores of a trial"),
    ...patienceShape(z),
    medianStopping: z
      .boolean()
      .default(false)
      .describe("stop trials whose best score is below the median of the other trials' mean scores so far"),
    ...resourceShape(z, "partialFit"),
  };
}

const INCREMENTAL_TABLE = new ParamTable<IncrementalParams>("IncrementalSearchCV", (z) =>
  z.object(incrementalShape(z)),
);

const DECAY_TABLE = new ParamTable<InverseDecayParams>("InverseDecaySearchCV", (z) =>
  z.object({
    ...incrementalShape(z),
    decayRate: z
      .number()
      .positive()
      .default(1)
      .describe("trials that are left after t of the resource: n / (1 + t)^decayRate"),
  }),
);

/** Draws that are trained step by step. */
abstract class StepSearch<P extends IncrementalParams> extends BracketSearch<P> {
  /** Models and resource before anything runs, as though no trial were stopped early; seconds after the first fits. */
  get metadata(): SearchMetadata {
    return this.tableOf(this.brackets());
  }

  protected abstract override brackets(): Bracket[];

  protected largest(): number {
    return this.params.maxIter;
  }

  protected override get dependsOnParallel(): boolean {
    return this.params.medianStopping;
  }

  protected override stopping(): BracketOptions {
    const { maxIter, tol, fitsPerScore, medianStopping } = this.params;
    const patience = patienceOf(this.params.patience, Math.max(2, Math.floor(maxIter / 3)));
    return { scoreEvery: fitsPerScore, patience, tol, medianStopping };
  }

  protected sets(): ParamSet[][] {
    const { nInitialParameters, paramDistributions, randomState } = this.params;
    if (nInitialParameters === "grid")
      return [[...new ParameterGrid(paramDistributions as ParamGrid | readonly ParamGrid[])]];
    return [sampleParameters(paramDistributions, nInitialParameters, randomState)];
  }
}

/**
 * Trains `nInitialParameters` draws step by step up to `maxIter` of the resource, scores them every `fitsPerScore`, and
 * stops those that get nowhere: with `patience` those whose score has not risen by more than `tol`, with `medianStopping`
 * those that are below the median of the others (Golovin et al., "Google Vizier", KDD 2017; which depends on the order in
 * which trials run, and so on `parallelTrials`). Resources and the best as in `HyperbandSearchCV`.
 *
 * Differs from Dask-ML: any resource; splits may be several; `decayRate` is `InverseDecaySearchCV`'s alone.
 *
 * @example
 * ```ts
 * const search = new IncrementalSearchCV({
 *   estimator: new SGDClassifier(),
 *   paramDistributions: { alpha: logUniform(1e-6, 1e-1) },
 *   patience: 10,
 * });
 * ```
 */
export class IncrementalSearchCV extends StepSearch<IncrementalParams> {
  static readonly table = INCREMENTAL_TABLE;

  static fromJSON(json: EstimatorJson): IncrementalSearchCV {
    return new IncrementalSearchCV(paramsFromJSON(json)).restore(json);
  }

  /** @throws ParameterError on an unknown parameter, a value out of range, or an estimator without the resource */
  constructor(params: Partial<IncrementalParams> & Pick<IncrementalParams, "estimator" | "paramDistributions">) {
    super(INCREMENTAL_TABLE, params);
    this.candidates();
  }

  protected brackets(): Bracket[] {
    const models = this.sets()[0]?.length ?? 0;
    return [{ bracket: 0, rungs: [{ models, resource: this.params.maxIter }] }];
  }
}

/**
 * Dask-ML's inverse decay: with t of the resource the best ⌊n / (1 + t)^decayRate⌋ draws go on, as long as that is more
 * than one, and no further than `maxIter`. Otherwise as {@link IncrementalSearchCV}.
 */
export class InverseDecaySearchCV extends StepSearch<InverseDecayParams> {
  static readonly table = DECAY_TABLE;

  static fromJSON(json: EstimatorJson): InverseDecaySearchCV {
    return new InverseDecaySearchCV(paramsFromJSON(json)).restore(json);
  }

  /** @throws ParameterError on an unknown parameter, a value out of range, or an estimator without the resource */
  constructor(params: Partial<InverseDecayParams> & Pick<InverseDecayParams, "estimator" | "paramDistributions">) {
    super(DECAY_TABLE, params);
    this.candidates();
  }

  protected brackets(): Bracket[] {
    const { decayRate, maxIter } = this.params;
    return [{ bracket: 0, rungs: decayRungs(this.sets()[0]?.length ?? 0, decayRate, maxIter) }];
  }
}

registerEstimator("IncrementalSearchCV", IncrementalSearchCV);

registerEstimator("InverseDecaySearchCV", InverseDecaySearchCV);
