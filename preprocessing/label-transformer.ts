import { DataError, NotFittedError, show } from "../src/base/errors.js";
import type { ParamTable } from "../src/base/params.js";
import type { PlainRecord } from "../src/base/plain.js";
import { MODEL_VERSION, type EstimatorJson } from "../src/estimator/estimator.js";
import type { Label } from "../src/estimator/labels.js";
import { decodeState, encodeState } from "../src/estimator/state-codec.js";

/**
 * What turns labels into columns: it takes y and not X, so it is no `Estimator`, but has its parameters, JSON and `merge`.
 */
export abstract class LabelTransformer<P extends object> {
  readonly table: ParamTable<P>;
  #params: Readonly<P>;
  #classes: readonly Label[] | undefined;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  protected constructor(table: ParamTable<P>, params: Partial<P>) {
    this.table = table;
    this.#params = table.parse(params);
  }

  /** The name of the class. */
  get kind(): string {
    return this.table.owner;
  }

  /** A copy of the parameters. */
  getParams(): P {
    return { ...this.#params };
  }

  /** True once a fit has succeeded. */
  get isFitted(): boolean {
    return this.#classes !== undefined;
  }

  /** The distinct labels, ascending. @throws NotFittedError before fit */
  get classes(): readonly Label[] {
    if (!this.#classes)
      throw new NotFittedError(`${this.kind}: it is not fitted yet. Call \`await binarizer.fit(y)\` first.`);
    return this.#classes;
  }

  /** The transformer as JSON. */
  toJSON(): EstimatorJson {
    return {
      kind: this.kind,
      version: MODEL_VERSION,
      params: encodeState(this.#params),
      state: this.#classes ? { classes: [...this.#classes] } : null,
    };
  }

  /** Fills a new instance from JSON. @throws DataError for another kind or version */
  protected restore(json: EstimatorJson): this {
    if (json.kind !== this.kind)
      throw new DataError(`${this.kind}: the JSON holds a ${show(json.kind)}. Load it with that class.`);
    if (json.version !== MODEL_VERSION)
      throw new DataError(
        `${this.kind}: the JSON has version ${show(json.version)}; this library reads ${MODEL_VERSION}.`,
      );
    this.#params = this.table.parse(decodeState(json.params) as PlainRecord as Partial<P>);
    const state = json.state as { classes: readonly Label[] } | null;
    this.#classes = state?.classes;
    return this;
  }

  protected get params(): Readonly<P> {
    return this.#params;
  }

  protected get known(): readonly Label[] {
    return this.#classes ?? [];
  }

  protected setClasses(classes: readonly Label[]): this {
    this.#classes = classes;
    return this;
  }
}

/** Distinct labels of one type, ascending. @throws DataError for none, or labels of two types, or NaN */
export function sortedClasses(owner: string, found: readonly Label[]): Label[] {
  if (found.length === 0) throw new DataError(`${owner}: y has no labels. Check where it comes from.`);
  const type = typeof found[0];
  const other = found.find((label) => typeof label !== type || Number.isNaN(label));
  if (other !== undefined)
    throw new DataError(
      `${owner}: y has ${show(other)} among labels that are ${type}s. Use labels of one type, none missing.`,
    );
  return [...new Set(found)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
