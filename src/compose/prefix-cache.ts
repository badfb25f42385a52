import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileError, ParameterError, show } from "../base/errors.js";
import type { FitOptions } from "../estimator/design.js";
import {
  applyTransforming,
  isOwnTransform,
  type NarrowTransforms,
  type TransformingEstimator,
} from "../estimator/frame-transformer.js";
import { estimatorFromJSON } from "../estimator/registry.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import { digest, fingerprintOfData, nameOfData } from "./data-identity.js";

/** Options of {@link PrefixCache}. */
export interface PrefixCacheOptions {
  /** A folder that keeps fitted steps for other processes too; memory alone unless given. */
  readonly directory?: string;
  /** Fitted steps that are kept in memory: 64 unless given; the least recently used go first. */
  readonly limit?: number;
}

/** A step that a pipeline has fitted: the estimator, and how the rows of its fit go through it. */
export interface FittedStep extends NarrowTransforms {
  readonly estimator: TransformingEstimator;
}

/** The data of a pipeline's fit, as the caller gave them. */
export interface PrefixData {
  readonly X: unknown;
  readonly y: unknown;
  readonly sampleWeight: unknown;
}

/**
 * Keeps the fitted steps of pipelines before their last, so that a pipeline with the same first steps on the same data does
 * not fit them again: a grid search over the last step then fits what is before it once a fold.
 *
 * A step is known by its class and parameters, those of the steps before it, and the data. In memory the data are known by
 * the collection itself (the same object, or its rows in the same fold of a search) and local data by their content, which
 * costs no pass. With a `directory` they are known by their content: one more pass, and what is kept serves other processes
 * and days. What is kept is the fitted state, not the transformed rows, which stay lazy.
 *
 * A step is fitted anew where its parameters cannot be written (columns that a function chooses, say). In a folder there is
 * nothing of steps that treat the rows of their own fit in another way than others, as `TargetEncoder` does: they are kept
 * in memory only.
 *
 * @example
 * ```ts
 * const memory = new PrefixCache();
 * const model = makePipeline(new StandardScaler(), new Ridge());
 * model.setParams({ memory });
 * await new GridSearchCV({ estimator: model, paramGrid: { ridge__alpha: [0.1, 1, 10] } }).fit(X, y);
 * memory.misses; // one a fold and one for the final fit
 * ```
 */
export class PrefixCache {
  readonly directory: string | undefined;
  readonly limit: number;
  readonly #steps = new Map<string, Promise<FittedStep>>();
  #hits = 0;
  #misses = 0;

  /** @throws ParameterError for a limit that is no positive integer; FileError for a folder that cannot be made */
  constructor(options: PrefixCacheOptions = {}) {
    this.directory = options.directory;
    this.limit = options.limit ?? 64;
    if (!Number.isInteger(this.limit) || this.limit < 1)
      throw new ParameterError(`PrefixCache: limit must be an integer >= 1; got ${show(options.limit)}.`);
    if (this.directory === undefined) return;
    try {
      mkdirSync(this.directory, { recursive: true });
    } catch (cause) {
      throw new FileError(
        `PrefixCache: the directory ${show(this.directory)} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}.`,
        { cause, details: { path: this.directory } },
      );
    }
  }

  /** Steps that did not have to be fitted. */
  get hits(): number {
    return this.#hits;
  }

  /** Steps that were fitted. */
  get misses(): number {
    return this.#misses;
  }

  /** Forgets what is in memory; files stay. */
  clear(): void {
    this.#steps.clear();
  }

  /**
   * Keys of steps in order, each of itself and all before it; fewer where a step's parameters cannot be written.
   * One pass over the data with a directory, else none.
   */
  async keys(steps: readonly TransformingEstimator[], data: PrefixData, options: FitOptions): Promise<string[]> {
    const texts: string[] = [];
    for (const step of steps) {
      const text = textOf(step);
      if (text === undefined) break;
      texts.push(text);
    }
    if (texts.length === 0) return [];
    const names = [];
    for (const one of [data.X, data.y, data.sampleWeight])
      names.push(this.directory === undefined ? nameOfData(one) : await fingerprintOfData(one, options));
    let key = digest(...names);
    return texts.map((text) => (key = digest(key, text)));
  }

  /** A step that is kept, or that another fit is at work on; undefined where there is none. */
  async find(key: string): Promise<FittedStep | undefined> {
    const kept = this.#steps.get(key);
    if (kept) {
      this.#touch(key, kept);
      // The other fit's own caller hears of its failure; this one fits for itself.
      const step = await kept.catch(() => undefined);
      if (step) this.#hits += 1;
      return step;
    }
    const read = this.#read(key);
    if (!read) return undefined;
    this.#hits += 1;
    this.#touch(key, Promise.resolve(read));
    return read;
  }

  /** Fits a step and keeps it; those who ask for it meanwhile wait for this fit. */
  async fit(key: string, work: () => Promise<FittedStep>): Promise<FittedStep> {
    this.#misses += 1;
    const step = work();
    this.#touch(key, step);
    try {
      const fitted = await step;
      this.#write(key, fitted);
      return fitted;
    } catch (error) {
      if (this.#steps.get(key) === step) this.#steps.delete(key);
      throw error;
    }
  }

  #touch(key: string, step: Promise<FittedStep>): void {
    this.#steps.delete(key);
    this.#steps.set(key, step);
    for (const [oldest] of this.#steps) {
      if (this.#steps.size <= this.limit) break;
      this.#steps.delete(oldest);
    }
  }

  #read(key: string): FittedStep | undefined {
    if (this.directory === undefined) return undefined;
    const path = join(this.directory, `${key}.json`);
    if (!existsSync(path)) return undefined;
    try {
      const json = JSON.parse(readFileSync(path, "utf8")) as EstimatorJson;
      const estimator = estimatorFromJSON(json) as TransformingEstimator;
      const whole: FittedStep["whole"] = (rows) => applyTransforming("Pipeline.fit", estimator, rows);
      return { estimator, whole, narrow: whole };
    } catch (cause) {
      throw new FileError(
        `PrefixCache: ${show(path)} cannot be read: ${cause instanceof Error ? cause.message : String(cause)} Delete it.`,
        { cause, details: { path } },
      );
    }
  }

  #write(key: string, { estimator, whole }: FittedStep): void {
    if (this.directory === undefined || !isOwnTransform(whole)) return;
    const path = join(this.directory, `${key}.json`);
    try {
      // Written beside and renamed, so that nobody reads half a file.
      const beside = `${path}.${process.pid}`;
      writeFileSync(beside, JSON.stringify(estimator.toJSON()));
      renameSync(beside, path);
    } catch (cause) {
      throw new FileError(
        `PrefixCache: ${show(path)} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
        { cause, details: { path } },
      );
    }
  }
}

/** An unfitted step's class and parameters; undefined where they cannot be written. */
export function textOf(step: TransformingEstimator): string | undefined {
  try {
    const { kind, version, params } = step.toJSON();
    return JSON.stringify([kind, version, params]);
  } catch {
    // Parameters with functions have no text; such a step is fitted each time.
    return undefined;
  }
}
