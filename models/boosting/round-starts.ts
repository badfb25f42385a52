import { FitError } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import type { FnRef } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { BoundedLossCode } from "../../src/kernels/kernels.js";
import type { Expansion, GrownTree } from "../../src/numeric/trees/tree-grower.js";
import type { BoostData } from "./boost-data.js";
import type { RoundScales } from "./derived-chunk.js";
import { leafQuantiles } from "./leaf-quantiles.js";
import type { Objective } from "./objectives.js";
import { DerivativeBounds, scalesFor, type BoundedRows } from "./round-scales.js";
import type { FinishedTree } from "./round-tasks.js";
import type { RowSample } from "./row-sample.js";
import type { TeamArgs, TeamTree } from "./team-tasks.js";

const task = (name: string): FnRef => fnRef(new URL("./gradient-tasks.js", import.meta.url).href, name);

/** How a round begins. */
export interface StartedRound {
  readonly scales: RoundScales;
  /** Sums of the losses at the margins it starts from. */
  readonly loss: { readonly train: number; readonly held: number };
}

/** Rows that a round draws, and (GOSS) the share of rows of largest |g| that it takes anyway. */
export interface SampleRule {
  readonly seed: number;
  readonly round: number;
  readonly rate: number;
  readonly topRate?: number;
}

/** What a round begins with. */
export interface RoundOptions {
  /** The tree before. */
  readonly finished?: FinishedTree;
  /** See `DeriveArgs`. */
  readonly moves?: readonly FinishedTree[];
  /** See `IntegerRules`. */
  readonly packKeys?: readonly number[];
  /** Rows to grow the round's trees on; all unless given. */
  readonly sample?: SampleRule;
  /** Whether only the losses are asked for. */
  readonly last: boolean;
}

/** A tree that has begun, and what may come after it. */
export interface TreeOrder extends Omit<TeamArgs, "rounds"> {
  /** Rounds that may be gone through before the next {@link RoundStarter.begin}, this one among them; 0 when the tree does not end them. */
  readonly rounds: number;
  /** What the k-th round after this one begins with. */
  readonly next: (k: number) => Pick<RoundOptions, "packKeys" | "sample">;
}

/** A grown tree, and the splits that its rows have not followed yet. */
export interface GrownRows {
  readonly tree: GrownTree;
  readonly pending: readonly Expansion[];
}

/** Begins rounds: ends the tree before, and finds the derivatives at the new margins. */
export interface RoundStarter {
  begin(options: RoundOptions): Promise<StartedRound>;
  /** Grows the tree that has begun. */
  grow(order: TreeOrder): Promise<GrownRows>;
  /** The margins are about to move by a tree. */
  moved(tree: GrownTree): void;
  /** What a fit that goes on from here has to know besides the trees. */
  readonly known?: Float64Array;
}

/**
 * Rounds of a loss whose derivatives have bounds that are known beforehand: one pass finds their integers. A team may go
 * through several of them by itself; they are then told one by one.
 */
export class BoundedRounds implements RoundStarter {
  readonly #data: BoostData;
  readonly #loss: BoundedLossCode;
  readonly #rows: BoundedRows;
  readonly #bounds: DerivativeBounds;
  /** Trees that are grown and not told yet, and what began after the one that was told last. */
  #ahead: readonly TeamTree[] = [];
  #begun: TeamTree["begun"];
  #batch = 1;

  /** @param known of the fit that goes on */
  constructor(data: BoostData, loss: BoundedLossCode, rows: BoundedRows, known?: Float64Array) {
    this.#data = data;
    this.#loss = loss;
    this.#rows = rows;
    this.#bounds = new DerivativeBounds(loss, rows, known);
  }

  get known(): Float64Array {
    return this.#bounds.known;
  }

  moved(tree: GrownTree): void {
    this.#bounds.moved(tree);
  }

  async grow({ rounds, next, ...order }: TreeOrder): Promise<GrownRows> {
    this.#data.throwIfAborted();
    if (rounds === 0) return this.#data.grow(order);
    if (this.#ahead.length === 0) await this.#goAhead(Math.min(rounds, this.#batch), next, order);
    const [told, ...ahead] = this.#ahead;
    if (!told) return this.#data.growByRounds(order);
    this.#ahead = ahead;
    this.#begun = told.begun;
    return { tree: told.tree, pending: [] };
  }

  async #goAhead(count: number, next: TreeOrder["next"], order: Omit<TeamArgs, "rounds">): Promise<void> {
    const started = performance.now();
    const grown = await this.#data.growTogether({
      ...order,
      rounds: {
        loss: this.#loss,
        rows: this.#rows,
        known: this.#bounds.known,
        next: Array.from({ length: count }, (_, k) => next(k + 1)),
      },
    });
    if (!grown) return;
    const each = (performance.now() - started) / count;
    this.#batch = Math.max(1, Math.min(4 * count, Math.floor(grown.worthMs / each)));
    this.#ahead = grown.trees;
  }

  async begin({ finished, packKeys, sample }: RoundOptions): Promise<StartedRound> {
    const scales = this.#bounds.scales();
    if (this.#begun) {
      const { scores } = this.#begun;
      this.#begun = undefined;
      this.#bounds.measured(scores[0] ?? 0);
      return { scales, loss: sums(scores, scales) };
    }
    const rules = { scales, ...(packKeys ? { packKeys } : {}), ...(sample ? { sample } : {}) };
    const gradients = { kind: "bounded", loss: this.#loss, ...rules } as const;
    const scores = await this.#data.begin({ gradients, ...(finished ? { finished } : {}) });
    this.#bounds.measured(scores[0] ?? 0);
    return { scales, loss: sums(scores, scales) };
  }
}

/** Rounds of any objective: a pass finds derivatives in doubles and their bounds, the next makes them integers. */
export class DerivedRounds implements RoundStarter {
  readonly #owner: string;
  readonly #data: BoostData;
  readonly #objective: Objective;
  readonly #rows: number;
  #start: Float64Array | undefined;

  /** @param start added to all margins at first, one an output */
  constructor(owner: string, data: BoostData, objective: Objective, rows: number, start?: Float64Array) {
    this.#owner = owner;
    this.#data = data;
    this.#objective = objective;
    this.#rows = rows;
    this.#start = start;
  }

  moved(): void {}

  grow({ settings, scales, number }: TreeOrder): Promise<GrownRows> {
    return this.#data.grow({ settings, scales, number });
  }

  async begin({ finished, moves, packKeys, sample, last }: RoundOptions): Promise<StartedRound> {
    const data = this.#data;
    const args = {
      owner: this.#owner,
      objective: this.#objective,
      ...(finished ? { finished } : {}),
      ...(moves ? { moves } : {}),
      ...(this.#start ? { start: this.#start } : {}),
    };
    this.#start = undefined;
    const plan = data.plan(task("deriveStep"), args as unknown as Plain);
    const most = await data.advance<Float64Array>(plan, task("mostStep"), undefined, larger);
    const [g, h, loss] = most as unknown as [number, number, number];
    // A custom objective may have no loss.
    if (![g, h, this.#objective.kind === "custom" ? 0 : loss].every(Number.isFinite)) {
      throw new FitError(
        `${this.#owner}: the loss or its derivatives are not finite (largest |gradient| ${g}, hessian ${h}, loss ${loss}). Use a smaller learningRate, or check the scale of y.`,
      );
    }
    const drawn = sample?.topRate === undefined ? sample : await this.#certain(sample, sample.topRate);
    const factor = drawn && "certain" in drawn ? drawn.certain.factor : 1;
    const scales = scalesFor(this.#rows, g * factor, h * factor, loss);
    if (last) {
      const { scores } = await data.reduce<{ scores: Float64Array }>(
        task("lossStep"),
        { scale: scales.loss },
        addScores,
      );
      return { scales, loss: sums(scores, scales) };
    }
    const rules = { scales, ...(packKeys ? { packKeys } : {}), ...(drawn ? { sample: drawn } : {}) };
    const scores = await data.begin({ gradients: { kind: "derived", ...rules } });
    return { scales, loss: sums(scores, scales) };
  }

  /** Rows of large gradients are certain; those of small ones count for those that are not drawn (Ke et al., 2017). */
  async #certain(sample: SampleRule, topRate: number): Promise<RowSample & Required<Pick<RowSample, "certain">>> {
    const { seed, round, rate } = sample;
    const asked = { nodes: [0], output: 0, share: 1 - topRate, wScale: 1, gradients: true };
    const [threshold] = await leafQuantiles(this.#data, asked);
    return { seed, round, rate, certain: { threshold: threshold as number, factor: 1 / rate } };
  }
}

function sums(scores: Float64Array, scales: RoundScales): StartedRound["loss"] {
  return { train: (scores[1] ?? 0) / scales.loss, held: (scores[2] ?? 0) / scales.loss };
}

function larger(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => Math.max(value, b[i] as number));
}

function addScores(a: { scores: Float64Array }, b: { scores: Float64Array }): { scores: Float64Array } {
  return { scores: a.scores.map((value, i) => value + (b.scores[i] as number)) };
}
