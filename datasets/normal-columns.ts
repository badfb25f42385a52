import { CounterRng } from "../src/base/rng.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { generatedArray, generatedLayout, tiles, TILE_ROWS, type RowRange } from "./generated.js";

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

/** X of a generator: independent standard normals, `(nSamples, nFeatures)`, lazily. */
export function normalMatrix(
  owner: string,
  options: {
    readonly nSamples: number;
    readonly nFeatures: number;
    readonly dtype: "f64" | "f32";
    readonly partitions?: number;
    readonly randomState: number;
  },
): DistributedArray {
  const { nSamples, nFeatures: width, dtype, partitions, randomState: seed } = options;
  const label = `${owner}.X`;
  return generatedArray({
    label,
    partitionRows: generatedLayout(owner, nSamples, width, dtype, partitions),
    width,
    dtype,
    fn: fnRef(import.meta.url, "normalColumns"),
    args: { seed, purpose: label, width, dtype },
  });
}
