import { isPlainObject } from "../../base/plain.js";
import type { TaskContext } from "../../engine/engine.js";
import type { Column, DenseChunk } from "../../memory/column.js";
import type { HostColumn, HostDense } from "../../memory/host-column.js";
import { polars, type PolarsFrame } from "./polars.js";

/**
 * Columns of numbers as a reader parses them: they lie in an arena as arrays want them, so that an array takes them over
 * without a detour through Polars. Plain data, within a task and between tasks.
 */
export interface SealedNumbers {
  readonly kind: "numbers";
  readonly rows: number;
  readonly names: readonly string[];
  readonly integer: readonly boolean[];
  readonly values: DenseChunk<"f64">;
  /** 1 where a value is null; null for columns without any. */
  readonly nulls: readonly (Column<"u8"> | null)[];
}

/** {@link SealedNumbers} outside the engines' memory. */
export interface HostNumbers {
  readonly kind: "numbers";
  readonly rows: number;
  readonly names: readonly string[];
  readonly integer: readonly boolean[];
  readonly values: HostDense<"f64">;
  readonly nulls: readonly (HostColumn<"u8"> | null)[];
}

/** True for {@link SealedNumbers}. */
export function isSealedNumbers(value: unknown): value is SealedNumbers {
  return isPlainObject(value) && value["kind"] === "numbers";
}

/** Fewer columns, in the order of `names`: no copy. */
export function pickColumns(frame: SealedNumbers, names: readonly string[]): SealedNumbers {
  const at = names.map((name) => frame.names.indexOf(name));
  const pick = <T>(list: readonly T[]): T[] => at.map((j) => list[j] as T);
  return {
    ...frame,
    names,
    integer: pick(frame.integer),
    values: { ...frame.values, columns: pick(frame.values.columns) },
    nulls: pick(frame.nulls),
  };
}

/** A column of a {@link NumberFrame}; null is NaN in `data` and 1 in `nulls`. */
export interface NumberColumn {
  readonly name: string;
  readonly data: Float64Array;
  readonly nulls: Uint8Array | undefined;
  /** True when the column's type is Int64; every value is then an integer that a double holds. */
  readonly integer: boolean;
}

/** {@link SealedNumbers} outside of arenas, on their way to Polars. */
export class NumberFrame {
  readonly rows: number;
  readonly columns: readonly NumberColumn[];

  constructor(rows: number, columns: readonly NumberColumn[]) {
    this.rows = rows;
    this.columns = columns;
  }

  /** A copy of `columns` (all unless given) of a sealed frame. */
  static unseal(context: TaskContext, sealed: SealedNumbers, columns?: readonly string[] | null): NumberFrame {
    const { memory } = context;
    const chosen = columns && columns.length > 0 ? columns : sealed.names;
    const found = chosen.map((name): NumberColumn => {
      const j = sealed.names.indexOf(name);
      const nulls = sealed.nulls[j];
      return {
        name,
        data: memory.copyOut(sealed.values.columns[j] as Column<"f64">),
        nulls: nulls ? memory.copyOut(nulls) : undefined,
        integer: sealed.integer[j] ?? false,
      };
    });
    return new NumberFrame(sealed.rows, found);
  }

  /** The frame of a value that has left its engine. */
  static fromHost(host: HostNumbers): NumberFrame {
    const columns = host.names.map((name, j): NumberColumn => {
      const data = (host.values.columns[j] as HostColumn<"f64">).data;
      return { name, data, nulls: host.nulls[j]?.data, integer: host.integer[j] ?? false };
    });
    return new NumberFrame(host.rows, columns);
  }

  toPolars(): PolarsFrame {
    const pl = polars();
    const series = this.columns.map(({ name, data, nulls, integer }) => {
      let values = pl.Series(name, data as never, pl.Float64);
      if (nulls) {
        const both = pl.DataFrame([
          pl.Series("x", data as never, pl.Float64),
          pl.Series("null", nulls as never, pl.UInt8),
        ] as never);
        values = both
          .select(
            pl
              .when(pl.col("null").eq(pl.lit(0)))
              .then(pl.col("x"))
              .otherwise(pl.lit(null))
              .alias(name),
          )
          .getColumn(name);
      }
      return integer ? values.cast(pl.Int64) : values;
    });
    return pl.DataFrame(series as never);
  }
}
