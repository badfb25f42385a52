import { DataError } from "../../base/errors.js";
import type { Plain, PlainRecord } from "../../base/plain.js";
import { CounterRng } from "../../base/rng.js";
import { columnsOfExpr, decodeExpr, encodeExpr, plainColumn, type ExprLike } from "./expressions.js";
import { dtypeOf } from "./frame-types.js";
import { polars, type PolarsLazyFrame } from "./polars.js";

/** What each verb's arguments are, as plain data. */
export interface VerbArgs {
  /** `plain`: the names, where all are columns and nothing else; such a choice needs no Polars. */
  select: { readonly exprs: readonly Uint8Array[]; readonly plain: readonly string[] | null };
  filter: { readonly predicate: Uint8Array };
  withColumns: { readonly exprs: readonly Uint8Array[] };
  drop: { readonly columns: readonly string[] };
  rename: { readonly mapping: Readonly<Record<string, string>> };
  cast: { readonly dtypes: Readonly<Record<string, string>>; readonly strict: boolean };
  fillNull: { readonly values: Readonly<Record<string, Uint8Array>> };
  dropNulls: { readonly columns: readonly string[] | null };
  limit: { readonly rows: number; readonly from: "head" | "tail" };
  sample: { readonly fraction: number; readonly seed: number; readonly starts: readonly number[] | null };
}

export type VerbName = keyof VerbArgs;

/** One verb of a chain, as it travels. */
export type VerbCall = { [K in VerbName]: { readonly verb: K; readonly args: VerbArgs[K] } }[VerbName];

/** How a verb is done; adding one to {@link verbs} is all a new row-wise verb needs, besides its method. */
interface Verb<K extends VerbName> {
  /** True when rows stay as they are in number and order. */
  readonly keepsRows: boolean;
  /** True when the columns afterwards are only those it names: readers then skip the others. */
  readonly narrows?: boolean;
  /** The input columns whose values it needs; undefined means all of them. */
  reads(args: VerbArgs[K]): readonly string[] | undefined;
  apply(frame: PolarsLazyFrame, args: VerbArgs[K], partition: number): PolarsLazyFrame;
}

/** The row-wise verbs of frames: one entry each. */
export const verbs: { readonly [K in VerbName]: Verb<K> } = {
  select: {
    keepsRows: true,
    narrows: true,
    reads: ({ exprs }) => columnsOfAll(exprs),
    apply: (frame, { exprs }) => frame.select(exprs.map(decodeExpr)),
  },
  filter: {
    keepsRows: false,
    reads: ({ predicate }) => columnsOfExpr(predicate),
    apply: (frame, { predicate }) => frame.filter(decodeExpr(predicate)),
  },
  withColumns: {
    keepsRows: true,
    reads: ({ exprs }) => columnsOfAll(exprs),
    apply: (frame, { exprs }) => frame.withColumns(...exprs.map(decodeExpr)),
  },
  drop: {
    keepsRows: true,
    reads: ({ columns }) => columns,
    apply: (frame, { columns }) => frame.drop([...columns]),
  },
  rename: {
    keepsRows: true,
    reads: ({ mapping }) => Object.keys(mapping),
    apply: (frame, { mapping }) => frame.rename(mapping),
  },
  cast: {
    keepsRows: true,
    reads: ({ dtypes }) => Object.keys(dtypes),
    apply: (frame, { dtypes, strict }) => {
      const pl = polars();
      return frame.withColumns(
        ...Object.entries(dtypes).map(([name, dtype]) => pl.col(name).cast(dtypeOf(dtype, "cast"), strict)),
      );
    },
  },
  fillNull: {
    keepsRows: true,
    reads: ({ values }) => Object.keys(values),
    apply: (frame, { values }) => {
      const pl = polars();
      return frame.withColumns(
        ...Object.entries(values).map(([name, value]) => pl.col(name).fillNull(decodeExpr(value))),
      );
    },
  },
  dropNulls: {
    keepsRows: false,
    reads: ({ columns }) => columns ?? undefined,
    apply: (frame, { columns }) =>
      columns === null ? frame.dropNulls([...frame.columns]) : frame.dropNulls([...columns]),
  },
  limit: {
    keepsRows: false,
    reads: () => [],
    apply: (frame, { rows, from }) => (from === "head" ? frame.head(rows) : frame.tail(rows)),
  },
  sample: {
    keepsRows: false,
    reads: () => [],
    apply: (frame, { fraction, seed, starts }, partition) => {
      const pl = polars();
      const whole = frame.collectSync();
      const rng = new CounterRng(seed, starts ? "frame.sample" : `frame.sample/${partition}`);
      const start = starts?.[partition] ?? 0;
      const keep = Array.from({ length: whole.height }, (_, i) => rng.uniform(start + i) < fraction);
      return whole.filter(pl.Series("keep", keep, pl.Bool) as never).lazy();
    },
  },
};

/** A `select` of columns or expressions. */
export function selectCall(owner: string, exprs: readonly ExprLike[]): VerbCall {
  const encoded = exprs.map((expr) => encodeExpr(owner, expr));
  if (encoded.every((expr) => columnsOfExpr(expr)?.length === 0)) {
    throw new DataError(
      `${owner}: the expressions name no column, so nothing says how many rows they have. Select a column beside them, or use withColumns().`,
    );
  }
  const names = encoded.map(plainColumn);
  const plain = names.every((name) => name !== undefined) ? (names as string[]) : null;
  return { verb: "select", args: { exprs: encoded, plain } };
}

/** Applies a chain of verbs. */
export function applyVerbs(frame: PolarsLazyFrame, calls: readonly VerbCall[], partition: number): PolarsLazyFrame {
  let result = frame;
  for (const call of calls) result = verbs[call.verb].apply(result, call.args as never, partition);
  return result;
}

/**
 * The columns of a source that a chain needs, for readers that Polars cannot push a projection into: what the verbs up
 * to the first narrowing one read. Undefined means all.
 */
export function columnsNeeded(calls: readonly VerbCall[], columns: readonly string[]): string[] | undefined {
  const needed = new Set<string>();
  for (const call of calls) {
    const verb = verbs[call.verb];
    const read = verb.reads(call.args as never);
    if (read === undefined) return undefined;
    for (const name of read) needed.add(name);
    if (verb.narrows) return columns.filter((name) => needed.has(name));
  }
  return undefined;
}

/** The columns that are left, where the chain does nothing but choose columns; else undefined. */
export function onlyColumns(calls: readonly VerbCall[], columns: readonly string[]): readonly string[] | undefined {
  let left = columns;
  for (const call of calls) {
    if (call.verb === "drop") left = left.filter((name) => !call.args.columns.includes(name));
    else if (call.verb === "select") {
      if (!call.args.plain?.every((name) => left.includes(name))) return undefined;
      left = call.args.plain;
    } else return undefined;
  }
  return left;
}

/** True when the chain neither drops nor adds rows. */
export function keepRows(calls: readonly VerbCall[]): boolean {
  return calls.every((call) => verbs[call.verb].keepsRows);
}

/** A chain as plain data. */
export function plainVerbs(calls: readonly VerbCall[]): Plain {
  return calls.map((call): PlainRecord => ({ verb: call.verb, args: call.args as unknown as Plain }));
}

function columnsOfAll(exprs: readonly Uint8Array[]): string[] | undefined {
  const names: string[] = [];
  for (const expr of exprs) {
    const own = columnsOfExpr(expr);
    if (own === undefined) return undefined;
    names.push(...own);
  }
  return names;
}
