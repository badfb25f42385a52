import { closest, DataError, NotFittedError, ParameterError, show } from "../base/errors.js";
import { isPlainObject, type PlainRecord } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import type { FrameLike } from "../collections/array/frame-like.js";
import type { LocalMatrix } from "../collections/array/local-matrix.js";
import { isFrame } from "../estimator/apply.js";
import { labelsOfNumbers } from "../estimator/apply-labels.js";
import type { FitOptions } from "../estimator/design.js";
import { Estimator, type EstimatorJson, type FittedInput } from "../estimator/estimator.js";
import { fittedColumns } from "../estimator/fitted-columns.js";
import {
  applyTransforming,
  asOwnTransform,
  isOwnTransform,
  isTransforming,
  rowsFor,
  takesFrames,
  toDense,
  type Narrowing,
  type RowsTransform,
} from "../estimator/frame-transformer.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../estimator/inputs.js";
import type { Label } from "../estimator/labels.js";
import { estimatorFromJSON, registerEstimator, type AnyEstimator } from "../estimator/registry.js";
import { isLocalTable, shapeOf, toRows, type LocalTable, type Rows, type TableInput } from "../estimator/table.js";
import { namesByKind } from "./names-by-kind.js";
import { chained, fitSteps, type FittedSteps } from "./fit-steps.js";
import {
  checkSteps,
  PIPELINE_TABLE,
  type FinalStep,
  type PipelineParams,
  type PipelineStep,
  type PipelineStepLike,
} from "./pipeline-steps.js";

export type { PipelineParams, PipelineStep, PipelineStepLike } from "./pipeline-steps.js";

interface PipelineState extends FittedInput {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
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
 * Where the first step is a `ColumnTransformer`, only the columns that it needs are read and kept.
 *
 * Differs from scikit-learn: `memory` is a {@link PrefixCache}, which keeps fitted steps and not transformed rows;
 * `transformInput` names fit options that hold rows, `{ X, y }`, or a list of these.
 *
 * @example
 * ```ts
 * const model = makePipeline(new StandardScaler(), new LogisticRegression({ C: 0.5 }));
 * await model.fit([[0, 10], [1, 20], [2, 30], [3, 40]], [0, 0, 1, 1]);
 * console.log(await model.predict([[2.5, 30]])); // [1]
 * ```
 */
export class Pipeline extends Estimator<PipelineParams, PipelineState> {
  static readonly table = PIPELINE_TABLE;

  /** @throws ParameterError for no steps, a repeated name, or a step before the last that cannot transform */
  constructor(params: Partial<Omit<PipelineParams, "steps">> & { readonly steps: readonly PipelineStepLike[] }) {
    super(PIPELINE_TABLE, params as Partial<PipelineParams>);
    checkSteps(this.params.steps);
  }

  static fromJSON(json: EstimatorJson): Pipeline {
    return new Pipeline({ steps: [["placeholder", "passthrough"]] }).restore(json);
  }

  /** The steps in order. */
  get steps(): readonly PipelineStep[] {
    return this.params.steps;
  }

  /** The steps by name. */
  get namedSteps(): Readonly<Record<string, AnyEstimator | "passthrough">> {
    return Object.fromEntries(this.steps);
  }

  /** A step's estimator by name, or by position (-1 is the last). @throws ParameterError naming the steps there are */
  step(which: string | number): AnyEstimator | "passthrough" {
    const found = typeof which === "number" ? this.steps.at(which) : this.steps.find(([own]) => own === which);
    if (found && !(typeof which === "number" && !Number.isInteger(which))) return found[1];
    const names = this.steps.map(([own]) => own);
    const near = typeof which === "string" ? closest(which, names) : undefined;
    throw new ParameterError(
      `Pipeline: there is no step ${show(which)}${near === undefined ? "" : ` (did you mean ${show(near)}?)`}; the steps are ${names.join(", ")}.`,
    );
  }

  /**
   * Steps [from, to) as a pipeline that shares their estimators; positions or names, the step of a name `to` excluded, and
   * -1 counts from the end.
   * @throws ParameterError for an unknown name, or when no step is left
   */
  slice(from: number | string = 0, to?: number | string): Pipeline {
    const at = (place: number | string): number => {
      if (typeof place === "number") return place;
      this.step(place);
      return this.steps.findIndex(([name]) => name === place);
    };
    const start = at(from);
    const part = new Pipeline({
      ...this.params,
      steps: this.steps.slice(start, to === undefined ? undefined : at(to)),
    });
    if (this.isFitted && (start === 0 || start === -this.steps.length)) part.setState({ ...this.state });
    else if (this.isFitted) {
      // What a later step saw in fit is what the first of the slice knows.
      const first = part.steps.map(([, estimator]) => estimator).find((estimator) => estimator !== "passthrough");
      if (first?.isFitted) {
        const { nFeatures, featureNames } = first;
        part.setState(fittedColumns(nFeatures, featureNames));
      }
    }
    return part;
  }

  /** Sets parameters, a step's estimator by its name, or parameters of a step by `step__param`. */
  override setParams(params: Partial<PipelineParams> & Record<string, unknown>): this {
    for (const [name, value] of Object.entries(params)) {
      const [step, ...rest] = name.split("__");
      if (rest.length === 0) {
        const isStep = !PIPELINE_TABLE.names.includes(name) && this.steps.some(([own]) => own === name);
        const own = isStep
          ? { steps: this.steps.map((one): PipelineStep => (one[0] === name ? [name, value as AnyEstimator] : one)) }
          : { [name]: value };
        // Checked before they are set, so that steps which cannot work are never there.
        checkSteps(PIPELINE_TABLE.parse({ ...this.params, ...own }).steps);
        super.setParams(own as Partial<PipelineParams>);
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
    return new Pipeline({ ...this.params, steps }) as this;
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
    await this.#fitSteps(this.#rowsOf("Pipeline.fit", X), y, options, { X });
    return this;
  }

  /** Fits, and returns how the training rows themselves go through; see `FrameTransformer.fitRows`. */
  async fitRows(rows: Rows, y?: LabelInput | VectorInput, options: FitOptions = {}): Promise<RowsTransform> {
    const { whole } = await this.#fitSteps(this.#rowsOf("Pipeline.fit", rows), y, options, { X: rows });
    const through = chained(whole);
    const transform: RowsTransform = (other) => through(this.#rowsOf("Pipeline.transform", other));
    return isOwnTransform(through) ? asOwnTransform(transform) : transform;
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

  /** The columns of X that the first step needs; undefined where that may be all of them. */
  narrow(rows: Rows): Narrowing | undefined {
    const first = this.steps.find(([, estimator]) => estimator !== "passthrough")?.[1];
    const whole = this.#rowsOf("Pipeline.fit", rows);
    const inner = isTransforming(first) ? first.narrow?.(whole) : undefined;
    if (!inner) return undefined;
    return {
      rows: inner.rows,
      fitRows: async (held, y, options = {}) => {
        const { narrow, whole: all } = await this.#fitSteps(whole, y, options, { X: rows, held });
        return { narrow: chained(narrow), whole: chained(all) };
      },
    };
  }

  /** @param data X as the caller gave it, and the columns that the first step needs where an engine holds them */
  async #fitSteps(
    X: Rows,
    y: LabelInput | VectorInput | undefined,
    options: FitOptions,
    data: { readonly X: unknown; readonly held?: Rows },
  ): Promise<FittedSteps> {
    const done = await fitSteps({
      steps: this.steps,
      memory: this.params.memory,
      X,
      y,
      options,
      data,
      lastOptions: (transforms) => this.#transformedOptions(options, transforms),
    });
    // All steps have succeeded: now they become the fitted ones, together.
    for (const [i, [, estimator]] of this.steps.entries()) {
      const result = done.fitted[i];
      if (estimator !== "passthrough" && result && result !== "passthrough") estimator.adopt(result);
    }
    const { width, names } = shapeOf(X);
    this.setState(fittedColumns(width, names));
    return done;
  }

  /** The options that `transformInput` names, with their rows as the last step takes them. */
  #transformedOptions(options: FitOptions, transforms: readonly RowsTransform[]): Record<string, unknown> {
    const given = options as Readonly<Record<string, unknown>>;
    const through = (value: unknown): unknown => {
      if (Array.isArray(value) && value.some((one) => isPlainObject(one) && "X" in one)) return value.map(through);
      if (isPlainObject(value) && "X" in value) return { ...value, X: through(value["X"]) };
      return chained(transforms)(this.#rowsOf("Pipeline.fit", value as TableInput));
    };
    const names = this.params.transformInput.filter((name) => given[name] !== undefined);
    return Object.fromEntries(names.map((name) => [name, through(given[name])]));
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
    // The cache is of this process, and its data.
    return {
      steps: params.steps.map(([name, estimator]) => [
        name,
        estimator === "passthrough" ? estimator : estimator.toPlain(),
      ]),
      transformInput: params.transformInput,
    };
  }

  protected override decodeParams(plain: PlainRecord): Partial<PipelineParams> {
    const steps = plain["steps"] as unknown as [string, EstimatorJson | "passthrough"][];
    return {
      steps: steps.map(([name, json]): PipelineStep => [name, json === "passthrough" ? json : estimatorFromJSON(json)]),
      transformInput: (plain["transformInput"] ?? []) as string[],
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
    const classes = method === "predict" ? (this.classes as readonly Label[]) : [];
    return classes.length === 0 ? result.toVector() : labelsOfNumbers(classes, result);
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
  const names = namesByKind(estimators);
  const steps = estimators.map((estimator, i): PipelineStep => [
    names[i] as string,
    estimator as AnyEstimator | "passthrough",
  ]);
  return new Pipeline({ steps });
}
