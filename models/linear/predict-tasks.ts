import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { findNonFinite, nonFiniteError } from "../../src/estimator/design-tasks.js";
import { addCellStep, type CellStep, type RowValue } from "../../src/estimator/row-steps.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { DenseChunk, MatrixChunk } from "../../src/memory/column.js";

/** A fitted linear predictor and what to make of it. */
export interface LinearArgs {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  readonly coef: Float64Array;
  readonly intercept: number;
}

/** `x·coef + intercept` of one partition. @throws DataError naming a NaN or infinity in X */
export function linearStep(context: TaskContext, args: LinearArgs, x: MatrixChunk): DenseChunk<"f64"> {
  return predictor(context, args, x);
}

/** Probabilities of both classes: `[1 − p, p]`. */
export function probabilityStep(context: TaskContext, args: LinearArgs, x: MatrixChunk): DenseChunk<"f64"> {
  const eta = predictor(context, args, x);
  using space = Workspace.over(context.memory, eta);
  const out = context.memory.denseIn("f64", eta.rows, 2, space.arena);
  const [source] = eta.columns;
  const [first, second] = out.columns;
  if (!source || !first || !second) return out;
  // Each side by its own sigmoid: 1 − p would lose the digits of a small 1 − p.
  space.kernels.inverseLink(1, source.offset, eta.rows, second.offset);
  space.kernels.unary(0, source.offset, eta.rows, source.offset);
  space.kernels.inverseLink(1, source.offset, eta.rows, first.offset);
  return out;
}

/** The more probable label of each row. */
export function labelStep(
  context: TaskContext,
  args: LinearArgs & { labels: [number, number] },
  x: MatrixChunk,
): DenseChunk<"f64"> {
  const eta = predictor(context, args, x);
  const [column] = eta.columns;
  if (column) {
    const values = context.memory.view(column);
    for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) > 0 ? args.labels[1] : args.labels[0];
  }
  return eta;
}

/** `x·coef + intercept` of one partition, in a column of its own. @throws DataError naming a NaN or infinity in X */
export function predictor(context: TaskContext, args: LinearArgs, x: MatrixChunk): DenseChunk<"f64"> {
  using space = new Workspace(context.memory, x.kind === "dense" ? (x.columns[0]?.arena ?? 0) : x.values.arena);
  const out = context.memory.denseIn("f64", x.rows, 1, space.arena);
  const [column] = out.columns;
  if (!column) return out;
  const coef = space.vector(args.coef);
  if (x.kind === "csr") {
    space.kernels.csrMatVec(
      space.pointer(x.indptr),
      space.pointer(x.indices),
      space.pointer(x.values),
      x.rows,
      coef,
      args.intercept,
      column.offset,
    );
  } else {
    const { table, width, suffix } = space.matrix(x);
    space.kernels[`matVec${suffix}`](table, width, x.rows, coef, args.intercept, column.offset);
  }
  // A NaN in the predictor is the cheap sign of one in X; only then is X looked through.
  const values = context.memory.view(column);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  if (!Number.isFinite(sum)) {
    const found = findNonFinite(context, x);
    if (found) throw nonFiniteError(args.owner, args.names, context.partition?.index ?? 0, found);
  }
  return out;
}

/**
 * `x·coef + intercept` of one row, NaN for cells that are no numbers; four columns at a time, because so the kernel adds
 * those of dense rows.
 */
export function rowPredictor({ coef, intercept }: Pick<LinearArgs, "coef" | "intercept">): (row: RowValue) => number {
  const at = (row: Float64Array, j: number): number => (coef[j] as number) * (row[j] as number);
  return (row) => {
    let sum = intercept;
    let j = 0;
    if (row instanceof Float64Array) {
      for (; j + 4 <= coef.length; j += 4) sum += at(row, j) + at(row, j + 1) + (at(row, j + 2) + at(row, j + 3));
      for (; j < coef.length; j++) sum += (coef[j] as number) * (row[j] as number);
      return sum;
    }
    if ("names" in row) return NaN;
    const { indices, values } = row;
    for (let k = 0; k < indices.length; k++) sum += (values[k] as number) * (coef[indices[k] as number] as number);
    return sum;
  };
}

addCellStep<LinearArgs>(fnRef(import.meta.url, "linearStep"), (args): CellStep => {
  const predict = rowPredictor(args);
  return (row) => {
    const eta = predict(row as RowValue);
    return Number.isFinite(eta) ? Float64Array.of(eta) : undefined;
  };
});

addCellStep<LinearArgs>(fnRef(import.meta.url, "probabilityStep"), (args, tools): CellStep => {
  const predict = rowPredictor(args);
  return (row) => {
    const eta = predict(row as RowValue);
    return Number.isFinite(eta) ? Float64Array.of(tools.inverseLink(1, -eta), tools.inverseLink(1, eta)) : undefined;
  };
});

addCellStep<LinearArgs & { labels: [number, number] }>(fnRef(import.meta.url, "labelStep"), (args): CellStep => {
  const predict = rowPredictor(args);
  const [no, yes] = args.labels;
  return (row) => {
    const eta = predict(row as RowValue);
    return Number.isFinite(eta) ? Float64Array.of(eta > 0 ? yes : no) : undefined;
  };
});
