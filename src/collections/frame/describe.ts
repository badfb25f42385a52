import type { Engine, TaskContext } from "../../engine/engine.js";
import { fnRef } from "../../engine/fn-ref.js";
import type { RunOptions } from "../plan-run.js";
import { reducePartitions } from "../reduce.js";
import { labelOf, planOf, type FrameState } from "./frame-state.js";
import { isNumericDtype, schemaOf } from "./frame-types.js";
import { frameIn } from "./live-frame.js";
import { polars, type PolarsFrame } from "./polars.js";
import { numbersOf } from "./to-array-task.js";

/** What one pass learns of a column. `m2` is the sum of squared differences from the mean. */
export interface ColumnSummary {
  readonly count: number;
  readonly missing: number;
  readonly mean: number;
  readonly m2: number;
  readonly min: number;
  readonly max: number;
}

const DESCRIBE_STEP = fnRef(import.meta.url, "describeStep");

/** Summaries of a partition's columns; counts only where `numeric` is false. */
export function describeStep(
  context: TaskContext,
  args: { readonly columns: readonly string[]; readonly numeric: readonly boolean[] },
  input: unknown,
): ColumnSummary[] {
  const frame = frameIn(context, input);
  return args.columns.map((name, j) => {
    if (!args.numeric[j] || frame.height === 0) {
      const missing = frame.getColumn(name).nullCount();
      return { count: frame.height - missing, missing, mean: NaN, m2: NaN, min: NaN, max: NaN };
    }
    const values = numbersOf(frame, name, "f64");
    let count = 0;
    let sum = 0;
    let min = Infinity;
    let max = -Infinity;
    for (const value of values) {
      if (Number.isNaN(value)) continue;
      count += 1;
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    const mean = sum / count;
    let m2 = 0;
    for (const value of values) if (!Number.isNaN(value)) m2 += (value - mean) ** 2;
    return count === 0
      ? { count, missing: values.length, mean: NaN, m2: NaN, min: NaN, max: NaN }
      : { count, missing: values.length - count, mean, m2, min, max };
  });
}

function merge(a: ColumnSummary, b: ColumnSummary): ColumnSummary {
  const missing = a.missing + b.missing;
  if (b.count === 0) return { ...a, missing };
  if (a.count === 0) return { ...b, missing };
  const count = a.count + b.count;
  const delta = b.mean - a.mean;
  return {
    count,
    missing,
    mean: a.mean + (delta * b.count) / count,
    // Chan, Golub and LeVeque's pairwise update.
    m2: a.m2 + b.m2 + (delta * delta * a.count * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

/** One row for each column: count, missing, mean, standard deviation (n - 1), minimum, maximum. */
export async function describeFrame(
  state: FrameState,
  options: RunOptions & { readonly engine?: Engine },
): Promise<PolarsFrame> {
  const schema = Object.entries(schemaOf(state.empty));
  const columns = schema.map(([name]) => name);
  const total = await reducePartitions<ColumnSummary[]>(
    [planOf(state)],
    {
      label: `${labelOf(state)}.describe`,
      step: DESCRIBE_STEP,
      args: { columns, numeric: schema.map(([, type]) => isNumericDtype(type)) },
      combine: (a, b) => a.map((summary, j) => merge(summary, b[j] as ColumnSummary)),
    },
    options,
  );
  const none: ColumnSummary = { count: 0, missing: 0, mean: NaN, m2: NaN, min: NaN, max: NaN };
  const summaries = columns.map((_, j) => total?.[j] ?? none);
  const pl = polars();
  const numbers = (name: string, pick: (summary: ColumnSummary) => number) =>
    pl.Series(
      name,
      summaries.map((s) => (Number.isNaN(pick(s)) ? null : pick(s))),
      pl.Float64,
    );
  return pl.DataFrame([
    pl.Series("column", columns, pl.String),
    pl.Series(
      "type",
      schema.map(([, type]) => type),
      pl.String,
    ),
    numbers("count", (s) => s.count),
    numbers("missing", (s) => s.missing),
    numbers("mean", (s) => s.mean),
    numbers("std", (s) => Math.sqrt(s.m2 / (s.count - 1))),
    numbers("min", (s) => s.min),
    numbers("max", (s) => s.max),
  ] as never);
}
