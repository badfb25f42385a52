import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { Column } from "../memory/column.js";
import { ELEMENT_BYTES } from "../memory/dtype.js";
import { comomentsStep, mergeComoments, type Comoments } from "./comoments.js";
import { densify } from "./densify.js";
import type { DesignChunk } from "./design-chunk.js";
import { isThin } from "./sparse-comoments.js";
import { withoutEach } from "./without-each.js";

/** Co-moments by fold; null for a fold without rows here. */
export type FoldComoments = readonly (Comoments | null)[];

/** What {@link foldComomentsStep} is told. */
export interface FoldArgs {
  /** Row of the whole at which each partition starts. */
  readonly starts: Float64Array;
  /** Fold f is rows `[bounds[f], bounds[f + 1])` of the whole. */
  readonly bounds: Float64Array;
}

/** Co-moments of the rows of each fold in one partition, in one pass over its memory. */
export function foldComomentsStep(context: TaskContext, args: FoldArgs, design: DesignChunk): FoldComoments {
  const first = args.starts[context.partition?.index ?? 0] ?? 0;
  const x = design.x.kind === "csr" && isThin(context, design.x) ? design.x : densify(context, design.x);
  return Array.from({ length: args.bounds.length - 1 }, (_, f) => {
    const from = Math.max(0, (args.bounds[f] ?? 0) - first);
    const to = Math.min(x.rows, (args.bounds[f + 1] ?? 0) - first);
    if (from >= to) return null;
    const cut = <C extends Column>(column: C): C => ({
      ...column,
      offset: column.offset + from * ELEMENT_BYTES[column.dtype],
      length: to - from,
    });
    return comomentsStep(context, undefined, {
      x:
        x.kind === "dense"
          ? { kind: "dense", rows: to - from, columns: x.columns.map(cut) }
          : { ...x, rows: to - from, indptr: { ...cut(x.indptr), length: to - from + 1 } },
      ...(design.y ? { y: cut(design.y) } : {}),
      ...(design.w ? { w: cut(design.w) } : {}),
    });
  });
}

/** Names {@link foldComomentsStep} for the engine. */
export const FOLD_COMOMENTS_STEP = fnRef(import.meta.url, "foldComomentsStep");

/** Folds of the union. */
export function mergeFoldComoments(a: FoldComoments, b: FoldComoments): FoldComoments {
  return a.map((own, f) => {
    const other = b[f] ?? null;
    return own && other ? mergeComoments(own, other) : (own ?? other);
  });
}

/** For each fold the co-moments of all rows outside it. */
export function withoutEachFold(folds: readonly Comoments[]): Comoments[] {
  return withoutEach(folds, mergeComoments);
}

/** Rows of each partition, in order. */
export function rowCountStep(_context: TaskContext, _args: undefined, design: DesignChunk): Float64Array {
  return Float64Array.of(design.x.rows);
}

/** Names {@link rowCountStep} for the engine. */
export const ROW_COUNT_STEP = fnRef(import.meta.url, "rowCountStep");

/** Counts of the partitions of `a`, then of `b`. */
export function joinRowCounts(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** Where `folds` consecutive folds of `rows` rows begin and end; the first `rows mod folds` have one row more. */
export function foldBounds(rows: number, folds: number): Float64Array {
  const size = Math.floor(rows / folds);
  const longer = rows % folds;
  return Float64Array.from({ length: folds + 1 }, (_, f) => f * size + Math.min(f, longer));
}
