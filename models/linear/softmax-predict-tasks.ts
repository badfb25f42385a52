import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { findNonFinite, nonFiniteError } from "../../src/estimator/design-tasks.js";
import { addCellStep, isFiniteRow, largestAt, type CellStep, type RowValue } from "../../src/estimator/row-steps.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { DenseChunk, MatrixChunk } from "../../src/memory/column.js";
import { rowPredictor } from "./predict-tasks.js";

/** A fitted multinomial model. */
export interface ScoresArgs {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  /** `k x p` row-major. */
  readonly coef: Float64Array;
  readonly intercepts: Float64Array;
}

/** `x·coef_c + intercept_c` of every class. @throws DataError naming a NaN or infinity in X */
export function scoresStep(context: TaskContext, args: ScoresArgs, x: MatrixChunk): DenseChunk<"f64"> {
  const k = args.intercepts.length;
  const p = args.coef.length / k;
  using space = new Workspace(context.memory, x.kind === "dense" ? (x.columns[0]?.arena ?? 0) : x.values.arena);
  const out = context.memory.denseIn("f64", x.rows, k, space.arena);
  if (x.kind === "csr") {
    const [indptr, indices, values] = [space.pointer(x.indptr), space.pointer(x.indices), space.pointer(x.values)];
    const slopes = space.vector(args.coef);
    out.columns.forEach((column, c) =>
      space.kernels.csrMatVec(
        indptr,
        indices,
        values,
        x.rows,
        slopes + c * p * 8,
        args.intercepts[c] ?? 0,
        column.offset,
      ),
    );
  } else {
    const { table, width, suffix } = space.matrix(x);
    const byColumn = new Float64Array(p * k);
    for (let c = 0; c < k; c++) for (let j = 0; j < p; j++) byColumn[j * k + c] = args.coef[c * p + j] ?? 0;
    space.kernels[`matMul${suffix}`](
      table,
      width,
      x.rows,
      space.vector(byColumn),
      k,
      space.vector(args.intercepts),
      space.table(out.columns),
    );
  }
  // A NaN in the scores is the cheap sign of one in X; only then is X looked through.
  let sum = 0;
  for (const column of out.columns) for (const value of context.memory.view(column)) sum += value;
  if (!Number.isFinite(sum)) {
    const found = findNonFinite(context, x);
    if (found) throw nonFiniteError(args.owner, args.names, context.partition?.index ?? 0, found);
  }
  return out;
}

/** Probability of every class. */
export function sharesStep(context: TaskContext, args: ScoresArgs, x: MatrixChunk): DenseChunk<"f64"> {
  const scores = scoresStep(context, args, x);
  using space = Workspace.over(context.memory, scores);
  space.kernels.softmax(space.table(scores.columns), scores.columns.length, scores.rows);
  return scores;
}

/** The most probable label of each row; the first of several. */
export function bestLabelStep(
  context: TaskContext,
  args: ScoresArgs & { labels: readonly number[] },
  x: MatrixChunk,
): DenseChunk<"f64"> {
  const scores = scoresStep(context, args, x);
  const columns = scores.columns.map((column) => context.memory.view(column));
  const out = context.memory.denseIn("f64", scores.rows, 1, scores.columns[0]?.arena ?? 0);
  const labels = out.columns[0] ? context.memory.view(out.columns[0]) : new Float64Array();
  for (let i = 0; i < labels.length; i++) {
    let best = 0;
    for (let c = 1; c < columns.length; c++) if ((columns[c]?.[i] ?? 0) > (columns[best]?.[i] ?? 0)) best = c;
    labels[i] = args.labels[best] ?? 0;
  }
  return out;
}

/** {@link scoresStep} on one row; undefined where a score is not finite. */
export function rowScores({ coef, intercepts }: ScoresArgs): (row: RowValue) => Float64Array | undefined {
  const p = coef.length / intercepts.length;
  const each = Array.from(intercepts, (intercept, c) =>
    rowPredictor({ coef: coef.subarray(c * p, (c + 1) * p), intercept }),
  );
  return (row) => {
    const scores = Float64Array.from(each, (predict) => predict(row));
    return isFiniteRow(scores) ? scores : undefined;
  };
}

addCellStep<ScoresArgs>(fnRef(import.meta.url, "scoresStep"), (args) => rowScores(args) as CellStep);

addCellStep<ScoresArgs>(fnRef(import.meta.url, "sharesStep"), (args, tools): CellStep => {
  const scoresOf = rowScores(args);
  return (row) => {
    const scores = scoresOf(row as RowValue);
    if (scores) tools.softmax(scores);
    return scores;
  };
});

addCellStep<ScoresArgs & { labels: readonly number[] }>(fnRef(import.meta.url, "bestLabelStep"), (args): CellStep => {
  const scoresOf = rowScores(args);
  return (row) => {
    const scores = scoresOf(row as RowValue);
    return scores && Float64Array.of(args.labels[largestAt(scores)] ?? 0);
  };
});
