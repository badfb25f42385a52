import { DataError, ParameterError, show } from "../../src/base/errors.js";
import type { ZodNamespace } from "../../src/base/params.js";
import type { DistributedDataFrame } from "../../src/collections/frame/distributed-data-frame.js";
import { isNumericDtype } from "../../src/collections/frame/frame-types.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design, FitOptions } from "../../src/estimator/design.js";
import type { MatrixInput } from "../../src/estimator/inputs.js";
import { codedFrame, hasText, mergeCodes, tooMany, type CodesArgs, type ColumnTexts } from "./category-tasks.js";
import { columnPosition, type ColumnNames } from "./column-names.js";

/** Parameters of columns of categories. */
export interface CategoryParams {
  categoricalFeatures: "fromDtype" | (string | number | boolean)[] | null;
  catSmooth: number;
  maxCatToOnehot: number;
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

/** One pass for the distinct codes of columns of categories, the same for any partitioning. @throws DataError as `codesStep` */
export async function categoryCodes(
  design: Design,
  columns: readonly number[],
  limit: number,
): Promise<Float64Array[]> {
  if (columns.length === 0) return [];
  const args: CodesArgs = { owner: design.owner, names: design.names, columns, limit };
  const step = fnRef(new URL("./category-tasks.js", import.meta.url).href, "codesStep");
  return design.reduce<Float64Array[]>(step, { ...args }, (a, b) => mergeCodes(args, a, b), false);
}

/** Thresholds that give each of some ascending codes a bin of its own. */
export function codeThresholds(codes: Float64Array): Float64Array {
  return codes.subarray(1).map((code, k) => (code + (codes[k] as number)) / 2);
}

/** The texts of a frame's columns of text; undefined for X without any. One pass a column of text. @throws DataError for too many */
export async function textsOf(
  owner: string,
  X: MatrixInput,
  limit: number,
  options: FitOptions,
): Promise<ColumnTexts | undefined> {
  if (!hasText(X)) return undefined;
  const run = {
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.engine ? { engine: options.engine } : {}),
  };
  return Promise.all(
    Object.entries(X.schema).map(async ([name, dtype]) => {
      if (isNumericDtype(dtype)) return null;
      const list = await X.column(name).classes(run);
      if (list.length > limit) throw tooMany(owner, name, list.length, limit);
      return list.map(String);
    }),
  );
}

/** X with its columns of text as codes, lazily; X itself where the fit saw none, which refuses text by itself. */
export function codedInput(
  owner: string,
  X: MatrixInput,
  texts: ColumnTexts | undefined,
  names?: readonly string[],
): MatrixInput {
  if (!texts || !hasText(X)) return X;
  const frame: DistributedDataFrame = X;
  const wanted = frame.columns.map((name, j) => texts[names?.indexOf(name) ?? j] ?? null);
  return codedFrame(owner, frame, wanted);
}
