import { DataError } from "../../src/base/errors.js";
import type { TaskContext } from "../../src/engine/engine.js";
import type { Column } from "../../src/memory/column.js";
import type { DesignChunk } from "../../src/numeric/design-chunk.js";
import { assertNoInfinity } from "./no-infinity.js";

/** What a fit has to know of its data first. */
export interface DataRange {
  /** Rows of each partition. */
  readonly rows: readonly number[];
  /** Largest |y| and weight, and the smallest y, of rows whose weight is not zero. */
  readonly maxAbsY: number;
  readonly minY: number;
  readonly maxW: number;
  /** Runs of equal groups, where the design has groups: their numbers, and their rows. */
  readonly groups?: { readonly ids: Float64Array; readonly rows: Float64Array };
}

/** Targets that a loss allows. */
export interface TargetRange {
  readonly least: number;
  /** Whether `least` itself is allowed. */
  readonly inclusive: boolean;
  /** The largest one; Infinity unless given. */
  readonly most?: number;
  /** What asks for it, and what to do instead, in words: "this loss", unless given. */
  readonly because?: string;
  readonly instead?: string;
}

/** {@link DataRange} of one partition. @throws DataError for infinities in X, or for a target out of range */
export function rangeStep(
  context: TaskContext,
  args: {
    owner: string;
    names: readonly string[] | undefined;
    targets?: TargetRange;
  },
  design: DesignChunk,
): DataRange {
  const { x } = design;
  assertNoInfinity(context, args, x);
  const y = context.memory.view(design.y as Column<"f64">);
  const w = design.w ? context.memory.view(design.w) : undefined;
  let [maxAbsY, minY, maxW] = [0, Infinity, 0];
  for (let i = 0; i < y.length; i++) {
    const weight = w ? (w[i] as number) : 1;
    if (weight === 0) continue;
    const target = y[i] as number;
    maxAbsY = Math.max(maxAbsY, Math.abs(target));
    minY = Math.min(minY, target);
    maxW = Math.max(maxW, weight);
    const {
      least,
      inclusive,
      most = Infinity,
      ...words
    }: TargetRange = args.targets ?? {
      least: -Infinity,
      inclusive: true,
    };
    if (!(target > least || (inclusive && target === least)) || target > most) {
      const partition = context.partition?.index ?? 0;
      throw new DataError(
        `${args.owner}: y must be ${inclusive ? ">=" : ">"} ${least}${most < Infinity ? ` and <= ${most}` : ""} for ${words.because ?? "this loss"}; got ${target} in partition ${partition}, row ${i}. Check the target${words.instead ?? (most < Infinity ? "" : ', or use loss "squared_error"')}.`,
        { details: { partition, row: i, column: "y" } },
      );
    }
  }
  const groups = design.groups ? groupRuns(context.memory.view(design.groups)) : undefined;
  return { rows: [x.rows], maxAbsY, minY, maxW, ...(groups ? { groups } : {}) };
}

function groupRuns(groups: Float64Array): { ids: Float64Array; rows: Float64Array } {
  const ids: number[] = [];
  const rows: number[] = [];
  for (const [i, id] of groups.entries()) {
    if (i === 0 || id !== groups[i - 1]) {
      ids.push(id);
      rows.push(1);
    } else rows[rows.length - 1] = (rows.at(-1) as number) + 1;
  }
  return { ids: Float64Array.from(ids), rows: Float64Array.from(rows) };
}

/** The range of both. */
export function mergeRanges(a: DataRange, b: DataRange): DataRange {
  return {
    rows: [...a.rows, ...b.rows],
    maxAbsY: Math.max(a.maxAbsY, b.maxAbsY),
    minY: Math.min(a.minY, b.minY),
    maxW: Math.max(a.maxW, b.maxW),
    ...(a.groups && b.groups
      ? {
          groups: {
            ids: joined(a.groups.ids, b.groups.ids),
            rows: joined(a.groups.rows, b.groups.rows),
          },
        }
      : {}),
  };
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
