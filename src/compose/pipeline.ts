import { closest, DataError, NotFittedError, ParameterError, show } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import { isPlainObject, type PlainRecord } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import type { FrameLike } from "../collections/array/frame-like.js";
import type { LocalMatrix } from "../collections/array/local-matrix.js";
import type { FitOptions } from "../estimator/design.js";
import { Estimator, type EstimatorJson, type FittedInput } from "../estimator/estimator.js";
import { isFrame } from "../estimator/apply.js";
import {
  applyTransforming,
  asOwnTransform,
  fitTransforming,
  isOwnTransform,
  isTransforming,
  rowsFor,
  takesFrames,
  toDense,
  type Narrowing,
  type RowsTransform,
  type TransformingEstimator,
} from "../estimator/frame-transformer.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../estimator/inputs.js";
import { estimatorFromJSON, registerEstimator, type AnyEstimator } from "../estimator/registry.js";
import { isLocalTable, shapeOf, toRows, type LocalTable, type Rows, type TableInput } from "../estimator/table.js";
import { holdSource } from "./held-source.js";
import { namesByKind } from "./names-by-kind.js";
import { PrefixCache, type FittedStep } from "./prefix-cache.js";

/** A step: its name and its estimator; "passthrough" (or null, which becomes it) leaves the rows as they are. */
export type PipelineStep = readonly [name: string, estimator: AnyEstimator | "passthrough"];

/** Parameters of {@link Pipeline}. */
export interface PipelineParams {
  steps: readonly PipelineStep[];
  memory: PrefixCache | null;
  transformInput: readonly string[];
}

/** A step as the constructor takes it. */
export type PipelineStepLike = readonly [name: string, estimator: AnyEstimator | "passthrough" | null];

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
          z.union([
            z.literal("passthrough"),
            z.null().transform(() => "passthrough"),
            z.custom((value) => value instanceof Estimator, "must be an estimator"),
          ]),
        ]),
      )
      .min(1)
      .describe("named steps in order; all but the last are transformers"),
    memory: z
      .union([z.null(), z.custom((value) => value instanceof PrefixCache, "must be a PrefixCache")])
      .default(null)
      .describe("where fitted steps before the last are kept, so that the same ones are not fitted again"),
    transformInput: z
      .array(z.string().min(1))
      .default([])
      .describe("names of fit options that hold rows, which the last step gets as the steps before it transform them"),
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
  static readonly table = TABLE;

  /** @throws ParameterError for no steps, a repeated name, or a step before the last that cannot transform */
  constructor(params: Partial<Omit<PipelineParams, "steps">> & { readonly steps: readonly PipelineStepLike[] }) {
    super(TABLE, params as Partial<PipelineParams>);
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
        part.setState({ nFeatures, ...(featureNames ? { featureNames } : {}) });
      }
    }
    return part;
  }

  /** Sets parameters, a step's estimator by its name, or parameters of a step by `step__param`. */
  override setParams(params: Partial<PipelineParams> & Record<string, unknown>): this {
    for (const [name, value] of Object.entries(params)) {
      const [step, ...rest] = name.split("__");
      if (rest.length === 0) {
        const isStep = !TABLE.names.includes(name) && this.steps.some(([own]) => own === name);
        const own = isStep
          ? { steps: this.steps.map((one): PipelineStep => (one[0] === name ? [name, value as AnyEstimator] : one)) }
          : { [name]: value };
        // Checked before they are set, so that steps which cannot work are never there.
        checkSteps(TABLE.parse({ ...this.params, ...own }).steps);
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
  ): Promise<{ readonly narrow: readonly RowsTransform[]; readonly whole: readonly RowsTransform[] }> {
    const owner = "Pipeline.fit";
    const fitted = this.steps.map(([, estimator], i) => {
      if (estimator === "passthrough") return estimator;
      const copy = estimator.clone();
      const { warmStart } = estimator.getParams() as { readonly warmStart?: boolean };
      // The last step goes on from its own model, as it would without the pipeline.
      if (warmStart === true && i === this.steps.length - 1 && estimator.isFitted) copy.adopt(estimator);
      return copy;
    });
    const working = fitted.filter((estimator) => estimator !== "passthrough");
    const { memory } = this.params;
    const keys = memory
      ? await memory.keys(
          working.slice(0, -1) as TransformingEstimator[],
          { ...data, y, ...weightOf(options) },
          options,
        )
      : [];
    const narrow: RowsTransform[] = [];
    const whole: RowsTransform[] = [];
    let rows = X;
    // What is known already comes first, lazily; only the rest has passes to make.
    for (const key of keys) {
      const known = await memory?.find(key);
      if (!known) break;
      (working[whole.length] as AnyEstimator).adopt(known.estimator);
      rows = known.whole(rows);
      narrow.push(known.whole);
      whole.push(known.whole);
    }
    const rest = working.slice(whole.length);
    const [first] = rest;
    const narrowing = isTransforming(first) ? first.narrow?.(rows) : undefined;
    const given = whole.length === 0 ? data.held : undefined;
    const source = await holdSource(owner, given ?? narrowing?.rows ?? rows, y, options, rest.length);
    try {
      rows = source.X;
      const own = { ...options, ...source.options };
      for (const estimator of rest) {
        if (!isTransforming(estimator)) {
          const final = { ...own, ...this.#transformedOptions(options, whole) };
          await (estimator as unknown as FinalStep).fit(rowsFor(owner, estimator, rows), source.y, final);
          continue;
        }
        const through = rows;
        const fitStep = async (): Promise<FittedStep> => {
          if (estimator === first && narrowing)
            return { estimator, ...(await narrowing.fitRows(through, source.y, own)) };
          const transform = await fitTransforming(owner, estimator, through, source.y, own);
          return { estimator, narrow: transform, whole: transform };
        };
        const key = keys[whole.length];
        const done = key === undefined || !memory ? await fitStep() : await memory.fit(key, fitStep);
        rows = done.narrow(rows);
        narrow.push(done.narrow);
        whole.push(done.whole);
      }
      // All steps have succeeded: now they become the fitted ones, together.
      for (const [i, [, estimator]] of this.steps.entries()) {
        const result = fitted[i];
        if (estimator !== "passthrough" && result && result !== "passthrough") estimator.adopt(result);
      }
      const { width, names } = shapeOf(X);
      this.setState({ nFeatures: width, ...(names ? { featureNames: names } : {}) });
      return { narrow, whole };
    } finally {
      source.release();
    }
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
  const names = namesByKind(estimators);
  const steps = estimators.map((estimator, i): PipelineStep => [
    names[i] as string,
    estimator as AnyEstimator | "passthrough",
  ]);
  return new Pipeline({ steps });
}

/** One transform after another; marked as an own one where all are. */
function chained(transforms: readonly RowsTransform[]): RowsTransform {
  const through: RowsTransform = (rows) => transforms.reduce((given, transform) => transform(given), rows);
  return transforms.every(isOwnTransform) ? asOwnTransform(through) : through;
}

function weightOf({ sampleWeight }: FitOptions): { readonly sampleWeight: unknown } {
  return { sampleWeight };
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
