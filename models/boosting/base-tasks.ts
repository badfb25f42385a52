import type { TaskContext } from "../../src/engine/engine.js";
import type { DesignChunk } from "../../src/numeric/design-chunk.js";
import { addTrees } from "../../src/numeric/trees/packed-trees.js";
import { binStep, type BinRules } from "./binning-tasks.js";
import type { BinnedChunk } from "./boost-chunk.js";
import { eachDense, rowsFrom, spaceOver } from "./sparse-rows.js";
import type { TreesArgs } from "./tree-tasks.js";

/** The bins of one partition, with the margins that its rows start at: of a model, of the design's offset, or both. */
export function binWithBaseStep(
  context: TaskContext,
  args: BinRules & { model?: TreesArgs },
  design: DesignChunk,
): BinnedChunk {
  const { memory } = context;
  const binned = binStep(context, args, design);
  const { x } = design;
  using space = spaceOver(context, x);
  const { model } = args;
  const base = memory.denseIn("f64", x.rows, model?.outputs ?? 1, space.arena).columns;
  const offset = design.offset ? memory.view(design.offset) : undefined;
  base.forEach((column, k) => {
    const values = memory.view(column).fill(model?.baselines[k] ?? 0);
    if (offset) for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) + (offset[i] as number);
  });
  // Tree after tree on top, as in a fit that was not interrupted: the same bits.
  if (model)
    eachDense(context, space, x, undefined, (rows, from) =>
      addTrees(memory, space, rows, model, rowsFrom(base, from, rows.rows)),
    );
  return { ...binned, base };
}
