import { Heap } from "../base/heap.js";
import { byScore } from "./trial-policy.js";

/** A trial with what it scored at a rung. */
export interface RungEntry {
  readonly trial: number;
  readonly score: number;
}

/**
 * The trials that have finished one rung of asynchronous halving, of which the first 1/η by score may go on. Adding and
 * promoting one costs O(log n): heaps hold the first 1/η with the worst on top, the others with the best on top, and those
 * that have not gone on with the best on top.
 */
export class AshaRung {
  readonly #eta: number;
  readonly #leaders = new Heap<RungEntry>((a, b) => byScore(b, a));
  readonly #others = new Heap<RungEntry>(byScore);
  readonly #waiting = new Heap<RungEntry>(byScore);

  constructor(eta: number) {
    this.#eta = eta;
  }

  /** Takes a trial; one without a score counts, but never goes on. */
  add(entry: RungEntry): void {
    if (!Number.isNaN(entry.score)) this.#waiting.add(entry);
    const leads = this.#leaders.first !== undefined && byScore(entry, this.#leaders.first) < 0;
    (leads ? this.#leaders : this.#others).add(entry);
    const most = Math.floor((this.#leaders.size + this.#others.size) / this.#eta);
    while (this.#leaders.size > most) this.#others.add(this.#leaders.take() as RungEntry);
    while (this.#leaders.size < most) this.#leaders.add(this.#others.take() as RungEntry);
  }

  /** The best trial that has not gone on, if it is among the first 1/η. */
  get promotable(): RungEntry | undefined {
    const best = this.#waiting.first;
    const last = this.#leaders.first;
    return best && last && byScore(best, last) <= 0 ? best : undefined;
  }

  /** Lets {@link promotable} go on. */
  promote(): RungEntry | undefined {
    return this.promotable && this.#waiting.take();
  }
}
