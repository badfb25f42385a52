import { ParameterError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { classificationModel, type ClassificationSpec } from "./classification-model.js";
import { generatedArray, generatedLayout, generatorRules, type GeneratorOptions } from "./generated.js";

/** Options of {@link makeClassification}, named as in scikit-learn. */
export interface ClassificationOptions extends GeneratorOptions {
  /** Rows; 100 unless given. */
  readonly nSamples?: number;
  /** Columns; 20 unless given. */
  readonly nFeatures?: number;
  /** Columns that tell the classes apart; 2 unless given. */
  readonly nInformative?: number;
  /** Columns that are linear combinations of informative ones; 2 unless given. */
  readonly nRedundant?: number;
  /** Columns that are copies of informative or redundant ones; 0 unless given. */
  readonly nRepeated?: number;
  /** Classes; 2 unless given. */
  readonly nClasses?: number;
  /** Normal clusters in each class; 2 unless given. */
  readonly nClustersPerClass?: number;
  /** Share of each class; equal unless given. The last one may be left out. */
  readonly weights?: readonly number[];
  /** Share of rows whose class is drawn anew; 0.01 unless given. */
  readonly flipY?: number;
  /** Half the side of the hypercube on whose corners the clusters sit; 1 unless given. */
  readonly classSep?: number;
  /** Clusters on the corners of a hypercube (true unless given), or of a random polytope. */
  readonly hypercube?: boolean;
  /** Added to columns: one number, one a column, or null for random shifts within `classSep`. 0 unless given. */
  readonly shift?: number | readonly number[] | null;
  /** Multiplies columns after the shift: one number, one a column, or null for random factors in [1, 101). 1 unless given. */
  readonly scale?: number | readonly number[] | null;
  /** Rows and columns in random order (true unless given); else cluster after cluster, and informative, redundant, repeated, useless columns. */
  readonly shuffle?: boolean;
}

/** What {@link makeClassification} returns. */
export interface ClassificationData {
  /** f64 or f32 [nSamples, nFeatures] */
  readonly X: DistributedArray;
  /** i32 [nSamples]: classes 0 to nClasses - 1 */
  readonly y: DistributedArray;
}

type Parsed = Required<Omit<ClassificationOptions, "partitions" | "weights">> &
  Pick<ClassificationOptions, "partitions" | "weights">;

const OPTIONS = new ParamTable<Parsed>("makeClassification", (z) => {
  const perColumn = z.union([z.number(), z.array(z.number()), z.null()]);
  return z.object({
    nSamples: z.int().min(1).default(100).describe("rows."),
    nFeatures: z.int().min(1).default(20).describe("columns."),
    nInformative: z.int().min(1).default(2).describe("columns that tell the classes apart."),
    nRedundant: z.int().min(0).default(2).describe("columns that are linear combinations of informative ones."),
    nRepeated: z.int().min(0).default(0).describe("columns that are copies of informative or redundant ones."),
    nClasses: z.int().min(1).default(2).describe("classes."),
    nClustersPerClass: z.int().min(1).default(2).describe("normal clusters in each class."),
    weights: z.array(z.number().min(0)).optional().describe("share of each class."),
    flipY: z.number().min(0).max(1).default(0.01).describe("share of rows whose class is drawn anew."),
    classSep: z.number().min(0).default(1).describe("half the side of the hypercube of cluster centres."),
    hypercube: z.boolean().default(true).describe("cluster centres on a hypercube's corners."),
    shift: perColumn.default(0).describe("added to columns; null for random shifts."),
    scale: perColumn.default(1).describe("multiplies columns after the shift; null for random factors."),
    shuffle: z.boolean().default(true).describe("rows and columns in random order."),
    ...generatorRules(z),
  });
});

/**
 * A classification problem of normal clusters. Each class has `nClustersPerClass` clusters on corners of a hypercube with
 * side `2 classSep`; a row is `centre + A z` with z ~ N(0, I) and a random matrix A (entries uniform in [-1, 1)) for each
 * cluster; redundant columns are random combinations of the informative ones, repeated columns copies, the rest N(0, 1).
 * Lazy, and the same bits in any partitioning.
 *
 * The distributions and cluster sizes are those of scikit-learn's `make_classification` (Guyon's design of 2003); the
 * values are not, because the generator is another one. Cost: about 80 ns a value, plus nInformative^2 products a row.
 *
 * @throws ParameterError when the column counts exceed `nFeatures`, there are more clusters than corners, or weights do not fit
 *
 * @example
 * ```ts
 * const { X, y } = makeClassification({ nSamples: 1_000_000, nFeatures: 28, nInformative: 10, randomState: 1 });
 * ```
 */
export function makeClassification(options: ClassificationOptions = {}): ClassificationData {
  const p = OPTIONS.parse(options);
  const used = p.nInformative + p.nRedundant + p.nRepeated;
  if (used > p.nFeatures) {
    throw new ParameterError(
      `makeClassification: nFeatures is ${p.nFeatures}, but nInformative + nRedundant + nRepeated is ${used}. Raise nFeatures or lower the others.`,
    );
  }
  const clusters = p.nClasses * p.nClustersPerClass;
  if (clusters > 2 ** p.nInformative) {
    throw new ParameterError(
      `makeClassification: ${clusters} clusters need ${clusters} corners, but ${p.nInformative} informative columns have ${2 ** p.nInformative}. ` +
        "Raise nInformative, or lower nClasses or nClustersPerClass.",
    );
  }
  const spec: ClassificationSpec = {
    seed: p.randomState,
    nSamples: p.nSamples,
    nFeatures: p.nFeatures,
    nInformative: p.nInformative,
    nRedundant: p.nRedundant,
    nRepeated: p.nRepeated,
    nClasses: p.nClasses,
    nClustersPerClass: p.nClustersPerClass,
    weights: classWeights(p.weights, p.nClasses),
    flipY: p.flipY,
    classSep: p.classSep,
    hypercube: p.hypercube,
    shift: perColumnOf("shift", p.shift, p.nFeatures),
    scale: perColumnOf("scale", p.scale, p.nFeatures),
    shuffle: p.shuffle,
  };
  // Made here once as well, so that what is wrong with it shows at the call.
  classificationModel(spec);
  const tasks = new URL("./classification-model.js", import.meta.url).href;
  const partitionRows = generatedLayout("makeClassification", p.nSamples, p.nFeatures, p.dtype, p.partitions);
  return {
    X: generatedArray({
      label: "makeClassification.X",
      partitionRows,
      width: p.nFeatures,
      dtype: p.dtype,
      fn: fnRef(tasks, "classificationRows"),
      args: { spec: { ...spec }, dtype: p.dtype },
    }),
    y: generatedArray({
      label: "makeClassification.y",
      partitionRows,
      dtype: "i32",
      fn: fnRef(tasks, "classificationLabels"),
      args: { spec: { ...spec } },
    }),
  };
}

function classWeights(weights: readonly number[] | undefined, nClasses: number): number[] {
  if (!weights) return Array<number>(nClasses).fill(1 / nClasses);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (weights.length === nClasses - 1 && sum <= 1) return [...weights, 1 - sum];
  if (weights.length !== nClasses || Math.abs(sum - 1) > 1e-9) {
    throw new ParameterError(
      `makeClassification: weights must be ${nClasses} shares that sum to 1 (or ${nClasses - 1} that sum to at most 1); got ${weights.length} that sum to ${sum}. Divide them by their sum.`,
    );
  }
  return [...weights];
}

function perColumnOf(
  name: string,
  value: number | readonly number[] | null,
  nFeatures: number,
): number | number[] | null {
  if (value === null || typeof value === "number") return value;
  if (value.length !== nFeatures) {
    throw new ParameterError(
      `makeClassification: ${name} has ${value.length} numbers for ${nFeatures} columns. Pass one number, or one a column.`,
    );
  }
  return [...value];
}
