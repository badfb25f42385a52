import { CONTINGENCY_STEP, mergeContingency, type Contingency } from "./contingency-steps.js";
import { requireVector, type LabelValues } from "./inputs.js";
import type { Label, MetricKernel, MetricTotals } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkOptions } from "./options.js";

/** Two labellings of the same rows, counted: what all metrics that compare clusterings are made of. */
export interface ContingencySums {
  /** Σ over the rows, and over the pairs of labels, by label of each side. */
  readonly all: number;
  readonly rows: Float64Array;
  readonly columns: Float64Array;
  /** The pairs that occur: places of their labels, and their weight. */
  readonly row: Uint32Array;
  readonly column: Uint32Array;
  readonly weight: Float64Array;
}

/** A metric of two labellings as part of a pass; all of them share one table. */
export function contingencyKernel<R>(
  name: string,
  finish: (sums: ContingencySums, totals: MetricTotals, table: Contingency) => R,
): MetricKernel<Contingency, R> {
  return {
    name,
    needs: ["yTrue", "yPred"],
    textLabels: true,
    step: CONTINGENCY_STEP,
    args: () => undefined,
    check(inputs) {
      requireVector(name, "yTrue", inputs.yTrue);
      requireVector(name, "yPred", inputs.yPred);
    },
    combine: (a, b) => mergeContingency(name, a, b),
    finish: (table, totals) => finish(sumsOf(table), totals, table),
  };
}

/** Computes one such metric. */
export async function comparedClusterings<R>(
  kernel: MetricKernel<Contingency, R>,
  labelsTrue: LabelValues,
  labelsPred: LabelValues,
  options: MetricOptions,
  own: readonly string[] = [],
): Promise<R> {
  checkOptions(kernel.name, options, own);
  const [value] = await metricPass(
    [kernel],
    { yTrue: labelsTrue, yPred: labelsPred, sampleWeight: options.sampleWeight },
    options,
  );
  return value as R;
}

/** A table of two labellings: `matrix[i][j]` is the weight of the rows with `rowLabels[i]` and `columnLabels[j]`. */
export interface ContingencyMatrix {
  readonly matrix: readonly Float64Array[];
  readonly rowLabels: readonly Label[];
  readonly columnLabels: readonly Label[];
}

/**
 * Weight of the rows with each pair of labels, classes down and clusters across, labels ascending. One pass; at most
 * 4,000,000 pairs that occur.
 *
 * @example
 * ```ts
 * const { matrix } = await contingencyMatrix([0, 0, 1, 1], [1, 1, 0, 2]); // [[0, 2, 0], [1, 0, 1]]
 * ```
 */
export async function contingencyMatrix(
  labelsTrue: LabelValues,
  labelsPred: LabelValues,
  options: MetricOptions = {},
): Promise<ContingencyMatrix> {
  const kernel = contingencyKernel("contingencyMatrix", (sums, { codes }, table): ContingencyMatrix => {
    const matrix = Array.from(sums.rows, () => new Float64Array(sums.columns.length));
    sums.weight.forEach((w, k) => {
      (matrix[sums.row[k] as number] as Float64Array)[sums.column[k] as number] = w;
    });
    const decoded = (labels: Float64Array): Label[] => distinct(labels).map((code) => codes.decode(code));
    return { matrix, rowLabels: decoded(table.first), columnLabels: decoded(table.second) };
  });
  return comparedClusterings(kernel, labelsTrue, labelsPred, options);
}

function distinct(labels: Float64Array): number[] {
  return [...new Set(labels)].sort((a, b) => a - b);
}

function sumsOf({ first, second, weight }: Contingency): ContingencySums {
  const rowOf = new Map(distinct(first).map((label, k) => [label, k]));
  const columnOf = new Map(distinct(second).map((label, k) => [label, k]));
  const rows = new Float64Array(rowOf.size);
  const columns = new Float64Array(columnOf.size);
  const row = Uint32Array.from(first, (label) => rowOf.get(label) as number);
  const column = Uint32Array.from(second, (label) => columnOf.get(label) as number);
  let all = 0;
  weight.forEach((w, k) => {
    rows[row[k] as number] = (rows[row[k] as number] as number) + w;
    columns[column[k] as number] = (columns[column[k] as number] as number) + w;
    all += w;
  });
  return { all, rows, columns, row, column, weight };
}
