import { DataError } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import { holdAndReduce, holdPlans, readPlans } from "../../src/collections/hold.js";
import { HeldPlan, TaskPlan, type Plan } from "../../src/collections/plan.js";
import type { RunOptions } from "../../src/collections/plan-run.js";
import type { Engine, FnRef } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design } from "../../src/estimator/design.js";
import { HISTOGRAM_BINS } from "../../src/kernels/kernels.js";
import type { HostColumn } from "../../src/memory/host-column.js";
import type { Expansion } from "../../src/numeric/trees/tree-grower.js";
import type { Span } from "./binning-tasks.js";
import type { BeginArgs } from "./round-tasks.js";

const binning = (name: string): FnRef => fnRef(new URL("./binning-tasks.js", import.meta.url).href, name);
const rounds = (name: string): FnRef => fnRef(new URL("./round-tasks.js", import.meta.url).href, name);

// Rows of a sample that thresholds are taken from, as scikit-learn and LightGBM do; below twice of it all rows are taken.
const SAMPLE_ROWS = 200_000;
// Chunks of fewer rows cost more in tasks than they gain in threads.
const SMALL_CHUNK = 16_384;
const LARGE_CHUNK = 2 ** 20;

/** The thresholds of all columns: one set for any partitioning of the same rows. */
export async function columnThresholds(
  design: Design,
  rows: readonly number[],
  maxBins: number,
  seed: number,
): Promise<Float64Array[]> {
  const { engine, owner, nFeatures } = design;
  const total = rows.reduce((sum, count) => sum + count, 0);
  const stride = Math.max(1, Math.floor(total / SAMPLE_ROWS));
  const options = runOptions(design);
  const sampled = TaskPlan.blockwise(design.plan, owner, binning("sampleStep"), {
    starts: startsOf(rows),
    stride,
    seed,
  });
  const [samples] = await holdPlans([sampled], engine, options);
  if (!samples) return [];
  try {
    const groups = Math.min(nFeatures, 2 * engine.parallelism);
    const edge = (group: number): number => Math.floor((group * nFeatures) / groups);
    const plan = new TaskPlan({
      label: owner,
      partitions: groups,
      inputs: [samples],
      task: (group) => ({
        fn: binning("thresholdStep"),
        args: { from: edge(group), to: edge(group + 1), maxBins },
        inputs: samples.keys.map((_, index) => ({ plan: samples, index })),
      }),
    });
    return (await readPlans([plan], owner, { ...options, engine })).flat() as Float64Array[];
  } finally {
    samples.release();
  }
}

/** How rows are cut for the rounds, whatever their partitions were: `pieces[c]` are the spans of chunk c. */
export function cutRows(
  rows: readonly number[],
  parallelism: number,
  chunks?: number,
): { readonly firstRow: number; readonly spans: readonly Span[] }[] {
  const total = rows.reduce((sum, count) => sum + count, 0);
  const usual = Math.max(Math.ceil(total / LARGE_CHUNK), Math.min(parallelism, Math.ceil(total / SMALL_CHUNK)));
  const parts = Math.max(1, Math.min(total, chunks ?? usual));
  const starts = startsOf(rows);
  return Array.from({ length: parts }, (_, c) => {
    const from = Math.floor((c * total) / parts);
    const to = Math.floor(((c + 1) * total) / parts);
    const spans = rows.flatMap((count, input): Span[] => {
      const start = starts[input] as number;
      const span = { input, from: Math.max(0, from - start), to: Math.min(count, to - start) };
      return span.to > span.from ? [span] : [];
    });
    return { firstRow: from, spans };
  });
}

/** What {@link BoostData.open} is told. */
export interface BoostDataOptions {
  readonly rows: readonly number[];
  readonly thresholds: readonly Float64Array[];
  /** Where rows start, one an output. */
  readonly margins: Float64Array;
  readonly seed: number;
  readonly heldOut: number;
  /** Chunks to work on; what suits the engine unless given. The model does not depend on it. */
  readonly chunks?: number | undefined;
}

/** The rows of a fit during its rounds: binned, held where they are, and moved from leaf to leaf by tasks. */
export class BoostData implements Disposable {
  readonly #engine: Engine;
  readonly #owner: string;
  readonly #width: number;
  readonly #options: RunOptions;
  #held: HeldPlan;

  private constructor(design: Design, held: HeldPlan) {
    this.#engine = design.engine;
    this.#owner = design.owner;
    this.#width = design.nFeatures;
    this.#options = runOptions(design);
    this.#held = held;
  }

  /** Bins the rows of a design, which is not needed afterwards. */
  static async open(design: Design, options: BoostDataOptions): Promise<BoostData> {
    const { engine, owner, nFeatures: width } = design;
    const { thresholds, margins, seed, heldOut } = options;
    const run = runOptions(design);
    const binned = await hold(TaskPlan.blockwise(design.plan, owner, binning("binStep"), { thresholds }), engine, run);
    try {
      const cuts = cutRows(options.rows, engine.parallelism, options.chunks);
      const started = new TaskPlan({
        label: owner,
        partitions: cuts.length,
        inputs: [binned],
        task: (index) => {
          const { firstRow, spans } = cuts[index] as (typeof cuts)[number];
          const inputs = spans.map((span) => ({ plan: binned, index: span.input }));
          const own = spans.map((span, k) => ({ ...span, input: k }));
          return {
            fn: binning("startStep"),
            args: { spans: own, width, firstRow, margins, seed, heldOut } as unknown as Plain,
            inputs,
          };
        },
      });
      return new BoostData(design, await hold(started, engine, run));
    } finally {
      binned.release();
    }
  }

  /** A pass over the chunks as they are. */
  async reduce<T>(step: FnRef, args: Plain, combine: (a: T, b: T) => T): Promise<T> {
    const { total } = await holdAndReduce<T>(
      this.#held,
      this.#engine,
      { label: this.#owner, step, args, combine },
      this.#options,
    );
    return required(this.#owner, total);
  }

  /** {@link reduce} with a step of the binning tasks. */
  count<T>(step: string, args: Plain, combine: (a: T, b: T) => T): Promise<T> {
    return this.reduce(binning(step), args, combine);
  }

  /** Ends a tree and begins the next; its root's histogram unless `last`, and the scores of the trees so far. */
  async begin(args: BeginArgs, last: boolean): Promise<{ histogram: Float64Array | undefined; scores: Float64Array }> {
    const begun = this.plan(rounds("beginTreeStep"), args as unknown as Plain);
    if (last) {
      const { scores } = await this.advance<ScorePart>(begun, rounds("scoreStep"), undefined, mergeScores);
      return { histogram: undefined, scores };
    }
    const { sums, scores } = await this.advance(begun, rounds("histogramStep"), { nodes: [0] }, mergeHistograms);
    return { histogram: sums.data, scores };
  }

  /** Splits rows and returns the histograms of the measured children. */
  async split(expansions: readonly Expansion[]): Promise<Float64Array[]> {
    const nodes = expansions.filter(({ measured }) => measured >= 0).map(({ measured }) => measured);
    const plan = this.plan(rounds("splitStep"), { expansions } as unknown as Plain);
    const { sums } = await this.advance(plan, rounds("histogramStep"), { nodes }, mergeHistograms);
    const size = 3 * this.#width * HISTOGRAM_BINS;
    return nodes.map((_, k) => sums.data.subarray(k * size, (k + 1) * size));
  }

  /** Splits rows; nothing is measured. */
  async follow(expansions: readonly Expansion[]): Promise<void> {
    const plan = this.plan(rounds("splitStep"), { expansions } as unknown as Plain);
    await this.advance(plan, rounds("scoreStep"), undefined, mergeScores);
  }

  /** A function of the chunks, to be held by {@link advance}. */
  plan(change: FnRef, args: Plain): TaskPlan {
    return TaskPlan.blockwise(this.#held, this.#owner, change, args);
  }

  /** Holds what a {@link plan} makes in the place of the chunks, with a pass over it. */
  async advance<T>(plan: TaskPlan, step: FnRef, args: Plain, combine: (a: T, b: T) => T): Promise<T> {
    const { held, total } = await holdAndReduce<T>(
      plan,
      this.#engine,
      { label: this.#owner, step, args, combine },
      this.#options,
    );
    this.#held.release();
    this.#held = held;
    return required(this.#owner, total);
  }

  [Symbol.dispose](): void {
    this.#held.release();
  }
}

interface ScorePart {
  readonly scores: Float64Array;
}

interface HistogramPart extends ScorePart {
  readonly sums: HostColumn<"f64">;
}

// Integers: exact, and the same in any order. The partials came as copies, so the first may hold the sum.
function mergeHistograms(a: HistogramPart, b: HistogramPart): HistogramPart {
  const [into, from] = [a.sums.data, b.sums.data];
  for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + (from[i] as number);
  return { sums: a.sums, ...mergeScores(a, b) };
}

function mergeScores(a: ScorePart, b: ScorePart): ScorePart {
  const [p, q] = [a.scores, b.scores];
  return {
    scores: Float64Array.of(Math.max(p[0] ?? 0, q[0] ?? 0), (p[1] ?? 0) + (q[1] ?? 0), (p[2] ?? 0) + (q[2] ?? 0)),
  };
}

async function hold(plan: Plan, engine: Engine, options: RunOptions): Promise<HeldPlan> {
  const [held] = await holdPlans([plan], engine, options);
  return held as HeldPlan;
}

function required<T>(owner: string, total: T | undefined): T {
  if (total === undefined) throw new DataError(`${owner}: X has no partitions. Check the files it comes from.`);
  return total;
}

// Rounds are many and short: the fit reports trees, not rounds.
function runOptions(design: Design): RunOptions {
  return design.signal ? { signal: design.signal } : {};
}

function startsOf(rows: readonly number[]): number[] {
  let at = 0;
  return rows.map((count) => {
    const start = at;
    at += count;
    return start;
  });
}
