import { ParameterError } from "../base/errors.js";
import { ParamTable, type ZodNamespace } from "../base/params.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import { registerEstimator } from "../estimator/registry.js";
import { BracketSearch } from "./bracket-search.js";
import type { Bracket } from "./budget-table.js";
import { paramsFromJSON } from "./base-search.js";
import { baseSearchShape } from "./grid-search.js";
import { ParameterGrid, sampleParameters, type ParamGrid, type ParamSet } from "./parameter-sets.js";
import type { ResourceSearchParams } from "./resource-search.js";
import { distributionsShape, gridShape, resourceShape } from "./resource-shape.js";
import type { ParamDistributions } from "./search-space.js";

/** Parameters of both halving searches. */
export interface HalvingParams extends ResourceSearchParams {
  factor: number;
  minResources: number | "exhaust";
  maxResources?: number | undefined;
}

/** Parameters of {@link HalvingGridSearchCV}. */
export interface HalvingGridParams extends HalvingParams {
  paramGrid: ParamGrid | readonly ParamGrid[];
}

/** Parameters of {@link HalvingRandomSearchCV}. */
export interface HalvingRandomParams extends HalvingParams {
  paramDistributions: ParamDistributions | readonly ParamDistributions[];
  nCandidates: number | "exhaust";
}

/** Fewer rows say nothing about a model, and may lack a class. */
const FEWEST_ROWS = 20;

function halvingShape(z: ZodNamespace) {
  return {
    ...baseSearchShape(z),
    ...resourceShape(z, "nSamples"),
    factor: z.int().min(2).default(3).describe("of so many trials one goes on, with so many times the resource"),
    minResources: z
      .union([z.int().min(1), z.literal("exhaust")])
      .default("exhaust")
      .describe("the resource of the first rung; exhaust makes the last rung use all"),
    maxResources: z
      .int()
      .min(1)
      .optional()
      .describe("the resource of the last rung; the train rows unless given, for nSamples"),
  };
}

const GRID_TABLE = new ParamTable<HalvingGridParams>("HalvingGridSearchCV", (z) =>
  z.object({ ...halvingShape(z), ...gridShape(z) }),
);

const RANDOM_TABLE = new ParamTable<HalvingRandomParams>("HalvingRandomSearchCV", (z) =>
  z.object({
    ...halvingShape(z),
    ...distributionsShape(z),
    nCandidates: z
      .union([z.int().min(1), z.literal("exhaust")])
      .default("exhaust")
      .describe("draws; exhaust for so many that the last rung uses all"),
  }),
);

/** Rung k: ⌈n / factor^k⌉ trials with factor^k times the first rung's resource. */
abstract class HalvingSearch<P extends HalvingParams> extends BracketSearch<P> {
  protected constructor(table: ParamTable<P>, params: object) {
    super(table, params);
    if (this.params.resource !== "nSamples" && this.params.maxResources === undefined) {
      throw new ParameterError(
        `${this.kind}: maxResources is needed for the resource ${JSON.stringify(this.params.resource)}. Pass the largest amount.`,
      );
    }
  }

  protected abstract override sets(rows?: number): ParamSet[][];

  protected brackets(rows: number): Bracket[] {
    const { factor, minResources } = this.params;
    const most = this.most(rows);
    const n = this.sets(rows)[0]?.length ?? 0;
    let needed = 1;
    let power = 1;
    while (power * factor <= n) {
      power *= factor;
      needed++;
    }
    const first = Math.min(
      most,
      minResources === "exhaust" ? Math.max(this.least, Math.floor(most / power)) : minResources,
    );
    const rungs: Bracket["rungs"][number][] = [];
    for (let k = 0, models = n, resource = first; k < needed && resource <= most; k++) {
      rungs.push({ models, resource });
      models = Math.ceil(models / factor);
      resource *= factor;
    }
    return [{ bracket: 0, rungs }];
  }

  protected largest(rows: number): number {
    return rows;
  }

  protected most(rows: number): number {
    const { maxResources, resource } = this.params;
    return Math.min(maxResources ?? rows, resource === "nSamples" ? rows : Infinity);
  }

  protected get least(): number {
    return this.params.resource === "nSamples" ? FEWEST_ROWS : 1;
  }
}

/**
 * Successive halving over every combination of a grid: rung k gives ⌈n / factor^k⌉ trials `minResources`·factor^k of the
 * resource. With `minResources: "exhaust"` the last rung uses `maxResources`, or nearly, and the first no fewer than 20
 * rows. The best is the best of the last rung, refitted to all rows.
 *
 * Differs from scikit-learn: rows are drawn from the train side alone and all trials are scored on whole test sides, so
 * that their scores compare; one split (a fifth of the rows) is tested unless `cv` is given; no aggressive elimination.
 *
 * @throws ParameterError without `maxResources` for another resource than rows
 */
export class HalvingGridSearchCV extends HalvingSearch<HalvingGridParams> {
  static readonly table = GRID_TABLE;

  static fromJSON(json: EstimatorJson): HalvingGridSearchCV {
    return new HalvingGridSearchCV(paramsFromJSON(json)).restore(json);
  }

  constructor(params: Partial<HalvingGridParams> & Pick<HalvingGridParams, "estimator" | "paramGrid">) {
    super(GRID_TABLE, params);
    this.candidates();
  }

  protected sets(): ParamSet[][] {
    return [[...new ParameterGrid(this.params.paramGrid)]];
  }
}

/**
 * Successive halving over `nCandidates` draws, otherwise as {@link HalvingGridSearchCV}. With `nCandidates: "exhaust"` there
 * are as many as let the last rung use `maxResources`: `maxResources / minResources`, with 20 rows (or 1 of another
 * resource) for a `minResources` that is not given.
 *
 * @throws ParameterError without `maxResources` for another resource than rows
 */
export class HalvingRandomSearchCV extends HalvingSearch<HalvingRandomParams> {
  static readonly table = RANDOM_TABLE;

  static fromJSON(json: EstimatorJson): HalvingRandomSearchCV {
    return new HalvingRandomSearchCV(paramsFromJSON(json)).restore(json);
  }

  constructor(params: Partial<HalvingRandomParams> & Pick<HalvingRandomParams, "estimator" | "paramDistributions">) {
    super(RANDOM_TABLE, params);
    this.candidates();
  }

  protected sets(rows?: number): ParamSet[][] {
    const { paramDistributions, nCandidates, minResources, randomState } = this.params;
    const first = minResources === "exhaust" ? this.least : minResources;
    // Before the data are known, one draw stands for all: draws do not depend on how many there are.
    const n =
      nCandidates !== "exhaust"
        ? nCandidates
        : rows === undefined
          ? 1
          : Math.max(1, Math.floor(this.most(rows) / first));
    return [sampleParameters(paramDistributions, n, randomState)];
  }
}

registerEstimator("HalvingGridSearchCV", HalvingGridSearchCV);

registerEstimator("HalvingRandomSearchCV", HalvingRandomSearchCV);
