import { DataError, PartwiseError, show } from "../base/errors.js";
import { isPlainObject, type Plain } from "../base/plain.js";
import { dtypeOf, schemaOf, type FrameSchema } from "../collections/frame/frame-types.js";
import { stack } from "../collections/frame/frame-task.js";
import { isPolarsFrame, polars, type PolarsFrame } from "../collections/frame/polars.js";
import type { FnRef, TaskContext } from "../engine/engine.js";
import { loadFn } from "../engine/fn-ref.js";
import type { DenseChunk } from "../memory/column.js";
import { FrameRows, NumberRows, programRows, readsNumbers, type ModelRows } from "./model-rows.js";
import { runProgram, unpackProgram, type Program } from "./program.js";

// Functions get large batches: whatever they call costs something a call.
const FRAME_BATCH_ROWS = 65_536;

/** How a result of the program becomes columns of the output. */
export interface OutputSpec {
  readonly names: readonly string[];
  /** Labels that codes stand for; numbers are their own labels. */
  readonly classes?: readonly (string | boolean)[] | undefined;
  /** Whole numbers: labels that are written as such. */
  readonly integer?: boolean;
}

/** A model as a task's arguments: its hash, and how to use what the bytes hold. */
export type PackedModel =
  | {
      readonly kind: "program";
      readonly hash: string;
      readonly columns: readonly string[] | undefined;
      readonly outputs: readonly OutputSpec[];
    }
  | {
      readonly kind: "function";
      readonly hash: string;
      readonly columns: readonly string[] | undefined;
      readonly load: FnRef | undefined;
      readonly predict: FnRef;
      readonly args: Plain;
      readonly schema: FrameSchema;
    };

/** What a model says to one batch, as it likes to keep it. */
export interface BatchResult {
  readonly rows: number;
  readonly values: unknown;
}

/** A model that is ready in this thread. */
export interface ScoringModel {
  /** A partition's rows as the model takes them, and how many at once. */
  open(context: TaskContext, input: unknown, batchRows: number | undefined): { rows: ModelRows; batchRows: number };
  /** One row of results for each row of a batch. */
  predict(context: TaskContext, batch: unknown, rows: number, firstRow: number): Promise<BatchResult>;
  /** The results of all batches, in order, as columns. */
  gather(results: readonly BatchResult[]): PolarsFrame;
}

/** What a user's `predict` is told besides the rows and what `load` returned. */
export interface BatchInfo {
  readonly args: Plain;
  readonly partition: number;
  /** The batch's first row within the partition. */
  readonly row: number;
}

const loaded = new Map<string, Promise<unknown>>();

/** The model in this thread: unpacked or loaded at the first use, then kept. */
export async function modelFor(
  packed: PackedModel,
  bytes: () => Uint8Array,
): Promise<{ readonly model: ScoringModel; readonly fresh: boolean }> {
  if (packed.kind === "program") {
    const { program, fresh } = unpackProgram(packed.hash, bytes);
    return { fresh, model: programModel(packed, program) };
  }
  let state = loaded.get(packed.hash);
  const fresh = state === undefined;
  if (!state) {
    state = loadUser(packed);
    loaded.set(packed.hash, state);
    // A load that failed is tried again by the next task.
    state.catch(() => loaded.delete(packed.hash));
  }
  const resource = await state;
  const predict = (await loadFn(packed.predict)) as unknown as (...args: unknown[]) => unknown;
  return { fresh, model: userModel(packed, predict, resource) };
}

function programModel(packed: Extract<PackedModel, { kind: "program" }>, program: Program): ScoringModel {
  const { columns, outputs } = packed;
  const numbers = columns !== undefined && readsNumbers(program, columns);
  return {
    open(context, input, batchRows) {
      if (!numbers) return framesOf(context, input, columns, batchRows);
      const rows = new NumberRows(context, input, columns, batchRows);
      return { rows, batchRows: rows.batchRows };
    },
    async predict(context, batch, rows) {
      const chunks = (await runProgram(context, program, programRows(batch))) as DenseChunk[];
      const values = chunks.map((chunk) =>
        chunk.columns.map((column) =>
          rows > 0 ? (context.memory.copyOut(column) as Float64Array) : new Float64Array(),
        ),
      );
      return { rows: chunks.every((chunk) => chunk.rows === rows) ? rows : (chunks[0]?.rows ?? 0), values };
    },
    gather: (results) => columnsOf(outputs, results as readonly { rows: number; values: Float64Array[][] }[]),
  };
}

function framesOf(
  context: TaskContext,
  input: unknown,
  columns: readonly string[] | undefined,
  batchRows = FRAME_BATCH_ROWS,
): { rows: ModelRows; batchRows: number } {
  return { rows: new FrameRows(context, input, columns), batchRows };
}

async function loadUser(packed: Extract<PackedModel, { kind: "function" }>): Promise<unknown> {
  if (!packed.load) return undefined;
  const load = (await loadFn(packed.load)) as unknown as (args: Plain) => unknown;
  return load(packed.args);
}

function userModel(
  { predict: ref, args, schema, columns }: Extract<PackedModel, { kind: "function" }>,
  predict: (...args: unknown[]) => unknown,
  resource: unknown,
): ScoringModel {
  return {
    open: (context, input, batchRows) => framesOf(context, input, columns, batchRows),
    gather: (results) => stack(results.map(({ values }) => values as PolarsFrame)),
    async predict(context, batch, rows, firstRow) {
      const partition = context.partition?.index ?? 0;
      const info: BatchInfo = { args, partition, row: firstRow };
      let result: unknown;
      try {
        result = await predict(batch, resource, info);
      } catch (cause) {
        if (cause instanceof PartwiseError) throw cause;
        throw new DataError(
          `scoreDataset: ${show(ref.export)} failed on rows ${firstRow} to ${firstRow + rows - 1} of partition ${partition}: ` +
            `${cause instanceof Error ? cause.message : String(cause)}`,
          { cause, details: { partition } },
        );
      }
      const frame = asDeclared(ref.export, result, schema);
      return { rows: frame.height, values: frame };
    },
  };
}

function asDeclared(name: string, result: unknown, schema: FrameSchema): PolarsFrame {
  const pl = polars();
  const entries = Object.entries(schema);
  if (isPolarsFrame(result)) {
    const got = schemaOf(result);
    const wrong = entries.find(([column, dtype]) => got[column] !== dtype);
    if (wrong || Object.keys(got).length !== entries.length)
      throw new DataError(
        `scoreDataset: ${show(name)} returned ${JSON.stringify(got)}; declared is ${JSON.stringify(schema)}. Cast what it returns, or change \`outputs\`.`,
      );
    return result.select(...entries.map(([column]) => column));
  }
  if (!isPlainObject(result))
    throw new DataError(
      `scoreDataset: ${show(name)} returned ${show(result)}. Return columns by name, or a Polars frame.`,
    );
  return pl.DataFrame(
    entries.map(([column, dtype]) => {
      const values = (result as Record<string, ArrayLike<unknown> | undefined>)[column];
      if (values === undefined)
        throw new DataError(
          `scoreDataset: ${show(name)} returned no column ${show(column)}. Declared are ${entries.map(([one]) => one).join(", ")}.`,
        );
      return pl.Series(column, Array.from(values), dtypeOf(dtype, "scoreDataset"));
    }),
  );
}

function columnsOf(
  outputs: readonly OutputSpec[],
  results: readonly { readonly rows: number; readonly values: readonly (readonly Float64Array[])[] }[],
): PolarsFrame {
  const pl = polars();
  const total = results.reduce((sum, { rows }) => sum + rows, 0);
  const series = outputs.flatMap(({ names, classes, integer }, k) =>
    names.map((name, j) => {
      const values = new Float64Array(total);
      let at = 0;
      for (const { rows, values: columns } of results) {
        values.set(columns[k]?.[j] as Float64Array, at);
        at += rows;
      }
      if (!classes) {
        const made = pl.Series(name, values as never, pl.Float64);
        return integer ? made.cast(pl.Int64) : made;
      }
      const labels = Array.from(values, (code) => classes[code] ?? null);
      return pl.Series(name, labels, typeof classes[0] === "boolean" ? pl.Bool : pl.String);
    }),
  );
  return pl.DataFrame(series);
}
