import { DataError, ParameterError, show } from "../base/errors.js";
import type { ParamTable } from "../base/params.js";
import type { PlainRecord } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { LocalMatrix } from "../collections/array/local-matrix.js";
import { fnRef } from "../engine/fn-ref.js";
import { labelsOfNumbers } from "../estimator/apply-labels.js";
import type { FitOptions } from "../estimator/design.js";
import { Estimator, type EstimatorJson, type FittedInput } from "../estimator/estimator.js";
import { rowsFor, takesFrames } from "../estimator/frame-transformer.js";
import { checkColumns, toMatrix, type MatrixInput } from "../estimator/inputs.js";
import type { Label } from "../estimator/labels.js";
import { estimatorFromJSON, type AnyEstimator } from "../estimator/registry.js";
import { isLocalTable, shapeOf, toRows, type Rows, type TableInput } from "../estimator/table.js";
import { accuracyScore } from "../metrics/accuracy.js";
import { truthOf } from "./scoring.js";
import { canDo, methodOf, type TargetInput, type TrialEstimator, type TrialMethods } from "./trial-estimator.js";

/** What every classifier around another one has fitted. */
export interface WrapperState extends FittedInput {
  readonly classes: readonly Label[];
}

/** Scores of a model: of the second of two classes, else one column a class. */
export interface Response {
  readonly scores: DistributedArray;
  /** True for probabilities. */
  readonly proba: boolean;
}

/** The `decisionFunction` of a model, or its probabilities where it has none (or where they are asked for). */
export function responseOf(
  owner: string,
  model: AnyEstimator,
  rows: Rows,
  method: "auto" | "decisionFunction" | "predictProba" = "auto",
): Response {
  const trial = model as unknown as TrialEstimator;
  const proba = method === "predictProba" || (method === "auto" && !canDo(trial, "decisionFunction"));
  const found = methodOf(
    owner,
    trial,
    proba ? "predictProba" : "decisionFunction",
  )(rowsFor(owner, model, rows) as never);
  if (!(found instanceof DistributedArray))
    throw new DataError(`${owner}: ${model.kind} returned ${show(found)}. It has to return a DistributedArray.`);
  return { scores: proba && found.width === 2 ? found.column(1) : found, proba };
}

/** The classes of a fitted model. @throws DataError where it has none */
export function classesOf(owner: string, model: AnyEstimator): readonly Label[] {
  const { classes } = model as unknown as TrialMethods;
  if (classes && classes.length >= 2) return classes;
  throw new DataError(`${owner}: ${model.kind} has no classes. Pass a classifier.`);
}

/** A classifier around another one, which is its parameter `estimator`. */
export abstract class ClassifierWrapper<
  P extends { estimator: AnyEstimator },
  S extends WrapperState,
> extends Estimator<P, S> {
  protected constructor(table: ParamTable<P>, params: Partial<P>) {
    super(table, params);
    checkClassifier(this.kind, this.params.estimator);
  }

  /** Sets parameters, or those of the estimator by `estimator__param`. */
  override setParams(params: Partial<P> & Readonly<Record<string, unknown>>): this {
    for (const [name, value] of Object.entries(params)) {
      if (name.startsWith("estimator__"))
        this.params.estimator.setParams({ [name.slice("estimator__".length)]: value });
      else {
        if (name === "estimator") checkClassifier(this.kind, value);
        super.setParams({ [name]: value } as Partial<P>);
      }
    }
    return this;
  }

  override clone(): this {
    const Class = this.constructor as new (params: P) => this;
    // A model that is fitted already has no other place to be.
    const estimator = this.isPrefit ? this.params.estimator : this.params.estimator.clone();
    return new Class({ ...this.params, estimator });
  }

  /** True when the estimator is taken as it is fitted. */
  protected abstract get isPrefit(): boolean;

  /** The classes, ascending. */
  get classes(): readonly Label[] {
    return this.state.classes;
  }

  /** True when frames with text may come: the estimator takes them. */
  get takesFrames(): boolean {
    return takesFrames(this.params.estimator);
  }

  /** Numbers of the labels for distributed rows: the labels, or their positions where they are no numbers. */
  protected abstract predictRows(rows: Rows): DistributedArray;

  /** The label of each row: lazy for distributed X (positions in `classes` for labels that are no numbers). */
  predict(X: TableInput): DistributedArray | Promise<Label[]> {
    const codes = this.predictRows(this.rowsOf("predict", X));
    if (!isLocalTable(X)) return codes;
    const { classes } = this.state;
    return codes.compute().then((local) => labelsOfNumbers(classes, local));
  }

  /** Share of the rows (by weight) that are predicted right. */
  async score(X: TableInput, y: TargetInput, options: FitOptions = {}): Promise<number> {
    const rows = this.rowsOf("score", X);
    const yTrue = await truthOf(`${this.kind}.score`, y, rows, this.classes, options);
    return accuracyScore(yTrue, this.predictRows(rows), options as object);
  }

  /** X as the estimator takes it, with the columns of the fit. */
  protected rowsOf(method: string, X: TableInput): Rows {
    const owner = `${this.kind}.${method}`;
    void this.state;
    const rows = this.takesFrames ? toRows(owner, X) : toMatrix(owner, X as MatrixInput);
    checkColumns(owner, shapeOf(rows), this.state);
    return rows;
  }

  /** Numbers by which `predictRows` names the classes. */
  protected get codes(): number[] {
    return this.state.classes.map((label, k) => (typeof label === "number" ? label : k));
  }

  protected override encodeParams(params: Readonly<P>): unknown {
    return { ...params, estimator: params.estimator.toPlain() };
  }

  protected override decodeParams(plain: PlainRecord): Partial<P> {
    return { ...plain, estimator: estimatorFromJSON(plain["estimator"] as unknown as EstimatorJson) } as Partial<P>;
  }
}

/** A lazy result as users get it: as it is for distributed X, computed for local X. */
export function finished(X: TableInput, lazy: DistributedArray): DistributedArray | Promise<LocalMatrix> {
  return isLocalTable(X) ? lazy.compute() : lazy;
}

/** A task of calibration by its name. */
export function calibrationTask(name: string): ReturnType<typeof fnRef> {
  return fnRef(new URL("./calibration-steps.js", import.meta.url).href, name);
}

function checkClassifier(owner: string, estimator: unknown): void {
  const trial = estimator as TrialEstimator;
  if (estimator instanceof Estimator && (canDo(trial, "predictProba") || canDo(trial, "decisionFunction"))) return;
  throw new ParameterError(
    `${owner}: estimator must be a classifier with decisionFunction or predictProba; got ${show(estimator)}.`,
  );
}
