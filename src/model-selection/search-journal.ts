import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DataError, FileError, show } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import { decodeState, encodeState } from "../estimator/state-codec.js";
import type { FoldResult } from "./fold-runner.js";
import { describeValue } from "./search-space.js";
import type { FinishedUnits } from "./trial-runner.js";
import type { TrialUnit } from "./trial-policy.js";

/** What makes a search this one: name and a text, which differs for another search. */
export type SearchIdentity = Readonly<Record<string, string>>;

const FORMAT = "partwise search journal";
const VERSION = 1;
/** Milliseconds between two calls that bring lines from the system's memory to the disk. */
const SYNC_EVERY = 1000;

interface Line {
  readonly unit: { readonly trial: number; readonly amount: number; readonly fold: number | null };
  readonly folds: readonly RecordedFold[];
}

type RecordedFold = Pick<FoldResult, "testScores" | "trainScores" | "fitTime" | "scoreTime" | "spent"> & {
  readonly error: string | null;
};

/**
 * What a search has finished, in a file of lines: a header that says which search it is, then one JSON object a unit of
 * work, in the order in which the search heard of them. Lines are only ever added. A line is written in one call when its
 * unit ends, so a killed process loses nothing that was finished; the file is brought to the disk every second and at the
 * end, so a failing machine may lose a second. A last line that was cut short is cut off.
 *
 * Scores, times and errors are kept, models are not: a trial that has to be trained further is trained again from its
 * start, which gives the same model because training is deterministic.
 */
export class SearchJournal implements FinishedUnits<readonly FoldResult[]>, Disposable {
  readonly path: string;
  readonly #file: number;
  readonly #known = new Map<string, { readonly result: readonly FoldResult[]; readonly order: number }>();
  #order: number;
  #synced = performance.now();

  /**
   * Opens the journal of a search, or begins one.
   * @throws DataError for the journal of another search, with what differs; FileError for a file that is none, is damaged
   *   before its last line, or cannot be written
   */
  constructor(owner: string, path: string, search: string, identity: SearchIdentity) {
    this.path = path;
    const name = `${owner}: the journal ${show(path)}`;
    try {
      mkdirSync(dirname(resolve(path)), { recursive: true });
      const text = existsSync(path) ? readFileSync(path, "utf8") : "";
      const { header, lines, length } = parse(name, text);
      if (header) assertSame(name, header, search, identity);
      lines.forEach((line, order) => this.#known.set(keyOf(line.unit), { result: line.folds.map(foldOf), order }));
      this.#order = lines.length;
      this.#file = openSync(path, "a");
      if (length < Buffer.byteLength(text)) ftruncateSync(this.#file, length);
      if (!header) this.#write({ format: FORMAT, version: VERSION, search, identity });
    } catch (cause) {
      if (cause instanceof DataError || cause instanceof FileError) throw cause;
      throw new FileError(`${name} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`, {
        cause,
        details: { path },
      });
    }
  }

  /** Units that were there when it was opened. */
  get size(): number {
    return this.#known.size;
  }

  find(unit: TrialUnit): { readonly result: readonly FoldResult[]; readonly order: number } | undefined {
    return this.#known.get(keyOf({ ...unit, fold: unit.fold ?? null }));
  }

  add(unit: TrialUnit, result: readonly FoldResult[]): void {
    this.#write({
      order: this.#order++,
      unit: { trial: unit.trial, amount: unit.amount, fold: unit.fold ?? null },
      params: Object.fromEntries(Object.entries(unit.params).map(([name, value]) => [name, readable(value)])),
      folds: result.map(({ testScores, trainScores, fitTime, scoreTime, spent, error }) =>
        encodeState({ testScores, trainScores, fitTime, scoreTime, spent, error: error ? error.message : null }),
      ),
    });
  }

  #write(line: object): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
    if (performance.now() - this.#synced < SYNC_EVERY) return;
    fsyncSync(this.#file);
    this.#synced = performance.now();
  }

  [Symbol.dispose](): void {
    fsyncSync(this.#file);
    closeSync(this.#file);
  }
}

function keyOf({ trial, amount, fold }: Line["unit"]): string {
  return `${trial}/${amount}/${fold ?? "all"}`;
}

function readable(value: unknown): unknown {
  return value === null || ["number", "string", "boolean"].includes(typeof value)
    ? encodeState(value)
    : describeValue(value);
}

function foldOf({ error, ...fold }: RecordedFold): FoldResult {
  return { ...fold, model: undefined, error: error === null ? undefined : new Error(error) };
}

function parse(
  name: string,
  text: string,
): { readonly header: Record<string, unknown> | undefined; readonly lines: Line[]; readonly length: number } {
  const lines = text.split("\n");
  // What follows the last line break was cut short, or is nothing.
  const torn = lines.pop() as string;
  const length = Buffer.byteLength(text) - Buffer.byteLength(torn);
  const values = lines.map((line, k): unknown => {
    try {
      return JSON.parse(line);
    } catch (cause) {
      throw new FileError(`${name} is damaged: line ${k + 1} is no JSON. Delete it, or pass another path.`, { cause });
    }
  });
  const [header, ...units] = values;
  const isTornHeader = header === undefined && (torn === "" || `{"format":"${FORMAT}"`.startsWith(torn.slice(0, 30)));
  if (isTornHeader) return { header: undefined, lines: [], length: 0 };
  if (!isPlainObject(header) || header["format"] !== FORMAT)
    throw new FileError(`${name} is another kind of file. Pass the path of a journal, or of no file yet.`);
  if (header["version"] !== VERSION)
    throw new FileError(
      `${name} has version ${show(header["version"])}; this library reads ${VERSION}. Update partwise.`,
    );
  const isUnit = (value: unknown): value is Line =>
    isPlainObject(value) && isPlainObject(value["unit"]) && Array.isArray(value["folds"]);
  const wrong = units.findIndex((value) => !isUnit(value));
  if (wrong >= 0)
    throw new FileError(
      `${name} is damaged: line ${wrong + 2} is no unit of a search. Delete it, or pass another path.`,
    );
  const decoded = units.map((value) => ({
    unit: (value as Line).unit,
    folds: (value as Line).folds.map((fold) => decodeState(fold) as unknown as RecordedFold),
  }));
  return { header, lines: decoded, length };
}

function assertSame(name: string, header: Record<string, unknown>, search: string, identity: SearchIdentity): void {
  const there = (header["identity"] ?? {}) as SearchIdentity;
  const cut = (text: string | undefined): string =>
    text === undefined ? "not given" : text.length > 80 ? `${text.slice(0, 77)}...` : text;
  const names = [...new Set([...Object.keys(there), ...Object.keys(identity)])];
  const differing = [
    ...(header["search"] === search ? [] : [`it is a ${String(header["search"])} there and a ${search} here`]),
    ...names
      .filter((key) => there[key] !== identity[key])
      .map((key) => `${key} is ${cut(there[key])} there and ${cut(identity[key])} here`),
  ];
  if (differing.length === 0) return;
  throw new DataError(`${name} is of another search: ${differing.join("; ")}. Pass another path, or search as before.`);
}
