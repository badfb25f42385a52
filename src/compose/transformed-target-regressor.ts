import { DataError, ParameterError, show } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import type { PlainRecord } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import type { FrameLike } from "../collections/array/frame-like.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { FitOptions } from "../estimator/design.js";
import { Estimator, type EstimatorJson, type FittedInput } from "../estimator/estimator.js";
import { fittedColumns } from "../estimator/fitted-columns.js";
import { isTransforming, rowsFor, takesFrames } from "../estimator/frame-transformer.js";
import { requireTarget, toMatrix, toVector, type MatrixInput, type VectorInput } from "../estimator/inputs.js";
import { estimatorFromJSON, registerEstimator, type AnyEstimator } from "../estimator/registry.js";
import {
  assertNotEmpty,
  isLocalTable,
  shapeOf,
  toRows,
  type LocalTable,
  type Rows,
  type TableInput,
} from "../estimator/table.js";
import type { Column, DenseChunk } from "../memory/column.js";
import { r2Score } from "../metrics/regression.js";
import { asDoubles } from "../estimator/design-tasks.js";
import { holdSource } from "./held-source.js";

/** A function of the target with its inverse: exp, expm1 and the square. */
export type TargetFunction = "identity" | "log" | "log1p" | "sqrt";

/** Parameters of {@link TransformedTargetRegressor}. */
export interface TransformedTargetRegressorParams {
  regressor: AnyEstimator;
  transformer: AnyEstimator | null;
  func: TargetFunction;
}

const TABLE = new ParamTable<TransformedTargetRegressorParams>("TransformedTargetRegressor", (z) =>
  z.object({
    regressor: z
      .custom((value) => value instanceof Estimator, "must be an estimator")
      .describe("the regressor of the transformed target, or a pipeline"),
    transformer: z
      .union([z.null(), z.custom((value) => value instanceof Estimator, "must be a transformer")])
      .default(null)
      .describe("a transformer of the target with inverseTransform, fitted on y as one column"),
    func: z
      .enum(["identity", "log", "log1p", "sqrt"])
      .default("identity")
      .describe("a function of the target; not together with a transformer"),
  }),
);

interface Regressor {
  fit(X: Rows, y: VectorInput, options: FitOptions): Promise<unknown>;
  predict(X: Rows): DistributedArray;
}

interface Invertible {
  fit(X: MatrixInput, y?: undefined, options?: FitOptions): Promise<unknown>;
  transform(X: DistributedArray): DistributedArray;
  inverseTransform(X: DistributedArray): DistributedArray;
}

/**
 * A regressor of a function of the target: fits `regressor` on `f(y)`, predicts `f⁻¹(prediction)`. f is a named function, or
 * a transformer with `inverseTransform`.
 *
 * `fit` makes the regressor's passes, and one over y for a transformer; X and y are then read once and kept. Both estimators
 * are fitted in place, together, when both have succeeded. Sample weights go to both.
 *
 * Differs from scikit-learn: functions are named, because only names travel and are saved; one target only; the
 * transformer sees the sample weights too; no `check_inverse`.
 *
 * @example
 * ```ts
 * const model = new TransformedTargetRegressor({ regressor: new LinearRegression(), func: "log" });
 * await model.fit([[0], [1], [2]], [1, Math.E, Math.E ** 2]);
 * await model.predict([[3]]); // e³
 * ```
 */
export class TransformedTargetRegressor extends Estimator<TransformedTargetRegressorParams, FittedInput> {
  static readonly table = TABLE;

  /** @throws ParameterError for a regressor that cannot predict, or a transformer without inverse */
  constructor(params: Pick<TransformedTargetRegressorParams, "regressor"> & Partial<TransformedTargetRegressorParams>) {
    super(TABLE, params);
    checkParams(this.params);
  }

  static fromJSON(json: EstimatorJson): TransformedTargetRegressor {
    const { regressor } = (json.params ?? {}) as { regressor?: EstimatorJson };
    if (json.kind !== "TransformedTargetRegressor" || !regressor)
      throw new DataError(`TransformedTargetRegressor: the JSON holds a ${show(json.kind)}. Load it with that class.`);
    return new TransformedTargetRegressor({ regressor: estimatorFromJSON(regressor) }).restore(json);
  }

  /** Sets parameters, or those of the regressor and the transformer by `regressor__param` and `transformer__param`. */
  override setParams(params: Partial<TransformedTargetRegressorParams> & Record<string, unknown>): this {
    for (const [name, value] of Object.entries(params)) {
      const [part, ...rest] = name.split("__");
      const inner =
        part === "regressor" ? this.params.regressor : part === "transformer" ? this.params.transformer : undefined;
      if (rest.length > 0 && inner) {
        inner.setParams({ [rest.join("__")]: value });
        continue;
      }
      checkParams(TABLE.parse({ ...this.params, [name]: value }));
      super.setParams({ [name]: value } as Partial<TransformedTargetRegressorParams>);
    }
    return this;
  }

  override clone(): this {
    const { regressor, transformer } = this.params;
    return new TransformedTargetRegressor({
      ...this.params,
      regressor: regressor.clone(),
      transformer: transformer?.clone() ?? null,
    }) as this;
  }

  /** The regressor; fitted with this estimator. */
  get regressor(): AnyEstimator {
    return this.params.regressor;
  }

  /** True when frames with text may come: the regressor takes them. */
  get takesFrames(): boolean {
    return takesFrames(this.params.regressor);
  }

  /**
   * @throws ParameterError for a func beside a transformer
   * @throws DataError for a target outside the function's domain, and what both estimators throw
   */
  async fit(X: TableInput, y?: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = "TransformedTargetRegressor.fit";
    requireTarget(owner, y);
    const { func } = this.params;
    if (this.params.transformer && func !== "identity") {
      throw new ParameterError(
        `${owner}: func must be "identity" beside a transformer; got ${show(func)}. Use one of them.`,
      );
    }
    const rows = this.#rowsOf(owner, X);
    assertNotEmpty(owner, { width: shapeOf(rows).width, rows: rows.rows });
    const target = toVector(owner, "y", y as VectorInput, rows);
    const regressor = this.params.regressor.clone();
    const transformer = this.params.transformer?.clone();
    const source = await holdSource(owner, rows, target, options, transformer ? 2 : 1);
    try {
      const own = { ...options, ...source.options };
      const column = asColumn(source.y as DistributedArray);
      if (transformer) await (transformer as unknown as Invertible).fit(column, undefined, own);
      const z = this.#transform(transformer, column);
      await (regressor as unknown as Regressor).fit(rowsFor(owner, regressor, source.X), asVector(z), own);
    } finally {
      source.release();
    }
    this.params.regressor.adopt(regressor);
    if (transformer) this.params.transformer?.adopt(transformer);
    const { width, names } = shapeOf(rows);
    this.setState(fittedColumns(width, names));
    return this;
  }

  override adopt(fitted: Estimator<object, FittedInput & object>): void {
    super.adopt(fitted);
    const other = (fitted as unknown as TransformedTargetRegressor).params;
    this.params.regressor.adopt(other.regressor);
    if (other.transformer) this.params.transformer?.adopt(other.transformer);
  }

  /** Predictions in the target's own units; lazy for distributed X. */
  predict(X: DistributedArray | FrameLike): DistributedArray;
  predict(X: LocalTable): Promise<Float64Array>;
  predict(X: TableInput): DistributedArray | Promise<Float64Array>;
  predict(X: TableInput): DistributedArray | Promise<Float64Array> {
    void this.state;
    const owner = "TransformedTargetRegressor.predict";
    const { regressor, transformer, func } = this.params;
    const z = asColumn((regressor as unknown as Regressor).predict(rowsFor(owner, regressor, this.#rowsOf(owner, X))));
    const y = asVector(
      transformer ? (transformer as unknown as Invertible).inverseTransform(z) : applyFunction(owner, z, func, true),
    );
    return isLocalTable(X) ? y.compute().then((local) => local.toVector() as Float64Array) : y;
  }

  /** Coefficient of determination R² of the predictions for X, in the target's own units. */
  async score(X: TableInput, y: VectorInput, options: FitOptions = {}): Promise<number> {
    const predicted = await this.predict(X);
    return (await r2Score(y, predicted, options)) as number;
  }

  protected override encodeParams(params: Readonly<TransformedTargetRegressorParams>): unknown {
    return { ...params, regressor: params.regressor.toPlain(), transformer: params.transformer?.toPlain() ?? null };
  }

  protected override decodeParams(plain: PlainRecord): Partial<TransformedTargetRegressorParams> {
    const transformer = plain["transformer"] as unknown as EstimatorJson | null;
    return {
      regressor: estimatorFromJSON(plain["regressor"] as unknown as EstimatorJson),
      transformer: transformer ? estimatorFromJSON(transformer) : null,
      func: plain["func"] as TargetFunction,
    };
  }

  #rowsOf(owner: string, X: TableInput): Rows {
    return this.takesFrames ? toRows(owner, X) : toMatrix(owner, X as MatrixInput);
  }

  #transform(transformer: AnyEstimator | undefined, column: DistributedArray): DistributedArray {
    if (transformer) return (transformer as unknown as Invertible).transform(column);
    return applyFunction("TransformedTargetRegressor.fit", column, this.params.func, false);
  }
}

registerEstimator("TransformedTargetRegressor", TransformedTargetRegressor);

function checkParams({ regressor, transformer }: Readonly<TransformedTargetRegressorParams>): void {
  const owner = "TransformedTargetRegressor";
  if (typeof (regressor as { predict?: unknown }).predict !== "function")
    throw new ParameterError(`${owner}: regressor must be able to predict; got ${show(regressor)}.`);
  if (transformer === null) return;
  if (
    !isTransforming(transformer) ||
    typeof (transformer as { inverseTransform?: unknown }).inverseTransform !== "function"
  ) {
    throw new ParameterError(
      `${owner}: transformer must have transform and inverseTransform; got ${show(transformer)}.`,
    );
  }
}

function asColumn(y: DistributedArray): DistributedArray {
  return new DistributedArray({ ...y, innerShape: [1], names: undefined });
}

function asVector(y: DistributedArray): DistributedArray {
  if (y.width !== 1)
    throw new DataError(
      `TransformedTargetRegressor: the transformer made ${y.width} columns of the target. Use one that keeps one.`,
    );
  return new DistributedArray({ ...y, innerShape: [], names: undefined });
}

function applyFunction(owner: string, y: DistributedArray, func: TargetFunction, inverse: boolean): DistributedArray {
  if (func === "identity") return y;
  return y.mapChunks(
    owner,
    fnRef(import.meta.url, "functionStep"),
    { owner, func, inverse },
    { innerShape: y.innerShape },
  );
}

const FUNCTIONS: Readonly<
  Record<
    TargetFunction,
    { readonly of: (y: number) => number; readonly back: (z: number) => number; readonly from: string }
  >
> = {
  identity: { of: (y) => y, back: (z) => z, from: "" },
  log: { of: Math.log, back: Math.exp, from: "> 0" },
  log1p: { of: Math.log1p, back: Math.expm1, from: "> -1" },
  sqrt: { of: Math.sqrt, back: (z) => z * z, from: ">= 0" },
};

/** The function, or its inverse, of one partition of a target. @throws DataError naming a value outside its domain */
export function functionStep(
  context: TaskContext,
  args: { owner: string; func: TargetFunction; inverse: boolean },
  y: DenseChunk,
): DenseChunk {
  const { of, back, from } = FUNCTIONS[args.func];
  const source = context.memory.view(asDoubles(context, y.columns[0] as Column));
  const out = context.memory.dense("f64", y.rows, 1);
  const target = context.memory.view(out.columns[0] as Column<"f64">);
  for (let i = 0; i < y.rows; i++) {
    const value = source[i] as number;
    const result = args.inverse ? back(value) : of(value);
    // A NaN or infinity of y itself is named by the regressor's own check.
    if (!args.inverse && Number.isFinite(value) && !Number.isFinite(result)) {
      const partition = context.partition?.index ?? 0;
      throw new DataError(
        `${args.owner}: y must be ${from} for func ${show(args.func)}; got ${value} in partition ${partition}, row ${i}. Shift y, or use another func.`,
        {
          details: { column: "y", partition, row: i },
        },
      );
    }
    target[i] = result;
  }
  return out;
}
