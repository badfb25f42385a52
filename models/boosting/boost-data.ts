import { DataError, throwIfAborted } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import { holdAndRead, holdAndReduce, holdPlans } from "../../src/collections/hold.js";
import { HeldPlan, TaskPlan, type Plan } from "../../src/collections/plan.js";
import type { RunOptions } from "../../src/collections/plan-run.js";
import type { Engine, FnRef } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design } from "../../src/estimator/design.js";
import type { SplitRules } from "../../src/numeric/trees/split-search.js";
import {
  TreeGrower,
  type Expansion,
  type FoundSplit,
  type GrownTree,
  type GrowthRequest,
  type GrowthRules,
} from "../../src/numeric/trees/tree-grower.js";
import type { BinRules } from "./binning-tasks.js";
import { cutRows } from "./cut-rows.js";
import {
  DriverHistograms,
  measuredNodes,
  mergeBegun,
  mergeMeasured,
  type BegunTree,
  type MeasuredNodes,
} from "./driver-search.js";
import type { BeginArgs } from "./round-tasks.js";
import { addScores, type Found } from "./search-tasks.js";
import { GrowingTeams } from "./growing-teams.js";
import { growthRules, type TeamArgs, type TeamTree } from "./team-tasks.js";
import type { TreesArgs } from "./tree-tasks.js";

const binning = (name: string): FnRef => fnRef(new URL("./binning-tasks.js", import.meta.url).href, name);
const cutting = (name: string): FnRef => fnRef(new URL("./chunk-tasks.js", import.meta.url).href, name);
const rounds = (name: string): FnRef => fnRef(new URL("./round-tasks.js", import.meta.url).href, name);
const searching = (name: string): FnRef => fnRef(new URL("./search-tasks.js", import.meta.url).href, name);

/** What {@link BoostData.open} is told. */
export interface BoostDataOptions {
  readonly rows: readonly number[];
  /** See `BinRules`: the columns of bins. */
  readonly thresholds: readonly Float64Array[];
  readonly sources?: Int32Array | undefined;
  readonly bundles?: BinRules["bundles"];
  readonly codes?: readonly (Float64Array | null)[] | undefined;
  /** Where rows start, one an output. */
  readonly margins: Float64Array;
  readonly seed: number;
  readonly heldOut: number;
  /** Trees whose margins the rows start at, on top of the design's offset, in the place of `margins`. */
  readonly model?: TreesArgs | undefined;
  /** Whether the design has an offset. */
  readonly offset?: boolean | undefined;
  /** First row of each group, in the whole data, and the number of rows at the end. */
  readonly groups?: Float64Array | undefined;
  /** Chunks to work on; what suits the engine unless given. The model does not depend on it. */
  readonly chunks?: number | undefined;
}

/** The rows of a fit during its rounds: binned, held where they are, and moved from leaf to leaf by tasks. */
export class BoostData implements Disposable {
  readonly #engine: Engine;
  readonly #owner: string;
  readonly #options: RunOptions;
  #held: HeldPlan;
  /** Histograms of the tree that grows. */
  #histograms: HeldPlan | undefined;
  #onDriver: DriverHistograms | undefined;
  readonly #teams: GrowingTeams;

  private constructor(design: Design, held: HeldPlan) {
    this.#engine = design.engine;
    this.#owner = design.owner;
    this.#options = design.runOptions;
    this.#held = held;
    this.#teams = new GrowingTeams(design.owner, design.runOptions);
  }

  /** Bins the rows of a design, which is not needed afterwards. */
  static async open(design: Design, options: BoostDataOptions): Promise<BoostData> {
    const { engine, owner } = design;
    const width = options.thresholds.length;
    const { thresholds, margins, seed, heldOut } = options;
    const run = design.runOptions;
    const { model, groups, codes, sources, bundles } = options;
    const bins = {
      thresholds,
      ...(codes ? { codes } : {}),
      ...(sources ? { sources } : {}),
      ...(bundles ? { bundles } : {}),
    };
    const based = model !== undefined || options.offset === true;
    const plan = based
      ? TaskPlan.blockwise(
          design.plan,
          owner,
          fnRef(new URL("./base-tasks.js", import.meta.url).href, "binWithBaseStep"),
          { ...bins, ...(model ? { model } : {}) } as unknown as Plain,
        )
      : TaskPlan.blockwise(design.plan, owner, binning("binStep"), bins as unknown as Plain);
    const binned = await hold(plan, engine, run);
    try {
      const cuts = cutRows(options.rows, engine.parallelism, options.chunks, groups);
      const started = new TaskPlan({
        label: owner,
        partitions: cuts.length,
        inputs: [binned],
        task: (index) => {
          const { firstRow, spans } = cuts[index] as (typeof cuts)[number];
          const inputs = spans.map((span) => ({ plan: binned, index: span.input }));
          const own = spans.map((span, k) => ({ ...span, input: k }));
          const last = firstRow + own.reduce((sum, { from, to }) => sum + to - from, 0);
          const inside = groups?.filter((row) => row >= firstRow && row <= last);
          const starts = inside ? { groups: Int32Array.from(inside, (row) => row - firstRow) } : {};
          return {
            fn: cutting("startStep"),
            args: { spans: own, width, firstRow, margins, seed, heldOut, ...starts } as unknown as Plain,
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

  /** {@link reduce} with a step of the chunk tasks. */
  count<T>(step: string, args: Plain, combine: (a: T, b: T) => T): Promise<T> {
    return this.reduce(cutting(step), args, combine);
  }

  /** Ends a tree and begins the next; the scores of the trees so far. */
  async begin(args: BeginArgs): Promise<Float64Array> {
    const begun = this.plan(rounds("beginTreeStep"), args as unknown as Plain);
    this.#onDriver = undefined;
    if (this.#engine.groupByHolder && !(await this.#teams.seats(this.#held))) {
      // With the root's histogram, which saves a pass of a tree that is grown by rounds.
      const { scores, root } = await this.advance<BegunTree>(begun, searching("rootStep"), undefined, mergeBegun);
      this.#onDriver = new DriverHistograms(root);
      return scores;
    }
    const { scores } = await this.advance(begun, rounds("scoreStep"), undefined, mergeScores);
    this.#histograms?.release();
    this.#histograms = undefined;
    return scores;
  }

  /** Grows the tree that has begun: by a team, or else by rounds. Rows may still have to follow its last splits. */
  async grow(args: Omit<TeamArgs, "rounds">): Promise<{ tree: GrownTree; pending: readonly Expansion[] }> {
    const [grown] = (await this.growTogether(args))?.trees ?? [];
    return grown ? { tree: grown.tree, pending: [] } : this.growByRounds(args);
  }

  /** Grows the tree that has begun by rounds of tasks. */
  async growByRounds(args: Omit<TeamArgs, "rounds">): Promise<{ tree: GrownTree; pending: readonly Expansion[] }> {
    const rules = growthRules(args.settings, args.scales, args.number);
    const grower = new TreeGrower(rules);
    for (let asked = grower.next(); asked; asked = grower.next()) grower.accept(await this.#split(asked, rules));
    return { tree: grower.finish(), pending: grower.takePending() };
  }

  /** Grows the tree that has begun, and some after it, by a team; undefined when there is none. */
  async growTogether(
    args: TeamArgs,
  ): Promise<{ readonly trees: readonly TeamTree[]; readonly worthMs: number } | undefined> {
    const seats = await this.#teams.seats(this.#held);
    const grown = seats && (await this.#teams.grow(this.#held, seats, args));
    if (!grown) {
      this.#teams.pause();
      return undefined;
    }
    this.#held.release();
    this.#held = grown.held;
    return { trees: grown.trees, worthMs: seats.worthMs };
  }

  /** Throws when the fit is aborted. */
  throwIfAborted(): void {
    throwIfAborted(this.#options.signal, this.#owner);
  }

  /** Splits the rows of a growing tree as it asks, and finds the best splits of the nodes that it asks for. */
  #split(request: GrowthRequest, rules: GrowthRules): Promise<FoundSplit[]> {
    // Such engines have tasks that cost more than a search.
    return this.#engine.groupByHolder ? this.#searchHere(request, rules) : this.#searchByTasks(request, rules);
  }

  async #searchHere(request: GrowthRequest, rules: SplitRules): Promise<FoundSplit[]> {
    const { expansions } = request;
    // A team was to grow this tree, and came to nothing.
    this.#onDriver ??= new DriverHistograms(
      (await this.reduce<BegunTree>(searching("rootStep"), undefined, mergeBegun)).root,
    );
    if (expansions.length === 0) return this.#onDriver.search(request, [], rules);
    const moved = this.plan(rounds("splitStep"), { expansions } as unknown as Plain);
    const nodes = measuredNodes(expansions);
    const measured = await this.advance<MeasuredNodes>(moved, searching("measureStep"), { nodes }, mergeMeasured);
    return this.#onDriver.search(request, measured, rules);
  }

  async #searchByTasks({ expansions, searches, open }: GrowthRequest, rules: SplitRules): Promise<FoundSplit[]> {
    const [owner, engine, before] = [this.#owner, this.#engine, this.#histograms];
    const moved =
      expansions.length > 0 ? this.plan(rounds("splitStep"), { expansions } as unknown as Plain) : this.#held;
    const counted = new TaskPlan({
      label: owner,
      partitions: moved.partitions,
      inputs: before ? [moved, before] : [moved],
      task: (index) => ({
        fn: searching("histogramStep"),
        args: { expansions, open } as unknown as Plain,
        inputs: [{ plan: moved, index }, ...(before ? [{ plan: before, index }] : [])],
      }),
    });
    const tasks = Math.min(searches.length, engine.parallelism);
    const search = new TaskPlan({
      label: owner,
      partitions: tasks,
      inputs: [counted],
      task: (k) => ({
        fn: searching("searchStep"),
        args: { searches: searches.filter((_, i) => i % tasks === k), rules } as unknown as Plain,
        inputs: Array.from({ length: counted.partitions }, (_, index) => ({ plan: counted, index })),
      }),
    });
    const { held, values } = await holdAndRead(
      moved === this.#held ? [counted] : [counted, moved],
      search,
      engine,
      this.#options,
    );
    before?.release();
    const [histograms, chunks] = held;
    this.#histograms = histograms;
    if (chunks) {
      this.#held.release();
      this.#held = chunks;
    }
    const found = values as unknown as Found[];
    return searches.map((_, i) => found[i % tasks]?.splits[Math.floor(i / tasks)] as FoundSplit);
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
  async advance<T>(plan: TaskPlan | HeldPlan, step: FnRef, args: Plain, combine: (a: T, b: T) => T): Promise<T> {
    const { held, total } = await holdAndReduce<T>(
      plan,
      this.#engine,
      { label: this.#owner, step, args, combine },
      this.#options,
    );
    if (plan !== this.#held) {
      this.#held.release();
      this.#held = held;
    }
    return required(this.#owner, total);
  }

  [Symbol.dispose](): void {
    this.#histograms?.release();
    this.#held.release();
  }
}

interface ScorePart {
  readonly scores: Float64Array;
}

function mergeScores(a: ScorePart, b: ScorePart): ScorePart {
  return { scores: addScores(a.scores, b.scores) };
}

async function hold(plan: Plan, engine: Engine, options: RunOptions): Promise<HeldPlan> {
  const [held] = await holdPlans([plan], engine, options);
  return held as HeldPlan;
}

function required<T>(owner: string, total: T | undefined): T {
  if (total === undefined) throw new DataError(`${owner}: X has no partitions. Check the files it comes from.`);
  return total;
}
