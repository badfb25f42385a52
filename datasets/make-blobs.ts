import { DataError, ParameterError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import { CounterRng } from "../src/base/rng.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { DenseChunk } from "../src/memory/column.js";
import {
  generatedArray,
  generatedLayout,
  generatorRules,
  groupAt,
  groupEnds,
  type GeneratorOptions,
  type RowRange,
} from "./generated.js";
import { normalColumns } from "./normal-columns.js";
import { RowOrder } from "./row-order.js";

/** Options of {@link makeBlobs}, named as in scikit-learn. */
export interface BlobsOptions extends GeneratorOptions {
  /** Rows in all, shared equally among the centres, or rows of each centre. 100 unless given. */
  readonly nSamples?: number | readonly number[];
  /** Columns; 2 unless given, those of `centers` where it is a list. */
  readonly nFeatures?: number;
  /** How many centres to draw, or the centres; 3 unless given. */
  readonly centers?: number | readonly (readonly number[])[];
  /** Standard deviation of all blobs, or of each; 1 unless given. */
  readonly clusterStd?: number | readonly number[];
  /** Bounds between which centres are drawn; [-10, 10] unless given. */
  readonly centerBox?: readonly [number, number];
  /** Rows in random order (true unless given), or blob after blob. */
  readonly shuffle?: boolean;
}

/** What {@link makeBlobs} returns. */
export interface Blobs {
  /** f64 or f32 [nSamples, nFeatures] */
  readonly X: DistributedArray;
  /** i32 [nSamples]: the blob of each row */
  readonly y: DistributedArray;
  readonly centers: readonly (readonly number[])[];
}

type Parsed = Required<Omit<BlobsOptions, "partitions" | "nFeatures" | "centers">> &
  Pick<BlobsOptions, "partitions" | "nFeatures" | "centers">;

const OPTIONS = new ParamTable<Parsed>("makeBlobs", (z) =>
  z.object({
    nSamples: z
      .union([z.int().min(1), z.array(z.int().min(0)).min(1)])
      .default(100)
      .describe("rows in all, or rows of each blob."),
    nFeatures: z.int().min(1).optional().describe("columns."),
    centers: z
      .union([z.int().min(1), z.array(z.array(z.number()).min(1)).min(1)])
      .optional()
      .describe("how many centres, or the centres."),
    clusterStd: z
      .union([z.number().min(0), z.array(z.number().min(0))])
      .default(1)
      .describe("standard deviation of all blobs, or of each."),
    centerBox: z.tuple([z.number(), z.number()]).default([-10, 10]).describe("bounds between which centres are drawn."),
    shuffle: z.boolean().default(true).describe("rows in random order."),
    ...generatorRules(z),
  }),
);

/**
 * Isotropic normal blobs for clustering: row i is `center[y_i] + clusterStd[y_i] * N(0, I)`. Lazy: partitions are made in
 * the workers that need them, and a row has the same bits in any partitioning.
 *
 * The distributions are those of scikit-learn's `make_blobs`; the values are not, because the generator is another one.
 * `centers` is always returned. Cost: about 80 ns a value.
 *
 * @throws ParameterError for a value out of range, or lists whose lengths disagree
 *
 * @example
 * ```ts
 * const { X, y, centers } = makeBlobs({ nSamples: 10_000, centers: 4, randomState: 7 });
 * ```
 */
export function makeBlobs(options: BlobsOptions = {}): Blobs {
  const p = OPTIONS.parse(options);
  const given = p.centers;
  const perBlob = typeof p.nSamples === "number" ? undefined : p.nSamples;
  const count = typeof given === "number" ? given : (given?.length ?? perBlob?.length ?? 3);
  if (perBlob && perBlob.length !== count) {
    throw new ParameterError(
      `makeBlobs: nSamples has ${perBlob.length} entries for ${count} centers. Pass one number of rows a center.`,
    );
  }
  const nFeatures = Array.isArray(given) ? ((given as number[][])[0]?.length ?? 0) : (p.nFeatures ?? 2);
  if (p.nFeatures !== undefined && p.nFeatures !== nFeatures) {
    throw new ParameterError(
      `makeBlobs: nFeatures is ${p.nFeatures} but centers have ${nFeatures} values. Leave nFeatures out.`,
    );
  }
  const centers = Array.isArray(given)
    ? (given as number[][])
    : drawCenters(p.randomState, count, nFeatures, p.centerBox);
  const ragged = centers.findIndex((center) => center.length !== nFeatures);
  if (ragged >= 0)
    throw new DataError(
      `makeBlobs: center 0 has ${nFeatures} values but center ${ragged} has ${centers[ragged]?.length}. All need the same.`,
    );
  const std = typeof p.clusterStd === "number" ? Array<number>(count).fill(p.clusterStd) : [...p.clusterStd];
  if (std.length !== count)
    throw new ParameterError(
      `makeBlobs: clusterStd has ${std.length} entries for ${count} centers. Pass one number, or one a center.`,
    );
  const total = typeof p.nSamples === "number" ? p.nSamples : p.nSamples.reduce((sum, n) => sum + n, 0);
  const counts = perBlob ?? centers.map((_, k) => Math.floor(total / count) + (k < total % count ? 1 : 0));

  const partitionRows = generatedLayout("makeBlobs", total, nFeatures, p.dtype, p.partitions);
  const args = { seed: p.randomState, ends: groupEnds(counts), shuffle: p.shuffle };
  return {
    X: generatedArray({
      label: "makeBlobs.X",
      partitionRows,
      width: nFeatures,
      dtype: p.dtype,
      fn: fnRef(import.meta.url, "blobRows"),
      args: { ...args, centers: Float64Array.from(centers.flat()), std, width: nFeatures, dtype: p.dtype },
    }),
    y: generatedArray({
      label: "makeBlobs.y",
      partitionRows,
      dtype: "i32",
      fn: fnRef(import.meta.url, "blobLabels"),
      args,
    }),
    centers,
  };
}

function drawCenters(
  seed: number,
  count: number,
  nFeatures: number,
  [low, high]: readonly [number, number],
): number[][] {
  const rng = new CounterRng(seed, "makeBlobs.centers");
  return Array.from({ length: count }, (_, k) =>
    Array.from({ length: nFeatures }, (__, j) => low + (high - low) * rng.uniform(k, j)),
  );
}

interface LabelArgs extends RowRange {
  readonly seed: number;
  readonly ends: readonly number[];
  readonly shuffle: boolean;
}

/** Task: the blob of each row. */
export function blobLabels(context: TaskContext, args: LabelArgs): DenseChunk {
  const out = context.memory.dense("i32", args.rows, 1);
  const labels = context.memory.view(out.columns[0] as DenseChunk<"i32">["columns"][0]);
  const order = new RowOrder(args.ends.at(-1) ?? 0, args.seed, "makeBlobs");
  for (let i = 0; i < args.rows; i++) {
    labels[i] = groupAt(args.ends, args.shuffle ? order.at(args.start + i) : args.start + i);
  }
  return out;
}

/** Task: rows around the centre of their blob. */
export function blobRows(
  context: TaskContext,
  args: LabelArgs & { centers: Float64Array; std: readonly number[]; width: number; dtype: "f64" | "f32" },
): DenseChunk {
  // In doubles first: a float32 result is the rounded float64 one.
  const normals = normalColumns(context, { ...args, purpose: "makeBlobs.X", dtype: "f64" }) as DenseChunk<"f64">;
  const labels = context.memory.view(
    (blobLabels(context, args) as DenseChunk<"i32">).columns[0] as DenseChunk<"i32">["columns"][0],
  );
  const out =
    args.dtype === "f64" ? normals : (context.memory.dense("f32", args.rows, args.width) as DenseChunk<"f32">);
  normals.columns.forEach((column, j) => {
    const source = context.memory.view(column);
    const target = context.memory.view(out.columns[j] as DenseChunk<"f64" | "f32">["columns"][0]);
    for (let i = 0; i < args.rows; i++) {
      const k = labels[i] ?? 0;
      target[i] = (args.centers[k * args.width + j] ?? 0) + (args.std[k] ?? 1) * (source[i] ?? 0);
    }
  });
  return out;
}
