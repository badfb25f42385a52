import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { countCodes, largerSizes, widened } from "./class-codes.js";
import { CompensatedSum } from "./compensated-sum.js";
import { densify } from "./densify.js";
import type { DesignChunk } from "./design-chunk.js";

/** What is summed of each class and column. */
export type ClassStatistic =
  | { readonly of: "moments" }
  | { readonly of: "sums" }
  | { readonly of: "above"; readonly threshold: number }
  | { readonly of: "codes"; readonly least: number };

/** Arguments of {@link classStatisticsStep}. */
export type ClassStatisticsArgs = ClassStatistic & { readonly owner: string; readonly limit: number };

/** Sums by class; rows of weight 0 are counted in `rows` alone. Exact and mergeable. */
export interface ClassStatistics {
  readonly rows: number;
  /** Labels with weight, ascending. */
  readonly labels: Float64Array;
  readonly weight: Float64Array;
  /** A class and column: the weighted mean, or the sum. Of codes: a class, column and code, columns one after the other. */
  readonly first: readonly Float64Array[];
  /** A class and column: Σ w (x - mean)²; empty without moments. */
  readonly second: readonly Float64Array[];
  /** Codes of each column; only where codes were counted. */
  readonly sizes?: Int32Array;
}

/** {@link ClassStatistics} of one partition, sparse rows made dense. NaN and infinities show in the sums. */
export function classStatisticsStep(
  context: TaskContext,
  args: ClassStatisticsArgs,
  design: DesignChunk,
): ClassStatistics {
  const x = densify(context, design.x);
  const y = design.y ? context.memory.view(design.y) : new Float64Array(0);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const members = new Map<number, number[]>();
  for (let i = 0; i < x.rows; i++) {
    if (w && w[i] === 0) continue;
    const label = (y[i] as number) + 0;
    const own = members.get(label);
    if (own) own.push(i);
    else if (members.size < args.limit) members.set(label, [i]);
    else {
      throw new DataError(
        `${args.owner}: y has more than ${args.limit} distinct values by partition ${context.partition?.index ?? 0}. A classifier needs labels; for a number to predict use a regressor.`,
      );
    }
  }
  const labels = Float64Array.from(members.keys()).sort();
  const weightOf = (i: number): number => (w ? (w[i] as number) : 1);
  const weight = labels.map((label) => {
    const sum = new CompensatedSum();
    for (const i of members.get(label) ?? []) sum.add(weightOf(i));
    return sum.value;
  });
  const columns = x.columns.map((column) => context.memory.view(column));
  if (args.of === "codes") {
    const rows = Array.from(labels, (label) => members.get(label) as number[]);
    return { rows: x.rows, labels, weight, second: [], ...countCodes(context, args, columns, rows, weightOf) };
  }
  const first: Float64Array[] = [];
  const second: Float64Array[] = [];
  for (const [k, label] of labels.entries()) {
    const own = members.get(label) as number[];
    const squares = new Float64Array(args.of === "moments" ? columns.length : 0);
    first.push(
      Float64Array.from(columns, (column, j) => {
        // From the first row on, so that columns far from 0 keep their digits.
        const origin = args.of === "moments" ? (column[own[0] as number] as number) : 0;
        const sum = new CompensatedSum();
        for (const i of own) {
          const value = Number(column[i]);
          if (args.of === "sums" && value < 0) throw negative(context, args.owner, value, i, j);
          sum.add(weightOf(i) * (args.of === "above" ? indicator(value, args.threshold) : value - origin));
        }
        if (args.of !== "moments") return sum.value;
        const mean = origin + sum.value / (weight[k] as number);
        const square = new CompensatedSum();
        for (const i of own) square.add(weightOf(i) * (Number(column[i]) - mean) ** 2);
        squares[j] = square.value;
        return mean;
      }),
    );
    second.push(squares);
  }
  return { rows: x.rows, labels, weight, first, second };
}

/** Names {@link classStatisticsStep} for the engine. */
export const CLASS_STATISTICS_STEP = fnRef(import.meta.url, "classStatisticsStep");

function negative(context: TaskContext, owner: string, value: number, row: number, column: number): DataError {
  const partition = context.partition?.index ?? 0;
  return new DataError(
    `${owner}: X must be >= 0, as it holds counts; got ${value} in column ${column}, partition ${partition}, row ${row}. Shift the column, or use GaussianNB.`,
    { details: { column, partition, row } },
  );
}

/** 1 above the threshold, else 0; what is not finite becomes NaN, so that it is seen in the sums. */
function indicator(value: number, threshold: number): number {
  if (!Number.isFinite(value)) return NaN;
  return value > threshold ? 1 : 0;
}

/** One class of some statistics. */
interface OneClass {
  readonly weight: number;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** The statistics of both (moments by Chan, Golub and LeVeque 1983). */
export function mergeClassStatistics(a: ClassStatistics, b: ClassStatistics): ClassStatistics {
  const labels = Float64Array.from(new Set([...a.labels, ...b.labels])).sort();
  const of = (part: ClassStatistics, label: number): OneClass | undefined => {
    const k = part.labels.indexOf(label);
    if (k < 0) return undefined;
    const [first, second] = [part.first[k] as Float64Array, part.second[k] ?? new Float64Array(0)];
    return { weight: part.weight[k] as number, first, second };
  };
  const sizes = a.sizes && b.sizes ? largerSizes(a.sizes, b.sizes) : undefined;
  const wide = (part: ClassStatistics, own: OneClass | undefined): OneClass | undefined =>
    own && sizes && part.sizes ? { ...own, first: widened(own.first, part.sizes, sizes) } : own;
  const parts = Array.from(labels, (label): OneClass => {
    const [left, right] = [wide(a, of(a, label)), wide(b, of(b, label))];
    return left && right ? joined(left, right) : ((left ?? right) as OneClass);
  });
  return {
    rows: a.rows + b.rows,
    labels,
    weight: Float64Array.from(parts, (part) => part.weight),
    first: parts.map((part) => part.first),
    second: parts.map((part) => part.second),
    ...(sizes ? { sizes } : {}),
  };
}

function joined(a: OneClass, b: OneClass): OneClass {
  const weight = a.weight + b.weight;
  if (a.second.length === 0)
    return { weight, first: a.first.map((sum, j) => sum + (b.first[j] as number)), second: a.second };
  const apart = a.first.map((mean, j) => (b.first[j] as number) - mean);
  return {
    weight,
    first: a.first.map((mean, j) => mean + ((apart[j] as number) * b.weight) / weight),
    second: a.second.map(
      (square, j) => square + (b.second[j] as number) + ((apart[j] as number) ** 2 * a.weight * b.weight) / weight,
    ),
  };
}
