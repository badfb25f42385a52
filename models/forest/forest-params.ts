import { ParameterError } from "../../src/base/errors.js";
import type { ZodNamespace } from "../../src/base/params.js";
import { classWeightField } from "../../src/estimator/class-design.js";

/** Parameters of single trees and of forests. */
export interface TreeParams {
  maxDepth: number | null;
  minSamplesSplit: number;
  minSamplesLeaf: number;
  maxFeatures: "sqrt" | "log2" | number | null;
  maxLeafNodes: number | null;
  minImpurityDecrease: number;
  maxBins: number;
  randomState: number | null;
}

/** Parameters of forests beyond those of their trees. */
export interface ForestParams extends TreeParams {
  nEstimators: number;
  bootstrap: boolean;
  maxSamples: number | null;
  oobScore: boolean;
}

/** What makes a forest of one tree. */
export const ONE_TREE = { nEstimators: 1, bootstrap: false, maxSamples: null, oobScore: false } as const;

/** What a criterion of a classifier may be. */
export type ClassCriterion = "gini" | "entropy" | "log_loss";

/** What a criterion of a regressor may be. */
export type ValueCriterion = "squared_error" | "poisson";

/** The rules of {@link TreeParams}. */
export function treeRules(z: ZodNamespace, maxFeatures: TreeParams["maxFeatures"]) {
  const rows = (least: number) => z.union([z.number().gt(0).lt(1), z.int().min(least)]);
  return {
    maxDepth: z.int().min(1).nullable().default(null).describe("most edges from the root to a leaf, null for no limit"),
    minSamplesSplit: rows(2).default(2).describe("fewest rows of a node that is split; below 1 a share of all rows"),
    minSamplesLeaf: rows(1)
      .default(1)
      .describe("fewest rows of a leaf, whatever their weights; below 1 a share of all rows"),
    maxFeatures: z
      .union([z.enum(["sqrt", "log2"]), z.number().gt(0).lt(1), z.int().min(1)])
      .nullable()
      .default(maxFeatures)
      .describe("columns that each node draws: a number, below 1 a share, null for all"),
    maxLeafNodes: z
      .int()
      .min(2)
      .nullable()
      .default(null)
      .describe("most leaves, largest decrease of the impurity first; null for no limit"),
    minImpurityDecrease: z
      .number()
      .min(0)
      .default(0)
      .describe("a split has to decrease the impurity, times its node's share of the weight, by at least this"),
    maxBins: z.int().min(2).max(255).default(255).describe("most bins of a column, missing values not counted"),
    randomState: z.int().min(0).nullable().default(null).describe("seed of all that is drawn; null is 0"),
  };
}

/** The rules of {@link ForestParams}. */
export function forestRules(z: ZodNamespace, maxFeatures: TreeParams["maxFeatures"], bootstrap: boolean) {
  return {
    nEstimators: z.int().min(1).default(100).describe("trees"),
    ...treeRules(z, maxFeatures),
    bootstrap: z
      .boolean()
      .default(bootstrap)
      .describe("whether each tree draws its rows, with replacement, or takes all"),
    maxSamples: z
      .union([z.number().gt(0).lt(1), z.int().min(1)])
      .nullable()
      .default(null)
      .describe(
        "rows that a tree draws on average with bootstrap: a number, below 1 a share, null for as many as there are",
      ),
    oobScore: z
      .boolean()
      .default(false)
      .describe("whether to predict each row by the trees that did not draw it; needs bootstrap"),
  };
}

/** The rule of `criterion` of a classifier. */
export function classCriterion(z: ZodNamespace) {
  return z
    .enum(["gini", "entropy", "log_loss"])
    .default("gini")
    .describe("impurity that splits decrease; log_loss is entropy");
}

/** The rule of `criterion` of a regressor. */
export function valueCriterion(z: ZodNamespace) {
  return z
    .enum(["squared_error", "poisson"])
    .default("squared_error")
    .describe("what splits decrease: squared error, or half of the Poisson deviance (y must not be negative)");
}

/** The rule of `classWeight`. */
export function classWeightRule(z: ZodNamespace) {
  return classWeightField(z, 'factor of each class\'s weights: by label, "balanced" for equal totals, null for 1');
}

/** Columns that a node draws, of `width`. @throws ParameterError for more than there are */
export function drawnColumns(owner: string, maxFeatures: TreeParams["maxFeatures"], width: number): number {
  if (maxFeatures === null) return width;
  if (maxFeatures === "sqrt") return Math.max(1, Math.floor(Math.sqrt(width)));
  if (maxFeatures === "log2") return Math.max(1, Math.floor(Math.log2(width)));
  if (maxFeatures < 1) return Math.max(1, Math.floor(maxFeatures * width));
  if (maxFeatures > width) {
    throw new ParameterError(
      `${owner}: maxFeatures is ${maxFeatures}, but X has ${width} columns. Use ${width} at most, or a share below 1.`,
    );
  }
  return maxFeatures;
}

/** A number of rows that may be given as a share. */
export function rowLimit(given: number, rows: number): number {
  return given < 1 ? Math.ceil(given * rows) : given;
}

/** Rows that a bootstrap draws on average, as a share. @throws ParameterError for more than there are */
export function drawnShare(owner: string, maxSamples: number | null, rows: number): number {
  if (maxSamples === null) return 1;
  if (maxSamples < 1) return maxSamples;
  if (maxSamples > rows) {
    throw new ParameterError(
      `${owner}: maxSamples is ${maxSamples}, but X has ${rows} rows. Use ${rows} at most, or null for all.`,
    );
  }
  return maxSamples / rows;
}
