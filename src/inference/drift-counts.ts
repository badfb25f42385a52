import { polars, type PolarsFrame } from "../collections/frame/polars.js";
import { numbersOf } from "../collections/frame/to-array-task.js";
import { Workspace } from "../kernels/workspace.js";
import type { Column } from "../memory/column.js";
import type { Memory } from "../memory/memory.js";
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
export function countAgainst(
  memory: Memory,
  frame: PolarsFrame,
  sketch: readonly ColumnSketch[],
  most: number,
): DriftCounts[] {
  const every = Math.max(1, Math.ceil(frame.height / most));
  const rows = every === 1 ? frame : frame.select(polars().all().gatherEvery(every));
  return sketch.map((column) =>
    column.kind === "number" ? numbersAgainst(memory, rows, column) : categoriesAgainst(rows, column),
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

function numbersAgainst(memory: Memory, frame: PolarsFrame, { name, edges, min, max }: NumberSketch): DriftCounts {
  const rows = frame.height;
  const counts = new Float64Array(edges.length + 1);
  if (rows === 0) return { rows, missing: 0, counts, outside: 0, examples: [] };
  const values = numbersOf(frame, name, "f64");
  const [column] = memory.dense("f64", rows, 1).columns as [Column<"f64">];
  memory.view(column).set(values);
  using space = new Workspace(memory, column.arena);
  // What is at least the minimum is above the number before it.
  const marks = [...edges, max, justBelow(min)];
  const found = space.zeros(marks.length + 1);
  space.kernels.countAbove(column.offset, rows, space.vector(marks), marks.length, found.pointer);
  memory.free(column);
  const above = (k: number): number => found.values[k] as number;
  const missing = above(marks.length);
  for (let bin = 0; bin <= edges.length; bin++)
    counts[bin] = (bin === 0 ? rows - missing : above(bin - 1)) - (bin < edges.length ? above(bin) : 0);
  const seen = rows - missing;
  const below = min === -Infinity ? 0 : seen - above(edges.length + 1);
  // A column without a value in training has its least above its largest: all that is there now is new.
  const outside = min <= max ? above(edges.length) + below : seen;
  const examples: string[] = [];
  for (let i = 0; i < rows && examples.length < Math.min(EXAMPLES, outside); i++) {
    const value = values[i] as number;
    if (value < min || value > max) examples.push(String(value));
  }
  return { rows, missing, counts, outside, examples };
}

/** The largest double below x. */
function justBelow(x: number): number {
  if (x === -Infinity || Number.isNaN(x)) return x;
  if (x === 0) return -Number.MIN_VALUE;
  const bits = new BigInt64Array(1);
  const number = new Float64Array(bits.buffer);
  number[0] = x;
  bits[0] = (bits[0] as bigint) + (x > 0 ? -1n : 1n);
  return number[0];
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
