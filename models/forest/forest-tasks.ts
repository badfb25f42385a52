import { CounterRng } from "../../src/base/rng.js";
import type { TaskContext } from "../../src/engine/engine.js";
import type { Column } from "../../src/memory/column.js";
import { growTree, leafOf, type ForestRules, type ForestTree } from "../../src/numeric/trees/forest/grow-tree.js";
import type { TreeRows } from "../../src/numeric/trees/forest/column-scan.js";
import type { BinnedChunk } from "../boosting/boost-chunk.js";

/** All rows of a fit, binned, in one place. */
export interface ForestChunk {
  readonly rows: number;
  readonly width: number;
  /** Bins column by column, `rows` bytes each. */
  readonly columns: Column<"u8">;
  readonly y: Column<"f64">;
  readonly w?: Column<"f64">;
}

/** Joins binned partitions in their order. */
export function gatherStep(context: TaskContext, args: { width: number }, ...inputs: BinnedChunk[]): ForestChunk {
  const { memory } = context;
  const { width } = args;
  const rows = inputs.reduce((sum, input) => sum + input.rows, 0);
  const arena = inputs.find((input) => input.rows > 0)?.columns.arena ?? 0;
  const inArena = <D extends "f64" | "u8">(dtype: D, length: number): Column<D> =>
    memory.denseIn(dtype, length, 1, arena).columns[0] as Column<D>;
  const columns = inArena("u8", rows * width);
  const y = inArena("f64", rows);
  const w = inputs.some((input) => input.w) ? inArena("f64", rows) : undefined;
  let at = 0;
  for (const input of inputs) {
    if (input.rows === 0) continue;
    const [to, from] = [memory.view(columns), memory.view(input.columns)];
    for (let j = 0; j < width; j++) to.set(from.subarray(j * input.rows, (j + 1) * input.rows), j * rows + at);
    memory.view(y).set(memory.view(input.y), at);
    if (w && input.w) memory.view(w).set(memory.view(input.w), at);
    at += input.rows;
  }
  return { rows, width, columns, y, ...(w ? { w } : {}) };
}

/** Targets of all rows. */
export function targetsStep(context: TaskContext, _args: undefined, chunk: ForestChunk): Float64Array {
  return context.memory.view(chunk.y).slice();
}

/** What {@link growStep} is told. */
export interface GrowArgs {
  /** Numbers of the trees to grow. */
  readonly from: number;
  readonly to: number;
  readonly rules: ForestRules;
  /** Classes; 0 for a regression. */
  readonly classes: number;
  /** Powers of two by which weights, and targets times weights, become integers. */
  readonly wScale: number;
  readonly tScale: number;
  /** Mean of the draws of a row; 0 for trees that take every row once. */
  readonly drawn: number;
  readonly oob: boolean;
}

/** Trees, and what they say of the rows that they did not draw. */
export interface GrownTrees {
  readonly trees: readonly ForestTree[];
  /** For each row (and class): the sum of the predictions of trees that did not draw it. */
  readonly oobSums?: Float64Array;
  /** For each row: the trees that did not draw it. */
  readonly oobTrees?: Float64Array;
}

/** Most draws of one row. More happen once in 10^14. */
export const MOST_DRAWS = 15;

/**
 * How often a tree draws a row: from a Poisson distribution, by the row's number. That is the limit of drawing n of n rows
 * with replacement (Oza and Russell, "Online bagging and boosting", 2001), and needs no total.
 */
export function drawsOf(rng: CounterRng, row: number, mean: number): number {
  const u = rng.uniform(row);
  let p = Math.exp(-mean);
  let below = p;
  let draws = 0;
  while (u >= below && draws < MOST_DRAWS) {
    draws += 1;
    p *= mean / draws;
    below += p;
  }
  return draws;
}

/** Grows some trees. Each is a function of the rows, in their order, and of its number. */
export function growStep(context: TaskContext, args: GrowArgs, chunk: ForestChunk): GrownTrees {
  const { memory } = context;
  const { rules, classes, wScale, tScale, drawn } = args;
  const columns = memory.view(chunk.columns);
  const y = memory.view(chunk.y);
  const w = chunk.w ? memory.view(chunk.w) : undefined;
  const { rows, width } = chunk;
  const weights = Float64Array.from({ length: rows }, (_, i) => Math.round((w ? (w[i] as number) : 1) * wScale));
  const targets =
    classes > 0
      ? y
      : Float64Array.from({ length: rows }, (_, i) =>
          weights[i] === 0 ? 0 : Math.round((w ? (w[i] as number) : 1) * (y[i] as number) * tScale),
        );
  // Rows of weight 0 have no number, as if they were not there.
  const present = Int32Array.from(weights.keys()).filter((i) => (w ? (w[i] as number) : 1) > 0);
  const size = classes > 0 ? classes : 1;
  const oobSums = args.oob ? new Float64Array(rows * size) : undefined;
  const oobTrees = args.oob ? new Float64Array(rows) : undefined;
  const trees: ForestTree[] = [];
  for (let t = args.from; t < args.to; t++) {
    context.throwIfAborted();
    const drawnRows = drawn > 0 ? draw(present, rules.seed, t, drawn) : undefined;
    const own: TreeRows = { columns, rows, width, y, classes, ...bag(weights, targets, drawnRows, present, classes) };
    const list = drawnRows ? present.filter((_, k) => (drawnRows[k] as number) > 0) : present;
    let made = 0;
    const tree = growTree(own, list, rules, t, () => void (++made % 256 === 0 && context.throwIfAborted()));
    trees.push(tree);
    if (!oobSums || !oobTrees || !drawnRows) continue;
    const values = nodeValues(tree, args);
    present.forEach((row, k) => {
      if ((drawnRows[k] as number) > 0) return;
      const leaf = leafOf(tree, columns, rows, row);
      for (let c = 0; c < size; c++) {
        const at = row * size + c;
        oobSums[at] = (oobSums[at] as number) + (values[leaf * size + c] as number);
      }
      oobTrees[row] = (oobTrees[row] as number) + 1;
    });
  }
  return { trees, ...(oobSums ? { oobSums } : {}), ...(oobTrees ? { oobTrees } : {}) };
}

/** Mean target of each node, or its class frequencies, node after node. */
export function nodeValues(
  tree: ForestTree,
  { classes, wScale, tScale }: Pick<GrowArgs, "classes" | "wScale" | "tScale">,
): Float64Array {
  const { sums } = tree;
  if (classes === 0)
    return Float64Array.from(
      tree.count,
      (_, k) => (sums[2 * k + 1] as number) / tScale / ((sums[2 * k] as number) / wScale),
    );
  const out = new Float64Array(sums.length);
  for (let k = 0; k < out.length; k += classes) {
    let total = 0;
    for (let c = 0; c < classes; c++) total += sums[k + c] as number;
    for (let c = 0; c < classes; c++) out[k + c] = (sums[k + c] as number) / total;
  }
  return out;
}

function draw(present: Int32Array, seed: number, tree: number, mean: number): Uint8Array {
  const rng = new CounterRng(seed, `bootstrap of tree ${tree}`);
  const draws = Uint8Array.from(present, (_, k) => drawsOf(rng, k, mean));
  // Of very few rows a tree may draw none: it takes them all then.
  return draws.some((count) => count > 0) ? draws : draws.fill(1);
}

function bag(
  weights: Float64Array,
  targets: Float64Array,
  draws: Uint8Array | undefined,
  present: Int32Array,
  classes: number,
): Pick<TreeRows, "weight" | "target"> {
  if (!draws) return { weight: weights, target: targets };
  const weight = weights.slice();
  const target = classes > 0 ? targets : targets.slice();
  present.forEach((row, k) => {
    weight[row] = (weight[row] as number) * (draws[k] as number);
    if (classes === 0) target[row] = (target[row] as number) * (draws[k] as number);
  });
  return { weight, target };
}
