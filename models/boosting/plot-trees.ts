import { DataError, ParameterError, show } from "../../src/base/errors.js";
import { questionOf, type TreeWords } from "../../src/numeric/trees/dump-text.js";
import { columnImportances, type TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";
import { barChart, type Bar } from "../../src/observe/bar-chart.js";
import type { ChartOptions } from "../../src/observe/draw-chart.js";
import { treeChart, type TreeChartNode } from "../../src/observe/tree-chart.js";

/** A fitted model of trees: boosted ones, forests, single trees, and those of other libraries. */
export interface PlottedModel {
  readonly kind: string;
  readonly trees: TreeEnsemble;
  readonly featureNames: readonly string[] | undefined;
  readonly nFeatures: number;
  /** What boosted trees call their columns and codes. */
  readonly words?: TreeWords;
}

/** Options of {@link plotImportance}. */
export interface PlotImportanceOptions extends ChartOptions {
  /** Sum of the gains of a column's splits (unless given), or their number. */
  readonly kind?: "gain" | "split";
  /** Importances of another kind in the place of both, one a column, with their spreads: `permutationImportance` gives them. */
  readonly importances?: { readonly mean: ArrayLike<number>; readonly std?: ArrayLike<number> };
  /** Columns that are drawn, the most important ones; 20 unless given. */
  readonly most?: number;
  /** Whether gains and numbers of splits are shares of their sum; true unless given. */
  readonly normalize?: boolean;
}

/** Options of {@link plotTree}. */
export interface PlotTreeOptions {
  /** Number of the tree, 0 unless given. */
  readonly tree?: number;
  /** Levels that are drawn below the root; what is below stands as "…". 3 unless given. */
  readonly maxDepth?: number;
  readonly title?: string;
}

/**
 * The columns of a model of trees by importance, as bars. As SVG: `saveChart` makes files of it.
 *
 * @throws NotFittedError before fit; DataError for importances of another length; ParameterError for `most` below 1
 *
 * @example
 * ```ts
 * await saveChart(plotImportance(model, { most: 10 }), "importance.png");
 * ```
 */
export function plotImportance(model: PlottedModel, options: PlotImportanceOptions = {}): string {
  const { kind = "gain", importances, most = 20, normalize = true, ...chart } = options;
  if (!(Number.isInteger(most) && most >= 1))
    throw new ParameterError(`plotImportance: most must be a whole number from 1; got ${show(most)}.`);
  if (kind !== "gain" && kind !== "split")
    throw new ParameterError(`plotImportance: kind must be "gain" or "split"; got ${show(kind)}.`);
  const { trees, nFeatures, featureNames } = model;
  if (importances && importances.mean.length !== nFeatures)
    throw new DataError(
      `plotImportance: there are ${importances.mean.length} importances, but the model has ${nFeatures} columns. Measure this model.`,
    );
  const own = importances ? Float64Array.from(importances.mean) : columnImportances(trees, nFeatures, kind);
  const total = own.reduce((sum, value) => sum + value, 0);
  const share = normalize && !importances && total > 0;
  const bars = Array.from(own, (value, j): Bar => {
    const spread = importances?.std?.[j];
    return {
      name: featureNames?.[j] ?? `x${j}`,
      value: share ? value / total : value,
      ...(spread === undefined ? {} : { spread }),
    };
  });
  const what = importances ? "Importance" : kind === "gain" ? "gain of the splits" : "number of splits";
  return barChart({
    title: `Importance in ${model.kind}`,
    ...chart,
    owner: "plotImportance",
    bars: bars.sort((a, b) => b.value - a.value).slice(0, most),
    xLabel: share ? `Share of the ${what}` : `${what.charAt(0).toUpperCase()}${what.slice(1)}`,
  });
}

/**
 * One tree: what its nodes ask, their gain and rows, and what leaves add. Names, and texts of categories, are those of the
 * fit. A node's colour is its share of the rows; "missing" stands at the side that missing values take. As SVG, with levels
 * below `maxDepth` as "…" and the number of nodes there.
 *
 * @throws NotFittedError before fit; ParameterError for a tree that the model does not have
 *
 * @example
 * ```ts
 * await saveChart(plotTree(model, { tree: 3 }), "tree.svg");
 * ```
 */
export function plotTree(model: PlottedModel, { tree = 0, maxDepth = 3, title }: PlotTreeOptions = {}): string {
  const { trees, featureNames } = model;
  const total = trees.offsets.length - 1;
  if (!(Number.isInteger(tree) && tree >= 0 && tree < total))
    throw new ParameterError(`plotTree: tree must be 0 to ${total - 1}, the trees of the model; got ${show(tree)}.`);
  const words = model.words ?? { names: featureNames };
  return treeChart({ root: nodeOf(trees, tree, words), maxDepth, title: title ?? `Tree ${tree} of ${total}` });
}

function nodeOf(trees: TreeEnsemble, tree: number, words: TreeWords): TreeChartNode {
  const { offsets, feature, left, value, gain, count, missingLeft } = trees;
  const root = offsets[tree] as number;
  const rows = count[root] as number;
  const number = (x: number): string => String(Number(x.toPrecision(4)));
  const build = (node: number): TreeChartNode => {
    const k = root + node;
    const own = count[k] as number;
    const weight = rows > 0 ? own / rows : 0;
    const share = `${own.toLocaleString("en")} rows (${(100 * weight).toFixed(weight < 0.0995 ? 1 : 0)} %)`;
    if ((feature[k] as number) < 0) return { lines: [number(value[k] as number), share], weight };
    const child = left[k] as number;
    const missing = missingLeft[k] === 1;
    return {
      lines: [questionOf(trees, k, words).replace("<=", "≤"), `gain ${number(gain[k] as number)}`, share],
      weight,
      edges: [missing ? "yes, missing" : "yes", missing ? "no" : "no, missing"],
      children: [build(child), build(child + 1)],
    };
  };
  return build(0);
}
