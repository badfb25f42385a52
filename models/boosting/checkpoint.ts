import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { FitError, show } from "../../src/base/errors.js";
import { murmurHash3 } from "../../src/base/murmur3.js";
import type { Plain } from "../../src/base/plain.js";
import { decodeState, encodeState } from "../../src/estimator/state-codec.js";
import { assertSoundTrees, type TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";

import type { EvalsResult } from "./watch.js";

/** Where a fit keeps its trees, and after how many rounds each. */
export interface CheckpointOptions {
  /** A file, beside which a temporary one is written. It is removed when the fit ends well. */
  readonly path: string;
  /** 10 unless given. */
  readonly every?: number;
}

/** A fit between two rounds. Plain data. */
export interface CheckpointState {
  /** Of the data and the parameters. */
  readonly identity: string;
  readonly trees: TreeEnsemble;
  readonly baselines: Float64Array;
  readonly trainScore: Float64Array;
  readonly validationScore: Float64Array;
  /** See `DerivativeBounds`. */
  readonly bounds?: Float64Array;
  readonly evals?: EvalsResult;
}

/** A short text that differs where data or parameters do. */
export function identityOf(parts: Plain): string {
  const text = JSON.stringify(encodeState(parts));
  const bytes = Buffer.from(text);
  // Two halves of 32 bits each, of the text and of the text turned round.
  return `${bytes.length}-${murmurHash3(bytes).toString(16)}-${murmurHash3(bytes.reverse()).toString(16)}`;
}

/**
 * The state of a fit that was cut off; undefined when there is no file.
 * @throws FitError for a file of other data or parameters, or one that is no checkpoint
 */
export async function readCheckpoint(
  owner: string,
  { path }: CheckpointOptions,
  identity: string,
  nFeatures: number,
): Promise<CheckpointState | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new FitError(`${owner}: the checkpoint ${path} cannot be read (${code}). Name another file.`, {
      cause: error,
    });
  }
  let state: Partial<CheckpointState>;
  try {
    state = decodeState(JSON.parse(text)) as Partial<CheckpointState>;
    if (typeof state.identity !== "string") throw new TypeError("it has no identity");
  } catch (cause) {
    throw new FitError(`${owner}: ${path} is not a checkpoint of boosted trees. Name another file, or remove it.`, {
      cause,
    });
  }
  if (state.identity !== identity) {
    throw new FitError(
      `${owner}: the checkpoint ${path} is of other data or parameters. Fit with those that it was made with, or remove the file.`,
    );
  }
  assertSoundTrees(owner, state.trees as TreeEnsemble, nFeatures);
  return state as CheckpointState;
}

/** Looks whether a checkpoint could be written, before a fit that takes hours. @throws FitError where its folder is missing */
export async function assertCheckpointPlace(owner: string, { path, every }: CheckpointOptions): Promise<void> {
  if (every !== undefined && !(Number.isInteger(every) && every >= 1))
    throw new FitError(`${owner}: checkpoint.every must be a whole number from 1; got ${show(every)}.`);
  const folder = dirname(path);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return;
  throw new FitError(
    `${owner}: checkpoint.path is ${show(path)}, but there is no folder ${show(folder)}. Make it first, or name a file elsewhere.`,
  );
}

/** Writes a checkpoint whole or not at all: under a temporary name that is then renamed. */
export async function writeCheckpoint({ path }: CheckpointOptions, state: CheckpointState): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, JSON.stringify(encodeState(state)));
  await rename(temporary, path);
}

/** Removes the checkpoint of a fit that is complete. */
export async function removeCheckpoint({ path }: CheckpointOptions): Promise<void> {
  await rm(path, { force: true });
}
