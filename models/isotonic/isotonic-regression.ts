import { DataError, FitError, ParameterError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyForNumbers } from "../../src/estimator/apply.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import { Estimator, type EstimatorJson, type FittedInput } from "../../src/estimator/estimator.js";
import { fittedColumns } from "../../src/estimator/fitted-columns.js";
import {
  requireTarget,
  type DistributedInput,
  type LocalInput,
  type MatrixInput,
  type VectorInput,
} from "../../src/estimator/inputs.js";
import { noRows } from "../../src/estimator/no-rows.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { r2Score } from "../../src/metrics/index.js";
import { isotonicOf, type IsotonicKnots, type IsotonicPoints } from "../../src/numeric/isotonic.js";
import { mergeSortedPairs } from "../../src/numeric/sorted-pairs.js";
import type { IsotonicSums } from "./isotonic-tasks.js";

/** Parameters of {@link IsotonicRegression}. */
export interface IsotonicRegressionParams {
  increasing: boolean | "auto";
  yMin: number | null;
  yMax: number | null;
  outOfBounds: "nan" | "clip" | "raise";
}

/** Fitted state of {@link IsotonicRegression}. */
export interface IsotonicRegressionState extends FittedInput {
  readonly increasing: boolean;
  /** Knots: places ascending, and the function there. */
  readonly x: Float64Array;
  readonly y: Float64Array;
}

const TABLE = new ParamTable<IsotonicRegressionParams>("IsotonicRegression", (z) =>
  z.object({
    increasing: z
      .union([z.boolean(), z.literal("auto")])
      .default(true)
      .describe('whether the function ascends; "auto" for the direction that leaves the smaller squared error'),
    yMin: z.number().nullable().default(null).describe("values below are lifted to it; null for no bound"),
    yMax: z.number().nullable().default(null).describe("values above are lowered to it; null for no bound"),
    outOfBounds: z
      .enum(["nan", "clip", "raise"])
      .default("nan")
      .describe("prediction outside of the x that were fitted: NaN, the value at the nearer end, or an error"),
  }),
);

const FOLDER = new URL("./isotonic-tasks.js", import.meta.url).href;

/**
 * The monotone function of one column that minimises `Σ w (y - f(x))²`: pool adjacent violators (Barlow, Bartholomew,
 * Bremner and Brunk 1972), exact, with straight lines between the knots. Rows with equal x count as their weighted mean.
 *
 * X: one column, dense or CSR; NaN and infinities are an error. One pass: each partition sends 24 bytes a distinct x to the
 * driver, which merges them in the partitions' order, so that the function is the same for any partitioning. A column of
 * prices or scores of many millions of distinct values wants rounding first. It is what `CalibratedClassifierCV` with
 * `method: "isotonic"` fits to the shares of a class.
 *
 * Differs from scikit-learn: `increasing: "auto"` takes the direction with the smaller error (ascending when both are
 * equal), by weight, not the sign of Spearman's correlation without weights; X is a matrix of one column.
 *
 * @example
 * ```ts
 * const model = await new IsotonicRegression({ outOfBounds: "clip" }).fit([[1], [2], [3], [4]], [1, 3, 2, 5]);
 * console.log(await model.predict([[0], [2], [3.5]])); // [1, 2.5, 3.75]
 * ```
 */
export class IsotonicRegression extends Estimator<IsotonicRegressionParams, IsotonicRegressionState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter, a value out of range, or yMin above yMax */
  constructor(params: Partial<IsotonicRegressionParams> = {}) {
    super(TABLE, params);
    this.#checkBounds();
  }

  static fromJSON(json: EstimatorJson): IsotonicRegression {
    return new IsotonicRegression().restore(json);
  }

  /**
   * One pass.
   * @throws DataError for more than one column, NaN and infinities; FitError without a row of positive weight
   */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    this.#checkBounds();
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    const { nFeatures, names } = design;
    if (nFeatures !== 1)
      throw new DataError(`${owner}: X has ${nFeatures} columns; it takes one. Select it, or use another regressor.`);
    const total = await design.reduce<IsotonicSums>(fnRef(FOLDER, "isotonicSumsStep"), { owner, names }, (a, b) => ({
      rows: a.rows + b.rows,
      at: mergeSortedPairs(a.at, b.at),
    }));
    if (total.rows === 0) throw noRows(owner);
    if (total.at.keys.length === 0) throw new FitError(`${owner}: no row has a positive weight. Check the weights.`);
    const { keys: x, first: weight, second: sum } = total.at;
    const { knots, increasing } = chosen({ x, weight, sum }, this.params.increasing);
    const { yMin, yMax } = this.params;
    const kept = bounded(knots, yMin ?? -Infinity, yMax ?? Infinity);
    this.setState({ ...fittedColumns(nFeatures, names), increasing, ...kept });
    return this;
  }

  /** The function at each row: lazy for distributed X, computed for local X. @throws DataError naming a NaN in X */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array> {
    const owner = `${this.kind}.predict`;
    const { x: at, y, featureNames } = this.state;
    const { outOfBounds } = this.params;
    return applyForNumbers(owner, X, this.state, (x) =>
      x.mapChunks(
        owner,
        fnRef(FOLDER, "isotonicStep"),
        { owner, names: featureNames ?? x.names, knots: { x: at, y }, outOfBounds },
        { innerShape: [] },
      ),
    );
  }

  /** Coefficient of determination R² of the predictions for X. */
  async score(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<number> {
    return (await r2Score(y, await this.predict(X), options)) as number;
  }

  /** Whether the function ascends. */
  get increasing(): boolean {
    return this.state.increasing;
  }

  /** Places of the knots, ascending. */
  get xThresholds(): Float64Array {
    return this.state.x;
  }

  /** The function at the knots. */
  get yThresholds(): Float64Array {
    return this.state.y;
  }

  #checkBounds(): void {
    const { yMin, yMax } = this.params;
    if (yMin !== null && yMax !== null && yMin > yMax)
      throw new ParameterError(`${this.kind}: yMin must be <= yMax (${yMax}); got ${yMin}.`);
  }
}

function chosen(
  points: IsotonicPoints,
  wanted: boolean | "auto",
): { readonly knots: IsotonicKnots; readonly increasing: boolean } {
  const ascending = wanted === false ? undefined : isotonicOf(points);
  const descending = wanted === true ? undefined : descendingOf(points);
  if (!descending) return { knots: ascending as IsotonicKnots, increasing: true };
  if (!ascending) return { knots: descending, increasing: false };
  return explained(points, ascending) >= explained(points, descending)
    ? { knots: ascending, increasing: true }
    : { knots: descending, increasing: false };
}

function descendingOf({ x, weight, sum }: IsotonicPoints): IsotonicKnots {
  const mirrored = isotonicOf({ x, weight, sum: sum.map((value) => -value) });
  return { x: mirrored.x, y: mirrored.y.map((value) => -value) };
}

/**
 * Σ W f² about the mean of all targets: what the function takes off the squared error. Each level of an isotonic fit is the
 * mean of its targets, so that the error is Σ w (y - mean)² less this.
 */
function explained({ x, weight, sum }: IsotonicPoints, knots: IsotonicKnots): number {
  const mean = sum.reduce((a, b) => a + b, 0) / weight.reduce((a, b) => a + b, 0);
  let total = 0;
  let knot = 0;
  x.forEach((place, k) => {
    while (knot < knots.x.length - 1 && (knots.x[knot] as number) < place) knot += 1;
    total += (weight[k] as number) * ((knots.y[knot] as number) - mean) ** 2;
  });
  return total;
}

/** The function within bounds; knots between two of the same height are left out. */
function bounded(knots: IsotonicKnots, low: number, high: number): IsotonicKnots {
  const y = knots.y.map((value) => Math.min(high, Math.max(low, value)));
  const isNeeded = (k: number): boolean => k === 0 || k === y.length - 1 || y[k] !== y[k - 1] || y[k] !== y[k + 1];
  return { x: knots.x.filter((_, k) => isNeeded(k)), y: y.filter((_, k) => isNeeded(k)) };
}

registerEstimator("IsotonicRegression", IsotonicRegression);
