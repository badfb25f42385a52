import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { asDoubles, findNonFinite, nonFiniteError } from "../../src/estimator/design-tasks.js";
import { addRowStep, isFiniteRow, type RowStep } from "../../src/estimator/row-steps.js";
import type { Column, DenseChunk, MatrixChunk } from "../../src/memory/column.js";
import { isCode, notACode, startsOf } from "../../src/numeric/class-codes.js";
import { densify } from "../../src/numeric/densify.js";

/**
 * Joint log-likelihoods of a row: of class c `constant[c] + Σ_j weight[c, j] · v_j`, where v is x, (x - center[c, j])², or 1
 * above the threshold. With `sizes` v is the code of a category: of class c `constant[c] + Σ_j weight[c, j, v_j]`, columns
 * one after the other; a code that no column has room for adds nothing.
 */
export interface JointArgs {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  readonly constant: Float64Array;
  /** Class by class. */
  readonly weight: Float64Array;
  readonly center?: Float64Array;
  readonly threshold?: number;
  readonly sizes?: Int32Array;
}

/** What the rows become: the joint log-likelihoods, probabilities, or the label of the largest. */
export type JointOutput =
  | { readonly output: "joint" | "probability" }
  | { readonly output: "label"; readonly labels: readonly number[] };

/** One partition. @throws DataError naming a NaN or infinity in X */
export function jointStep(context: TaskContext, args: JointArgs & JointOutput, chunk: MatrixChunk): DenseChunk<"f64"> {
  const bad = findNonFinite(context, chunk);
  if (bad) throw nonFiniteError(args.owner, args.names, context.partition?.index ?? 0, bad);
  const x = densify(context, chunk);
  const classes = args.constant.length;
  const columns = x.columns.map((column) => context.memory.view(asDoubles(context, column as Column)));
  const out = context.memory.dense("f64", x.rows, args.output === "label" ? 1 : classes) as DenseChunk<"f64">;
  const targets = out.columns.map((column) => context.memory.view(column));
  const joint = new Float64Array(classes);
  const width = columns.length;
  const add = args.sizes ? codeAdder(args, args.sizes) : valueAdder(args, width);
  for (let i = 0; i < x.rows; i++) {
    joint.set(args.constant);
    for (let j = 0; j < width; j++) {
      const value = (columns[j] as Float64Array)[i] as number;
      if (!add(j, value, joint))
        throw notACode(args.owner, value, { column: j, partition: context.partition?.index ?? 0, row: i });
    }
    finish(args, joint, targets, i);
  }
  return out;
}

/** Adds what the value of column j says to the joint log-likelihoods; false for what is no code where codes are needed. */
type Adder = (j: number, value: number, joint: Float64Array) => boolean;

function valueAdder({ threshold, center, weight }: JointArgs, width: number): Adder {
  return (j, value, joint) => {
    for (let c = 0; c < joint.length; c++) {
      const at = c * width + j;
      const v =
        threshold !== undefined ? (value > threshold ? 1 : 0) : center ? (value - (center[at] as number)) ** 2 : value;
      // A weight of -Infinity (a value never seen) leaves rows alone that do not have the value.
      if (v !== 0) joint[c] = (joint[c] as number) + (weight[at] as number) * v;
    }
    return true;
  };
}

function codeAdder({ weight }: JointArgs, sizes: Int32Array): Adder {
  const starts = startsOf(sizes);
  const all = starts.at(-1) as number;
  return (j, code, joint) => {
    if (!isCode(code)) return false;
    if (code >= (sizes[j] as number)) return true;
    const at = (starts[j] as number) + code;
    for (let c = 0; c < joint.length; c++) joint[c] = (joint[c] as number) + (weight[c * all + at] as number);
    return true;
  };
}

function finish(output: JointOutput, joint: Float64Array, targets: readonly Float64Array[], i: number): void {
  let best = 0;
  for (let c = 1; c < joint.length; c++) if ((joint[c] as number) > (joint[best] as number)) best = c;
  if (output.output === "label") {
    (targets[0] as Float64Array)[i] = output.labels[best] as number;
    return;
  }
  if (output.output === "joint") {
    joint.forEach((value, c) => ((targets[c] as Float64Array)[i] = value));
    return;
  }
  const top = joint[best] as number;
  let total = 0;
  for (let c = 0; c < joint.length; c++) total += joint[c] = Math.exp((joint[c] as number) - top);
  joint.forEach((value, c) => ((targets[c] as Float64Array)[i] = value / total));
}

addRowStep<JointArgs & JointOutput>(fnRef(import.meta.url, "jointStep"), (args) => {
  const codes = args.sizes ? codeAdder(args, args.sizes) : undefined;
  const step = (row: Float64Array): Float64Array | undefined => {
    if (!isFiniteRow(row)) return undefined;
    const joint = args.constant.slice();
    const add = codes ?? valueAdder(args, row.length);
    // Errors are the task's.
    for (let j = 0; j < row.length; j++) if (!add(j, row[j] as number, joint)) return undefined;
    const targets = Array.from({ length: args.output === "label" ? 1 : joint.length }, () => new Float64Array(1));
    finish(args, joint, targets, 0);
    return Float64Array.from(targets, ([value]) => value as number);
  };
  return step as RowStep;
});
