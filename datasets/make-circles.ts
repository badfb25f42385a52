import { ParamTable } from "../src/base/params.js";
import { CounterRng } from "../src/base/rng.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import {
  generatedArray,
  generatedLayout,
  generatorRules,
  tiles,
  TILE_ROWS,
  type GeneratorOptions,
  type RowRange,
} from "./generated.js";
import { RowOrder } from "./row-order.js";

/** Options of {@link makeCircles}, named as in scikit-learn. */
export interface CirclesOptions extends GeneratorOptions {
  /** Rows in all (the outer circle gets half, rounded down), or `[outer, inner]`. 100 unless given. */
  readonly nSamples?: number | readonly [number, number];
  /** Rows in random order (true unless given), or the outer circle first. */
  readonly shuffle?: boolean;
  /** Standard deviation of normal noise; 0 unless given. */
  readonly noise?: number;
  /** Radius of the inner circle, in [0, 1); 0.8 unless given. */
  readonly factor?: number;
}

type Parsed = Required<Omit<CirclesOptions, "partitions">> & Pick<CirclesOptions, "partitions">;

const OPTIONS = new ParamTable<Parsed>("makeCircles", (z) =>
  z.object({
    nSamples: z
      .union([z.int().min(1), z.tuple([z.int().min(0), z.int().min(0)])])
      .default(100)
      .describe("rows in all, or [outer, inner]."),
    shuffle: z.boolean().default(true).describe("rows in random order."),
    noise: z.number().min(0).default(0).describe("standard deviation of normal noise."),
    factor: z.number().min(0).lt(1).default(0.8).describe("radius of the inner circle; the outer one has 1."),
    ...generatorRules(z),
  }),
);

/**
 * Two circles in the plane, evenly spaced points on each plus noise: y is 0 on the outer (radius 1), 1 on the inner
 * (radius `factor`). Lazy, and the same bits in any partitioning. As scikit-learn's `make_circles`, with another generator
 * for order and noise.
 *
 * @returns `X` f64 or f32 [nSamples, 2], `y` i32 [nSamples]
 * @throws ParameterError for a value out of range
 */
export function makeCircles(options: CirclesOptions = {}): {
  readonly X: DistributedArray;
  readonly y: DistributedArray;
} {
  const p = OPTIONS.parse(options);
  const [outer, inner] =
    typeof p.nSamples === "number"
      ? [Math.floor(p.nSamples / 2), p.nSamples - Math.floor(p.nSamples / 2)]
      : [p.nSamples[0], p.nSamples[1]];
  const partitionRows = generatedLayout("makeCircles", outer + inner, 2, p.dtype, p.partitions);
  const args = { seed: p.randomState, outer, inner, shuffle: p.shuffle };
  const rows = fnRef(import.meta.url, "circleRows");
  return {
    X: generatedArray({
      label: "makeCircles.X",
      partitionRows,
      width: 2,
      dtype: p.dtype,
      fn: rows,
      args: { ...args, noise: p.noise, factor: p.factor, dtype: p.dtype },
    }),
    y: generatedArray({
      label: "makeCircles.y",
      partitionRows,
      dtype: "i32",
      fn: fnRef(import.meta.url, "circleLabels"),
      args,
    }),
  };
}

interface CircleArgs extends RowRange {
  readonly seed: number;
  readonly outer: number;
  readonly inner: number;
  readonly shuffle: boolean;
}

function placeOf(args: CircleArgs): (row: number) => number {
  if (!args.shuffle) return (row) => row;
  const order = new RowOrder(args.outer + args.inner, args.seed, "makeCircles");
  return (row) => order.at(row);
}

/** Task: the circle of each row. */
export function circleLabels(context: TaskContext, args: CircleArgs): DenseChunk {
  const out = context.memory.dense("i32", args.rows, 1);
  const labels = context.memory.view(out.columns[0] as Column<"i32">);
  const place = placeOf(args);
  for (let i = 0; i < args.rows; i++) labels[i] = place(args.start + i) < args.outer ? 0 : 1;
  return out;
}

/** Task: the points. */
export function circleRows(
  context: TaskContext,
  args: CircleArgs & { noise: number; factor: number; dtype: "f64" | "f32" },
): DenseChunk {
  const out = context.memory.dense(args.dtype, args.rows, 2);
  const [x, y] = out.columns.map((column) => context.memory.view(column)) as [Float64Array, Float64Array];
  const place = placeOf(args);
  const rng = new CounterRng(args.seed, "makeCircles.noise");
  const a = new Float64Array(TILE_ROWS);
  const b = new Float64Array(TILE_ROWS);
  tiles(args.rows, (from, to) => {
    context.throwIfAborted();
    if (args.noise > 0) rng.fillNormalPairs(args.start + from, 0, a.subarray(0, to - from), b.subarray(0, to - from));
    for (let i = from; i < to; i++) {
      const at = place(args.start + i);
      const onOuter = at < args.outer;
      const radius = onOuter ? 1 : args.factor;
      const angle = onOuter ? (2 * Math.PI * at) / args.outer : (2 * Math.PI * (at - args.outer)) / args.inner;
      x[i] = radius * Math.cos(angle) + args.noise * (a[i - from] ?? 0);
      y[i] = radius * Math.sin(angle) + args.noise * (b[i - from] ?? 0);
    }
  });
  return out;
}
