import { polars, type PolarsFrame } from "../collections/frame/polars.js";
import { numbersOf } from "../collections/frame/to-array-task.js";
import {
  countCategories,
  type CategorySketch,
  type ColumnSketch,
  type NumberSketch,
} from "../persistence/data-sketch.js";

/** Rows of one column counted by the bins or categories of the training data's sketch. */
export interface DriftCounts {
  readonly rows: number;
  readonly missing: number;
  /** By bin, or by category with all others at the end. */
  readonly counts: Float64Array;
  /** Values outside the range of the training data; categories that it did not have. */
  readonly outside: number;
  /** Up to five of them, for messages. */
  readonly examples: readonly string[];
}

const EXAMPLES = 5;

/**
 * Counts a partition's rows by the training data's bins. Of a partition with more than `most` rows it takes every k-th,
 * because shares need no more and counting must not cost what scoring costs.
 */
export function countAgainst(frame: PolarsFrame, sketch: readonly ColumnSketch[], most: number): DriftCounts[] {
  const every = Math.max(1, Math.ceil(frame.height / most));
  const rows = every === 1 ? frame : frame.select(polars().all().gatherEvery(every));
  return sketch.map((column) =>
    column.kind === "number" ? numbersAgainst(rows, column) : categoriesAgainst(rows, column),
  );
}

/** The counts of two partitions together. */
export function addCounts(a: readonly DriftCounts[], b: readonly DriftCounts[]): DriftCounts[] {
  return a.map((one, j) => {
    const other = b[j] as DriftCounts;
    return {
      rows: one.rows + other.rows,
      missing: one.missing + other.missing,
      counts: one.counts.map((n, k) => n + (other.counts[k] ?? 0)),
      outside: one.outside + other.outside,
      examples: [...new Set([...one.examples, ...other.examples])].slice(0, EXAMPLES),
    };
  });
}

function numbersAgainst(frame: PolarsFrame, { name, edges, min, max }: NumberSketch): DriftCounts {
  const counts = new Float64Array(edges.length + 1);
  const values = frame.height === 0 ? new Float64Array() : (numbersOf(frame, name, "f64") as Float64Array);
  const examples: string[] = [];
  let missing = 0;
  let outside = 0;
  for (const value of values) {
    if (Number.isNaN(value)) {
      missing += 1;
      continue;
    }
    let bin = 0;
    while (bin < edges.length && value > (edges[bin] as number)) bin += 1;
    counts[bin] = (counts[bin] ?? 0) + 1;
    if (value < min || value > max) {
      outside += 1;
      if (examples.length < EXAMPLES) examples.push(String(value));
    }
  }
  return { rows: values.length, missing, counts, outside, examples };
}

function categoriesAgainst(frame: PolarsFrame, { name, categories, others }: CategorySketch): DriftCounts {
  const counts = new Float64Array(categories.length + 1);
  if (frame.height === 0) return { rows: 0, missing: 0, counts, outside: 0, examples: [] };
  const place = new Map(categories.map((category, k) => [category, k]));
  const found = countCategories(frame, name);
  const examples: string[] = [];
  let outside = 0;
  for (const [value, n] of found.counts) {
    const at = place.get(value) ?? categories.length;
    counts[at] = (counts[at] ?? 0) + n;
    // Where the sketch itself had to leave categories out, one that it does not name need not be new.
    if (at === categories.length && others === 0) {
      outside += n;
      if (examples.length < EXAMPLES) examples.push(value);
    }
  }
  return { rows: frame.height, missing: found.missing, counts, outside, examples };
}
