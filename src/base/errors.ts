/**
 * Where in the data an error happened. All fields are optional: an error names what it knows.
 */
export interface ErrorPlace {
  readonly column?: string | number;
  readonly partition?: number;
  /** Row within the partition, from 0. */
  readonly row?: number;
  readonly path?: string;
  readonly key?: string;
}

/** Base of every error that partwise throws on purpose. `details` is plain data and crosses threads. */
export class PartwiseError extends Error {
  readonly details: ErrorPlace;
  constructor(message: string, options: { cause?: unknown; details?: ErrorPlace } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details ?? {};
  }
}

/** A constructor parameter or option is unknown or out of range. */
export class ParameterError extends PartwiseError {}

/** A method that needs a fitted model was called before `fit`. */
export class NotFittedError extends PartwiseError {}

/** The data do not fit the operation: wrong shape, type, length, NaN, unknown column. */
export class DataError extends PartwiseError {}

/** A file, folder or glob cannot be read or written. */
export class FileError extends PartwiseError {}

/** A task's own function threw: names the task and its partition; `cause` is the original error with its stack. */
export class TaskError extends PartwiseError {}

/** A task killed several workers in turn, or a worker was lost with data that nothing can recompute. */
export class WorkerLostError extends PartwiseError {}

/** A member of a team of tasks did not come, or is gone: the work of the team is lost, and has to be done in another way. */
export class TeamBrokenError extends PartwiseError {}

/** The engine is closed or its scheduler is gone; submit again on a new engine. */
export class EngineClosedError extends PartwiseError {}

/** An allocation does not fit the arenas. */
export class MemoryLimitError extends PartwiseError {}

/** The iterative solver or input is degenerate in a way the user has to know (for example one class only). */
export class FitError extends PartwiseError {}

/** The operation was cancelled through its `signal`. */
export class AbortedError extends PartwiseError {}

const revivable: Record<
  string,
  new (message: string, options?: { cause?: unknown; details?: ErrorPlace }) => PartwiseError
> = {
  PartwiseError,
  ParameterError,
  NotFittedError,
  DataError,
  FileError,
  TaskError,
  WorkerLostError,
  TeamBrokenError,
  EngineClosedError,
  MemoryLimitError,
  FitError,
  AbortedError,
};

const builtIn: Record<string, new (message: string, options?: ErrorOptions) => Error> = {
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
};

// A chain of causes may be a circle; nobody reads further than this.
const MAX_CAUSES = 16;

/** An error as plain data, so that it crosses threads and sockets with its class, stack and place. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** The system's code, for example `ENOENT`. */
  readonly code?: string;
  readonly details?: ErrorPlace;
  readonly cause?: PlainError;
}

/** Encodes any thrown value as {@link PlainError}, with its causes. */
export function encodeError(thrown: unknown): PlainError {
  return encode(thrown, 0);
}

function encode(thrown: unknown, depth: number): PlainError {
  if (!(thrown instanceof Error)) return { name: "Error", message: typeof thrown === "string" ? thrown : show(thrown) };
  const code = (thrown as NodeJS.ErrnoException).code;
  return {
    name: thrown.name,
    message: thrown.message,
    ...(thrown.stack === undefined ? {} : { stack: thrown.stack }),
    ...(typeof code === "string" ? { code } : {}),
    ...(thrown instanceof PartwiseError ? { details: thrown.details } : {}),
    ...(thrown.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: encode(thrown.cause, depth + 1) }),
  };
}

/**
 * Rebuilds the error that {@link encodeError} encoded: the classes of partwise and of JavaScript as themselves, others as
 * `Error` with their name.
 */
export function decodeError(plain: PlainError): Error {
  const cause = plain.cause === undefined ? undefined : decodeError(plain.cause);
  const Known = revivable[plain.name];
  let error: Error;
  if (Known) {
    error = new Known(plain.message, {
      ...(cause === undefined ? {} : { cause }),
      ...(plain.details === undefined ? {} : { details: plain.details }),
    });
  } else {
    const BuiltIn = builtIn[plain.name] ?? Error;
    error = new BuiltIn(plain.message, cause === undefined ? undefined : { cause });
    if (error.name !== plain.name) error.name = plain.name;
  }
  if (plain.code !== undefined) (error as NodeJS.ErrnoException).code = plain.code;
  if (plain.stack !== undefined) error.stack = plain.stack;
  return error;
}

/** Throws {@link AbortedError} when the signal is aborted; `owner` says what was stopped. */
export function throwIfAborted(signal: AbortSignal | undefined, owner: string): void {
  if (signal?.aborted) throw abortedError(signal, owner);
}

/** The error for an aborted signal, with the signal's reason as its cause. */
export function abortedError(signal: AbortSignal | undefined, owner: string): AbortedError {
  return new AbortedError(`${owner}: stopped by its signal. Nothing was changed; call it again to start over.`, {
    cause: signal?.reason,
  });
}

/** `value` as it should look in a message: strings quoted, long things cut. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (value === null || typeof value !== "object") return String(value);
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength} bytes)`;
  if (Array.isArray(value)) return `[${value.slice(0, 5).map(show).join(", ")}${value.length > 5 ? ", ..." : ""}]`;
  const name = value.constructor?.name ?? "object";
  return name === "Object" ? "an object" : `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
}

/** The candidate nearest to `name` by edit distance, for "did you mean" hints; undefined when nothing is close. */
export function closest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 2)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    // A name that shares no letter is no help.
    if (distance < bestDistance && distance < Math.max(1, name.length)) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
