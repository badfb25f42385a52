import { DataError, ParameterError, show } from "../../src/base/errors.js";
import type { ZodNamespace } from "../../src/base/params.js";
import { DistributedDataFrame } from "../../src/collections/frame/distributed-data-frame.js";
import { isNumericDtype } from "../../src/collections/frame/frame-types.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design, FitOptions } from "../../src/estimator/design.js";
import type { MatrixInput } from "../../src/estimator/inputs.js";
import { isLocalTable, toRows, type LocalTable, type TableInput } from "../../src/estimator/table.js";
import { reducePartitions } from "../../src/collections/reduce.js";
import {
  codedFrame,
  codesOf,
  hasText,
  MAX_CATEGORIES,
  MAX_CODE,
  mergeCodes,
  mergeTexts,
  mostFrequent,
  type CodeCounts,
  type CodesArgs,
  type ColumnTexts,
  type TextsArgs,
} from "./category-tasks.js";
import { columnPosition, type ColumnNames } from "./column-names.js";

/** Parameters of columns of categories. */
export interface CategoryParams {
  categoricalFeatures: "fromDtype" | (string | number | boolean)[] | null;
  catSmooth: number;
  maxCatToOnehot: number;
  rareCategories: "error" | "missing";
}

/** The rules of {@link CategoryParams}. */
export function categoryParamRules(z: ZodNamespace) {
  return {
    categoricalFeatures: z
      .union([z.literal("fromDtype"), z.array(z.union([z.string(), z.int().min(0), z.boolean()]))])
      .nullable()
      .default("fromDtype")
      .describe(
        "columns of categories: names, positions, or true and false for each column; fromDtype takes a frame's columns of text",
      ),
    catSmooth: z
      .number()
      .min(0)
      .default(10)
      .describe("smoothing of categories' order; also the fewest rows of one that is told apart"),
    rareCategories: z
      .enum(["error", "missing"])
      .default("error")
      .describe(
        "of a column of more categories than bins (255 at most): an error, or those of fewest rows are missing values",
      ),
    maxCatToOnehot: z.int().min(0).default(4).describe("up to so many categories are tried one against the rest"),
  };
}

/** Positions of the columns of categories. @throws ParameterError for a column that X lacks, or a mask of another length */
export function categoricalColumns(
  given: CategoryParams["categoricalFeatures"],
  texts: ColumnTexts | undefined,
  columns: ColumnNames,
): number[] {
  const text = (texts ?? []).flatMap((list, j) => (list ? [j] : []));
  if (given === "fromDtype") return text;
  const named = new Set<number>();
  if (given?.some((entry) => typeof entry === "boolean")) {
    if (given.length !== columns.width || !given.every((entry) => typeof entry === "boolean")) {
      throw new ParameterError(
        `${columns.owner}: categoricalFeatures has ${given.length} entries, but X has ${columns.width} columns. Give true or false for each, or name the columns.`,
      );
    }
    given.forEach((entry, j) => entry && named.add(j));
  } else
    for (const entry of given ?? [])
      named.add(columnPosition(entry as string | number, "categoricalFeatures", columns));
  const left = text.find((j) => !named.has(j));
  if (left !== undefined) {
    throw new DataError(
      `${columns.owner}: column ${show(columns.names?.[left] ?? left)} is text, but it is not among categoricalFeatures. Name it there, use "fromDtype", or drop it.`,
    );
  }
  return [...named].sort((a, b) => a - b);
}

/** Categories that a column may have, and those that bins tell apart. */
export function categoryLimits({
  maxBins,
  rareCategories,
}: Pick<CategoryParams, "rareCategories"> & { readonly maxBins: number }): { known: number; told: number } {
  const told = Math.min(maxBins, MAX_CATEGORIES);
  return { told, known: rareCategories === "missing" ? MAX_CODE + 1 : told };
}

/**
 * One pass for the codes of columns of categories that have bins, the same for any partitioning: all, or where they are too
 * many those of most rows.
 * @throws DataError as `codesStep`
 */
export async function categoryCodes(
  design: Design,
  columns: readonly number[],
  { known, told }: { readonly known: number; readonly told: number },
): Promise<Float64Array[]> {
  if (columns.length === 0) return [];
  const args: CodesArgs = { owner: design.owner, names: design.names, columns, limit: known };
  const step = fnRef(new URL("./category-tasks.js", import.meta.url).href, "codesStep");
  const found = await design.reduce<CodeCounts[]>(step, { ...args }, (a, b) => mergeCodes(args, a, b), false);
  return found.map((counts) => mostFrequent(counts, told));
}

/** Thresholds that give each of some ascending codes a bin of its own. */
export function codeThresholds(codes: Float64Array): Float64Array {
  return codes.subarray(1).map((code, k) => (code + (codes[k] as number)) / 2);
}

/**
 * The texts of the columns of text of a frame or of a table in this process; undefined for X without any. One pass for all
 * columns. @throws DataError for more than the limit
 */
export async function textsOf(
  owner: string,
  X: TableInput,
  limit: number,
  options: FitOptions,
): Promise<ColumnTexts | undefined> {
  if (!mayHaveText(X)) return undefined;
  const rows = toRows(owner, X);
  if (!hasText(rows)) return undefined;
  const { columns } = rows;
  const text = columns.filter((name) => !isNumericDtype(rows.schema[name] as string));
  const args: TextsArgs = { owner, columns: text, limit };
  const found = await reducePartitions<string[][]>(
    [rows.plan],
    {
      label: owner,
      step: fnRef(new URL("./category-tasks.js", import.meta.url).href, "textsStep"),
      args: { ...args },
      combine: (a, b) => mergeTexts(args, a, b),
    },
    {
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.engine ? { engine: options.engine } : {}),
    },
  );
  return columns.map((name) => {
    const k = text.indexOf(name);
    return k < 0 ? null : (found?.[k] ?? []);
  });
}

// Distributed arrays and matrices hold numbers.
function mayHaveText(X: TableInput): boolean {
  return X instanceof DistributedDataFrame || isLocalTable(X);
}

/**
 * X with its columns of text as codes: lazily where it is distributed, at once where it is in this process. X itself where the
 * fit saw no text, which refuses text by itself.
 */
export function codedInput(
  owner: string,
  X: TableInput,
  texts: ColumnTexts | undefined,
  names?: readonly string[],
): MatrixInput {
  if (!mayHaveText(X)) return X as MatrixInput;
  const rows = toRows(owner, X);
  if (!hasText(rows)) return X as MatrixInput;
  // What the fit saw as numbers has to be numbers: the frame's own conversion says which column is not.
  if (!texts) return rows;
  const local = isLocalTable(X);
  const listed = local && Array.isArray(X) ? undefined : names;
  const wanted = rows.columns.map((name, j) => texts[listed?.indexOf(name) ?? j] ?? null);
  return local ? codedLocal(owner, X, wanted) : codedFrame(owner, rows, wanted);
}

/** A table in this process with numbers for its texts. */
function codedLocal(owner: string, X: LocalTable, texts: ColumnTexts): MatrixInput {
  const codes = codesOf(texts);
  const coded = (cell: unknown, j: number, row: number): number => {
    const own = codes[j];
    if (cell === null || cell === undefined) return NaN;
    if (own) return own.get(String(cell)) ?? NaN;
    if (typeof cell === "string") {
      throw new DataError(
        `${owner}: column ${j} has the text ${show(cell)} in row ${row}, but the fit saw numbers there. Pass columns as they were in fit.`,
        { details: { column: j, row } },
      );
    }
    return Number(cell);
  };
  if (!Array.isArray(X)) {
    return Object.fromEntries(
      Object.entries(X as Record<string, ArrayLike<unknown>>).map(([name, column], j) => [
        name,
        Float64Array.from(column, (cell, row) => coded(cell, j, row)),
      ]),
    );
  }
  // A list of strings is one column.
  return X.map((row, i) =>
    typeof row === "string" || row === null || row === undefined
      ? [coded(row, 0, i)]
      : Float64Array.from(row as ArrayLike<unknown>, (cell, j) => coded(cell, j, i)),
  );
}
