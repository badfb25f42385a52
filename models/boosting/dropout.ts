import { CounterRng, DEFAULT_SEED } from "../../src/base/rng.js";
import type { GrownTree } from "../../src/numeric/trees/tree-grower.js";
import type { BoostingParams } from "./boosting-params.js";
import type { FinishedTree } from "./round-tasks.js";
import { forRows, withValues } from "./tree-values.js";

/**
 * Dropout of trees (Vinayak and Gilad-Bachrach, "DART", 2015): a round is grown at the margins without k rounds before it, and
 * then its trees count 1 / (k + 1), and those k / (k + 1) of what they did.
 */
export class Dropout {
  readonly #params: BoostingParams;
  readonly #outputs: number;
  readonly #rng: CounterRng;
  #dropped: readonly number[] = [];
  #restored: readonly FinishedTree[] = [];

  constructor(params: BoostingParams, outputs: number) {
    this.#params = params;
    this.#outputs = outputs;
    this.#rng = new CounterRng(params.randomState ?? DEFAULT_SEED, "boosting dropout");
  }

  /** What gives all rows back the trees that the round before was grown without. */
  get restored(): readonly FinishedTree[] {
    return this.#restored;
  }

  /** What a new tree's values are multiplied by. */
  get share(): number {
    return 1 / (this.#dropped.length + 1);
  }

  /** Draws the rounds that a round is grown without; what takes their trees from all rows. */
  drop(round: number, trees: readonly GrownTree[]): readonly FinishedTree[] {
    const { dropRate, skipDrop, maxDrop } = this.#params;
    const rounds = trees.length / this.#outputs;
    const drawn =
      this.#rng.uniform(round, 0) < skipDrop
        ? []
        : Array.from({ length: rounds }, (_, k) => ({ k, draw: this.#rng.uniform(k, round + 1) }))
            .filter(({ draw }) => draw < dropRate)
            .toSorted((a, b) => a.draw - b.draw)
            .slice(0, maxDrop);
    this.#dropped = drawn.map(({ k }) => k).toSorted((a, b) => a - b);
    return this.#moves(trees, (value) => -value);
  }

  /** Scales the dropped trees in the list, where their round is complete; what that changes for rows that never lost them. */
  settle(trees: GrownTree[]): readonly FinishedTree[] {
    const kept = this.#dropped.length * this.share;
    const changes = this.#moves(trees, (value) => (kept - 1) * value);
    for (const round of this.#dropped) {
      for (let t = round * this.#outputs; t < (round + 1) * this.#outputs; t++) {
        const tree = trees[t] as GrownTree;
        trees[t] = withValues(
          tree,
          tree.leaves.map(({ value }) => kept * value),
        );
      }
    }
    this.#restored = this.#moves(trees, (value) => value);
    return changes;
  }

  #moves(trees: readonly GrownTree[], of: (value: number) => number): FinishedTree[] {
    return this.#dropped.flatMap((round) =>
      Array.from({ length: this.#outputs }, (_, output) => {
        const { nodes, sets, values } = forRows(trees[round * this.#outputs + output] as GrownTree);
        return { output, pending: [], leaves: [], nodes, sets, values: values.map(of), everywhere: true };
      }),
    );
  }
}
