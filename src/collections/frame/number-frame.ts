import { isPlainObject } from "../../base/plain.js";
import type { TaskContext } from "../../engine/engine.js";
import type { NumberColumn } from "../../io/parse-numbers.js";
import type { Column, DenseChunk } from "../../memory/column.js";
import type { HostColumn, HostDense } from "../../memory/host-column.js";
import { polars, type PolarsFrame } from "./polars.js";

/** A {@link NumberFrame} between tasks: its columns lie in an arena as arrays want them, so that an array takes them over. */
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

/** Columns of doubles that a reader parsed itself: they reach an array without a detour through Polars. */
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

  /** Only these columns, in this order. */
  select(names: readonly string[]): NumberFrame {
    return new NumberFrame(
      this.rows,
      names.map((name) => this.columns.find((column) => column.name === name) as NumberColumn),
    );
  }

  /** Copies the columns into one block of an arena. */
  seal(context: TaskContext): SealedNumbers {
    const { memory } = context;
    const values = memory.dense("f64", this.rows, this.columns.length);
    this.columns.forEach(({ data }, j) => memory.view(values.columns[j] as Column<"f64">).set(data));
    return {
      kind: "numbers",
      rows: this.rows,
      names: this.columns.map((column) => column.name),
      integer: this.columns.map((column) => column.integer),
      values,
      nulls: this.columns.map(({ nulls }) => (nulls ? memory.columnFrom("u8", nulls) : null)),
    };
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
