import { closest, DataError, NotFittedError, ParameterError, show } from "../../base/errors.js";
import type { FrameSchema } from "../../collections/frame/frame-types.js";
import type { Plain } from "../../base/plain.js";
import { DistributedArray } from "../../collections/array/distributed-array.js";
import { toMatrix, type MatrixInput } from "../../estimator/inputs.js";
import { placeholderArray, placeholderFrame, recordProgram, type Program } from "../../inference/program.js";
import { assertOutputs, canAnswer, specOf, usualOutputs } from "../../inference/record-model.js";
import type { OutputSpec } from "../../inference/scoring-model.js";
import type { AnyEstimator } from "../../estimator/registry.js";
import type { ExportGraph, GraphColumn, GraphNode, GraphOp, GraphOutput, GraphValue } from "./graph.js";
import { LOWERINGS } from "./lowerings.js";

/** What a step of a recorded prediction is, before its results are known: a matrix, or columns by name. */
export type Symbolic =
  | { readonly kind: "matrix"; readonly node: number; readonly width: number }
  | {
      readonly kind: "frame";
      readonly columns: readonly string[];
      /** The matrix that the columns were made of, with its names; the model's own columns unless given. */
      readonly of?: { readonly node: number; readonly names: readonly string[] } | undefined;
    };

/** Makes the nodes of one step. */
export interface Builder {
  /** For errors: who exports, and which estimator's step this is. */
  readonly owner: string;
  readonly step: string;
  node(
    op: GraphOp,
    inputs: readonly number[],
    width: number,
    params?: Readonly<Record<string, GraphValue>>,
  ): Symbolic & { kind: "matrix" };
  /** The columns of a value as single nodes. */
  split(value: Symbolic): readonly number[];
  /** A value as a matrix. @throws DataError for columns of text */
  matrix(value: Symbolic): Symbolic & { kind: "matrix" };
  /** @throws DataError saying that this step has no export, and why */
  refuse(reason: string): never;
}

/** One step of a recorded prediction as nodes. */
export interface Lowering {
  /** The arguments that it understands: a step with others is refused, since they might change what it does. */
  readonly args: readonly string[];
  lower(build: Builder, args: Record<string, Plain>, inputs: readonly Symbolic[]): Symbolic;
}

/** What an export can answer. */
export type ExportOutput = GraphOutput["name"];

const EXPORT_OUTPUTS: readonly ExportOutput[] = ["predict", "predictProba", "decisionFunction", "transform"];

/** Options that all exports share. */
export interface ExportOptions {
  /** What the file can answer; unless given, all of predict, predictProba and decisionFunction that the model has, else transform. */
  readonly outputs?: readonly ExportOutput[];
  /** Columns that are text where the model does not know it by itself: `{ city: "String" }`. */
  readonly schema?: FrameSchema;
}

/**
 * The graph of a fitted model.
 * @throws NotFittedError; DataError naming the step that cannot be exported
 */
export function recordGraph(owner: string, model: AnyEstimator, options: ExportOptions): ExportGraph {
  if (typeof model?.toPlain !== "function")
    throw new ParameterError(`${owner}: model must be a fitted estimator or pipeline; got ${show(model)}.`);
  if (!model.isFitted)
    throw new NotFittedError(`${owner}: the ${model.kind} is not fitted yet. Call \`await model.fit(X, y)\` first.`);
  const wanted = options.outputs ?? allOutputs(model);
  const strange = wanted.find((output) => !EXPORT_OUTPUTS.includes(output));
  if (strange !== undefined)
    throw new ParameterError(`${owner}: outputs are of ${EXPORT_OUTPUTS.join(", ")}; got ${show(strange)}.`);
  assertOutputs(owner, model, wanted);
  const names = model.featureNames ?? Array.from({ length: model.nFeatures }, (_, j) => `x${j}`);
  const columns = columnsOf(owner, model, names, options.schema ?? {});
  const specs: OutputSpec[] = [];
  const ask = (rows: unknown) =>
    wanted.map((output) => {
      const result = resultOf(owner, model, output, rows);
      specs.push(specOf(model, output, result));
      return result.plan;
    });
  const framed = columns.some(({ kind }) => kind === "text");
  const schema = Object.fromEntries(columns.map(({ name, kind }) => [name, kind === "text" ? "String" : "Float64"]));
  const program = framed
    ? recordProgram(owner, placeholderFrame(owner, schema), ask)
    : recordProgram(owner, placeholderArray(names.length, model.featureNames), ask);
  const { nodes, results } = lowerProgram(owner, program, columns, framed);
  return {
    kind: model.kind,
    columns,
    nodes,
    outputs: wanted.map((name, k) => {
      const { names: own, classes, integer } = specs[k] as OutputSpec;
      return { name, node: results[k] as number, columns: own, classes, integer: integer === true };
    }),
  };
}

/** Every output that the model answers. */
function allOutputs(model: AnyEstimator): ExportOutput[] {
  if (usualOutputs(model)[0] === "transform") return ["transform"];
  const all: ExportOutput[] = ["predict", "predictProba", "decisionFunction"];
  return all.filter((output) => canAnswer(model, output));
}

/** The lazy result of one output; unlike files of rows, exports take compressed rows too, since a row is a row. */
function resultOf(owner: string, model: AnyEstimator, output: ExportOutput, rows: unknown): DistributedArray {
  const ask = (model as unknown as Readonly<Record<string, (X: unknown) => MatrixInput>>)[output];
  const result = (ask as (X: unknown) => MatrixInput).call(model, rows);
  return result instanceof DistributedArray ? result : toMatrix(owner, result);
}

function columnsOf(
  owner: string,
  model: AnyEstimator,
  names: readonly string[],
  schema: FrameSchema,
): readonly GraphColumn[] {
  const unknown = Object.keys(schema).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const near = closest(unknown, names);
    throw new ParameterError(
      `${owner}: schema names ${show(unknown)}, but the model's columns are ${names.join(", ")}${near ? `; did you mean ${show(near)}?` : "."}`,
    );
  }
  const kinds = kindsOf(model);
  return names.map((name, j) => ({
    name,
    kind: kinds?.[j] === "text" || schema[name] === "String" ? "text" : "number",
  }));
}

/** What transformers of tables recorded of their columns in fit; a pipeline's are those of its first step. */
function kindsOf(model: AnyEstimator): readonly string[] | undefined {
  const { state } = model.toPlain();
  const { kinds, texts } = (state ?? {}) as { readonly kinds?: readonly string[]; readonly texts?: readonly unknown[] };
  if (kinds) return kinds;
  if (texts) return texts.map((own) => (own ? "text" : "number"));
  const { steps } = model as unknown as { readonly steps?: readonly (readonly [string, AnyEstimator | string])[] };
  const first = steps?.map(([, one]) => one).find((one) => typeof one === "object");
  return typeof first === "object" ? kindsOf(first) : undefined;
}

function lowerProgram(
  owner: string,
  program: Program,
  columns: readonly GraphColumn[],
  framed: boolean,
): { readonly nodes: readonly GraphNode[]; readonly results: readonly number[] } {
  const nodes: GraphNode[] = [];
  const known = new Map<string, number>();
  const add = (op: GraphOp, inputs: readonly number[], width: number, params: GraphNode["params"]): number => {
    // What several steps share (labels and probabilities of the same scores) is there once.
    const key = JSON.stringify([op, inputs, width, params]);
    const seen = known.get(key);
    if (seen !== undefined) return seen;
    const at = nodes.push({ op, inputs, width, params }) - 1;
    known.set(key, at);
    return at;
  };
  const position = new Map(columns.map(({ name }, j) => [name, j]));
  const builder = (step: string): Builder => {
    const node: Builder["node"] = (op, inputs, width, params = {}) => ({
      kind: "matrix",
      width,
      node: add(op, inputs, width, params),
    });
    const refuse = (reason: string): never => {
      throw new DataError(`${owner}: ${step} cannot be exported: ${reason}.`);
    };
    const column = (value: Symbolic & { kind: "frame" }, name: string): number => {
      if (value.of) return node("choose", [value.of.node], 1, { columns: [value.of.names.indexOf(name)] }).node;
      const at = position.get(name) as number;
      return columns[at]?.kind === "text"
        ? node("text", [], 1, { column: at }).node
        : node("numbers", [], 1, { columns: [at] }).node;
    };
    const matrix: Builder["matrix"] = (value) => {
      if (value.kind === "matrix") return value;
      const { of } = value;
      if (of) {
        const places = value.columns.map((name) => of.names.indexOf(name));
        return node("choose", [of.node], places.length, { columns: places });
      }
      const places = value.columns.map((name) => position.get(name) as number);
      const text = places.map((j) => columns[j] as GraphColumn).find(({ kind }) => kind === "text");
      if (text) refuse(`it takes numbers, and column ${show(text.name)} is text`);
      return node("numbers", [], places.length, { columns: places });
    };
    return {
      owner,
      step,
      node,
      matrix,
      refuse,
      split: (value) => {
        if (value.kind === "matrix")
          return Array.from({ length: value.width }, (_, j) => node("choose", [value.node], 1, { columns: [j] }).node);
        return value.columns.map((name) => column(value, name));
      },
    };
  };
  const whole = builder("the model");
  const all = columns.map(({ name }) => name);
  const rows: Symbolic = framed
    ? { kind: "frame", columns: all }
    : whole.node("numbers", [], all.length, { columns: all.map((_, j) => j) });
  const values: Symbolic[] = [];
  const at = (step: number): Symbolic => (step < 0 ? rows : (values[step] as Symbolic));
  for (const { fn, args, inputs } of program.steps) {
    const name = `${fn.module.replace("partwise:", "").replace(/\.js$/, "")}#${fn.export}`;
    const own = (args ?? {}) as Record<string, Plain>;
    const step = typeof own["owner"] === "string" ? own["owner"] : `the step ${fn.export}`;
    const build = builder(step);
    const lowering = LOWERINGS[name];
    if (!lowering) return build.refuse(`there is no form of it (${fn.export}) outside partwise yet`);
    const strange = Object.keys(own).find((key) => own[key] !== undefined && !lowering.args.includes(key));
    if (strange !== undefined) return build.refuse(`its setting ${show(strange)} has no form outside partwise yet`);
    values.push(lowering.lower(build, own, inputs.map(at)));
  }
  return { nodes, results: program.outputs.map((step) => whole.matrix(at(step)).node) };
}
