import { closest, FitError, NotFittedError, ParameterError, show } from "../base/errors.js";

/** How the coefficients of several outputs become one importance: the norm of order 1, or the sum of squares. */
export type ImportanceForm = "norm" | "square";

const KNOWN = ["coef", "featureImportances"] as const;

/**
 * The importance of each column to a fitted model: its `coef` or its `featureImportances` (a property, or a method without
 * arguments), of the last step where it is a pipeline; or what the dotted path `getter` names, in which a step of a pipeline
 * goes by its name. Coefficients of several classes, row by row, become one number a column.
 *
 * @throws ParameterError when there is nothing of that name, FitError when it is not as long as there are columns
 */
export function importancesOf(
  owner: string,
  model: object,
  getter: string,
  width: number,
  form: ImportanceForm,
): Float64Array {
  const { name, value } =
    getter === "auto" ? found(owner, model) : { name: getter, value: along(owner, model, getter) };
  const flat = flatten(value);
  if (!flat || flat.length === 0 || flat.length % width !== 0) {
    throw new FitError(
      `${owner}: ${show(name)} of ${kindOf(model)} has ${flat ? `${flat.length} values` : "no numbers"}, but there are ${width} columns. Name another attribute by importanceGetter.`,
    );
  }
  const rows = flat.length / width;
  return Float64Array.from({ length: width }, (_, j) => {
    let total = 0;
    for (let row = 0; row < rows; row++) {
      const value_ = flat[row * width + j] as number;
      total += form === "norm" ? Math.abs(value_) : value_ ** 2;
    }
    return total;
  });
}

function found(owner: string, model: object): { readonly name: string; readonly value: unknown } {
  const last = lastOf(model);
  for (const name of KNOWN) if (name in last) return { name, value: valueOf(last, name) };
  throw new ParameterError(
    `${owner}: ${kindOf(last)} has neither coef nor featureImportances. Name what it has by importanceGetter.`,
  );
}

function along(owner: string, model: object, path: string): unknown {
  let at: unknown = model;
  for (const name of path.split(".")) {
    const steps = stepsOf(at);
    const step = steps?.find(([own]) => own === name);
    if (step) at = step[1];
    else if (typeof at === "object" && at !== null && name in at) at = valueOf(at, name);
    else {
      const near = closest(name, [...(steps?.map(([own]) => own) ?? []), ...KNOWN]);
      throw new ParameterError(
        `${owner}: importanceGetter ${show(path)}: ${kindOf(at)} has no ${show(name)}${near === undefined ? "" : `; did you mean ${show(near)}?`}.`,
      );
    }
  }
  return at;
}

function valueOf(owner: object, name: string): unknown {
  const value = (owner as Record<string, unknown>)[name];
  return typeof value === "function" ? (value as () => unknown).call(owner) : value;
}

function stepsOf(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  const { steps } = (value ?? {}) as { steps?: unknown };
  return Array.isArray(steps) ? (steps as readonly (readonly [string, unknown])[]) : undefined;
}

function lastOf(model: object): object {
  const last = stepsOf(model)?.at(-1)?.[1];
  return typeof last === "object" && last !== null ? lastOf(last) : model;
}

function kindOf(model: unknown): string {
  const { kind } = (model ?? {}) as { kind?: unknown };
  return typeof kind === "string" ? kind : show(model);
}

function flatten(value: unknown): Float64Array | undefined {
  if (ArrayBuffer.isView(value)) return Float64Array.from(value as Float64Array);
  if (!Array.isArray(value)) return undefined;
  const flat = value.flatMap((one: unknown): number[] =>
    typeof one === "number" ? [one] : Array.from((one ?? []) as ArrayLike<number>),
  );
  return flat.every((one) => typeof one === "number") ? Float64Array.from(flat) : undefined;
}

/** @throws NotFittedError for a model that is said to be fitted and is not */
export function requireFitted(owner: string, model: { readonly kind: string; readonly isFitted: boolean }): void {
  if (model.isFitted) return;
  throw new NotFittedError(
    `${owner}: prefit is true, but the ${model.kind} is not fitted. Fit it first, or leave prefit out.`,
  );
}
