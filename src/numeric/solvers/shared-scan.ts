import type { Evaluation, Objective } from "./objective.js";

interface Waiting {
  readonly x: Float64Array;
  readonly resolve: (evaluation: Evaluation) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One scan of the data for several solvers: their evaluations wait for each other and are answered by one pass. Solvers run
 * side by side, see ordinary objectives, and tell when they are done.
 *
 * @example
 * ```ts
 * const scan = new SharedScan(2, evaluateAll);
 * await Promise.all([0, 1].map((i) => lbfgs(scan.objective(i), start, options).finally(() => scan.finish(i))));
 * ```
 */
export class SharedScan {
  readonly #evaluateAll: (points: readonly (Float64Array | null)[]) => Promise<readonly (Evaluation | null)[]>;
  readonly #waiting: (Waiting | null)[];
  readonly #running: boolean[];
  /** Passes so far. */
  passes = 0;

  /** @param evaluateAll evaluations at the points, one a solver, null for solvers that do not ask; one pass */
  constructor(
    solvers: number,
    evaluateAll: (points: readonly (Float64Array | null)[]) => Promise<readonly (Evaluation | null)[]>,
  ) {
    this.#evaluateAll = evaluateAll;
    this.#waiting = Array.from({ length: solvers }, () => null);
    this.#running = Array.from({ length: solvers }, () => true);
  }

  /** What solver `index` minimises. */
  objective(index: number): Objective {
    return {
      evaluate: (x) =>
        new Promise((resolve, reject) => {
          this.#waiting[index] = { x, resolve, reject };
          this.#scanWhenAllWait();
        }),
    };
  }

  /** Solver `index` asks no more: the others do not wait for it. */
  finish(index: number): void {
    this.#running[index] = false;
    this.#scanWhenAllWait();
  }

  #scanWhenAllWait(): void {
    const asking = this.#waiting.some((one) => one !== null);
    if (!asking || this.#running.some((running, k) => running && this.#waiting[k] === null)) return;
    const batch = this.#waiting.slice();
    this.#waiting.fill(null);
    this.passes += 1;
    void this.#answer(batch);
  }

  async #answer(batch: readonly (Waiting | null)[]): Promise<void> {
    try {
      const found = await this.#evaluateAll(batch.map((one) => one?.x ?? null));
      batch.forEach((one, k) => one?.resolve(found[k] as Evaluation));
    } catch (error) {
      for (const one of batch) one?.reject(error);
    }
  }
}
