import { DataError } from "../../src/base/errors.js";
import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { asDoubles, findNonFinite, nonFiniteError } from "../../src/estimator/design-tasks.js";
import { addRowStep, type RowStep } from "../../src/estimator/row-steps.js";
import type { Column, DenseChunk, MatrixChunk } from "../../src/memory/column.js";
import { argsort } from "../../src/numeric/argsort.js";
import { CompensatedSum } from "../../src/numeric/compensated-sum.js";
import { densify } from "../../src/numeric/densify.js";
import type { DesignChunk } from "../../src/numeric/design-chunk.js";
import { isotonicAt, type IsotonicKnots } from "../../src/numeric/isotonic.js";
import type { SortedPairs } from "../../src/numeric/sorted-pairs.js";

/** Rows of a partition, or of several. */
export interface IsotonicSums {
  readonly rows: number;
  /** Weight (`first`) and weighted sum of the targets (`second`) at each distinct x. */
  readonly at: SortedPairs;
}

/** {@link IsotonicSums} of one partition. Cost: a sort. @throws DataError naming the row of a NaN or infinity */
export function isotonicSumsStep(
  context: TaskContext,
  { owner, names }: { readonly owner: string; readonly names: readonly string[] | undefined },
  design: DesignChunk,
): IsotonicSums {
  const partition = context.partition?.index ?? 0;
  const bad = findNonFinite(context, design.x);
  if (bad) throw nonFiniteError(owner, names, partition, bad);
  const [column] = densify(context, design.x).columns;
  const x = column ? context.memory.view(asDoubles(context, column)) : new Float64Array(0);
  const y = design.y ? context.memory.view(design.y) : new Float64Array(0);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const wrong = y.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new DataError(
      `${owner}: y has ${y[wrong]} in partition ${partition}, row ${wrong}. Leave such rows out, or give them a target.`,
      { details: { partition, row: wrong } },
    );
  const order = argsort(x);
  const keys = new Float64Array(x.length);
  const first = new Float64Array(x.length);
  const second = new Float64Array(x.length);
  let k = 0;
  for (let i = 0; i < order.length;) {
    const value = x[order[i] as number] as number;
    const weight = new CompensatedSum();
    const sum = new CompensatedSum();
    for (; i < order.length && x[order[i] as number] === value; i++) {
      const row = order[i] as number;
      const own = w ? (w[row] as number) : 1;
      weight.add(own);
      sum.add(own * (y[row] as number));
    }
    if (weight.value === 0) continue;
    keys[k] = value + 0;
    first[k] = weight.value;
    second[k++] = sum.value;
  }
  return { rows: x.length, at: { keys: keys.slice(0, k), first: first.slice(0, k), second: second.slice(0, k) } };
}

/** What predictions need. */
export interface IsotonicArgs {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  readonly knots: IsotonicKnots;
  readonly outOfBounds: "nan" | "clip" | "raise";
}

/** The function at each row of a partition. @throws DataError naming a NaN or infinity, or with "raise" a row outside */
export function isotonicStep(context: TaskContext, args: IsotonicArgs, chunk: MatrixChunk): DenseChunk<"f64"> {
  const { owner, names, knots, outOfBounds } = args;
  const partition = context.partition?.index ?? 0;
  const bad = findNonFinite(context, chunk);
  if (bad) throw nonFiniteError(owner, names, partition, bad);
  const dense = densify(context, chunk);
  const x = context.memory.view(asDoubles(context, dense.columns[0] as Column));
  const out = context.memory.dense("f64", chunk.rows, 1) as DenseChunk<"f64">;
  const target = context.memory.view(out.columns[0] as Column<"f64">);
  const [low, high] = [knots.x[0] as number, knots.x.at(-1) as number];
  for (let i = 0; i < target.length; i++) {
    const value = x[i] as number;
    const outside = value < low || value > high;
    if (outside && outOfBounds === "raise")
      throw new DataError(
        `${owner}: X has ${value} in partition ${partition}, row ${i}, outside of ${low} to ${high}, where it was fitted. Pass outOfBounds: "clip" or "nan".`,
        { details: { partition, row: i } },
      );
    target[i] = outside && outOfBounds === "nan" ? NaN : isotonicAt(knots, value);
  }
  return out;
}

addRowStep<IsotonicArgs>(fnRef(import.meta.url, "isotonicStep"), ({ knots, outOfBounds }): RowStep => {
  const [low, high] = [knots.x[0] as number, knots.x.at(-1) as number];
  return (row) => {
    const value = row[0] as number;
    if (value >= low && value <= high) return Float64Array.of(isotonicAt(knots, value));
    // Errors are the task's.
    if (!Number.isFinite(value) || outOfBounds === "raise") return undefined;
    return Float64Array.of(outOfBounds === "nan" ? NaN : isotonicAt(knots, value));
  };
});
