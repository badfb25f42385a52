import { DataError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../src/estimator/inputs.js";
import { statisticsByMerge, type FoldStatistics } from "../src/estimator/fold-statistics.js";
import { registerEstimator } from "../src/estimator/registry.js";
import type { DesignChunk } from "../src/numeric/design-chunk.js";
import { mergeMoments, momentsOf, type Moments } from "../src/numeric/moments.js";
import { mergeRanges, rangesStep, type ColumnRanges } from "./column-ranges.js";
import { FeatureSelector } from "../src/estimator/feature-selector.js";
import { requireWeight } from "./range-fit.js";
import { noRows } from "../src/estimator/no-rows.js";

/** Parameters of {@link VarianceThreshold}. */
export interface VarianceThresholdParams {
  threshold: number;
}

interface Spread {
  readonly moments: Moments;
  readonly ranges: ColumnRanges;
}

interface VarianceThresholdState extends Spread {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
}

const TABLE = new ParamTable<VarianceThresholdParams>("VarianceThreshold", (z) =>
  z.object({ threshold: z.number().min(0).default(0).describe("columns with a variance above it are kept") }),
);

/**
 * Keeps the columns whose population variance `Σw(x − mean)² / Σw` is above a threshold; by default all that are not
 * constant.
 *
 * One pass over X in `fit`; 88 bytes a column travel. X: `(nRows, nFeatures)`, dense or CSR, any dtype; NaN are left out in
 * `fit` and kept in `transform`; infinities are an error. `transform` is lazy for distributed X and copies nothing of dense
 * columns. `partialFit` and {@link merge} equal one fit on all rows up to rounding.
 *
 * Differs from scikit-learn: `variances` are variances for every threshold (scikit-learn has the smaller of variance and
 * range for 0), exactly 0 for constant columns; weights are taken.
 *
 * @example
 * ```ts
 * const selector = await new VarianceThreshold().fit({ a: [1, 1], b: [1, 2] });
 * selector.getFeatureNamesOut(); // ["b"]
 * ```
 */
export class VarianceThreshold extends FeatureSelector<VarianceThresholdParams, VarianceThresholdState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a negative threshold */
  constructor(params: Partial<VarianceThresholdParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): VarianceThreshold {
    return new VarianceThreshold().restore(json);
  }

  /** @throws DataError for infinities, no rows, or when no column is above the threshold */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const state = await measure("VarianceThreshold.fit", X, options);
    const { threshold } = this.params;
    if (!variancesOf(state).some((variance) => variance > threshold)) {
      throw new DataError(
        `VarianceThreshold.fit: no column has a variance above ${threshold}${state.ranges.rows === 1 ? "; X has one row" : ""}. Lower the threshold.`,
      );
    }
    this.setState(state);
    return this;
  }

  /** Adds rows to what was learnt before; that no column is above the threshold yet is no error here. */
  async partialFit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "VarianceThreshold.partialFit";
    const added = await measure(owner, toMatrix(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The selector of the union of what two selectors have seen, with the threshold of the first. */
  static merge(a: VarianceThreshold, b: VarianceThreshold): VarianceThreshold {
    return a.mergedWith(b, united);
  }

  /** @internal Fits of cross-validation's folds from one scan. */
  get foldStatistics(): FoldStatistics<VarianceThreshold> | undefined {
    return statisticsByMerge<VarianceThreshold>(this, (a, b) => VarianceThreshold.merge(a, b));
  }

  /** Population variance of each column; NaN for one without values. */
  get variances(): Float64Array {
    return variancesOf(this.state);
  }

  getSupport(): boolean[] {
    return Array.from(this.variances, (variance) => variance > this.params.threshold);
  }
}

registerEstimator("VarianceThreshold", VarianceThreshold);

function united(_owner: string, a: VarianceThresholdState, b: VarianceThresholdState): VarianceThresholdState {
  return { ...a, ...mergeSpreads(a, b) };
}

// A constant column is told by its range: rounding in the mean would give it a tiny variance.
function variancesOf({ moments, ranges }: Spread): Float64Array {
  return moments.m2.map((m2, j) => (ranges.min[j] === ranges.max[j] ? 0 : m2 / (moments.weight[j] ?? 0)));
}

function mergeSpreads(a: Spread, b: Spread): Spread {
  return { moments: mergeMoments(a.moments, b.moments), ranges: mergeRanges(a.ranges, b.ranges) };
}

async function measure(owner: string, X: MatrixInput, options: FitOptions): Promise<VarianceThresholdState> {
  using design = Design.open(owner, X, undefined, options);
  const spread = await design.reduce<Spread>(fnRef(import.meta.url, "spreadStep"), undefined, mergeSpreads);
  if (spread.ranges.rows === 0) throw noRows(owner);
  if (spread.ranges.infCount.some((count) => count > 0)) await design.assertNoInfinity();
  requireWeight(owner, spread.ranges.weight);
  return { ...design.columns, ...spread };
}

/** Moments and ranges of one partition. */
export function spreadStep(context: TaskContext, _args: undefined, design: DesignChunk): Spread {
  return { moments: momentsOf(context, design.x, design.w), ranges: rangesStep(context, undefined, design) };
}
