import { DataError } from "../../src/base/errors.js";
import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { asDoubles, totalOffset, type RowVectorName } from "../../src/estimator/design-tasks.js";
import { addCellStep, type RowValue } from "../../src/estimator/row-steps.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column, DenseChunk, MatrixChunk } from "../../src/memory/column.js";
import { composedMeans, type Composition } from "../../src/numeric/glm/composed-steps.js";
import { kernelOf } from "../../src/numeric/glm/kernel-of.js";
import { predictor, rowPredictor, type LinearArgs } from "./predict-tasks.js";

/** What {@link glmMeanStep} is told. */
export interface GlmMeanArgs extends LinearArgs {
  readonly composition: Composition;
  /** Names of the vectors after X, in order. */
  readonly vectors: readonly RowVectorName[];
}

/** The mean of each row by the model's link, its offset included. @throws DataError naming what is not finite */
export function glmMeanStep(
  context: TaskContext,
  args: GlmMeanArgs,
  x: MatrixChunk,
  ...vectors: DenseChunk[]
): DenseChunk<"f64"> {
  const eta = predictor(context, args, x);
  const [column] = eta.columns;
  if (!column) return eta;
  const offset = offsetOf(context, args, x.rows, vectors);
  const values = context.memory.view(column);
  if (offset) for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) + (offset[i] ?? 0);
  const kernel = kernelOf(args.composition);
  if (kernel) {
    using space = Workspace.over(context.memory, eta);
    space.kernels.inverseLink(kernel.family, column.offset, eta.rows, column.offset);
  } else composedMeans(values, args.composition.link);
  return eta;
}

function offsetOf(
  context: TaskContext,
  { owner, vectors: names }: GlmMeanArgs,
  rows: number,
  vectors: readonly DenseChunk[],
): Float64Array | undefined {
  const partition = context.partition?.index ?? 0;
  const found: Partial<Record<RowVectorName, Column<"f64">>> = {};
  names.forEach((name, k) => {
    const column = asDoubles(context, vectors[k]?.columns[0] as Column);
    if (column.length !== rows) {
      throw new DataError(
        `${owner}: X has ${rows} rows but ${name} has ${column.length} in partition ${partition}. Take both from the same source, row by row.`,
        { details: { partition } },
      );
    }
    const row = context.memory.view(column).findIndex((value) => !Number.isFinite(value));
    if (row >= 0) {
      throw new DataError(
        `${owner}: ${name} has ${context.memory.view(column)[row]} in partition ${partition}, row ${row}. Drop or fill such rows first.`,
        { details: { partition, row, column: name } },
      );
    }
    found[name] = column;
  });
  const total = totalOffset(context, owner, found.offset, found.exposure, partition);
  return total && context.memory.view(total);
}

addCellStep<GlmMeanArgs>(fnRef(import.meta.url, "glmMeanStep"), (args, tools) => {
  // Offsets come beside the rows.
  if (args.vectors.length > 0) return undefined;
  const predict = rowPredictor(args);
  const kernel = kernelOf(args.composition);
  return (row) => {
    const eta = Float64Array.of(predict(row as RowValue));
    if (!Number.isFinite(eta[0])) return undefined;
    if (kernel) eta[0] = tools.inverseLink(kernel.family, eta[0] as number);
    else composedMeans(eta, args.composition.link);
    return eta;
  };
});
