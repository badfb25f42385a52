import { DataError, ParameterError, show } from "../base/errors.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { holdSource } from "../compose/held-source.js";
import type { FitOptions, RowVectors } from "../estimator/design.js";
import { toRows, type Rows, type TableInput } from "../estimator/table.js";
import { KFold } from "./k-fold.js";
import type { Split } from "./row-selection.js";
import { isDistributed, type Splittable } from "./splittable.js";
import { Splitter } from "./splitter.js";
import { StratifiedKFold } from "./stratified-k-fold.js";
import { isClassifier, type TargetInput, type TrialEstimator } from "./trial-estimator.js";

/** How rows are split into train and test: a number of folds, a splitter, or splits that are made already. */
export type Cv = number | Splitter | readonly Split[];

/** The data of several trials: read once and kept, with its splits. */
export interface TrialData {
  readonly X: Rows;
  readonly y: Splittable | undefined;
  readonly sampleWeight: Splittable | undefined;
  /** Other options of the fits that hold a value a row: offset, exposure, groups. */
  readonly rowOptions: Readonly<Record<string, Splittable>>;
  readonly splits: readonly Split[];
  /** The engine that holds the data, and the caller's signal. */
  readonly run: Pick<FitOptions, "engine" | "signal">;
  release(): void;
}

/**
 * Folds of `cv`: a number is StratifiedKFold for classifiers and KFold for others, in the rows' order.
 * @throws ParameterError for anything else
 */
export function splitterOf(
  owner: string,
  cv: Cv | undefined,
  estimator: TrialEstimator,
  hasTarget: boolean,
): Splitter | readonly Split[] {
  const given = cv ?? 5;
  if (given instanceof Splitter) return given;
  if (typeof given === "number" && Number.isInteger(given) && given >= 2) {
    return hasTarget && isClassifier(estimator)
      ? new StratifiedKFold({ nSplits: given })
      : new KFold({ nSplits: given });
  }
  if (
    Array.isArray(given) &&
    given.length > 0 &&
    given.every((one: unknown) => typeof one === "object" && one !== null && "train" in one && "test" in one)
  ) {
    return given as readonly Split[];
  }
  throw new ParameterError(
    `${owner}: cv must be a number of folds >= 2, a splitter, or a list of splits; got ${show(cv)}.`,
  );
}

/** Reads the data once, keeps them where they are, and splits them. The caller releases. */
export async function openTrialData(
  owner: string,
  splitter: Splitter | readonly Split[],
  X: TableInput,
  y: TargetInput | undefined,
  groups: Splittable | undefined,
  options: FitOptions,
): Promise<TrialData> {
  const rows = toRows(owner, X);
  const held = await holdSource(owner, rows, y, options, 2);
  try {
    const engine = held.options.engine ?? options.engine;
    const run = { ...(engine ? { engine } : {}), ...(options.signal ? { signal: options.signal } : {}) };
    const kept = held.X instanceof DistributedArray ? await held.X.withKnownRows(run) : held.X;
    const target = held.y === undefined ? undefined : splittable(owner, held.y);
    const counted = target instanceof DistributedArray ? await target.withKnownRows(run) : target;
    const weight = held.options.sampleWeight ?? options.sampleWeight;
    const sampleWeight = weight === undefined ? undefined : splittable(owner, weight, "sampleWeight");
    const weights = sampleWeight instanceof DistributedArray ? await sampleWeight.withKnownRows(run) : sampleWeight;
    const rowOptions: Record<string, Splittable> = {};
    for (const [name, value] of Object.entries({ ...rowOptionsIn(options), groups })) {
      if (value === undefined || value === null) continue;
      const own = splittable(owner, value, name);
      rowOptions[name] = own instanceof DistributedArray ? await own.withKnownRows(run) : own;
    }
    const splits = splitter instanceof Splitter ? await splitter.split(kept, counted, groups, run) : splitter;
    return { X: kept, y: counted, sampleWeight: weights, rowOptions, splits, run, release: () => held.release() };
  } catch (error) {
    held.release();
    throw error;
  }
}

function rowOptionsIn(options: FitOptions & RowVectors): RowVectors {
  const { offset, exposure } = options;
  return { offset, exposure };
}

function splittable(owner: string, value: unknown, name = "y"): Splittable {
  if (isDistributed(value) || Array.isArray(value) || ArrayBuffer.isView(value)) return value as Splittable;
  if (typeof value === "object" && value !== null && "toArray" in value && typeof value.toArray === "function") {
    return splittable(owner, value.toArray(), name);
  }
  throw new DataError(
    `${owner}: ${name} is ${show(value)}. Pass a DistributedArray, a column of a frame, or an array.`,
  );
}
