import { DataError, NotFittedError, show } from "../base/errors.js";
import type { ParamTable } from "../base/params.js";
import { isPlainObject, type PlainRecord } from "../base/plain.js";
import { requireSameColumns } from "./fitted-columns.js";
import { decodeState, encodeState } from "./state-codec.js";
import { checkStateShapes } from "./state-shapes.js";

/** Version of the JSON form of estimators. */
export const MODEL_VERSION = 1;

/** An estimator as JSON: its kind, parameters and, once fitted, its state. */
export interface EstimatorJson {
  readonly kind: string;
  readonly version: number;
  readonly params: unknown;
  readonly state: unknown;
}

/** What every fitted state records about its training data. */
export interface FittedInput {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
}

/** The state of a fit on the rows of two fits, from their states alone. */
export type UniteStates<P, S> = (owner: string, a: Readonly<S>, b: Readonly<S>, params: Readonly<P>) => S;

/**
 * Base of everything with `fit`. Parameters are checked when they are set and never change by fitting; the fitted state is
 * plain data, replaced whole when a fit has succeeded, so that a failed or aborted fit leaves the estimator as it was.
 *
 * New implementations pass their parameter table, and provide `fit` (which ends in `setState`) and keep the identities that
 * `partwise/testing` checks: fitting twice gives the same state, any partitioning gives the same model, inputs are never
 * changed, `fromJSON(toJSON())` predicts the same.
 *
 * @typeParam P parameters @typeParam S fitted state
 */
export abstract class Estimator<P extends object, S extends FittedInput & object> {
  #params: Readonly<P>;
  #state: Readonly<S> | undefined;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  protected constructor(table: ParamTable<P>, params: Partial<P>) {
    this.table = table;
    this.#params = table.parse(params);
  }

  /** The class's parameter table. */
  readonly table: ParamTable<P>;

  /** The name of the class, which also names it in files and errors. */
  get kind(): string {
    return this.table.owner;
  }

  /** A copy of the parameters. */
  getParams(): P {
    return { ...this.#params };
  }

  /** Changes parameters; a fitted state stays until the next fit. @throws ParameterError as the constructor */
  setParams(params: Partial<P>): this {
    this.#params = this.table.parse({ ...this.#params, ...params });
    return this;
  }

  /** An unfitted estimator with the same parameters. */
  clone(): this {
    const Class = this.constructor as new (params: Partial<P>) => this;
    return new Class(this.getParams());
  }

  /** True once a fit has succeeded. */
  get isFitted(): boolean {
    return this.#state !== undefined;
  }

  /** Columns seen in fit. */
  get nFeatures(): number {
    return this.state.nFeatures;
  }

  /** Names of the columns seen in fit, where they had names. */
  get featureNames(): readonly string[] | undefined {
    return this.state.featureNames;
  }

  protected get params(): Readonly<P> {
    return this.#params;
  }

  /** The fitted state. @throws NotFittedError before fit */
  protected get state(): Readonly<S> {
    if (!this.#state)
      throw new NotFittedError(`${this.kind}: it is not fitted yet. Call \`await model.fit(X, y)\` first.`);
    return this.#state;
  }

  /** The state to start from when there may be none: warm starts and `partialFit`. */
  protected get stateIfFitted(): Readonly<S> | undefined {
    return this.#state;
  }

  protected setState(state: S): void {
    this.#state = Object.freeze(state);
  }

  /**
   * Adds a state to the one there is, or takes it as the first: what `partialFit` ends in where the states of two fits make
   * that of a fit on the rows of both.
   */
  protected addState(owner: string, added: S, unite: UniteStates<P, S>): this {
    const seen = this.#state;
    this.setState(seen ? unite(owner, seen, added, this.#params) : added);
    return this;
  }

  /**
   * An estimator with the parameters of this one and the state of the rows of both: what `merge` is.
   * @throws DataError when they saw other columns; NotFittedError
   */
  protected mergedWith(other: this, unite: UniteStates<P, S>): this {
    const owner = `${this.kind}.merge`;
    requireSameColumns(owner, this.state, other.state);
    const merged = this.clone();
    merged.setState(unite(owner, this.state, other.state, this.#params));
    return merged;
  }

  /** Takes over the fitted state of another instance of this class. @throws DataError for another class */
  adopt(fitted: Estimator<object, FittedInput & object>): void {
    if (fitted.kind !== this.kind)
      throw new DataError(`${this.kind}: it cannot take over the state of a ${fitted.kind}.`);
    this.#state = (fitted as unknown as this).#state;
  }

  /** The class with its parameters, and whether it is fitted: what the console shows. */
  toString(): string {
    const params = Object.entries(this.#params).map(([name, value]) => `${name}: ${show(value)}`);
    return `${this.kind}({ ${params.join(", ")} })${this.isFitted ? ", fitted" : ""}`;
  }

  /** @internal */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** Parameters and fitted state as plain data, typed arrays as they are: what model files are made of. */
  toPlain(): EstimatorJson {
    return {
      kind: this.kind,
      version: MODEL_VERSION,
      params: this.encodeParams(this.#params),
      state: this.#state ? this.encodeFitted(this.#state) : null,
    };
  }

  /** Parameters and fitted state as JSON, without loss. */
  toJSON(): EstimatorJson {
    const plain = this.toPlain();
    return { ...plain, params: encodeState(plain.params), state: encodeState(plain.state) };
  }

  /** Fills a new instance from JSON or from plain data; used by the static `fromJSON` of each class. @throws DataError for another kind or version */
  protected restore(json: EstimatorJson): this {
    checkJson(this.kind, json);
    this.#params = this.table.parse(this.decodeParams(decodeState(json.params) as PlainRecord));
    if (json.state !== null) {
      const state = decodeState(json.state);
      if (!isPlainObject(state)) throw new DataError(`${this.kind}: its state is ${show(state)}, not an object.`);
      checkStateShapes(this.kind, state);
      this.#state = Object.freeze(this.decodeFitted(state));
    }
    return this;
  }

  /** Parameters as plain data; overridden where they hold estimators. */
  protected encodeParams(params: Readonly<P>): unknown {
    return params;
  }

  protected decodeParams(plain: PlainRecord): Partial<P> {
    return plain as Partial<P>;
  }

  /** State as plain data; overridden where it holds estimators. */
  protected encodeFitted(state: Readonly<S>): unknown {
    return state;
  }

  protected decodeFitted(plain: PlainRecord): S {
    return plain as unknown as S;
  }
}

/** @throws DataError for the JSON of another kind, or of a version that this library does not read */
export function checkJson(kind: string, json: EstimatorJson): void {
  if (json.kind !== kind) throw new DataError(`${kind}: the JSON holds a ${show(json.kind)}. Load it with that class.`);
  if (json.version >= 1 && json.version <= MODEL_VERSION) return;
  throw new DataError(
    `${kind}: the JSON has version ${show(json.version)}; this library reads 1 to ${MODEL_VERSION}. Update partwise.`,
  );
}
