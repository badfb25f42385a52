import { DataError, show } from "../base/errors.js";
import type { Plain, PlainRecord } from "../base/plain.js";
import { CounterRng } from "../base/rng.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { LocalMatrix } from "../collections/array/local-matrix.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { resultTolerance, type AnyEstimator } from "../estimator/registry.js";
import { toRows, type LocalTable, type TableInput } from "../estimator/table.js";
import { kindsIn } from "./kinds-in.js";

/** How many rows a file keeps to verify itself. */
export const GOLDEN_ROWS = 32;

/** What a model says to its golden rows, method by method. */
const METHODS = ["predict", "predictProba", "decisionFunction", "transform"] as const;

// For models that say nothing of it: sums of a few thousand terms in another order, and other libraries' exp and log, move results by less.
const TOLERANCE = 1e-9;
// What is further off is another model.
const MOST_TOLERANCE = 1e-2;

/** One column of golden rows: numbers, or cells where it holds text, booleans or dates. */
export interface GoldenColumn {
  readonly name: string;
  readonly dtype: string;
  readonly values: Float64Array | readonly (string | boolean | null)[];
}

/** Rows with the answers that the model gave when it was saved. */
export interface GoldenRows {
  readonly rows: number;
  /** False where the model was fitted on columns without names. */
  readonly named: boolean;
  readonly columns: readonly GoldenColumn[];
  /** Columns of each method's result. */
  readonly outputs: Readonly<Record<string, readonly (Float64Array | readonly string[])[]>>;
  /** How far numbers may lie from these, as a share of the largest of their column; 1e-9 when absent. */
  readonly tolerance?: number;
}

/**
 * The first rows of `sample` with the model's answers, or rows of random numbers where there is no sample. Undefined
 * where a model cannot answer random numbers (it takes text, say) or a column's type has no place in the file.
 *
 * @throws DataError when the model does not take the sample that was given
 */
export async function makeGoldenRows(
  model: AnyEstimator,
  sample: TableInput | undefined,
): Promise<GoldenRows | undefined> {
  const columns = sample === undefined ? randomColumns(model) : await sampleColumns(model, sample);
  if (!columns) return undefined;
  const rows = columns[0]?.values.length ?? 0;
  if (rows === 0) return undefined;
  const named = model.featureNames !== undefined;
  const tolerance = resultTolerance(kindsIn(model.toPlain()));
  const without: GoldenRows = { rows, named, columns, outputs: {}, ...(tolerance === undefined ? {} : { tolerance }) };
  try {
    return { ...without, outputs: await answers(model, without) };
  } catch (error) {
    // Random numbers are our own idea; a sample is the caller's.
    if (sample === undefined) return undefined;
    throw error;
  }
}

/**
 * Asks the model again. Classes and text have to be the same, numbers to the tolerance that the file records: of what
 * computes in single precision a class is let pass where it was as probable as another.
 * @throws DataError naming the first row that differs
 */
export async function verifyGoldenRows(name: string, model: AnyEstimator, golden: GoldenRows): Promise<void> {
  const now = await answers(model, golden);
  const { tolerance = TOLERANCE } = golden;
  for (const [method, expected] of Object.entries(golden.outputs)) {
    const got = now[method];
    if (got?.length !== expected.length)
      throw new DataError(
        `${name}: ${method} of its golden rows has ${got?.length ?? 0} columns and had ${expected.length} when it was saved. ` +
          "The file is damaged, or its classes have changed since; save it again.",
      );
    const exempt = method === "predict" && tolerance > TOLERANCE ? tiedRows(golden, tolerance) : new Set<number>();
    expected.forEach((column, j) =>
      compare(name, method, column, got[j] as Float64Array | readonly string[], tolerance, exempt),
    );
  }
}

/** Rows whose most probable classes lie within the tolerance of each other. */
function tiedRows({ rows, outputs }: GoldenRows, tolerance: number): Set<number> {
  const columns = outputs["predictProba"];
  const tied = new Set<number>();
  if (!columns) return tied;
  for (let row = 0; row < rows; row++) {
    const [first = 0, second = -Infinity] = columns.map((column) => Number(column[row])).sort((a, b) => b - a);
    if (first - second <= 2 * tolerance) tied.add(row);
  }
  return tied;
}

/** Checks the form of golden rows from a file. @throws DataError */
export function asGoldenRows(name: string, plain: Plain): GoldenRows {
  const golden = plain as unknown as GoldenRows;
  const sound =
    typeof golden === "object" &&
    golden !== null &&
    Number.isInteger(golden.rows) &&
    golden.rows > 0 &&
    golden.rows <= GOLDEN_ROWS &&
    Array.isArray(golden.columns) &&
    golden.columns.every(
      (column) =>
        typeof column?.name === "string" &&
        (column.values instanceof Float64Array || Array.isArray(column.values)) &&
        column.values.length === golden.rows,
    ) &&
    (golden.tolerance === undefined || isTolerance(golden.tolerance)) &&
    typeof golden.outputs === "object" &&
    golden.outputs !== null &&
    Object.values(golden.outputs).every(
      (columns) => Array.isArray(columns) && columns.every((one) => one instanceof Float64Array || Array.isArray(one)),
    );
  if (!sound) throw new DataError(`${name}: its golden rows are not sound. The file is damaged; save the model again.`);
  return golden;
}

function isTolerance(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= MOST_TOLERANCE;
}

function compare(
  name: string,
  method: string,
  expected: Float64Array | readonly string[],
  got: Float64Array | readonly string[],
  tolerance: number,
  exempt: ReadonlySet<number>,
): void {
  const largest =
    expected instanceof Float64Array
      ? expected.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0)
      : 0;
  for (let row = 0; row < Math.max(expected.length, got.length); row++) {
    const was = expected[row];
    const is = got[row];
    const same =
      typeof was === "number" && typeof is === "number"
        ? Object.is(was, is) || Math.abs(was - is) <= tolerance * largest
        : was === is;
    if (!same && !exempt.has(row))
      throw new DataError(
        `${name}: ${method} of golden row ${row} is ${show(is)} and was ${show(was)} when the model was saved. ` +
          "The file is damaged, or this version computes something else; save the model again.",
        { details: { row } },
      );
  }
}

async function answers(model: AnyEstimator, golden: GoldenRows): Promise<GoldenRows["outputs"]> {
  const X = asLocalTable(golden);
  const can = model as unknown as Record<string, ((X: LocalTable) => unknown) | undefined>;
  const outputs: Record<string, (Float64Array | string[])[]> = {};
  const failures: unknown[] = [];
  for (const method of METHODS) {
    if (typeof can[method] !== "function") continue;
    try {
      outputs[method] = columnsOf(await can[method](X));
    } catch (error) {
      // A pipeline has every method and knows only when asked that its last step has not.
      failures.push(error);
    }
  }
  if (Object.keys(outputs).length === 0)
    throw failures[0] ?? new DataError(`${model.kind}: it has none of ${METHODS.join(", ")}; nothing can be verified.`);
  return outputs;
}

function columnsOf(result: unknown): (Float64Array | string[])[] {
  if (result instanceof LocalMatrix)
    return result.columns.map((column) => Float64Array.from(column as Float64Array, Number));
  if (ArrayBuffer.isView(result)) return [Float64Array.from(result as Float64Array, Number)];
  if (Array.isArray(result)) {
    const cells = result as unknown[];
    return [cells.every((cell) => typeof cell === "number") ? Float64Array.from(cells as number[]) : cells.map(String)];
  }
  throw new DataError(`Model: its result for local rows is ${show(result)}, which is neither rows nor a list.`);
}

function asLocalTable({ named, columns, rows }: GoldenRows): LocalTable {
  const cells = columns.map(({ dtype, values }) =>
    isDateType(dtype) ? Array.from(values as Float64Array, (ms) => (Number.isNaN(ms) ? null : new Date(ms))) : values,
  );
  if (named) return Object.fromEntries(columns.map(({ name }, j) => [name, cells[j] as Float64Array])) as LocalTable;
  return Array.from({ length: rows }, (_, i) => cells.map((column) => column[i])) as unknown as LocalTable;
}

async function sampleColumns(model: AnyEstimator, sample: TableInput): Promise<GoldenColumn[] | undefined> {
  const rows = toRows("saveModel", sample);
  if (rows instanceof DistributedArray && rows.layout === "csr") return undefined;
  const whole = rows instanceof DistributedDataFrame ? rows : DistributedDataFrame.fromArray(rows);
  // Training data often carry the target and keys beside what the model reads.
  const read = model.featureNames;
  const frame = read && read.every((name) => name in whole.schema) ? whole.select(...read) : whole;
  const head = await frame.head(GOLDEN_ROWS).compute();
  const columns: GoldenColumn[] = [];
  for (const [name, dtype] of Object.entries(frame.schema)) {
    const cells = head.getColumn(name).toArray() as unknown[];
    const values = cellsOf(dtype, cells);
    if (!values) return undefined;
    columns.push({ name, dtype, values });
  }
  return columns;
}

function cellsOf(dtype: string, cells: readonly unknown[]): GoldenColumn["values"] | undefined {
  const missing = (cell: unknown): boolean => cell === null || cell === undefined;
  if (isDateType(dtype)) return Float64Array.from(cells, (cell) => (missing(cell) ? NaN : Number(cell as Date)));
  const kind = typeof cells.find((cell) => !missing(cell));
  if (kind === "number" || kind === "bigint" || kind === "undefined")
    return Float64Array.from(cells, (cell) => (missing(cell) ? NaN : Number(cell)));
  if (kind === "string" || kind === "boolean") return cells.map((cell) => (missing(cell) ? null : (cell as string)));
  return undefined;
}

const isDateType = (dtype: string): boolean => dtype.startsWith("Date");

function randomColumns(model: AnyEstimator): GoldenColumn[] {
  const rng = new CounterRng(20240521, "golden rows");
  return Array.from({ length: model.nFeatures }, (_, j) => ({
    name: model.featureNames?.[j] ?? `x${j}`,
    dtype: "Float64",
    values: Float64Array.from({ length: GOLDEN_ROWS }, (__, i) => rng.normal(j * GOLDEN_ROWS + i)),
  }));
}

/** Golden rows as plain data for a file. */
export function goldenToPlain(golden: GoldenRows): PlainRecord {
  return golden as unknown as PlainRecord;
}
