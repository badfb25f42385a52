import { DataError } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import type { FnRef, TaskContext } from "../engine/engine.js";
import { fnRef, loadFn } from "../engine/fn-ref.js";
import { Workspace } from "../kernels/workspace.js";
import type { DenseChunk } from "../memory/column.js";
import type { DType } from "../memory/dtype.js";
import { compensatedSum } from "../numeric/compensated-sum.js";
import { doublesOf } from "../numeric/doubles-of.js";
import type { MetricInputName, MetricRows } from "./metric-kernel.js";

/** Arguments of {@link metricsStep}. */
export interface MetricsArgs {
  /** The metrics' names, for messages. */
  readonly owner: string;
  /** What the chunks are; "sampleWeight" comes last where there is one. */
  readonly inputs: readonly { readonly name: MetricInputName | "sampleWeight"; readonly width: number }[];
  readonly metrics: readonly { readonly step: FnRef; readonly args: Plain }[];
}

/** What a pass knows of some partitions. */
export interface MetricsPartial {
  readonly rows: number;
  readonly weight: number;
  /** One partial a metric. */
  readonly parts: readonly Plain[];
}

/** All metrics of a pass over one partition: inputs are converted and checked once. */
export async function metricsStep(
  context: TaskContext,
  args: MetricsArgs,
  ...chunks: DenseChunk[]
): Promise<MetricsPartial> {
  const partition = context.partition?.index ?? 0;
  const rows = chunks[0]?.rows ?? 0;
  chunks.forEach((chunk, k) => {
    if (chunk.rows === rows) return;
    throw new DataError(
      `${args.owner}: partition ${partition} has ${rows} rows of ${args.inputs[0]?.name} but ${chunk.rows} of ${args.inputs[k]?.name}. ` +
        "Both need the same rows in the same order: take them from one collection.",
      { details: { partition } },
    );
  });
  using space = new Workspace(context.memory, chunks[0]?.columns[0]?.arena ?? 0);
  const columns: Partial<Record<MetricInputName, readonly Float64Array[]>> = {};
  const dtypes: Partial<Record<MetricInputName, DType>> = {};
  let weight: Float64Array | undefined;
  args.inputs.forEach(({ name, width }, k) => {
    const chunk = chunks[k] as DenseChunk;
    const values =
      rows === 0
        ? Array.from({ length: width }, () => new Float64Array(0))
        : chunk.columns.map((column) => doublesOf(context, space, column));
    if (values.length !== width) {
      throw new DataError(
        `${args.owner}: partition ${partition} of ${name} has ${values.length} columns; the others have ${width}.`,
        {
          details: { partition },
        },
      );
    }
    values.forEach((column, j) => requireFinite(args.owner, name, column, partition, width > 1 ? j : undefined));
    if (name === "sampleWeight") weight = values[0];
    else {
      columns[name] = values;
      dtypes[name] = chunk.columns[0]?.dtype ?? "f64";
    }
  });
  if (weight) requireNonNegative(args.owner, weight, partition);
  const input: MetricRows = { owner: args.owner, rows, partition, columns, dtypes, weight };
  const parts: Plain[] = [];
  for (const metric of args.metrics) {
    context.throwIfAborted();
    const step = await loadFn(metric.step);
    parts.push(step(context, metric.args as never, input as never) as Plain);
  }
  return { rows, weight: weight ? compensatedSum(weight) : rows, parts };
}

/** Names {@link metricsStep} for the engine. */
export const METRICS_STEP = fnRef(import.meta.url, "metricsStep");

function requireFinite(
  owner: string,
  name: string,
  values: Float64Array,
  partition: number,
  column: number | undefined,
): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    if (value - value === 0) continue;
    throw new DataError(
      `${owner}: ${name} has ${value} in partition ${partition}, row ${row}${column === undefined ? "" : `, column ${column}`}. ` +
        "Fill such values, or leave the rows out on both sides.",
      { details: { partition, row, ...(column === undefined ? {} : { column }) } },
    );
  }
}

function requireNonNegative(owner: string, weight: Float64Array, partition: number): void {
  const row = weight.findIndex((w) => w < 0);
  if (row < 0) return;
  throw new DataError(
    `${owner}: sampleWeight must be >= 0; got ${weight[row]} in partition ${partition}, row ${row}. Use 0 to leave a row out.`,
    {
      details: { partition, row },
    },
  );
}
