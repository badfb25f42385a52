import type { TaskContext } from "../engine/engine.js";
import { compareOp, CSV_SCRATCH_BYTES } from "../kernels/kernels.js";
import { kernelsFor, Workspace } from "../kernels/workspace.js";
import type { SealedNumbers } from "../collections/frame/number-frame.js";
import type { Column, DenseChunk } from "../memory/column.js";
import type { Block, Memory } from "../memory/memory.js";
import type { RecordSyntax } from "./csv-records.js";

/** A column of the file: what to do with its fields. */
export interface NumberField {
  readonly name: string;
  readonly wanted: boolean;
  /** Only integers that a double holds are allowed. */
  readonly integer: boolean;
}

/** Text on its way into an arena. */
export interface TextSource {
  /** At most so many. */
  readonly bytes: number;
  /** Fills the target with the bytes from `at`; returns how many there were, fewer only at the end. */
  readonly read: (target: Uint8Array, at: number) => number;
}

const NEWLINE = 10;
// What a kernel may read behind the text, and a newline after a last record that has none.
const SLACK = 32;
// Bytes are read and their lines counted in pieces that stay in the cache.
const PIECE = 2 ** 20;
// Blocks of text are of few sizes, so that the room of one serves the next.
const ROUND = 2 ** 20;
const NUMBER = /^ *[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const WORD = /^ *([+-]?)(?:(nan)|inf|infinity)$/i;
// Delimiters that could be part of a number: the kernel would not know where it ends.
const NUMERIC = /[0-9+\-.eE\r\n]/;

/**
 * Parses CSV records straight into columns of an arena. What the kernel leaves open is decided as Polars does: numbers of
 * any length by `Number`, and inf, infinity and nan in any case. Anything else that is out of the ordinary (quotes, words,
 * fields too many or too few, an integer column with something else than integers below 2^53) gives undefined: the general
 * reader then parses the same bytes, or says what is wrong with them.
 */
export function csvNumbers(
  context: TaskContext,
  source: TextSource,
  syntax: RecordSyntax,
  fields: readonly NumberField[],
): SealedNumbers | undefined {
  if (NUMERIC.test(String.fromCharCode(syntax.delimiter))) return undefined;
  const { memory } = context;
  const wanted = fields.filter((field) => field.wanted);
  let text = memory.allocate(Math.ceil((source.bytes + SLACK) / ROUND) * ROUND);
  const { length, rows } = fill(memory, text, source);
  const values = memory.dense("f64", rows, wanted.length, text.arena);
  const arena = values.columns[0]?.arena ?? text.arena;
  if (arena !== text.arena) text = moved(memory, text, length, arena);
  const found = parse(memory, text, length, syntax, fields, values);
  memory.free(text);
  if (!found) for (const block of blocksOf(values)) memory.free(block);
  return found;
}

/** Reads the text into its block and ends its last line; returns its length and its lines. */
function fill(memory: Memory, text: Block, source: TextSource): { length: number; rows: number } {
  const arena = memory.memoryOf(text.arena);
  const target = new Uint8Array(arena.buffer as ArrayBuffer, text.block, source.bytes + SLACK);
  const { countByte } = kernelsFor(arena);
  let length = 0;
  let rows = 0;
  for (let read = -1; read !== 0 && length < source.bytes; length += read) {
    read = source.read(target.subarray(length, Math.min(length + PIECE, source.bytes)), length);
    rows += countByte(text.block + length, NEWLINE, read);
  }
  if (length > 0 && target[length - 1] !== NEWLINE) {
    target[length++] = NEWLINE;
    rows += 1;
  }
  return { length, rows };
}

/** A kernel sees one arena: where the columns found no room beside the text, the text goes to them. */
function moved(memory: Memory, text: Block, length: number, arena: number): Block {
  const target = memory.allocateIn(arena, Math.ceil((length + SLACK) / ROUND) * ROUND);
  new Uint8Array(memory.memoryOf(arena).buffer as ArrayBuffer, target.block, length).set(
    new Uint8Array(memory.memoryOf(text.arena).buffer as ArrayBuffer, text.block, length),
  );
  memory.free(text);
  return target;
}

function parse(
  memory: Memory,
  text: Block,
  length: number,
  syntax: RecordSyntax,
  fields: readonly NumberField[],
  values: DenseChunk<"f64">,
): SealedNumbers | undefined {
  using space = new Workspace(memory, text.arena);
  const { kernels } = space;
  const words = (pointer: number, count: number): Uint32Array =>
    new Uint32Array(memory.memoryOf(text.arena).buffer as ArrayBuffer, pointer, count);
  // A hard field costs far more than one that the kernel decides: with very many of them the general reader is as good.
  const hardCapacity = 1024 + (values.rows >> 2);
  const table = space.bytes(fields.length * 12);
  const hard = space.bytes(hardCapacity * 16);
  const status = space.bytes(8);
  let next = 0;
  words(table, fields.length * 3).set(
    fields.flatMap((field) => [field.wanted ? (values.columns[next++]?.offset ?? 0) : 0, field.integer ? 1 : 0, 0]),
  );
  const rows = kernels.csvNumbers(
    text.block,
    length,
    syntax.delimiter,
    syntax.quote,
    table,
    fields.length,
    values.rows,
    hard,
    hardCapacity,
    space.bytes(CSV_SCRATCH_BYTES),
    status,
  );
  const [nHard = 0, parsed] = words(status, 2);
  if (parsed !== length) return undefined;

  const columns = values.columns.map((column): Column<"f64"> => ({ ...column, length: rows }));
  const columnOf = fields.map(() => -1);
  const nulls: (Column<"u8"> | null)[] = [];
  fields.forEach((field, j) => {
    if (!field.wanted) return;
    columnOf[j] = nulls.length;
    const column = columns[nulls.length] as Column<"f64">;
    nulls.push(words(table, fields.length * 3)[j * 3 + 2] === 0 ? null : nullsOf(memory, space, column));
  });
  const integer = fields.filter((field) => field.wanted).map((field) => field.integer);
  const list = words(hard, nHard * 4);
  const bytes = Buffer.from(memory.memoryOf(text.arena).buffer as ArrayBuffer, text.block, length);
  for (let i = 0; i < nHard; i++) {
    const [row = 0, field = 0, from, to] = list.subarray(i * 4, i * 4 + 4);
    const j = columnOf[field] as number;
    const value = integer[j] ? undefined : decide(bytes.toString("latin1", from, to));
    if (value === undefined) {
      for (const mask of nulls) if (mask) memory.free(mask);
      return undefined;
    }
    memory.view(columns[j] as Column<"f64">)[row] = value;
    const mask = nulls[j];
    if (mask) memory.view(mask)[row] = 0;
  }
  return {
    kind: "numbers",
    rows,
    names: fields.filter((field) => field.wanted).map((field) => field.name),
    integer,
    values: { kind: "dense", rows, columns },
    nulls,
  };
}

/** 1 where a value is NaN, which so far only empty fields are: hard fields hold whatever, and are set later. */
function nullsOf(memory: Memory, space: Workspace, column: Column<"f64">): Column<"u8"> {
  const { arena, block } = memory.allocateIn(space.arena, column.length);
  const mask: Column<"u8"> = { kind: "column", arena, block, offset: block, length: column.length, dtype: "u8" };
  space.kernels.compare(compareOp.ne, column.offset, column.offset, column.length, mask.offset);
  return mask;
}

/** The value of a field as Polars reads it; undefined for one that it does not. */
function decide(text: string): number | undefined {
  if (NUMBER.test(text)) return Number(text);
  const [word, sign, nan] = WORD.exec(text) ?? [];
  if (word === undefined) return undefined;
  if (nan !== undefined) return NaN;
  return sign === "-" ? -Infinity : Infinity;
}

function blocksOf(values: DenseChunk): Block[] {
  return values.columns.slice(0, 1).map(({ arena, block }) => ({ arena, block }));
}
