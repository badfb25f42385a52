import { createHash } from "node:crypto";
import { isPlainObject, isTypedArray } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { LocalMatrix } from "../collections/array/local-matrix.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { DistributedSeries } from "../collections/frame/distributed-series.js";
import { frameBytes, frameIn } from "../collections/frame/live-frame.js";
import type { Plan } from "../collections/plan.js";
import type { RunOptions } from "../collections/plan-run.js";
import { reducePartitions } from "../collections/reduce.js";
import type { Engine, TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { Column, MatrixChunk } from "../memory/column.js";

/** A short text that is the same for the same text. */
export function digest(...parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex").slice(0, 32);
}

/**
 * What the data of a fit are called within this process, without a pass: collections by their plan (two of one plan are the
 * same data), local data by their content. Another plan over the same file is another name.
 */
export function nameOfData(data: unknown): string {
  const plan = planOfData(data);
  if (plan) return `plan ${plan.id} ${namesOf(data)}`;
  return digest(contentOf(data));
}

// What a plan holds never changes, so its bytes are looked at once.
const fingerprints = new WeakMap<Plan, Promise<string>>();

/**
 * What the data of a fit are called by their content: the same in every process that cuts them into the same partitions.
 * One pass over a distributed collection, the first time that it is asked for.
 */
export async function fingerprintOfData(data: unknown, options: RunOptions & { engine?: Engine }): Promise<string> {
  const plan = planOfData(data);
  if (!plan) return digest(contentOf(data));
  let known = fingerprints.get(plan);
  if (!known) {
    const { engine, signal } = options;
    known = reducePartitions<string>(
      [plan],
      {
        label: "PrefixCache",
        step: fnRef(import.meta.url, "digestStep"),
        combine: (a, b) => digest(a, b),
      },
      { ...(engine ? { engine } : {}), ...(signal ? { signal } : {}) },
    ).then((found) => found ?? "empty");
    fingerprints.set(plan, known);
    known.catch(() => fingerprints.delete(plan));
  }
  return digest(await known, namesOf(data));
}

/** The digest of one partition: a frame's Arrow bytes, or a chunk's columns. */
export function digestStep(context: TaskContext, _args: undefined, value: unknown): string {
  const hash = createHash("sha256");
  const { kind } = value as { kind?: string };
  if (kind === "dense" || kind === "csr") {
    const chunk = value as MatrixChunk;
    const columns: readonly Column[] =
      chunk.kind === "dense" ? chunk.columns : [chunk.indptr, chunk.indices, chunk.values];
    hash.update(`${kind} ${chunk.rows}`);
    for (const column of columns) {
      const view = context.memory.view(column);
      // A copy: hashing does not take shared memory.
      hash.update(column.dtype).update(new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice());
    }
  } else hash.update(frameBytes(frameIn(context, value)));
  return hash.digest("hex").slice(0, 32);
}

function planOfData(data: unknown): Plan | undefined {
  const isCollection =
    data instanceof DistributedArray || data instanceof DistributedDataFrame || data instanceof DistributedSeries;
  return isCollection ? data.plan : undefined;
}

function namesOf(data: unknown): string {
  if (data instanceof DistributedDataFrame) return JSON.stringify(data.schema);
  if (data instanceof DistributedSeries) return JSON.stringify([data.name, data.dtype]);
  return data instanceof DistributedArray ? JSON.stringify([data.names ?? null, data.innerShape, data.dtype]) : "";
}

let nextUnknown = 0;

const isArrayOrRecord = (value: object): boolean => Array.isArray(value) || isPlainObject(value);

/** Local data as text. */
function contentOf(data: unknown): string {
  return (
    JSON.stringify(data, (_key, value: unknown) => {
      if (typeof value === "bigint") return `${value}n`;
      if (typeof value === "number" && !Number.isFinite(value)) return String(value);
      if (isTypedArray(value)) {
        const bytes = Buffer.from(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
        return [value.constructor.name, createHash("sha256").update(bytes).digest("hex")];
      }
      if (value instanceof LocalMatrix) return [value.columns, value.names ?? null];
      // What other objects hold cannot be seen: they are never the same.
      if (typeof value === "function" || (typeof value === "object" && value !== null && !isArrayOrRecord(value)))
        return `unknown ${nextUnknown++}`;
      return value;
    }) ?? "nothing"
  );
}
