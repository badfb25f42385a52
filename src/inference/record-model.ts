import { DataError, NotFittedError, show } from "../base/errors.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import type { FrameSchema } from "../collections/frame/frame-types.js";
import { applyTransforming, isTransforming } from "../estimator/frame-transformer.js";
import { toMatrix, type MatrixInput } from "../estimator/inputs.js";
import type { AnyEstimator } from "../estimator/registry.js";
import { packProgram, placeholderFrame, recordProgram, type PackedProgram } from "./program.js";
import { UNCERTAINTY_NAMES, uncertainty } from "./uncertainty.js";
import type { OutputSpec, PackedModel } from "./scoring-model.js";

/** What a model can be asked for. */
export type ScoreOutput = (typeof SCORE_OUTPUTS)[number];

/** Names of {@link ScoreOutput}. */
export const SCORE_OUTPUTS = [
  "predict",
  "predictProba",
  "decisionFunction",
  "transform",
  /** The quantiles of each row, for boosting with several: the columns are the ends of intervals. */
  "predictQuantiles",
  /** Entropy and margin of the class probabilities; for forests of numbers how far the trees are apart. */
  "uncertainty",
  /** A column a feature, for models that explain their predictions. */
  "shapValues",
  /** A column a tree: the leaf that the row falls into. */
  "applyLeaves",
] as const;

interface Scorable {
  readonly classes?: readonly unknown[];
  readonly steps?: readonly (readonly [string, unknown])[];
  /** The estimator that a search or a selector asks. */
  readonly trialEstimator?: unknown;
  /** False where a setting leaves the model without. */
  readonly hasProbabilities?: boolean;
  /** Where the loss is that of quantiles. */
  readonly quantiles?: readonly number[] | undefined;
}

/** A fitted estimator as tasks take it, with the bytes that its hash stands for. */
export interface RecordedModel {
  readonly packed: PackedModel;
  readonly bytes: Uint8Array;
  /** The columns of the output that it makes. */
  readonly names: readonly string[];
}

/**
 * Records what a fitted estimator does to rows of these columns, as a program that any thread can run.
 * @throws DataError for columns that do not fit the model, an output that it does not have, or sparse results
 */
export function recordModel(
  owner: string,
  model: AnyEstimator,
  schema: FrameSchema,
  outputs: readonly ScoreOutput[] | undefined,
): RecordedModel {
  if (!model.isFitted)
    throw new NotFittedError(`${owner}: the ${model.kind} is not fitted yet. Call \`await model.fit(X, y)\` first.`);
  const wanted = outputs ?? usualOutputs(model);
  assertOutputs(owner, model, wanted);
  const columns = model.featureNames ?? Object.keys(schema);
  const missing = columns.find((name) => !(name in schema));
  if (missing !== undefined)
    throw new DataError(
      `${owner}: the input has no column ${show(missing)}, which the ${model.kind} was fitted on. It has ${Object.keys(schema).join(", ")}.`,
      { details: { column: missing } },
    );
  const specs: OutputSpec[] = [];
  const own = Object.fromEntries(columns.map((name) => [name, schema[name] as string]));
  const program = recordProgram(owner, placeholderFrame(owner, own), (rows) =>
    wanted.map((output) => {
      const result = callOutput(owner, model, output, rows);
      specs.push(specOf(model, output, result));
      return result.plan;
    }),
  );
  const { bytes, hash }: PackedProgram = packProgram(program);
  return {
    packed: { kind: "program", hash, columns, outputs: specs },
    bytes,
    names: specs.flatMap(({ names }) => names),
  };
}

/** @throws DataError naming an output that the model does not have */
export function assertOutputs(owner: string, model: AnyEstimator, wanted: readonly ScoreOutput[]): void {
  const absent = wanted.find((output) => !canAnswer(model, output));
  if (absent !== undefined)
    throw new DataError(
      `${owner}: the ${model.kind} has no ${absent}. It has ${SCORE_OUTPUTS.filter((one) => canAnswer(model, one)).join(", ")}.`,
    );
}

/** What a model is asked where nobody says: predict, and probabilities where it has them. */
export function usualOutputs(model: AnyEstimator): ScoreOutput[] {
  if (canAnswer(model, "predictQuantiles") && !canAnswer(model, "predict")) return ["predictQuantiles"];
  if (!canAnswer(model, "predict")) return ["transform"];
  return canAnswer(model, "predictProba") ? ["predict", "predictProba"] : ["predict"];
}

/** Pipelines and searches have every method; what counts is what their last step or best estimator has. */
export function canAnswer(model: unknown, output: ScoreOutput): boolean {
  if (output === "uncertainty") return canAnswer(model, "predictProba") || hasMethod(model, "predictSpread");
  const { steps, trialEstimator, hasProbabilities, quantiles } = model as Scorable;
  const last = steps?.at(-1)?.[1];
  if (last !== undefined) return last === "passthrough" ? output === "transform" : canAnswer(last, output);
  if (typeof (model as Record<string, unknown>)[output] !== "function") return false;
  // A selector transforms by itself.
  if (output === "transform") return true;
  if (output === "predictProba" && hasProbabilities === false) return false;
  if (output === "predictQuantiles") return quantiles !== undefined;
  // Several are not one prediction.
  if (output === "predict" && (quantiles?.length ?? 1) > 1) return false;
  return trialEstimator === undefined || canAnswer(trialEstimator, output);
}

/** The lazy result of one output. @throws DataError for a sparse one */
export function callOutput(owner: string, model: AnyEstimator, output: ScoreOutput, rows: unknown): DistributedArray {
  const spread = output === "uncertainty" && !canAnswer(model, "predictProba");
  if (output === "uncertainty" && !spread) return uncertainty(callOutput(owner, model, "predictProba", rows));
  const { steps } = model as Scorable;
  if (steps && (spread || OF_THE_LAST.has(output)))
    return callOutput(owner, steps.at(-1)?.[1] as AnyEstimator, output, beforeLast(owner, steps, rows));
  const name = spread ? "predictSpread" : output;
  const method = (model as unknown as Record<string, (X: unknown) => MatrixInput>)[name] as (X: unknown) => MatrixInput;
  const result = method.call(model, rows);
  const array = result instanceof DistributedArray ? result : toMatrix(owner, result);
  if (array.layout === "csr")
    throw new DataError(
      `${owner}: ${output} of the ${model.kind} is sparse, and files hold columns. Ask for predict, or set sparseOutput: false.`,
    );
  return array;
}

/** What a pipeline itself has no method for. */
const OF_THE_LAST: ReadonlySet<ScoreOutput> = new Set(["shapValues", "applyLeaves", "predictQuantiles"]);

/** Whether a model, or the last step of a pipeline, has a method. */
function hasMethod(model: unknown, method: string): boolean {
  const last = lastOf(model);
  return typeof (last as Record<string, unknown> | undefined)?.[method] === "function";
}

/** The last step of pipelines in pipelines; a model itself. */
function lastOf(model: unknown): unknown {
  const { steps } = model as Scorable;
  return steps ? lastOf(steps.at(-1)?.[1]) : model;
}

/** Rows as the last step of a pipeline takes them. */
function beforeLast(owner: string, steps: readonly (readonly [string, unknown])[], rows: unknown): unknown {
  return steps
    .slice(0, -1)
    .reduce<unknown>(
      (through, [, step]) =>
        isTransforming(step as never) ? applyTransforming(owner, step as never, through as never) : through,
      rows,
    );
}

/** How a result becomes columns. */
export function specOf(model: AnyEstimator, output: ScoreOutput, array: DistributedArray): OutputSpec {
  const classes = (model as Scorable).classes ?? [];
  const many = array.innerShape.length > 0;
  const width = many ? array.width : 1;
  const each = (prefix: string): string[] =>
    Array.from({ length: width }, (_, j) => `${prefix}_${String(classes.length === width ? classes[j] : j)}`);
  if (output === "predict") {
    if (classes.length > 0 && typeof classes[0] !== "number")
      return { names: ["prediction"], classes: classes as (string | boolean)[] };
    return {
      names: many ? each("prediction") : ["prediction"],
      integer: classes.length > 0 && classes.every(Number.isInteger),
    };
  }
  if (output === "predictProba") return { names: each("probability") };
  if (output === "predictQuantiles")
    return { names: ((lastOf(model) as Scorable).quantiles ?? []).map((quantile) => `quantile_${quantile}`) };
  if (output === "uncertainty") return { names: many ? UNCERTAINTY_NAMES : ["uncertainty_spread"] };
  if (output === "applyLeaves") return { names: each("leaf"), integer: true };
  if (output === "shapValues") return { names: shapNames(model, array) };
  if (output === "decisionFunction") return { names: many ? each("decision") : ["decision"] };
  return { names: array.names ?? each("output") };
}

/** A column a feature and one for what is expected of any row; for each class where there are several outputs. */
function shapNames(model: AnyEstimator, { innerShape }: DistributedArray): string[] {
  const { steps, classes = [] } = model as Scorable;
  const { featureNames } = (steps?.at(-1)?.[1] ?? model) as AnyEstimator;
  const width = innerShape.at(-1) ?? 1;
  const outputs = innerShape.length > 1 ? (innerShape[0] as number) : 1;
  const of = (k: number): string => (outputs === 1 ? "shap" : `shap_${String(classes[k] ?? k)}`);
  return Array.from({ length: outputs }, (_, k) =>
    Array.from({ length: width }, (__, j) => `${of(k)}_${j === width - 1 ? "expected" : (featureNames?.[j] ?? j)}`),
  ).flat();
}
