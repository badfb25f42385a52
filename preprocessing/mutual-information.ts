import { DataError, FitError, ParameterError, show } from "../src/base/errors.js";
import type { Plain } from "../src/base/plain.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import {
  requireTarget,
  toMatrix,
  toVector,
  type LabelInput,
  type MatrixInput,
  type VectorInput,
} from "../src/estimator/inputs.js";
import { codeLabels, holdWithLabels } from "../src/estimator/labels.js";
import { noRows } from "../src/estimator/no-rows.js";
import type { Column } from "../src/memory/column.js";
import type { DesignChunk } from "../src/numeric/design-chunk.js";
import { eachColumn } from "./column-steps.js";
import { exactQuantiles } from "./exact-quantiles.js";
import { rangesOf, requireWeight } from "./range-fit.js";

/** Which columns hold categories or counts: all, none, their positions, or a mask; "auto": those of compressed rows. */
export type DiscreteFeatures = "auto" | boolean | readonly number[] | readonly boolean[];

/** How mutual information is estimated. */
export interface MutualInformationSettings {
  /** Bins of a continuous column, and of a continuous target: 16 unless given. They hold equally many rows each. */
  readonly nBins?: number;
  /** "auto" unless given. */
  readonly discreteFeatures?: DiscreteFeatures;
}

/** Options of {@link mutualInfoClassif} and {@link mutualInfoRegression}. */
export interface MutualInformationOptions extends MutualInformationSettings, FitOptions {}

const VALUE_LIMIT = 100_000;
const DEFAULT_BINS = 16;

/**
 * Mutual information of each column with a class, in nats: how much knowing the column tells about the class, 0 when
 * nothing.
 *
 * Discrete columns are counted: the estimate is exact (the plug-in one, as scikit-learn's). Continuous columns are put into
 * `nBins` bins of equally many rows and counted, less the bias of counting by Miller and Madow (1955),
 * `(cells − rows − columns + 1) / 2W` of the cells, rows and columns of the table that are not empty, and never below 0.
 * Counts merge, so the value does not depend on partitions, which is why this is not scikit-learn's estimator by nearest
 * neighbours (Kraskov et al. 2004): values of continuous columns differ from it, and rather order columns as it does. Few
 * bins see less than there is (at most `log(nBins)`), many need more rows: about 5 to a cell.
 *
 * X: `(nRows, nFeatures)`; compressed rows have discrete columns only. Dense X is read once and kept: two passes or three
 * to cut the bins, one to count. Weight 2 counts a row twice.
 *
 * @example
 * ```ts
 * await mutualInfoClassif({ a: [0, 0, 1, 1], b: [0, 1, 0, 1] }, [0, 0, 1, 1], { discreteFeatures: true }); // [0.693..., 0]
 * ```
 */
export async function mutualInfoClassif(
  X: MatrixInput,
  y: LabelInput,
  options: MutualInformationOptions = {},
): Promise<Float64Array> {
  return informationOf("mutualInfoClassif", "mutualInfoClassif", X, y, options, options);
}

/**
 * Mutual information of each column with a number, in nats. As {@link mutualInfoClassif}, with the target in `nBins` bins of
 * equally many rows too.
 *
 * @example
 * ```ts
 * await mutualInfoRegression(X, y, { nBins: 32 });
 * ```
 */
export async function mutualInfoRegression(
  X: MatrixInput,
  y: VectorInput,
  options: MutualInformationOptions = {},
): Promise<Float64Array> {
  return informationOf("mutualInfoRegression", "mutualInfoRegression", X, y, options, options);
}

/** Mutual information of each column of X with y; `owner` is who asks. */
export async function informationOf(
  owner: string,
  target: "mutualInfoClassif" | "mutualInfoRegression",
  X: MatrixInput,
  y: LabelInput | VectorInput | undefined,
  settings: MutualInformationSettings,
  options: FitOptions,
): Promise<Float64Array> {
  requireTarget(owner, y);
  const { nBins = DEFAULT_BINS } = settings;
  if (!Number.isInteger(nBins) || nBins < 2)
    throw new ParameterError(`${owner}: nBins must be an integer >= 2; got ${show(nBins)}.`);
  const x = toMatrix(owner, X);
  const discrete = discreteColumns(owner, settings.discreteFeatures ?? "auto", x);
  if (x.layout === "csr" && !discrete.every(Boolean))
    throw new DataError(
      `${owner}: X is sparse, so its columns have to be discrete. Set discreteFeatures: true, or pass dense rows.`,
    );
  const isClass = target === "mutualInfoClassif";
  const values = isClass ? (await codeLabels(owner, y as LabelInput, options)).values : (y as VectorInput);
  using design = Design.open(owner, x, values, options);
  let groups: number;
  let yEdges: Float64Array | null = null;
  if (isClass) {
    const { labels, weights, rows } = await holdWithLabels(design);
    if (rows === 0) throw noRows(owner);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    requireWeight(owner, total);
    const classes = labels.filter((_, k) => (weights[k] as number) > 0);
    if (classes.length < 2)
      throw new FitError(`${owner}: y has one class only (${String(labels[0])}). Scores need at least two classes.`);
    await design.encodeLabels(classes);
    groups = classes.length;
  } else {
    await design.hold();
    yEdges = (await edgesOf(owner, toVector(owner, "y", values, x), nBins, options))[0] as Float64Array;
    groups = yEdges.length + 1;
  }
  await design.assertFinite();
  const xEdges = discrete.every(Boolean) ? [] : await edgesOfDesign(design, nBins);
  const edges = discrete.map((own, j) => (own ? null : (xEdges[j] as Float64Array)));
  const tables = await design.reduce<CountTable[]>(
    COUNT_STEP,
    { owner, groups, yEdges, edges, names: design.names ?? null } as unknown as Plain,
    (a, b) => a.map((one, j) => mergeTables(one, b[j] as CountTable, groups)),
  );
  return Float64Array.from(tables, (table, j) => information(table, groups, !(discrete[j] && isClass)));
}

/** Weights of rows by the value or bin of a column (row by row) and the group of the target. */
export interface CountTable {
  /** The values of a discrete column, ascending; null for bins. */
  readonly values: Float64Array | null;
  readonly counts: Float64Array;
}

interface CountArgs {
  readonly owner: string;
  readonly groups: number;
  readonly yEdges: Float64Array | null;
  readonly edges: readonly (Float64Array | null)[];
  readonly names: readonly string[] | null;
}

/** Tables of one partition. */
export function countStep(context: TaskContext, args: CountArgs, design: DesignChunk): CountTable[] {
  const { x } = design;
  const { groups, yEdges } = args;
  const y = context.memory.view(design.y as Column<"f64">);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const group = yEdges ? Int32Array.from(y, (value) => binOf(yEdges, value)) : y;
  if (x.kind === "csr") {
    const found = args.edges.map(() => new Map<number, Float64Array>());
    const totals = new Float64Array(groups);
    const rows = new Int32Array(groups);
    // Rows whose value is not zero, by column and group: differences of weights alone would leave rounding where no row is.
    const stored = new Int32Array(x.cols * groups);
    const [indptr, indices, values] = [
      context.memory.view(x.indptr),
      context.memory.view(x.indices),
      context.memory.view(x.values),
    ];
    for (let i = 0; i < x.rows; i++) {
      const [g, wi] = [group[i] as number, w ? (w[i] as number) : 1];
      totals[g] = (totals[g] as number) + wi;
      rows[g] = (rows[g] as number) + 1;
      for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++) {
        const [j, value] = [indices[k] as number, values[k] as number];
        if (value === 0) continue;
        const cells = cellsOf(found[j] as Map<number, Float64Array>, value, groups, args, j);
        cells[g] = (cells[g] as number) + wi;
        stored[j * groups + g] = (stored[j * groups + g] as number) + 1;
      }
    }
    return found.map((cells, j) => {
      const zeros = totals.map((total, g) => (stored[j * groups + g] === rows[g] ? 0 : total));
      for (const own of cells.values())
        own.forEach((count, g) => {
          if (stored[j * groups + g] !== rows[g]) zeros[g] = Math.max(0, (zeros[g] as number) - count);
        });
      if (zeros.some((count) => count > 0)) cellsOf(cells, 0, groups, args, j).set(zeros);
      return tableOf(cells, groups);
    });
  }
  const tables: CountTable[] = [];
  eachColumn(context, x, (values, j) => {
    const edges = args.edges[j];
    if (!edges) {
      const cells = new Map<number, Float64Array>();
      for (let i = 0; i < values.length; i++) {
        const own = cellsOf(cells, values[i] as number, groups, args, j);
        const g = group[i] as number;
        own[g] = (own[g] as number) + (w ? (w[i] as number) : 1);
      }
      tables.push(tableOf(cells, groups));
      return;
    }
    const counts = new Float64Array((edges.length + 1) * groups);
    for (let i = 0; i < values.length; i++) {
      const at = binOf(edges, values[i] as number) * groups + (group[i] as number);
      counts[at] = (counts[at] as number) + (w ? (w[i] as number) : 1);
    }
    tables.push({ values: null, counts });
  });
  return tables;
}

const COUNT_STEP = fnRef(import.meta.url, "countStep");

function cellsOf(
  cells: Map<number, Float64Array>,
  given: number,
  groups: number,
  { owner, names }: Pick<CountArgs, "owner" | "names">,
  column: number,
): Float64Array {
  const value = given === 0 ? 0 : given;
  let own = cells.get(value);
  if (!own) {
    if (cells.size >= VALUE_LIMIT) {
      const name = names?.[column] ?? column;
      throw new DataError(
        `${owner}: column ${show(name)} has more than ${VALUE_LIMIT} distinct values, so it is hardly discrete. Take it off discreteFeatures.`,
        { details: { column: name } },
      );
    }
    own = new Float64Array(groups);
    cells.set(value, own);
  }
  return own;
}

function tableOf(cells: ReadonlyMap<number, Float64Array>, groups: number): CountTable {
  const values = Float64Array.from(cells.keys()).sort();
  const counts = new Float64Array(values.length * groups);
  values.forEach((value, k) => counts.set(cells.get(value) as Float64Array, k * groups));
  return { values, counts };
}

/** The table of the union. */
export function mergeTables(a: CountTable, b: CountTable, groups: number): CountTable {
  if (!a.values || !b.values)
    return { values: null, counts: a.counts.map((count, k) => count + (b.counts[k] as number)) };
  const cells = new Map<number, Float64Array>();
  for (const { values, counts } of [a, b]) {
    (values as Float64Array).forEach((value, k) => {
      const own = cells.get(value) ?? new Float64Array(groups);
      for (let g = 0; g < groups; g++) own[g] = (own[g] as number) + (counts[k * groups + g] as number);
      cells.set(value, own);
    });
  }
  return tableOf(cells, groups);
}

/** `Σ p log(p / (p₁ p₂))` of a table of weights; `corrected` by Miller and Madow. */
function information({ counts }: CountTable, groups: number, corrected: boolean): number {
  const rows = counts.length / groups;
  const [byRow, byGroup] = [new Float64Array(rows), new Float64Array(groups)];
  let total = 0;
  counts.forEach((count, k) => {
    const [row, g] = [Math.floor(k / groups), k % groups];
    byRow[row] = (byRow[row] as number) + count;
    byGroup[g] = (byGroup[g] as number) + count;
    total += count;
  });
  const filled = (list: Float64Array): number => list.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  let sum = 0;
  counts.forEach((count, k) => {
    if (count <= 0) return;
    const expected = (byRow[Math.floor(k / groups)] as number) * (byGroup[k % groups] as number);
    sum += (count / total) * Math.log((count * total) / expected);
  });
  const bias = corrected ? (filled(counts) - filled(byRow) - filled(byGroup) + 1) / (2 * total) : 0;
  return Math.max(0, sum - bias);
}

/** The bin of a value: how many edges do not exceed it. */
function binOf(edges: Float64Array, value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function edgesOf(
  owner: string,
  values: DistributedArray,
  nBins: number,
  options: FitOptions,
): Promise<Float64Array[]> {
  const column = new DistributedArray({ ...values, innerShape: [1], names: ["y"] });
  using design = Design.open(owner, column, undefined, options);
  await design.hold();
  return await edgesOfDesign(design, nBins);
}

/** Quantiles between bins, each once, of every column of a held design. */
async function edgesOfDesign(design: Design, nBins: number): Promise<Float64Array[]> {
  const ranges = await rangesOf(design, "refused", "once");
  const levels = Array.from({ length: nBins - 1 }, (_, k) => (k + 1) / nBins);
  const found = await exactQuantiles(design, ranges, levels, "averagedInvertedCdf");
  return found.map((list) => Float64Array.from(new Set(list)));
}

function discreteColumns(owner: string, given: DiscreteFeatures, x: DistributedArray): boolean[] {
  const all = (value: boolean): boolean[] => new Array<boolean>(x.width).fill(value);
  if (given === "auto") return all(x.layout === "csr");
  if (typeof given === "boolean") return all(given);
  if (given.length > 0 && typeof given[0] === "boolean") {
    if (given.length === x.width) return [...(given as readonly boolean[])];
    throw new ParameterError(
      `${owner}: discreteFeatures has ${given.length} flags, but X has ${x.width} columns. Give one for each.`,
    );
  }
  const flags = all(false);
  for (const j of given as readonly number[]) {
    if (!Number.isInteger(j) || j < 0 || j >= x.width)
      throw new ParameterError(
        `${owner}: discreteFeatures names column ${show(j)}; there are ${x.width}, numbered from 0.`,
      );
    flags[j] = true;
  }
  return flags;
}
