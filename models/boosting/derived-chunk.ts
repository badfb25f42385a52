import type { TaskContext } from "../../src/engine/engine.js";
import type { Workspace } from "../../src/kernels/workspace.js";
import type { Column } from "../../src/memory/column.js";
import type { BoostChunk, DerivedChunk } from "./boost-chunk.js";
import { gradientSizes, type RowSample } from "./row-sample.js";

/** How derivatives and losses become integers. */
export interface RoundScales {
  readonly g: number;
  readonly h: number;
  readonly loss: number;
}

/** The part of a chunk that outlives a tree. */
export function boostChunk(chunk: BoostChunk): BoostChunk {
  const { rows, stride, width, bins, columns, y, w, firstRow, train, held, heldOut, groups, margins } = chunk;
  return {
    rows,
    stride,
    width,
    bins,
    columns,
    y,
    firstRow,
    train,
    held,
    margins,
    ...(w ? { w } : {}),
    ...(heldOut ? { heldOut } : {}),
    ...(groups ? { groups } : {}),
  };
}

/** Exact sums of losses, and the derivatives as integers. */
export function packDerived(
  context: TaskContext,
  space: Workspace,
  chunk: DerivedChunk,
  scales: RoundScales,
  sample: RowSample | undefined,
): { readonly pairs: Column<"i32">[]; readonly scores: Float64Array } {
  const { memory } = context;
  const { certain } = sample ?? {};
  const size = certain ? gradientSizes(context, chunk) : undefined;
  const amplified = (column: Column<"f64">): number => {
    if (!certain || !size) return column.offset;
    const { pointer, values } = space.numbers(chunk.rows);
    memory
      .view(column)
      .forEach((value, i) => (values[i] = size(i) >= certain.threshold ? value : value * certain.factor));
    return pointer;
  };
  const pairs = chunk.g.map((g, k) => {
    const own = memory.denseIn("i32", 2 * chunk.rows, 1, space.arena).columns[0] as Column<"i32">;
    const h = amplified(chunk.h[k] as Column<"f64">);
    space.kernels.packDerivatives(amplified(g), h, chunk.rows, scales.g, scales.h, own.offset);
    return own;
  });
  return { pairs, scores: lossSums(context, chunk, scales.loss) };
}

/** As `BoostGradientsKernel` has them: 0, and the losses of rows that are trained on and held out, in units. */
export function lossSums(context: TaskContext, chunk: DerivedChunk, scale: number): Float64Array {
  const losses = context.memory.view(chunk.losses);
  const sum = (rows: Column<"i32">): number => {
    let total = 0;
    for (const i of context.memory.view(rows)) total += Math.round((losses[i] as number) * scale);
    return total;
  };
  return Float64Array.of(0, sum(chunk.train), sum(chunk.held));
}
