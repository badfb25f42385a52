import type { TaskContext } from "../../src/engine/engine.js";
import { binaryOp } from "../../src/kernels/kernels.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column } from "../../src/memory/column.js";
import type { BoostChunk, DerivedChunk, GrowingChunk } from "./boost-chunk.js";
import { boostChunk, lossSums } from "./derived-chunk.js";
import type { Objective } from "./objectives.js";
import { finishTree, type FinishedTree } from "./round-tasks.js";

/** What {@link deriveStep} is told. */
export interface DeriveArgs {
  readonly objective: Objective;
  /** The tree before. */
  readonly finished?: FinishedTree;
  /** Added to the margins first, one an output. */
  readonly start?: Float64Array;
}

/** Ends a tree and finds losses and derivatives at the new margins, of all outputs, in doubles. */
export function deriveStep(context: TaskContext, args: DeriveArgs, chunk: BoostChunk | GrowingChunk): DerivedChunk {
  const { memory } = context;
  using space = new Workspace(memory, chunk.bins.arena);
  const { kernels } = space;
  const doubles = (): Column<"f64"> => memory.denseIn("f64", chunk.rows, 1, space.arena).columns[0] as Column<"f64">;
  let margins = args.finished ? finishTree(context, space, args.finished, chunk as GrowingChunk) : chunk.margins;
  if (args.start) {
    const { start } = args;
    margins = margins.map((margin, k) => {
      const moved = doubles();
      kernels.binaryScalar(binaryOp.add, margin.offset, start[k] as number, 0, chunk.rows, moved.offset);
      return moved;
    });
  }
  const { objective } = args;
  const g = margins.map(doubles);
  const h = margins.map(doubles);
  const losses = doubles();
  const w = chunk.w?.offset ?? 0;
  if (objective.kind === "softmax") {
    const tables = [margins, g, h].map((columns) => space.table(columns)) as [number, number, number];
    kernels.boostSoftmax(tables[0], margins.length, chunk.y.offset, w, chunk.rows, tables[1], tables[2], losses.offset);
  } else {
    const { loss, parameters } = objective;
    const own = margins.length > 1 ? doubles() : losses;
    if (own !== losses) memory.view(losses).fill(0);
    margins.forEach((margin, k) => {
      const out = [(g[k] as Column).offset, (h[k] as Column).offset, own.offset] as const;
      kernels.boostDerivatives(loss, parameters[k] as number, margin.offset, chunk.y.offset, w, chunk.rows, ...out);
      if (own !== losses) kernels.binary(binaryOp.add, losses.offset, own.offset, chunk.rows, losses.offset);
    });
  }
  const most = Float64Array.of(
    largest(context, chunk, g),
    largest(context, chunk, h),
    largest(context, chunk, [losses]),
  );
  return { ...boostChunk(chunk), margins, g, h, losses, most };
}

// Of the rows that take part; NaN where any is.
function largest(context: TaskContext, chunk: BoostChunk, columns: readonly Column<"f64">[]): number {
  let most = 0;
  for (const column of columns) {
    const values = context.memory.view(column);
    for (const rows of [chunk.train, chunk.held]) {
      for (const i of context.memory.view(rows)) {
        const size = Math.abs(values[i] as number);
        if (!(size <= most)) most = size;
        if (Number.isNaN(most)) return most;
      }
    }
  }
  return most;
}

/** Bounds of a chunk's derivatives and losses. */
export function mostStep(_context: TaskContext, _args: undefined, chunk: DerivedChunk): Float64Array {
  return chunk.most;
}

/** {@link lossSums} of a chunk that grows no more trees. */
export function lossStep(context: TaskContext, args: { scale: number }, chunk: DerivedChunk): { scores: Float64Array } {
  return { scores: lossSums(context, chunk, args.scale) };
}
