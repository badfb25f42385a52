import { CounterRng } from "../src/base/rng.js";
import type { TaskContext } from "../src/engine/engine.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { tiles, TILE_ROWS, type RowRange } from "./generated.js";

/** Arguments of {@link normalColumns}. */
export interface NormalArgs extends RowRange {
  readonly seed: number;
  readonly purpose: string;
  readonly width: number;
  readonly dtype: "f64" | "f32";
}

/** Task: rows of independent standard normals; the value at (row, column) depends on seed, purpose, row and column only. */
export function normalColumns(context: TaskContext, args: NormalArgs): DenseChunk {
  const rng = new CounterRng(args.seed, args.purpose);
  const out = context.memory.dense(args.dtype, args.rows, args.width);
  const views = out.columns.map((column: Column<"f64" | "f32">) => context.memory.view(column));
  const a = new Float64Array(TILE_ROWS);
  const b = new Float64Array(TILE_ROWS);
  tiles(args.rows, (from, to) => {
    context.throwIfAborted();
    for (let j = 0; j < args.width; j += 2) {
      const even = a.subarray(0, to - from);
      const odd = b.subarray(0, to - from);
      rng.fillNormalPairs(args.start + from, j / 2, even, odd);
      views[j]?.set(even, from);
      views[j + 1]?.set(odd, from);
    }
  });
  return out;
}
