import { ParameterError } from "../../src/base/errors.js";
import type { ZodNamespace } from "../../src/base/params.js";
import type { ColumnRules } from "../../src/numeric/trees/node-columns.js";
import type { GrowthRules } from "../../src/numeric/trees/tree-grower.js";
import { categoryParamRules, type CategoryParams } from "./categories.js";
import { columnPosition, type ColumnNames } from "./column-names.js";

/** Parameters of boosted trees that say what a split may be. */
export interface SplitParams extends CategoryParams {
  maxLeafNodes: number | null;
  maxDepth: number | null;
  growth: "leaf" | "depth";
  minSamplesLeaf: number;
  minChildWeight: number;
  minSplitGain: number;
  l1Regularization: number;
  l2Regularization: number;
  maxDeltaStep: number;
  colsampleByTree: number;
  colsampleByLevel: number;
  maxFeatures: number;
  monotonicConstraints: Record<string, number> | number[] | null;
  interactionConstraints: "pairwise" | "noInteractions" | (string | number)[][] | null;
}

/** The rules of {@link SplitParams}. */
export function splitParamRules(z: ZodNamespace) {
  const share = z.number().gt(0).max(1).default(1);
  const direction = z.union([z.literal(-1), z.literal(0), z.literal(1)]);
  return {
    maxLeafNodes: z.int().min(2).nullable().default(31).describe("most leaves of a tree, null for no limit"),
    maxDepth: z.int().min(1).nullable().default(null).describe("most edges from the root to a leaf, null for no limit"),
    growth: z
      .enum(["leaf", "depth"])
      .default("leaf")
      .describe("leaf splits the leaf of largest gain next, depth splits level by level"),
    minSamplesLeaf: z.int().min(1).default(20).describe("fewest rows of a leaf, whatever their weights"),
    minChildWeight: z.number().min(0).default(1e-3).describe("smallest sum of second derivatives of a leaf"),
    minSplitGain: z.number().min(0).default(0).describe("a split has to gain more than this (twice the loss it saves)"),
    l1Regularization: z.number().min(0).default(0).describe("weight of the absolute value of a leaf's step"),
    l2Regularization: z.number().min(0).default(0).describe("added to the sum of second derivatives of a leaf"),
    maxDeltaStep: z
      .number()
      .min(0)
      .default(0)
      .describe("largest step of a leaf before the learning rate, 0 for no limit"),
    colsampleByTree: share.describe("share of the columns that each tree draws"),
    colsampleByLevel: share.describe("share of a tree's columns that each of its levels draws"),
    maxFeatures: share.describe("share of a level's columns that each node draws"),
    monotonicConstraints: z
      .union([z.record(z.string(), direction), z.array(direction)])
      .nullable()
      .default(null)
      .describe(
        "1 or -1 for columns that the prediction must not fall or rise with: by name, or a list of all columns",
      ),
    interactionConstraints: z
      .union([z.enum(["pairwise", "noInteractions"]), z.array(z.array(z.union([z.string(), z.int().min(0)])).min(1))])
      .nullable()
      .default(null)
      .describe("sets of columns (names or positions) that may meet on a path; columns in no set are one more set"),
    ...categoryParamRules(z),
  };
}

/** The part of {@link GrowthRules} that {@link SplitParams} fix for all trees. */
export type SplitSettings = Pick<
  GrowthRules,
  | "maxLeafNodes"
  | "maxDepth"
  | "growth"
  | "minSamplesLeaf"
  | "minChildWeight"
  | "minSplitGain"
  | "l1Regularization"
  | "l2Regularization"
  | "maxDeltaStep"
  | "monotonic"
  | "bundles"
  | "categorical"
  | "catSmooth"
  | "maxCatToOnehot"
> & { readonly columns?: Omit<ColumnRules, "tree"> };

/**
 * Parameters as rules; constraints by the positions of their columns.
 * @param categories positions of the columns of categories
 * @throws ParameterError for a column that the data lack, a list of another length, or a constraint on categories
 */
export function splitSettings(
  params: SplitParams,
  seed: number,
  columns: ColumnNames,
  categories: readonly number[] = [],
): SplitSettings {
  const { colsampleByTree: byTree, colsampleByLevel: byLevel, maxFeatures: byNode } = params;
  const monotonic = directions(params.monotonicConstraints, columns);
  const ordered = categories.find((column) => (monotonic?.[column] ?? 0) !== 0);
  if (ordered !== undefined) {
    throw new ParameterError(
      `${columns.owner}: column ${columns.names?.[ordered] ?? ordered} is in monotonicConstraints and in categoricalFeatures, but categories have no order. Take it out of one of them.`,
    );
  }
  const together = sets(params.interactionConstraints, columns);
  const drawn = Math.min(byTree, byLevel, byNode) < 1;
  return {
    maxLeafNodes: params.maxLeafNodes ?? Infinity,
    maxDepth: params.maxDepth ?? Infinity,
    growth: params.growth,
    minSamplesLeaf: params.minSamplesLeaf,
    minChildWeight: params.minChildWeight,
    minSplitGain: params.minSplitGain,
    l1Regularization: params.l1Regularization,
    l2Regularization: params.l2Regularization,
    maxDeltaStep: params.maxDeltaStep,
    ...(monotonic ? { monotonic } : {}),
    ...(categories.length > 0
      ? {
          categorical: Uint8Array.from({ length: columns.width }, (_, j) => Number(categories.includes(j))),
          catSmooth: params.catSmooth,
          maxCatToOnehot: params.maxCatToOnehot,
        }
      : {}),
    ...(drawn || together ? { columns: { byTree, byLevel, byNode, seed, ...(together ? { together } : {}) } } : {}),
  };
}

function directions(given: SplitParams["monotonicConstraints"], columns: ColumnNames): Int8Array | undefined {
  if (given === null) return undefined;
  const out = new Int8Array(columns.width);
  if (Array.isArray(given)) {
    if (given.length !== columns.width) {
      throw new ParameterError(
        `${columns.owner}: monotonicConstraints has ${given.length} entries, but X has ${columns.width} columns. Give 1, -1 or 0 for each, or name some: { price: -1 }.`,
      );
    }
    out.set(given);
  } else
    for (const [name, direction] of Object.entries(given))
      out[columnPosition(name, "monotonicConstraints", columns)] = direction;
  return out.some((direction) => direction !== 0) ? out : undefined;
}

function sets(given: SplitParams["interactionConstraints"], columns: ColumnNames): number[][] | undefined {
  if (given === null) return undefined;
  const all = Array.from({ length: columns.width }, (_, j) => j);
  if (given === "noInteractions") return all.map((j) => [j]);
  if (given === "pairwise") return columns.width < 2 ? [all] : all.flatMap((a) => all.slice(a + 1).map((b) => [a, b]));
  const named = given.map((set) => [
    ...new Set(set.map((column) => columnPosition(column, "interactionConstraints", columns))),
  ]);
  const rest = all.filter((j) => !named.some((set) => set.includes(j)));
  return rest.length > 0 ? [...named, rest] : named;
}
