import { DataError, NotFittedError, ParameterError, show } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import type { PlainRecord } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import type { FrameLike } from "../collections/array/frame-like.js";
import type { LocalMatrix } from "../collections/array/local-matrix.js";
import type { FitOptions } from "../estimator/design.js";
import { Estimator, type EstimatorJson, type FittedInput } from "../estimator/estimator.js";
import { isFrame } from "../estimator/apply.js";
import {
  applyTransforming,
  fitTransforming,
  isTransforming,
  rowsFor,
  takesFrames,
  toDense,
  type RowsTransform,
} from "../estimator/frame-transformer.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../estimator/inputs.js";
import { estimatorFromJSON, registerEstimator, type AnyEstimator } from "../estimator/registry.js";
import { isLocalTable, shapeOf, toRows, type LocalTable, type Rows, type TableInput } from "../estimator/table.js";
import { holdSource } from "./held-source.js";

/** A step: its name and its estimator; "passthrough" leaves the rows as they are. */
export type PipelineStep = readonly [name: string, estimator: AnyEstimator | "passthrough"];

/** Parameters of {@link Pipeline}. */
export interface PipelineParams {
  steps: readonly PipelineStep[];
}

interface PipelineState extends FittedInput {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
}

const TABLE = new ParamTable<PipelineParams>("Pipeline", (z) =>
  z.object({
    steps: z
      .array(
        z.tuple([
          z.string().min(1),
          z.union([z.literal("passthrough"), z.custom((value) => value instanceof Estimator, "must be an estimator")]),
        ]),
      )
      .min(1)
      .describe("named steps in order; all but the last are transformers"),
  }),
);

/** What the last step can do. */
interface FinalStep {
  fit(X: Rows, y?: LabelInput | VectorInput, options?: FitOptions): Promise<unknown>;
  predict?(X: Rows): unknown;
  predictProba?(X: Rows): unknown;
  decisionFunction?(X: Rows): unknown;
  score?(X: Rows, y: LabelInput | VectorInput, options?: FitOptions): Promise<number>;
  readonly classes?: readonly unknown[];
}

/**
 * Transformers and a final estimator as one: `fit` fits each step on the rows that the steps before it return, `predict`
 * and the others send rows through all of them. Consecutive lazy transforms fuse into one task a partition, and a source
 * that several steps have to pass over is read once and kept until the fit ends. Sample weights and column names travel
 * through.
 *
 * The steps are fitted in place: the estimators that were passed in are the fitted ones. When a fit fails or is aborted,
 * the pipeline stays as it was (its steps are fitted as clones first).
 *
 * Differs from scikit-learn: parameters of steps are set by `step__param` in `setParams`; there is no `memory` folder.
 *
 * @example
 * ```ts
 * const model = makePipeline(new StandardScaler(), new LogisticRegression({ C: 0.5 }));
 * await model.fit([[0, 10], [1, 20], [2, 30], [3, 40]], [0, 0, 1, 1]);
 * console.log(await model.predict([[2.5, 30]])); // [1]
 * ```
 */
export class Pipeline extends Estimator<PipelineParams, PipelineState> {
  static readonly table = TABLE;

  /** @throws ParameterError for no steps, a repeated name, or a step before the last that cannot transform */
  constructor(params: PipelineParams) {
    super(TABLE, params);
    checkSteps(this.params.steps);
  }

  static fromJSON(json: EstimatorJson): Pipeline {
    return new Pipeline({ steps: [["placeholder", "passthrough"]] }).restore(json);
  }

  /** The steps in order. */
  get steps(): readonly PipelineStep[] {
    return this.params.steps;
  }

  /** A step's estimator by name. @throws ParameterError naming the steps there are */
  step(name: string): AnyEstimator | "passthrough" {
    const found = this.steps.find(([own]) => own === name);
    if (found) return found[1];
    throw new ParameterError(
      `Pipeline: there is no step ${show(name)}; the steps are ${this.steps.map(([own]) => own).join(", ")}.`,
    );
  }

  /** Steps [from, to) as a pipeline that shares their estimators. */
  slice(from: number, to?: number): Pipeline {
    const part = new Pipeline({ steps: this.steps.slice(from, to) });
    if (this.isFitted && from === 0) part.setState({ ...this.state });
    return part;
  }

  /** Sets steps, or parameters of a step by `step__param`. */
  override setParams(params: Partial<PipelineParams> & Record<string, unknown>): this {
    for (const [name, value] of Object.entries(params)) {
      const [step, ...rest] = name.split("__");
      if (rest.length === 0) {
        // Checked before they are set, so that steps which cannot work are never there.
        checkSteps(TABLE.parse({ ...this.params, [name]: value }).steps);
        super.setParams({ [name]: value } as Partial<PipelineParams>);
        continue;
      }
      const estimator = this.step(step ?? "");
      if (estimator === "passthrough")
        throw new ParameterError(`Pipeline: the step ${show(step)} is "passthrough" and has no parameters.`);
      estimator.setParams({ [rest.join("__")]: value });
    }
    return this;
  }

  override clone(): this {
    const steps = this.steps.map(([name, estimator]): PipelineStep => [
      name,
      estimator === "passthrough" ? estimator : estimator.clone(),
    ]);
    return new Pipeline({ steps }) as this;
  }

  /** True when frames with text may come: the first step takes them. */
  get takesFrames(): boolean {
    return takesFrames(this.steps.find(([, estimator]) => estimator !== "passthrough")?.[1]);
  }

  /** True when the last step transforms. */
  get canTransform(): boolean {
    const last = this.steps.at(-1)?.[1];
    return last === "passthrough" || isTransforming(last);
  }

  /**
   * Fits every step. Frames stay frames until a step needs numbers, so that a first step may take text.
   * @throws what the steps throw
   */
  async fit(X: TableInput, y?: LabelInput | VectorInput, options: FitOptions = {}): Promise<this> {
    await this.#fitSteps(this.#rowsOf("Pipeline.fit", X), y, options);
    return this;
  }

  /** Fits, and returns how the training rows themselves go through; see `FrameTransformer.fitRows`. */
  async fitRows(rows: Rows, y?: LabelInput | VectorInput, options: FitOptions = {}): Promise<RowsTransform> {
    const transforms = await this.#fitSteps(this.#rowsOf("Pipeline.fit", rows), y, options);
    return (other) =>
      transforms.reduce((through, transform) => transform(through), this.#rowsOf("Pipeline.transform", other));
  }

  /** Distributed rows through all steps, lazily: an array unless every step keeps frames. */
  transformRows(rows: Rows): Rows {
    const through = this.#through("transform", rows);
    const last = this.steps.at(-1)?.[1];
    if (last === "passthrough") return through;
    if (!isTransforming(last))
      throw new DataError(`Pipeline.transform: the last step ${this.#lastName()} cannot transform.`);
    return applyTransforming("Pipeline.transform", last, through);
  }

  async #fitSteps(X: Rows, y: LabelInput | VectorInput | undefined, options: FitOptions): Promise<RowsTransform[]> {
    const fitted = this.steps.map(([, estimator]) => (estimator === "passthrough" ? estimator : estimator.clone()));
    const passes = fitted.filter((estimator) => estimator !== "passthrough").length;
    const source = await holdSource("Pipeline.fit", X, y, options, passes);
    try {
      let rows = source.X;
      const transforms: RowsTransform[] = [];
      const own = { ...options, ...source.options };
      for (const estimator of fitted) {
        if (estimator === "passthrough") continue;
        if (isTransforming(estimator)) {
          const transform = await fitTransforming("Pipeline.fit", estimator, rows, source.y, own);
          transforms.push(transform);
          rows = transform(rows);
        } else await (estimator as unknown as FinalStep).fit(rowsFor("Pipeline.fit", estimator, rows), source.y, own);
      }
      // All steps have succeeded: now they become the fitted ones, together.
      for (const [i, [, estimator]] of this.steps.entries()) {
        const result = fitted[i];
        if (estimator !== "passthrough" && result && result !== "passthrough") estimator.adopt(result);
      }
      const { width, names } = shapeOf(X);
      this.setState({ nFeatures: width, ...(names ? { featureNames: names } : {}) });
      return transforms;
    } finally {
      source.release();
    }
  }

  /** Takes over the steps' fitted states too. */
  override adopt(fitted: Estimator<object, FittedInput & object>): void {
    super.adopt(fitted);
    const steps = (fitted as unknown as Pipeline).steps;
    this.steps.forEach(([, own], i) => {
      const other = steps[i]?.[1];
      if (own !== "passthrough" && other && other !== "passthrough") own.adopt(other);
    });
  }

  /** The last step's predictions for transformed rows. */
  predict(X: DistributedArray | FrameLike): DistributedArray;
  predict(X: LocalTable): Promise<Float64Array | unknown[]>;
  predict(X: TableInput): DistributedArray | Promise<Float64Array | unknown[]>;
  predict(X: TableInput): DistributedArray | Promise<Float64Array | unknown[]> {
    return this.#final("predict", X) as DistributedArray | Promise<Float64Array>;
  }

  /** The last step's class probabilities for transformed rows. */
  predictProba(X: DistributedArray | FrameLike): DistributedArray;
  predictProba(X: LocalTable): Promise<LocalMatrix>;
  predictProba(X: TableInput): DistributedArray | Promise<LocalMatrix>;
  predictProba(X: TableInput): DistributedArray | Promise<LocalMatrix> {
    return this.#final("predictProba", X) as DistributedArray | Promise<LocalMatrix>;
  }

  /** The last step's decision values for transformed rows. */
  decisionFunction(X: TableInput): DistributedArray | Promise<Float64Array> {
    return this.#final("decisionFunction", X) as DistributedArray | Promise<Float64Array>;
  }

  /** Rows through all steps; the last must be a transformer. */
  transform(X: TableInput): DistributedArray | FrameLike | Promise<LocalMatrix> {
    const result = this.transformRows(this.#rowsOf("Pipeline.transform", X));
    if (isLocalTable(X))
      return (result instanceof DistributedArray ? toDense(result) : toMatrix("Pipeline.transform", result)).compute();
    return isFrame(X as MatrixInput) && result instanceof DistributedArray && result.layout === "dense"
      ? (X as FrameLike).fromArray(result)
      : result;
  }

  /** The last step's score on transformed rows. */
  async score(X: TableInput, y: LabelInput | VectorInput, options: FitOptions = {}): Promise<number> {
    const last = this.#last();
    if (!last.score) throw new DataError(`Pipeline.score: the last step ${this.#lastName()} has no score.`);
    // Local rows go through as one lazy plan; a local transform would be a promise.
    return last.score(this.#finalRows("score", X), y, options);
  }

  /** The last step's labels. */
  get classes(): readonly unknown[] {
    return this.#last().classes ?? [];
  }

  /** Names of the columns that the transformers return. */
  getFeatureNamesOut(): string[] {
    const last = this.steps.map(([, estimator]) => estimator).findLast(isTransforming);
    return last ? last.getFeatureNamesOut() : [...(this.state.featureNames ?? [])];
  }

  protected override encodeParams(params: Readonly<PipelineParams>): unknown {
    return {
      steps: params.steps.map(([name, estimator]) => [
        name,
        estimator === "passthrough" ? estimator : estimator.toPlain(),
      ]),
    };
  }

  protected override decodeParams(plain: PlainRecord): Partial<PipelineParams> {
    const steps = plain["steps"] as unknown as [string, EstimatorJson | "passthrough"][];
    return {
      steps: steps.map(([name, json]): PipelineStep => [name, json === "passthrough" ? json : estimatorFromJSON(json)]),
    };
  }

  #final(method: "predict" | "predictProba" | "decisionFunction", X: TableInput): unknown {
    const last = this.#last() as unknown as Record<string, ((X: Rows) => unknown) | undefined>;
    const call = last[method];
    if (!call) throw new DataError(`Pipeline.${method}: the last step ${this.#lastName()} cannot ${method}.`);
    // Local rows go through as one lazy plan; the result is computed at the end.
    const lazy = call.call(last, this.#finalRows(method, X));
    return isLocalTable(X) && lazy instanceof DistributedArray ? this.#localResult(method, lazy) : lazy;
  }

  /** Rows as the last step takes them. */
  #finalRows(method: string, X: TableInput): Rows {
    return rowsFor(
      `Pipeline.${method}`,
      this.#last() as unknown as AnyEstimator,
      this.#through(method, this.#rowsOf(`Pipeline.${method}`, X)),
    );
  }

  async #localResult(method: string, lazy: DistributedArray): Promise<unknown> {
    const result = await lazy.compute();
    if (method === "predictProba") return result;
    const values = result.toVector() as Float64Array;
    const classes = method === "predict" ? this.classes : [];
    if (classes.length === 0) return values;
    return Array.from(values, (value) => (typeof classes[0] === "number" ? value : classes[value]));
  }

  /** X as the first step takes it. */
  #rowsOf(owner: string, X: TableInput): Rows {
    return this.takesFrames ? toRows(owner, X) : toMatrix(owner, X as MatrixInput);
  }

  /** Rows through all steps but the last. */
  #through(method: string, X: Rows): Rows {
    if (!this.isFitted) throw new NotFittedError("Pipeline: it is not fitted yet. Call `await model.fit(X, y)` first.");
    let rows = X;
    for (const [, estimator] of this.steps.slice(0, -1)) {
      if (isTransforming(estimator)) rows = applyTransforming(`Pipeline.${method}`, estimator, rows);
    }
    return rows;
  }

  #last(): FinalStep {
    const last = this.steps.at(-1)?.[1];
    if (!last || last === "passthrough")
      throw new DataError(
        'Pipeline: the last step is "passthrough", which cannot predict. Use transform, or add an estimator.',
      );
    return last as unknown as FinalStep;
  }

  #lastName(): string {
    return show(this.steps.at(-1)?.[0]);
  }
}

registerEstimator("Pipeline", Pipeline);

/** A pipeline whose steps are named after their classes, in lower case; repeated ones are numbered. */
export function makePipeline(...estimators: (AnyEstimator | "passthrough" | { readonly kind: string })[]): Pipeline {
  const names = estimators.map((estimator) =>
    typeof estimator === "string" ? estimator : estimator.kind.toLowerCase(),
  );
  const steps = estimators.map((estimator, i): PipelineStep => {
    const name = names[i] as string;
    const repeated = names.filter((other) => other === name).length > 1;
    const number = names.slice(0, i + 1).filter((other) => other === name).length;
    return [repeated ? `${name}-${number}` : name, estimator as AnyEstimator | "passthrough"];
  });
  return new Pipeline({ steps });
}

function checkSteps(steps: readonly PipelineStep[]): void {
  const names = new Set<string>();
  steps.forEach(([name, estimator], i) => {
    if (names.has(name))
      throw new ParameterError(`Pipeline: two steps are called ${show(name)}. Give each its own name.`);
    if (name.includes("__"))
      throw new ParameterError(
        `Pipeline: the step name ${show(name)} contains "__", which separates a step from its parameter.`,
      );
    names.add(name);
    if (i < steps.length - 1 && estimator !== "passthrough" && !isTransforming(estimator)) {
      throw new ParameterError(
        `Pipeline: step ${show(name)} (${estimator.kind}) is not the last and cannot transform. Put it last.`,
      );
    }
  });
}
