import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { Engine } from "../engine/engine.js";
import { chooseEngine } from "../collections/choose-engine.js";
import type { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { isNumericDtype } from "../collections/frame/frame-types.js";
import { frameIn } from "../collections/frame/live-frame.js";
import { polars, type PolarsFrame } from "../collections/frame/polars.js";
import { numbersOf } from "../collections/frame/to-array-task.js";
import type { RunOptions } from "../collections/plan-run.js";
import { reducePartitions } from "../collections/reduce.js";
import { QuantileSketch, type QuantileSketchData } from "../numeric/quantile-sketch.js";

/** Shares of the rows by which numbers are cut into bins: tenths, as population stability is usually computed. */
const BINS = 10;
const SKETCH_ERROR = 0.002;
/** Most categories of a column that a sketch names; the others are counted together. */
const MAX_CATEGORIES = 1000;
// While partitions are merged more are kept, so that one which is rare in each is not lost.
const MAX_WHILE_MERGING = 20_000;

/** A column of numbers in a {@link DataSketch}. */
export interface NumberSketch {
  readonly name: string;
  readonly dtype: string;
  readonly kind: "number";
  readonly missing: number;
  readonly min: number;
  readonly max: number;
  /** Distinct upper bounds of the bins but the last, ascending; a value belongs to the first that is not below it. */
  readonly edges: Float64Array;
  /** Rows in each bin, `edges.length + 1`, to about 0.2 % of the rows. */
  readonly counts: Float64Array;
}

/** A column of text, booleans or other things that are equal or not. */
export interface CategorySketch {
  readonly name: string;
  readonly dtype: string;
  readonly kind: "category";
  readonly missing: number;
  /** The most frequent values as text. */
  readonly categories: readonly string[];
  readonly counts: Float64Array;
  /** Rows of all other values; 0 means that `categories` is all there was. */
  readonly others: number;
}

/** One column of a {@link DataSketch}. */
export type ColumnSketch = NumberSketch | CategorySketch;

/** What data look like, in a few KB: kept in model files, compared with what is scored. */
export interface DataSketch {
  readonly rows: number;
  readonly columns: readonly ColumnSketch[];
}

/** One column of one partition, before its edges are known. */
type Partial =
  | {
      readonly kind: "number";
      readonly missing: number;
      readonly min: number;
      readonly max: number;
      readonly sketch: QuantileSketchData;
    }
  | {
      readonly kind: "category";
      readonly missing: number;
      readonly counts: readonly (readonly [string, number])[];
      readonly others: number;
    };

interface PartialSketch {
  readonly rows: number;
  readonly columns: readonly Partial[];
}

const SKETCH_STEP = fnRef(import.meta.url, "sketchDataStep");

/**
 * The sketch of a frame's columns in one pass: numbers by their tenths, everything else by its values.
 * NaN and null count as missing.
 */
export async function sketchData(
  frame: DistributedDataFrame,
  options: RunOptions & { readonly engine?: Engine } = {},
): Promise<DataSketch> {
  const schema = Object.entries(frame.schema);
  const total = await reducePartitions<PartialSketch>(
    [frame.plan],
    {
      label: "DataSketch",
      step: SKETCH_STEP,
      args: { columns: schema.map(([name, dtype]) => [name, isNumber(dtype)]) },
      combine: merge,
    },
    { ...options, engine: options.engine ?? chooseEngine([frame.plan]) },
  );
  return {
    rows: total?.rows ?? 0,
    columns: schema.map(([name, dtype], j) => finish(name, dtype, total?.columns[j])),
  };
}

/** One partition of {@link sketchData}. */
export function sketchDataStep(
  context: TaskContext,
  args: { readonly columns: readonly (readonly [string, boolean])[] },
  input: unknown,
): PartialSketch {
  const frame = frameIn(context, input);
  return {
    rows: frame.height,
    columns: args.columns.map(([name, numeric]) => {
      context.throwIfAborted();
      return numeric ? numbersPart(frame, name) : categoriesPart(frame, name);
    }),
  };
}

/** Rows of a column by value as text, most frequent first, null apart. */
export function countCategories(frame: PolarsFrame, name: string): { counts: [string, number][]; missing: number } {
  const pl = polars();
  const counted = frame
    .select(pl.col(name).cast(pl.String).alias("value"))
    .getColumn("value")
    .valueCounts(false, false, "n");
  const values = counted.getColumn("value").toArray() as (string | null)[];
  const numbers = counted.getColumn("n").toArray() as (number | bigint)[];
  let missing = 0;
  const counts: [string, number][] = [];
  values.forEach((value, i) => {
    if (value === null) missing += Number(numbers[i]);
    else counts.push([value, Number(numbers[i])]);
  });
  return { counts: byCount(counts), missing };
}

/** True for what is sketched as numbers: dates are, by their milliseconds; booleans are categories. */
export function isNumber(dtype: string): boolean {
  return dtype !== "Bool" && isNumericDtype(dtype);
}

function numbersPart(frame: PolarsFrame, name: string): Partial {
  const values = frame.height === 0 ? new Float64Array() : (numbersOf(frame, name, "f64") as Float64Array);
  let missing = 0;
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    if (Number.isNaN(value)) missing += 1;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { kind: "number", missing, min, max, sketch: new QuantileSketch(SKETCH_ERROR).update(values).toPlain() };
}

function categoriesPart(frame: PolarsFrame, name: string): Partial {
  if (frame.height === 0) return { kind: "category", missing: 0, counts: [], others: 0 };
  const { counts, missing } = countCategories(frame, name);
  return { kind: "category", missing, ...cut(counts, 0, MAX_WHILE_MERGING) };
}

function merge(a: PartialSketch, b: PartialSketch): PartialSketch {
  return {
    rows: a.rows + b.rows,
    columns: a.columns.map((one, j) => {
      const other = b.columns[j];
      const missing = one.missing + (other?.missing ?? 0);
      if (one.kind === "number" && other?.kind === "number")
        return {
          kind: "number",
          missing,
          min: Math.min(one.min, other.min),
          max: Math.max(one.max, other.max),
          sketch: QuantileSketch.fromPlain(one.sketch).merge(QuantileSketch.fromPlain(other.sketch)).toPlain(),
        };
      if (one.kind !== "category" || other?.kind !== "category") return one;
      const counts = new Map(one.counts);
      for (const [value, n] of other.counts) counts.set(value, (counts.get(value) ?? 0) + n);
      return {
        kind: "category",
        missing,
        ...cut(byCount([...counts]), one.others + other.others, MAX_WHILE_MERGING),
      };
    }),
  };
}

function finish(name: string, dtype: string, part: Partial | undefined): ColumnSketch {
  if (part?.kind === "number") {
    const sketch = QuantileSketch.fromPlain(part.sketch);
    const tenths = Array.from({ length: BINS - 1 }, (_, i) => sketch.quantile((i + 1) / BINS));
    // A column of few values has the same cut many times, and the last bin must not be empty.
    const edges = [...new Set(tenths)].filter((edge) => edge < part.max);
    const ranks = [...edges.map((edge) => sketch.rank(edge)), sketch.count];
    const counts = Float64Array.from(ranks, (rank, i) => rank - (ranks[i - 1] ?? 0));
    const { missing, min, max } = part;
    return { name, dtype, kind: "number", missing, min, max, edges: Float64Array.from(edges), counts };
  }
  const { counts, others } = part ? cut([...part.counts], part.others, MAX_CATEGORIES) : { counts: [], others: 0 };
  return {
    name,
    dtype,
    kind: "category",
    missing: part?.missing ?? 0,
    categories: counts.map(([value]) => value),
    counts: Float64Array.from(counts, ([, n]) => n),
    others,
  };
}

function byCount(counts: [string, number][]): [string, number][] {
  return counts.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

function cut(
  counts: readonly (readonly [string, number])[],
  others: number,
  most: number,
): { counts: readonly (readonly [string, number])[]; others: number } {
  const rest = counts.slice(most).reduce((sum, [, n]) => sum + n, others);
  return { counts: counts.slice(0, most), others: rest };
}
