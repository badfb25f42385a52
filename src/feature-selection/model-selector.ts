import { ParameterError, show } from "../base/errors.js";
import type { ParamTable, ZodNamespace } from "../base/params.js";
import type { PlainRecord } from "../base/plain.js";
import { Estimator, type EstimatorJson, type FittedInput } from "../estimator/estimator.js";
import { FeatureSelector } from "../estimator/feature-selector.js";
import { estimatorFromJSON, type AnyEstimator } from "../estimator/registry.js";

/** Parameters that selectors by a model share. */
export interface ModelSelectorParams {
  estimator: AnyEstimator;
  importanceGetter: string;
}

/** What selectors by a model know after `fit`. */
export interface ModelSelectorState extends FittedInput {
  readonly support: readonly boolean[];
}

/** A selector of columns by what a model makes of them; the model is fitted in place, with the selector. */
export abstract class ModelSelector<
  P extends ModelSelectorParams,
  S extends ModelSelectorState & object,
> extends FeatureSelector<P, S> {
  /** @throws ParameterError on an unknown parameter or a value out of range */
  protected constructor(table: ParamTable<P>, params: Partial<P>) {
    super(table, params);
    if (typeof (this.params.estimator as { fit?: unknown }).fit !== "function")
      throw new ParameterError(`${table.owner}: estimator must be an estimator; got ${show(this.params.estimator)}.`);
  }

  /** The model; fitted with this selector. */
  get estimator(): AnyEstimator {
    return this.params.estimator;
  }

  /** What searches look at to see what this can do. */
  get trialEstimator(): AnyEstimator {
    return this.params.estimator;
  }

  getSupport(): boolean[] {
    return [...this.state.support];
  }

  /** Sets parameters, or those of the model by `estimator__param`. */
  override setParams(params: Partial<P> & Record<string, unknown>): this {
    for (const [name, value] of Object.entries(params)) {
      const [part, ...rest] = name.split("__");
      if (part === "estimator" && rest.length > 0)
        this.params.estimator.setParams({ [rest.join("__")]: value } as object);
      else super.setParams({ [name]: value } as unknown as Partial<P>);
    }
    return this;
  }

  override clone(): this {
    const Class = this.constructor as new (params: Partial<P>) => this;
    return new Class({ ...this.getParams(), estimator: this.params.estimator.clone() });
  }

  /** Takes over the model's fitted state too. */
  override adopt(fitted: Estimator<object, FittedInput & object>): void {
    super.adopt(fitted);
    this.params.estimator.adopt((fitted as unknown as ModelSelector<P, S>).params.estimator);
  }

  protected override encodeParams(params: Readonly<P>): unknown {
    return { ...params, estimator: params.estimator.toJSON() };
  }

  protected override decodeParams(plain: PlainRecord): Partial<P> {
    return {
      ...(plain as unknown as Partial<P>),
      estimator: estimatorFromJSON(plain["estimator"] as unknown as EstimatorJson),
    };
  }
}

/** The rules of {@link ModelSelectorParams}, for parameter tables. */
export function modelRules(z: ZodNamespace): {
  estimator: ReturnType<ZodNamespace["custom"]>;
  importanceGetter: ReturnType<typeof getterRule>;
} {
  return {
    estimator: z
      .custom((value) => value instanceof Estimator, "must be an estimator")
      .describe("the model whose coefficients or importances decide"),
    importanceGetter: getterRule(z),
  };
}

function getterRule(z: ZodNamespace) {
  return z
    .string()
    .min(1)
    .default("auto")
    .describe('"auto": coef or featureImportances; else the name of what holds them, with dots into steps and parts');
}
