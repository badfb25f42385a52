import type * as Zod from "zod";
import { DataError, FitError, show } from "../base/errors.js";
import type { ZodNamespace } from "../base/params.js";
import { Design, type FitOptions, type RowVectors } from "./design.js";
import type { FittedInput } from "./estimator.js";
import { requireTarget, toMatrix, type LabelInput, type MatrixInput } from "./inputs.js";
import { codeLabels, holdWithLabels, type Label } from "./labels.js";
import { noRows } from "./no-rows.js";

/** The data of one fit of a classifier, held, with y as positions in `classes`. */
export interface ClassDesign extends Disposable {
  readonly design: Design;
  readonly classes: readonly Label[];
  /** Σw of each class. */
  readonly weights: Float64Array;
  readonly rows: number;
}

/**
 * Holds a design and codes its labels. Without declared classes those are the labels that have a positive weight.
 * @throws DataError for a label that is not among the declared classes; FitError for fewer than two classes
 */
export async function openClassDesign(
  owner: string,
  X: MatrixInput,
  y: LabelInput,
  options: FitOptions,
  declared?: readonly Label[],
  vectors: RowVectors = {},
): Promise<ClassDesign> {
  requireTarget(owner, y);
  const target = await codeLabels(owner, y, options, declared);
  const design = Design.open(owner, X, target.values, options, vectors);
  try {
    const summary = await holdWithLabels(design);
    if (summary.rows === 0) throw noRows(owner);
    // Text is coded by the declared list already; numbers stand for themselves.
    const codes = declared
      ? Float64Array.from(declared, (label, k) => (typeof label === "number" ? label : k))
      : summary.labels.filter((_, k) => (summary.weights[k] ?? 0) > 0);
    const classes = declared ?? Array.from(codes, (code) => target.labelOf(code));
    const strange = summary.labels.find((code) => !codes.includes(code) && declared !== undefined);
    if (strange !== undefined) {
      throw new DataError(
        `${owner}: y has the label ${show(target.labelOf(strange))}, which is not among ${classes.map(show).join(", ")}. Pass all labels as classes in the first call.`,
      );
    }
    if (classes.length < 2) throw oneClassError(owner, classes);
    const weights = Float64Array.from(codes, (code) => {
      const at = summary.labels.indexOf(code);
      return at < 0 ? 0 : (summary.weights[at] ?? 0);
    });
    const coded = summary.labels.every((code) => codes[code] === code);
    if (!coded) await design.encodeLabels(codes);
    return { design, classes, weights, rows: summary.rows, [Symbol.dispose]: () => design[Symbol.dispose]() };
  } catch (error) {
    design[Symbol.dispose]();
    throw error;
  }
}

/** Labels in the order of `classes`: numbers by value, text by code unit, false before true. @throws DataError for fewer than two, or mixed types */
export function sortedLabels(owner: string, labels: readonly Label[]): Label[] {
  const list = [...new Set(labels)];
  if (list.length < 2)
    throw new DataError(`${owner}: classes must name two labels or more; got ${list.map(show).join(", ") || "none"}.`);
  if (new Set(list.map((label) => typeof label)).size > 1)
    throw new DataError(`${owner}: classes mixes types: ${list.map(show).join(", ")}. Use labels of one type.`);
  return list.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Options of `partialFit` and `fitStream` of a classifier. */
export interface ClassStreamOptions {
  /** All labels that will ever come; of the first call, later ones know them. Those of the first batch unless given. */
  readonly classes?: readonly Label[];
}

/**
 * Holds one batch of a stream, as {@link openClassDesign}: the first says the classes and columns, later ones have to have
 * them.
 * @throws DataError for other columns or classes than `before`, or weights that only all rows together have
 */
export async function openClassBatch(
  owner: string,
  X: MatrixInput,
  y: LabelInput,
  { classes, ...options }: FitOptions & ClassStreamOptions,
  before: (FittedInput & { readonly classes: readonly Label[] }) | undefined,
  classWeight: ClassWeight,
): Promise<ClassDesign> {
  requireTarget(owner, y);
  const declared = streamClasses(owner, classes, before?.classes, classWeight);
  return openClassDesign(owner, toMatrix(owner, X, before), y, options, declared);
}

/**
 * The classes of a stream of batches: those of the batches before, else the declared ones; undefined where the first batch
 * has to show them all.
 * @throws DataError for other classes than before, or weights that only all rows together have
 */
function streamClasses(
  owner: string,
  given: readonly Label[] | undefined,
  before: readonly Label[] | undefined,
  classWeight: ClassWeight,
): readonly Label[] | undefined {
  const declared = given && sortedLabels(owner, given);
  if (before && declared && declared.join() !== before.join()) {
    throw new DataError(
      `${owner}: classes ${(given ?? []).join(", ")} are not those of the first call, ${before.join(", ")}. Leave classes out, or start with a clone().`,
    );
  }
  if (classWeight === "balanced") {
    throw new DataError(
      `${owner}: classWeight "balanced" needs all rows at once; got a batch. Pass { label: factor } instead.`,
    );
  }
  return before ?? declared;
}

/** What a `classWeight` parameter is: none, equal totals, or factors by label. */
export type ClassWeight = "balanced" | Record<string, number> | null;

/** The parameter `classWeight`. */
export function classWeightField(z: ZodNamespace, description: string): Zod.ZodType {
  return z
    .union([z.literal("balanced"), z.record(z.string(), z.number().positive())])
    .nullable()
    .default(null)
    .describe(description);
}

/** Factor of each class's weights. @throws FitError for a label that is not among the classes */
export function classFactors(
  owner: string,
  classWeight: ClassWeight,
  classes: readonly Label[],
  weights: Float64Array,
): Float64Array {
  if (classWeight === null) return new Float64Array(classes.length).fill(1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (classWeight === "balanced") return weights.map((weight) => (weight > 0 ? total / (classes.length * weight) : 1));
  const labels = classes.map(String);
  const unknown = Object.keys(classWeight).find((label) => !labels.includes(label));
  if (unknown !== undefined) {
    throw new FitError(
      `${owner}: classWeight has the label ${JSON.stringify(unknown)}, which y lacks; it has ${labels.slice(0, 5).join(", ")}. Name labels of y.`,
    );
  }
  return Float64Array.from(labels, (label) => classWeight[label] ?? 1);
}

/** What a classifier says to labels of one class. */
export function oneClassError(owner: string, labels: readonly Label[]): FitError {
  const seen = labels.length === 0 ? "no rows with a positive weight" : `one class only: ${JSON.stringify(labels[0])}`;
  return new FitError(`${owner}: y has ${seen}. It needs two; check the filter and the label column.`);
}
