import { DataError, NotFittedError, show } from "../base/errors.js";
import type { FrameSchema } from "../collections/frame/frame-types.js";
import { dtypeOf } from "../collections/frame/frame-types.js";
import { LiveFrame } from "../collections/frame/live-frame.js";
import { polars } from "../collections/frame/polars.js";
import type { TaskContext } from "../engine/engine.js";
import { TaskMemory } from "../engine/task-memory.js";
import type { AnyEstimator } from "../estimator/registry.js";
import type { RowValue } from "../estimator/row-steps.js";
import type { DenseChunk } from "../memory/column.js";
import { Memory } from "../memory/memory.js";
import {
  loadProgram,
  placeholderArray,
  placeholderFrame,
  recordProgram,
  runLoaded,
  type LoadedProgram,
} from "./program.js";
import { assertOutputs, callOutput, specOf, usualOutputs, type ScoreOutput } from "./record-model.js";
import { rowProgram, rowTools, type RowProgram } from "./row-program.js";
import type { OutputSpec } from "./scoring-model.js";

const OWNER = "rowScorer";

/** A row: its values in the order of the model's columns, or by their names. */
export type ScoredRow = readonly (number | string | boolean | null)[] | Readonly<Record<string, unknown>>;

/** What a model says to one row: a number or a label; an array where the output has several columns. */
export type RowResult = number | string | boolean | null | Float64Array;

/** A fitted model as a synchronous function. */
export interface RowScorer {
  (row: ScoredRow): RowResult;
  /** The answers to several rows in one go: cheaper than one by one. */
  batch(rows: readonly ScoredRow[]): RowResult[];
  /** The model's columns, in the order that rows without names have to have. */
  readonly columns: readonly string[];
  /**
   * The steps that have no form for one row; empty where a row takes microseconds. With any, each call runs the steps of
   * `predict` on a batch of one.
   */
  readonly batchSteps: readonly string[];
}

/** Options of {@link rowScorer}. */
export interface RowScorerOptions {
  /** What to ask; predict unless given (transform where there is no predict). */
  readonly output?: ScoreOutput;
  /** Types of the columns that are not numbers: `{ city: "String" }`. */
  readonly schema?: FrameSchema;
}

// Rows come in hundreds at most; what a call takes is given back at its end.
const MEMORY_BYTES = 2 ** 28;
const TOOL_BYTES = 2 ** 20;
// So many rows of a frame one by one cost about what one data frame does.
const FEW_ROWS = 100;

/**
 * A fitted estimator or pipeline as a synchronous function for servers: one row in, its answer out, without an engine,
 * threads or promises. It holds the model as it is now; fitting the model again does not change it.
 *
 * The answers have the bits of `predict`. A row costs microseconds where every step has a form for one row: scalers,
 * imputers, encoders, features, text, linear models, naive Bayes, trees, forests and boosting, calibrated and threshold
 * classifiers, and pipelines, column transformers and searches of these. Other steps are in `batchSteps`: then the steps of
 * `predict` run on a batch of one, tens of microseconds a step for rows of numbers, milliseconds a call for rows with text,
 * which pass through a data frame; `batch` shares that between rows. Columns that are no numbers have to be named in
 * `schema`. A network or a function of the user's cannot answer at once: asking throws.
 *
 * @throws NotFittedError before fit, DataError for an output that the model does not have or that is sparse
 *
 * @example
 * ```ts
 * const score = await rowScorer(model, { output: "predictProba" });
 * score([5.1, 3.5, 1.4, 0.2]); // Float64Array(3) [0.97, 0.03, 0.00]
 * ```
 */
export async function rowScorer(model: AnyEstimator, options: RowScorerOptions = {}): Promise<RowScorer> {
  if (!model.isFitted)
    throw new NotFittedError(`${OWNER}: the ${model.kind} is not fitted yet. Call \`await model.fit(X, y)\` first.`);
  const output = options.output ?? (usualOutputs(model)[0] as ScoreOutput);
  assertOutputs(OWNER, model, [output]);
  const columns = model.featureNames ?? Array.from({ length: model.nFeatures }, (_, j) => `x${j}`);
  const unknown = Object.keys(options.schema ?? {}).find((name) => !columns.includes(name));
  if (unknown !== undefined)
    throw new DataError(`${OWNER}: schema names ${show(unknown)}, but the model's columns are ${columns.join(", ")}.`, {
      details: { column: unknown },
    });
  let spec: OutputSpec | undefined;
  const ask = (rows: unknown) => {
    const result = callOutput(OWNER, model, output, rows);
    spec = specOf(model, output, result);
    return [result.plan];
  };
  const schema =
    options.schema && Object.fromEntries(columns.map((name) => [name, options.schema?.[name] ?? "Float64"]));
  const program = schema
    ? recordProgram(OWNER, placeholderFrame(OWNER, schema), ask)
    : recordProgram(OWNER, placeholderArray(columns.length, model.featureNames), ask);
  const machine = new RowMachine(await loadProgram(program), columns, schema, spec as OutputSpec);
  const score = (row: ScoredRow): RowResult => machine.one(row);
  return Object.assign(score, {
    batch: (rows: readonly ScoredRow[]) => machine.batch(rows),
    columns,
    batchSteps: machine.batchSteps,
  });
}

class RowMachine {
  readonly #memory = new TaskMemory(Memory.create(MEMORY_BYTES, MEMORY_BYTES).share(), 1);
  readonly #row: RowProgram | undefined;
  /** What makes a cell of each column of a frame what steps take; undefined for rows of numbers. */
  readonly #read: readonly ReadCell[] | undefined;
  readonly batchSteps: readonly string[];
  readonly #context: TaskContext = { memory: this.#memory, partition: undefined, throwIfAborted: () => undefined };

  constructor(
    readonly program: LoadedProgram,
    readonly columns: readonly string[],
    readonly schema: FrameSchema | undefined,
    readonly spec: OutputSpec,
  ) {
    // Of its own: what a task of the program allocates is freed with the task.
    const found = rowProgram(program, rowTools(Memory.create(TOOL_BYTES, TOOL_BYTES)));
    const read = schema && columns.map((name) => readerOf(schema[name] as string));
    const strange = columns.filter((_, j) => read && !read[j]);
    this.batchSteps = typeof found === "function" ? strange : found;
    this.#row = typeof found === "function" && strange.length === 0 ? found : undefined;
    this.#read = read as readonly ReadCell[] | undefined;
  }

  /** One row: in plain JavaScript where all steps have such a form, else as a batch of one. */
  one(row: ScoredRow): RowResult {
    return this.#direct(row) ?? (this.run([row])[0] as RowResult);
  }

  /** Several rows: at once where a call has a price of its own. */
  batch(rows: readonly ScoredRow[]): RowResult[] {
    if (!this.#read || !this.#row || rows.length > FEW_ROWS) return this.run(rows);
    const results: RowResult[] = [];
    for (const row of rows) {
      const result = this.#direct(row);
      // A row that is refused is named by its place in the batch.
      if (result === undefined) return this.run(rows);
      results.push(result);
    }
    return results;
  }

  #direct(row: ScoredRow): RowResult | undefined {
    if (!this.#row) return undefined;
    const values = this.#read ? this.#cells(row, this.#read) : this.#values(row);
    const result = values && this.#row(values);
    if (!result) return undefined;
    const { names, classes } = this.spec;
    if (names.length > 1) return result;
    return classes ? (classes[result[0] as number] ?? null) : (result[0] as number);
  }

  #values(row: ScoredRow): Float64Array {
    // A loop: `from` and `map` of typed arrays cost more than the model does.
    const values = new Float64Array(this.columns.length);
    for (let j = 0; j < values.length; j++) {
      const name = this.columns[j] as string;
      values[j] = this.#number(this.#cell(row, name, j, 0), name, 0);
    }
    return values;
  }

  #cells(row: ScoredRow, read: readonly ReadCell[]): RowValue | undefined {
    const cells = new Array<unknown>(read.length);
    for (let j = 0; j < cells.length; j++) {
      const cell = (read[j] as ReadCell)(this.#cell(row, this.columns[j] as string, j, 0));
      if (cell === undefined) return undefined;
      cells[j] = cell;
    }
    return { names: this.columns, cells };
  }

  run(rows: readonly ScoredRow[]): RowResult[] {
    if (rows.length === 0) return [];
    try {
      const input = this.schema ? this.#frame(rows, this.schema) : this.#chunk(rows);
      const [chunk] = runLoaded(OWNER, this.#context, this.program, input) as [DenseChunk];
      const columns = chunk.columns.map((column) => this.#memory.copyOut(column) as Float64Array);
      return this.#results(columns, rows.length);
    } finally {
      this.#memory.freeAllBut([]);
    }
  }

  #results(columns: readonly Float64Array[], rows: number): RowResult[] {
    const { names, classes } = this.spec;
    const [first] = columns as [Float64Array];
    if (names.length > 1)
      return Array.from({ length: rows }, (_, i) => Float64Array.from(columns, (column) => Number(column[i])));
    if (classes) return Array.from({ length: rows }, (_, i) => classes[Number(first[i])] ?? null);
    return Array.from({ length: rows }, (_, i) => Number(first[i]));
  }

  #chunk(rows: readonly ScoredRow[]): DenseChunk {
    return {
      kind: "dense",
      rows: rows.length,
      columns: this.columns.map((name, j) =>
        this.#memory.columnFrom(
          "f64",
          Float64Array.from(rows, (row, i) => this.#number(this.#cell(row, name, j, i), name, i)),
        ),
      ),
    };
  }

  #frame(rows: readonly ScoredRow[], schema: FrameSchema): LiveFrame {
    const pl = polars();
    return new LiveFrame(
      pl.DataFrame(
        this.columns.map((name, j) =>
          pl.Series(
            name,
            rows.map((row, i) => this.#cell(row, name, j, i) ?? null),
            dtypeOf(schema[name] as string, OWNER),
          ),
        ),
      ),
    );
  }

  #cell(row: ScoredRow, name: string, j: number, i: number): unknown {
    if (Array.isArray(row)) {
      if (row.length !== this.columns.length)
        throw new DataError(
          `${OWNER}: row ${i} has ${row.length} values; the model takes ${this.columns.length}: ${this.columns.join(", ")}.`,
          { details: { row: i } },
        );
      return row[j];
    }
    const cells = row as Readonly<Record<string, unknown>>;
    if (!(name in cells))
      throw new DataError(`${OWNER}: row ${i} has no ${show(name)}. It needs ${this.columns.join(", ")}.`, {
        details: { row: i, column: name },
      });
    return cells[name];
  }

  #number(value: unknown, name: string, i: number): number {
    if (value === null || value === undefined) return Number.NaN;
    if (typeof value === "number" || typeof value === "boolean") return Number(value);
    throw new DataError(
      `${OWNER}: column ${show(name)} of row ${i} is ${show(value)}, which is no number. Name its type in schema: { ${name}: "String" }.`,
      { details: { row: i, column: name } },
    );
  }
}

/** A cell as steps on rows take it; undefined for one that the data frame has to convert or refuse. */
type ReadCell = (value: unknown) => number | boolean | string | null | undefined;

/** How cells of a column of this type are read; undefined for types that rows are not read of directly, dates say. */
function readerOf(dtype: string): ReadCell | undefined {
  const typed =
    <T extends number | boolean | string>(missing: number | null, fits: (value: unknown) => value is T): ReadCell =>
    (value) =>
      value === null || value === undefined ? missing : fits(value) ? value : undefined;
  if (dtype === "String") return typed(null, (value): value is string => typeof value === "string");
  if (dtype === "Bool") return typed(null, (value): value is boolean => typeof value === "boolean");
  if (dtype === "Float64") return typed(NaN, (value): value is number => typeof value === "number");
  // Beyond 32 bits types differ in what they hold; the frame knows.
  if (/^U?Int(8|16|32|64)$/.test(dtype))
    return typed(NaN, (value): value is number => {
      const bound = 2 ** (Math.min(32, Number(dtype.replace(/\D/g, ""))) - 1);
      return (
        Number.isInteger(value) && (value as number) < bound && (value as number) >= (dtype[0] === "U" ? 0 : -bound)
      );
    });
  return undefined;
}
