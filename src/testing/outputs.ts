import { DistributedArray } from "../collections/array/distributed-array.js";
import { LocalMatrix } from "../collections/array/local-matrix.js";
import type { Engine } from "../engine/engine.js";
import type { MatrixInput } from "../estimator/inputs.js";
import { assertClose, assertSameBits } from "./compare.js";
import type { CheckedEstimator, OutputMethod, TestSubject } from "./subject.js";

const METHODS: readonly OutputMethod[] = ["predict", "predictProba", "decisionFunction", "transform"];

/** Numbers by name: a fitted estimator's attributes, or what its methods return for some rows. */
export type Numbers = Readonly<Record<string, readonly number[]>>;

/** The output methods of a subject. */
export function outputMethods(subject: TestSubject): readonly OutputMethod[] {
  if (subject.outputs) return subject.outputs;
  const model = subject.make();
  return METHODS.filter((method) => typeof model[method] === "function");
}

/** What the output methods return for X, computed, row by row in one list each. */
export async function outputsOf(
  subject: TestSubject,
  model: CheckedEstimator,
  X: MatrixInput,
  engine?: Engine,
): Promise<Numbers> {
  const found: Record<string, number[]> = {};
  for (const method of outputMethods(subject)) found[method] = await numbersOf(model[method]?.(X), engine);
  return found;
}

/** A collection, a frame, a local matrix or a list, computed, as numbers in row order. */
export async function numbersOf(result: unknown, engine?: Engine): Promise<number[]> {
  const value: unknown = await result;
  if (value instanceof DistributedArray) return Array.from((await value.compute(engine ? { engine } : {})).toFlat());
  if (value instanceof LocalMatrix) return Array.from(value.toFlat());
  if (typeof value === "object" && value !== null && "toArray" in value && typeof value.toArray === "function") {
    return numbersOf(value.toArray(), engine);
  }
  return Array.from(value as ArrayLike<unknown>, Number);
}

/** The subject's numeric attributes. */
export function attributesOf(subject: TestSubject, model: CheckedEstimator): Numbers {
  const values = model as unknown as Record<string, number | ArrayLike<number>>;
  return Object.fromEntries(
    subject.attributes.map((name) => {
      const value = values[name];
      return [name, typeof value === "number" ? [value] : Array.from(value ?? [])];
    }),
  );
}

/** Attributes and outputs together. */
export async function everythingOf(
  subject: TestSubject,
  model: CheckedEstimator,
  X: MatrixInput,
  engine?: Engine,
): Promise<Numbers> {
  return { ...attributesOf(subject, model), ...(await outputsOf(subject, model, X, engine)) };
}

/** @throws Error naming what differs by more than the tolerance; 0 means bit for bit. Predicted labels have to be equal. */
export function assertSameNumbers(
  subject: TestSubject,
  what: string,
  actual: Numbers,
  expected: Numbers,
  tolerance: number,
): void {
  for (const [name, values] of Object.entries(expected)) {
    const exact = tolerance === 0 || (name === "predict" && subject.task === "classifier");
    const label = `${subject.name}, ${what}: ${name}`;
    if (exact) assertSameBits(label, actual[name] ?? [], values);
    else assertClose(label, actual[name] ?? [], values, tolerance);
  }
}
