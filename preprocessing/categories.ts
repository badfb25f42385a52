import { DataError, ParameterError, show } from "../src/base/errors.js";
import type { Plain } from "../src/base/plain.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { FitOptions } from "../src/estimator/design.js";
import {
  assertNotEmpty,
  reduceTable,
  vectorsIn,
  type ColumnKind,
  type Table,
  type TableStepArgs,
} from "../src/estimator/table.js";
import { noRows } from "../src/estimator/no-rows.js";
import type { DenseChunk } from "../src/memory/column.js";
import { PartitionCells, unknownCategory, type Category } from "./column-codes.js";

/** What one column's fit has found. */
export interface LearntColumn {
  /** Ascending: text by UTF-16 code, false before true, missing last; or in the order they were given. */
  readonly categories: readonly Category[];
  /** Σw of each. */
  readonly counts: Float64Array;
}

/** What a pass over categories has found. */
export interface Learnt {
  readonly rows: number;
  /** Σw of all rows. */
  readonly weight: number;
  readonly columns: readonly LearntColumn[];
}

/** What a fitted encoder keeps of its categories, as a pass finds them. */
export function learntOf(
  kept: Pick<Learnt, "rows" | "weight"> & {
    readonly categories: readonly (readonly Category[])[];
    readonly counts: readonly Float64Array[];
  },
): Learnt {
  const columns = kept.categories.map((categories, j) => ({ categories, counts: kept.counts[j] as Float64Array }));
  return { rows: kept.rows, weight: kept.weight, columns };
}

/** How categories are learnt. */
export interface LearnSettings {
  readonly categories: "auto" | readonly (readonly Category[])[];
  /** More distinct values than this in a column are an error. */
  readonly limit: number;
  /** Whether a value that is not among given categories is an error, with what to do about it. */
  readonly refuse?: string | undefined;
}

/** @throws DataError for a column of dates, lists or structures */
export function assertCategorical(owner: string, table: Table): void {
  for (const { name, kind, dtype } of table.columns) {
    if (kind !== "other") continue;
    throw new DataError(
      `${owner}: column ${show(name)} is ${dtype}. Cast it to String, take its parts (DateFeatures), or drop it.`,
      {
        details: { column: name },
      },
    );
  }
}

/** The categories of all columns with their weights, in one pass. @throws DataError naming the column */
export async function learnCategories(
  owner: string,
  table: Table,
  settings: LearnSettings,
  options: FitOptions,
): Promise<Learnt> {
  assertNotEmpty(owner, table);
  assertCategorical(owner, table);
  const given = settings.categories === "auto" ? null : checkGiven(owner, table, settings.categories);
  const args = { given: given as Plain, limit: settings.limit, refuse: settings.refuse ?? null };
  const merge = (a: CountPartial, b: CountPartial): CountPartial => mergeCounts(owner, table, settings.limit, a, b);
  const step = fnRef(import.meta.url, "countStep");
  const total = await reduceTable<CountPartial>(
    owner,
    table,
    { sampleWeight: options.sampleWeight },
    { step, args, combine: merge },
    options,
  );
  if (total.rows === 0) throw noRows(owner);
  return {
    rows: total.rows,
    weight: total.weight,
    columns: total.columns.map((column, j) => sorted(column, given?.[j])),
  };
}

function checkGiven(
  owner: string,
  table: Table,
  given: readonly (readonly Category[])[],
): readonly (readonly Category[])[] {
  if (given.length !== table.width) {
    throw new ParameterError(
      `${owner}: categories has ${given.length} lists, but X has ${table.width} columns. Give one list a column.`,
    );
  }
  given.forEach((list, j) => {
    const twice = list.find((value, i) => list.findIndex((other) => Object.is(other, value)) !== i);
    if (twice !== undefined)
      throw new ParameterError(
        `${owner}: categories of column ${show(table.columns[j]?.name)} have ${show(twice)} twice. Name each once.`,
      );
  });
  return given;
}

/** Distinct values of one partition's columns with their weights. */
export interface CountPartial {
  readonly rows: number;
  readonly weight: number;
  readonly columns: readonly { readonly values: readonly Category[]; readonly counts: Float64Array }[];
}

interface CountArgs extends TableStepArgs {
  readonly given: readonly (readonly Category[])[] | null;
  readonly limit: number;
  readonly refuse: string | null;
}

/** Counts one partition. @throws DataError for an infinity, too many values, or one that is not among those given */
export function countStep(
  context: TaskContext,
  args: CountArgs,
  value: unknown,
  ...vectors: DenseChunk[]
): CountPartial {
  const cells = new PartitionCells(context, args.columns, value);
  const { owner } = args.zip;
  const partition = context.partition?.index ?? 0;
  const { w } = vectorsIn(context, args.zip, cells.rows, vectors);
  const weights = w ? context.memory.view(w) : undefined;
  const columns = args.columns.map(({ name }, j) => {
    const { codes, values, firstRows } = cells.code(j, args.limit, () => {
      throw limitError(owner, name, args.limit, partition);
    });
    const infinite = values.findIndex((one) => one === Infinity || one === -Infinity);
    if (infinite >= 0) throw infiniteError(owner, name, partition, firstRows[infinite] ?? 0, values[infinite] ?? null);
    const counts = new Float64Array(values.length);
    if (weights)
      for (let i = 0; i < codes.length; i++)
        counts[codes[i] as number] = (counts[codes[i] as number] as number) + (weights[i] as number);
    else for (let i = 0; i < codes.length; i++) counts[codes[i] as number] = (counts[codes[i] as number] as number) + 1;
    const given = args.given?.[j];
    const known = given ? new Set(given) : undefined;
    // A row of weight 0 is as if it were not there.
    const kept = values.map((_, k) => k).filter((k) => (counts[k] as number) > 0);
    const strange = known ? kept.find((k) => !known.has(values[k] as Category)) : undefined;
    if (strange !== undefined && args.refuse !== null) {
      throw unknownCategory(
        owner,
        name,
        { partition, row: firstRows[strange] ?? 0 },
        values[strange] ?? null,
        given?.length ?? 0,
        args.refuse,
      );
    }
    const listed = known ? kept.filter((k) => known.has(values[k] as Category)) : kept;
    return {
      values: listed.map((k) => values[k] as Category),
      counts: Float64Array.from(listed, (k) => counts[k] as number),
    };
  });
  return { rows: cells.rows, weight: weights ? weights.reduce((sum, one) => sum + one, 0) : cells.rows, columns };
}

function mergeCounts(owner: string, table: Table, limit: number, a: CountPartial, b: CountPartial): CountPartial {
  const columns = a.columns.map((left, j) => {
    const right = b.columns[j] as CountPartial["columns"][number];
    const found = new Map(left.values.map((value, k) => [value, left.counts[k] as number]));
    right.values.forEach((value, k) => found.set(value, (found.get(value) ?? 0) + (right.counts[k] as number)));
    if (found.size > limit) throw limitError(owner, table.columns[j]?.name ?? String(j), limit);
    return { values: [...found.keys()], counts: Float64Array.from(found.values()) };
  });
  return { rows: a.rows + b.rows, weight: a.weight + b.weight, columns };
}

function sorted(column: CountPartial["columns"][number], given: readonly Category[] | undefined): LearntColumn {
  const counts = new Map(column.values.map((value, k) => [value, column.counts[k] as number]));
  const categories = given ?? [...column.values].sort(compareCategories);
  return { categories, counts: Float64Array.from(categories, (value) => counts.get(value) ?? 0) };
}

/**
 * What one pass over the rows of both would have found. The counts are sums: exact for whole weights, in any order.
 *
 * @param given whether the lists were given: they then have to be the same, and keep their order
 * @throws DataError for other given lists, or a column with more than `limit` categories
 */
export function mergeLearnt(
  owner: string,
  names: readonly string[],
  { given, limit }: { readonly given: boolean; readonly limit: number },
  a: Learnt,
  b: Learnt,
): Learnt {
  const columns = a.columns.map((left, j): LearntColumn => {
    const right = b.columns[j] as LearntColumn;
    const name = names[j] ?? String(j);
    const found = new Map(left.categories.map((value, k) => [value, left.counts[k] as number]));
    const other = right.categories.find((value) => !found.has(value));
    if (given && (other !== undefined || found.size !== right.categories.length)) {
      throw new DataError(
        `${owner}: the categories that were given for column ${show(name)} differ. Fit both with the same categories.`,
        { details: { column: name } },
      );
    }
    right.categories.forEach((value, k) => found.set(value, (found.get(value) ?? 0) + (right.counts[k] as number)));
    if (found.size > limit) throw limitError(owner, name, limit);
    return sorted(
      { values: [...found.keys()], counts: Float64Array.from(found.values()) },
      given ? left.categories : undefined,
    );
  });
  return { rows: a.rows + b.rows, weight: a.weight + b.weight, columns };
}

/** Ascending, missing last. */
export function compareCategories(a: Category, b: Category): number {
  const [missingA, missingB] = [isMissing(a), isMissing(b)];
  if (missingA || missingB) return Number(missingA) - Number(missingB);
  return (a as string) < (b as string) ? -1 : (a as string) > (b as string) ? 1 : 0;
}

/** True for null and NaN. */
export function isMissing(value: Category): boolean {
  return value === null || Number.isNaN(value);
}

/** What a column without a value holds in a result of this kind. */
export function missingOf(kind: ColumnKind): Category {
  return kind === "number" ? NaN : null;
}

function limitError(owner: string, column: string, limit: number, partition?: number): DataError {
  const where = partition === undefined ? "" : ` in partition ${partition} alone`;
  return new DataError(
    `${owner}: column ${show(column)} has more than ${limit} categories${where}. Drop it, bin it, or raise categoryLimit if it is a category indeed.`,
    { details: { column, ...(partition === undefined ? {} : { partition }) } },
  );
}

function infiniteError(owner: string, column: string, partition: number, row: number, value: Category): DataError {
  return new DataError(
    `${owner}: X has ${String(value)} in column ${JSON.stringify(column)}, partition ${partition}, row ${row}. Clip or drop such rows first.`,
    { details: { column, partition, row } },
  );
}

/** Which categories are too rare to stand alone. */
export interface RareSettings {
  /** Σw below this is rare; a value below 1 is a share of all rows. */
  readonly minFrequency: number | null;
  /** Output categories of a column at most, the common one of the rare included. */
  readonly maxCategories: number | null;
}

/** For each category whether it is rare; undefined where none is. Ties go to the later category, as in scikit-learn. */
export function rareCategories(
  { counts }: LearntColumn,
  weight: number,
  settings: RareSettings,
): boolean[] | undefined {
  const { minFrequency, maxCategories } = settings;
  const least = minFrequency === null ? 0 : minFrequency < 1 ? minFrequency * weight : minFrequency;
  const rare = Array.from(counts, (count) => count < least);
  const inRare = rare.filter(Boolean).length;
  const left = counts.length - inRare + Math.min(1, inRare);
  if (maxCategories !== null && maxCategories < left) {
    const order = Array.from(counts, (_, k) => k).sort(
      (a, b) => (counts[a] as number) - (counts[b] as number) || a - b,
    );
    const common = maxCategories - 1;
    for (const k of order.slice(0, order.length - common)) rare[k] = true;
  }
  return rare.some(Boolean) ? rare : undefined;
}
