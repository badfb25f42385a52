import { DataError, show } from "../base/errors.js";
import { isTypedArray } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { DistributedSeries } from "../collections/frame/distributed-series.js";
import { frameIn } from "../collections/frame/live-frame.js";
import { labelsOf } from "../collections/frame/to-array-task.js";
import type { RunOptions } from "../collections/plan-run.js";
import { reducePartitions } from "../collections/reduce.js";
import type { Engine, TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { isDense, type Column } from "../memory/column.js";

/** A value by which rows are grouped. */
export type Stratum = string | number | boolean;

/** Rows as numbers of groups. */
export interface StratumCodes {
  readonly labels: readonly Stratum[];
  readonly codes: Int32Array | Uint8Array;
}

/**
 * The group of every row, in this process: one pass over a distributed collection, which sends a byte a row (four above
 * 256 groups).
 * @param name the argument that they came from: for messages
 * @throws DataError for a missing value, naming its row, and for what is not one column of labels
 */
export async function stratumCodes(
  owner: string,
  name: string,
  labels: unknown,
  options: RunOptions & { readonly engine?: Engine },
): Promise<StratumCodes> {
  if (Array.isArray(labels) || isTypedArray(labels))
    return encode(`${owner}: ${name}`, labels as ArrayLike<unknown>, undefined);
  if (
    !(labels instanceof DistributedSeries) &&
    !(labels instanceof DistributedArray && labels.width === 1 && labels.layout === "dense")
  ) {
    throw new DataError(
      `${owner}: ${name} must be one column of labels: a DistributedSeries, a DistributedArray vector or an array; got ${show(labels)}.`,
    );
  }
  const column = labels instanceof DistributedSeries ? labels.name : null;
  const parts = await reducePartitions<StratumCodes[]>(
    [labels.plan],
    {
      label: `${owner}.${name}`,
      step: fnRef(import.meta.url, "codesOfPartition"),
      args: { column, owner: `${owner}: ${name}` },
      combine: (a, b) => [...a, ...b],
    },
    options,
  );
  return joined(parts ?? []);
}

/** Task: the groups of one partition's rows. */
export function codesOfPartition(
  context: TaskContext,
  args: { readonly column: string | null; readonly owner: string },
  value: unknown,
): StratumCodes[] {
  const labels = isDense(value)
    ? context.memory.view(value.columns[0] as Column)
    : labelsOf(frameIn(context, value), args.column ?? "");
  return [encode(args.owner, labels, context.partition?.index)];
}

function encode(owner: string, values: ArrayLike<unknown>, partition: number | undefined): StratumCodes {
  const codeOf = new Map<unknown, number>();
  const codes = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    let value = values[i];
    if (value instanceof Date) value = value.getTime();
    if (typeof value === "bigint") value = Number(value);
    if (typeof value !== "string" && typeof value !== "boolean" && (typeof value !== "number" || Number.isNaN(value))) {
      throw new DataError(
        `${owner}: row ${i}${partition === undefined ? "" : ` of partition ${partition}`} is ${show(value)}, not a label. Fill or drop such rows first.`,
        { details: { row: i, ...(partition === undefined ? {} : { partition }) } },
      );
    }
    let code = codeOf.get(value);
    if (code === undefined) {
      code = codeOf.size;
      codeOf.set(value, code);
    }
    codes[i] = code;
  }
  return { labels: [...codeOf.keys()] as Stratum[], codes: codeOf.size <= 256 ? Uint8Array.from(codes) : codes };
}

function joined(parts: readonly StratumCodes[]): StratumCodes {
  const codeOf = new Map<Stratum, number>();
  const codes = new Int32Array(parts.reduce((sum, part) => sum + part.codes.length, 0));
  let at = 0;
  for (const part of parts) {
    const globalCodes = part.labels.map((label) => {
      const code = codeOf.get(label) ?? codeOf.size;
      codeOf.set(label, code);
      return code;
    });
    for (const code of part.codes) codes[at++] = globalCodes[code] ?? 0;
  }
  return { labels: [...codeOf.keys()], codes };
}
