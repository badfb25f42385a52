import { Pipeline, type PipelineStep } from "../compose/pipeline.js";
import { textOf, type PrefixCache } from "../compose/prefix-cache.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { DistributedSeries } from "../collections/frame/distributed-series.js";
import { chooseEngine } from "../collections/choose-engine.js";
import { holdPlans } from "../collections/hold.js";
import type { HeldPlan, Plan } from "../collections/plan.js";
import {
  asOwnTransform,
  isTransforming,
  rowsFor,
  type RowsTransform,
  type TransformingEstimator,
} from "../estimator/frame-transformer.js";
import { toVector, type VectorInput } from "../estimator/inputs.js";
import type { AnyEstimator } from "../estimator/registry.js";
import { withPlan, type Rows } from "../estimator/table.js";
import { sideOf, type FoldSide } from "./fold-side.js";
import type { RowSelection } from "./row-selection.js";
import type { Splittable } from "./splittable.js";
import type { TrialData } from "./trial-data.js";
import type { TargetInput, TrialEstimator } from "./trial-estimator.js";

/** What candidates of one fold share: the rows as their last steps take them, held by the engine. */
export interface FoldStage {
  readonly train: FoldSide;
  readonly test: FoldSide;
  /** Tells that the candidate is done with it. */
  release(): void;
}

interface Shared {
  readonly train: FoldSide;
  readonly test: FoldSide;
  readonly held: readonly HeldPlan[];
  readonly bytes: number;
}

interface Entry {
  readonly made: Promise<Shared>;
  users: number;
  bytes: number;
  held: readonly HeldPlan[];
}

/** Share of the engine's memory that the rows of folds may take while no trial uses them. */
const SHARE = 0.25;

/** Bytes where the engine has no limit. */
const BYTES = 2 ** 30;

/**
 * The rows of folds as the last steps of candidates take them. Steps before the last that candidates have in common are
 * fitted once a fold, and their results (train and test rows, with targets and weights) are computed once and held until
 * nobody needs them: candidates that differ in their last step then start from numbers in memory.
 *
 * What no trial uses is let go, the least recently used first, once it takes more than a quarter of the engine's memory;
 * what is needed again is made again. Steps are recognised as by `PrefixCache`; a candidate whose steps are not (a function
 * among the parameters, say), a pipeline with a cache of its own, and one with `transformInput` are fitted as they are.
 */
export class FoldStages {
  readonly #data: TrialData;
  readonly #entries = new Map<string, Entry>();
  readonly #names = new WeakMap<RowSelection, number>();
  readonly #memory: PrefixCache | null;
  #rows = 0;

  /** @param memory the cache that the search has given its pipelines: the first steps of a prefix may be those of another */
  constructor(data: TrialData, memory: PrefixCache | null) {
    this.#data = data;
    this.#memory = memory;
  }

  /**
   * What tells candidates apart that cannot share the rows of a fold: the same text for those that can; undefined for a
   * candidate that shares nothing.
   */
  keyOf(model: TrialEstimator): string | undefined {
    const texts = this.#prefixOf(model)?.map(textOf);
    return texts?.every((text) => text !== undefined) ? texts.join("\n") : undefined;
  }

  /** A candidate's estimator after the shared steps: what is left to fit and to score. */
  lastOf(model: TrialEstimator): TrialEstimator {
    return model instanceof Pipeline ? (model.steps.at(-1)?.[1] as unknown as TrialEstimator) : model;
  }

  /** The shared rows of a fold for candidates of a key. @throws what the steps throw */
  async open(key: string, model: TrialEstimator, train: RowSelection, test: RowSelection): Promise<FoldStage> {
    const name = `${this.#nameOf(train)}/${this.#nameOf(test)}/${key}`;
    let entry = this.#entries.get(name);
    if (!entry) {
      entry = { made: this.#make(model, train, test), users: 0, bytes: 0, held: [] };
      this.#settle(name, entry);
    }
    const own = entry;
    own.users += 1;
    this.#entries.delete(name);
    this.#entries.set(name, own);
    try {
      const shared = await own.made;
      return {
        train: shared.train,
        test: shared.test,
        release: () => {
          own.users -= 1;
          this.#shrink();
        },
      };
    } catch (error) {
      own.users -= 1;
      throw error;
    }
  }

  /** Lets go of everything. */
  release(): void {
    for (const { held } of this.#entries.values()) for (const plan of held) plan.release();
    this.#entries.clear();
  }

  /** The steps before the last, none for other estimators; undefined where they cannot be shared. */
  #prefixOf(model: TrialEstimator): TransformingEstimator[] | undefined {
    if (!(model instanceof Pipeline)) return [];
    const { memory, transformInput } = model.getParams();
    const last = model.steps.at(-1)?.[1];
    if (memory !== this.#memory || transformInput.length > 0 || last === "passthrough") return undefined;
    return model.steps.slice(0, -1).flatMap(([, step]) => (isTransforming(step) ? [step] : []));
  }

  #nameOf(rows: RowSelection): number {
    const known = this.#names.get(rows);
    if (known !== undefined) return known;
    this.#names.set(rows, this.#rows);
    return this.#rows++;
  }

  #settle(name: string, entry: Entry): void {
    this.#entries.set(name, entry);
    entry.made.then(
      ({ held, bytes }) => {
        entry.held = held;
        entry.bytes = bytes;
      },
      () => {
        // Whoever comes next tries again, and gets an error of its own.
        if (this.#entries.get(name) === entry) this.#entries.delete(name);
      },
    );
  }

  #shrink(): void {
    const limit = this.#data.run.engine?.memoryLimit;
    const most = limit === undefined ? BYTES : limit * SHARE;
    let bytes = 0;
    for (const entry of this.#entries.values()) bytes += entry.bytes;
    for (const [name, entry] of this.#entries) {
      if (bytes <= most) return;
      if (entry.users > 0) continue;
      bytes -= entry.bytes;
      this.#entries.delete(name);
      for (const plan of entry.held) plan.release();
    }
  }

  async #make(model: TrialEstimator, train: RowSelection, test: RowSelection): Promise<Shared> {
    const data = this.#data;
    const sides = { train: sideOf(data, train), test: sideOf(data, test) };
    const steps = this.#prefixOf(model) ?? [];
    let through: RowsTransform = asOwnTransform((rows) => rows);
    let other = through;
    if (steps.length > 0) {
      const prefix = new Pipeline({
        steps: steps.map((step, i): PipelineStep => [`step${i}`, step.clone() as unknown as AnyEstimator]),
        memory: this.#memory,
      });
      const { X, y, options } = sides.train;
      through = await prefix.fitRows(X, y, { ...data.run, ...options });
      other = (rows) => prefix.transformRows(rows);
    }
    const last = this.lastOf(model) as unknown as AnyEstimator;
    return this.#hold(
      cut(model.kind, sides.train, rowsFor(model.kind, last, through(sides.train.X))),
      cut(model.kind, sides.test, rowsFor(model.kind, last, other(sides.test.X))),
    );
  }

  async #hold(train: FoldSide, test: FoldSide): Promise<Shared> {
    const plans = [...new Set([train, test].flatMap(plansOf))];
    const { signal, engine } = this.#data.run;
    const held = await holdPlans(plans, engine ?? chooseEngine(plans), signal ? { signal } : {});
    const by = new Map<Plan, HeldPlan>(plans.map((plan, i) => [plan, held[i] as HeldPlan]));
    return {
      train: withHeld(train, by),
      test: withHeld(test, by),
      held,
      bytes: held.reduce((sum, plan) => sum + (plan.bytes ?? 0), 0),
    };
  }
}

/** A side with other rows, and numbers a row cut like them, so that they can be held beside them. */
function cut(owner: string, side: FoldSide, X: Rows): FoldSide {
  const vector = <T>(name: string, values: T): T | DistributedArray =>
    isNumbers(values) ? toVector(owner, name, values, side.X) : values;
  return {
    X,
    y: vector("y", side.y) as TargetInput | undefined,
    options: Object.fromEntries(
      Object.entries(side.options).map(([name, values]) => [name, vector(name, values)]),
    ) as FoldSide["options"],
  };
}

/** Text and booleans stay as they are: estimators list and code their labels. */
function isNumbers(values: unknown): values is VectorInput & Splittable {
  if (values instanceof DistributedSeries) return values.isNumeric;
  return ArrayBuffer.isView(values) || (Array.isArray(values) && values.every((value) => typeof value === "number"));
}

/** Columns of text are not held: what reads them codes them. */
function isHeldRows(value: unknown): value is Rows {
  return value instanceof DistributedArray || value instanceof DistributedDataFrame;
}

function plansOf({ X, y, options }: FoldSide): Plan[] {
  return [X, y, ...Object.values(options)].filter(isHeldRows).map(({ plan }) => plan);
}

function withHeld({ X, y, options }: FoldSide, by: ReadonlyMap<Plan, HeldPlan>): FoldSide {
  const held = <T>(value: T): T => {
    if (!isHeldRows(value)) return value;
    const plan = by.get(value.plan) ?? value.plan;
    return (value instanceof DistributedArray ? new DistributedArray({ ...value, plan }) : withPlan(value, plan)) as T;
  };
  return {
    X: held(X),
    y: held(y),
    options: Object.fromEntries(
      Object.entries(options).map(([name, value]) => [name, held(value)]),
    ) as FoldSide["options"],
  };
}
