import { CounterRng } from "../src/base/rng.js";
import type { TaskContext } from "../src/engine/engine.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { groupAt, groupEnds, tiles, TILE_ROWS, type RowRange } from "./generated.js";
import { RowOrder } from "./row-order.js";

/** The checked options of makeClassification, as plain data. */
export interface ClassificationSpec {
  readonly seed: number;
  readonly nSamples: number;
  readonly nFeatures: number;
  readonly nInformative: number;
  readonly nRedundant: number;
  readonly nRepeated: number;
  readonly nClasses: number;
  readonly nClustersPerClass: number;
  readonly weights: readonly number[];
  readonly flipY: number;
  readonly classSep: number;
  readonly hypercube: boolean;
  readonly shift: number | readonly number[] | null;
  readonly scale: number | readonly number[] | null;
  readonly shuffle: boolean;
}

/** Everything about a data set that is the same for all its rows. */
export interface ClassificationModel {
  /** Where each cluster's rows end in the unshuffled order. Cluster k belongs to class k % nClasses. */
  readonly ends: readonly number[];
  /** clusters x nInformative */
  readonly centres: Float64Array;
  /** clusters x nInformative x nInformative, by columns of the result */
  readonly mixing: Float64Array;
  /** nRedundant x nInformative */
  readonly redundant: Float64Array;
  /** Which informative or redundant column each repeated one copies. */
  readonly repeated: readonly number[];
  /** Where each column goes. */
  readonly position: readonly number[];
  readonly shift: readonly number[];
  readonly scale: readonly number[];
}

let last: { readonly key: string; readonly model: ClassificationModel } | undefined;

/** The model of a spec: a pure function; the last one is kept, because partitions of one set come after one another. */
export function classificationModel(spec: ClassificationSpec): ClassificationModel {
  const key = JSON.stringify(spec);
  if (last?.key !== key) last = { key, model: buildModel(spec) };
  return last.model;
}

function buildModel(spec: ClassificationSpec): ClassificationModel {
  const { seed, nInformative: k, nFeatures } = spec;
  const clusters = spec.nClasses * spec.nClustersPerClass;
  const uniform = (purpose: string): CounterRng => new CounterRng(seed, `makeClassification.${purpose}`);
  const symmetric = (purpose: string, length: number): Float64Array => {
    const rng = uniform(purpose);
    return Float64Array.from({ length }, (_, i) => 2 * rng.uniform(i) - 1);
  };
  const useful = k + spec.nRedundant;
  const repeats = uniform("repeated");
  const columns = new RowOrder(nFeatures, seed, "makeClassification.columns");
  const shifts = uniform("shift");
  const scales = uniform("scale");
  const each = (value: number | readonly number[] | null, random: (j: number) => number): number[] =>
    Array.from({ length: nFeatures }, (_, j) =>
      value === null ? random(j) : typeof value === "number" ? value : (value[j] ?? 0),
    );
  return {
    ends: groupEnds(clusterSizes(spec, clusters)),
    centres: clusterCentres(spec, clusters),
    mixing: symmetric("mixing", clusters * k * k),
    redundant: symmetric("redundant", spec.nRedundant * k),
    repeated: Array.from({ length: spec.nRepeated }, (_, r) => repeats.integer(r, useful)),
    position: Array.from({ length: nFeatures }, (_, j) => (spec.shuffle ? columns.at(j) : j)),
    shift: each(spec.shift, (j) => (2 * shifts.uniform(j) - 1) * spec.classSep),
    scale: each(spec.scale, (j) => 1 + 100 * scales.uniform(j)),
  };
}

function clusterSizes(spec: ClassificationSpec, clusters: number): number[] {
  const sizes = Array.from({ length: clusters }, (_, c) =>
    // The tiny addition keeps 100 * 0.29 from becoming 28.
    Math.floor((spec.nSamples * (spec.weights[c % spec.nClasses] ?? 0)) / spec.nClustersPerClass + 1e-9),
  );
  const rest = spec.nSamples - sizes.reduce((sum, size) => sum + size, 0);
  for (let i = 0; i < rest; i++) sizes[i % clusters] = (sizes[i % clusters] ?? 0) + 1;
  return sizes;
}

function clusterCentres(spec: ClassificationSpec, clusters: number): Float64Array {
  const { seed, nInformative: k, classSep } = spec;
  // Distinct corners are distinct numbers of up to 30 bits; coordinates beyond those are drawn.
  const bits = Math.min(k, 30);
  const corners = new RowOrder(2 ** bits, seed, "makeClassification.corners");
  const rng = new CounterRng(seed, "makeClassification.centres");
  const centres = new Float64Array(clusters * k);
  for (let c = 0; c < clusters; c++) {
    const corner = corners.at(c);
    for (let j = 0; j < k; j++) {
      const up = j < bits ? Math.floor(corner / 2 ** j) % 2 === 1 : rng.uniform(c, j) < 0.5;
      centres[c * k + j] = up ? classSep : -classSep;
    }
  }
  if (!spec.hypercube) {
    const polytope = new CounterRng(seed, "makeClassification.polytope");
    for (let c = 0; c < clusters; c++) {
      for (let j = 0; j < k; j++) {
        centres[c * k + j] = (centres[c * k + j] ?? 0) * polytope.uniform(c) * polytope.uniform(j, 1);
      }
    }
  }
  return centres;
}

/** The cluster of each row of a range. */
function clustersOf(spec: ClassificationSpec, model: ClassificationModel, { start, rows }: RowRange): Int32Array {
  const order = new RowOrder(spec.nSamples, spec.seed, "makeClassification");
  return Int32Array.from({ length: rows }, (_, i) =>
    groupAt(model.ends, spec.shuffle ? order.at(start + i) : start + i),
  );
}

/** Task: classes, some drawn anew. */
export function classificationLabels(context: TaskContext, args: RowRange & { spec: ClassificationSpec }): DenseChunk {
  const { spec } = args;
  const clusters = clustersOf(spec, classificationModel(spec), args);
  const flips = new CounterRng(spec.seed, "makeClassification.flip");
  const out = context.memory.dense("i32", args.rows, 1);
  const labels = context.memory.view(out.columns[0] as Column<"i32">);
  for (let i = 0; i < args.rows; i++) {
    const row = args.start + i;
    const flip = spec.flipY > 0 && flips.uniform(row) < spec.flipY;
    labels[i] = flip ? flips.integer(row, spec.nClasses, 1) : (clusters[i] ?? 0) % spec.nClasses;
  }
  return out;
}

/** Task: the rows. */
export function classificationRows(
  context: TaskContext,
  args: RowRange & { spec: ClassificationSpec; dtype: "f64" | "f32" },
): DenseChunk {
  const { spec } = args;
  const model = classificationModel(spec);
  const clusters = clustersOf(spec, model, args);
  const k = spec.nInformative;
  const rng = new CounterRng(spec.seed, "makeClassification.X");
  const out = context.memory.dense(args.dtype, args.rows, spec.nFeatures);
  const views = out.columns.map((column) => context.memory.view(column) as Float64Array);
  const useful = k + spec.nRedundant;
  const tile = (count: number): Float64Array[] => Array.from({ length: count }, () => new Float64Array(TILE_ROWS));
  const normals = tile(k + (k % 2));
  const columns = tile(useful);
  const noise = tile(2);
  const write = (j: number, values: Float64Array, from: number, rows: number): void => {
    const target = views[model.position[j] ?? 0] as Float64Array;
    const shift = model.shift[j] ?? 0;
    const scale = model.scale[j] ?? 1;
    for (let i = 0; i < rows; i++) target[from + i] = ((values[i] ?? 0) + shift) * scale;
  };
  tiles(args.rows, (from, to) => {
    context.throwIfAborted();
    const rows = to - from;
    const first = args.start + from;
    for (let j = 0; j < k; j += 2) {
      rng.fillNormalPairs(
        first,
        j / 2,
        (normals[j] as Float64Array).subarray(0, rows),
        (normals[j + 1] as Float64Array).subarray(0, rows),
      );
    }
    mixInformative(model, clusters.subarray(from, to), normals, columns, k);
    for (let r = 0; r < spec.nRedundant; r++)
      combine(model.redundant.subarray(r * k, (r + 1) * k), columns, columns[k + r] as Float64Array, rows);
    for (let j = 0; j < useful; j++) write(j, columns[j] as Float64Array, from, rows);
    model.repeated.forEach((copied, r) => write(useful + r, columns[copied] as Float64Array, from, rows));
    const useless = useful + spec.nRepeated;
    for (let j = useless; j < spec.nFeatures; j += 2) {
      const [a, b] = noise as [Float64Array, Float64Array];
      rng.fillNormalPairs(first, Math.ceil(k / 2) + (j - useless) / 2, a.subarray(0, rows), b.subarray(0, rows));
      write(j, a, from, rows);
      if (j + 1 < spec.nFeatures) write(j + 1, b, from, rows);
    }
  });
  return out;
}

function mixInformative(
  model: ClassificationModel,
  clusters: Int32Array,
  normals: readonly Float64Array[],
  columns: readonly Float64Array[],
  k: number,
): void {
  const z = new Float64Array(k);
  for (let i = 0; i < clusters.length; i++) {
    const c = clusters[i] ?? 0;
    for (let j = 0; j < k; j++) z[j] = (normals[j] as Float64Array)[i] ?? 0;
    for (let j = 0; j < k; j++) {
      let sum = model.centres[c * k + j] ?? 0;
      const at = (c * k + j) * k;
      for (let m = 0; m < k; m++) sum += (model.mixing[at + m] ?? 0) * (z[m] ?? 0);
      (columns[j] as Float64Array)[i] = sum;
    }
  }
}

function combine(weights: Float64Array, columns: readonly Float64Array[], out: Float64Array, rows: number): void {
  out.fill(0);
  weights.forEach((weight, j) => {
    const column = columns[j] as Float64Array;
    for (let i = 0; i < rows; i++) out[i] = (out[i] ?? 0) + weight * (column[i] ?? 0);
  });
}
