import { boostLoss, type BoundedLossCode } from "../../src/kernels/kernels.js";
import { exactScale } from "../../src/numeric/trees/exact-scale.js";
import type { GrownTree } from "../../src/numeric/trees/tree-grower.js";
import type { RoundScales } from "./derived-chunk.js";

// Bits of an integer derivative; a histogram entry has room for 2^20 second derivatives of so many bits and their count.
const G_BITS = 30;
const H_BITS = 22;
const LOSS_BITS = 50;

/** Scales for the largest |g|, h and |loss|. */
export function scalesFor(rows: number, g: number, h: number, loss: number): RoundScales {
  return {
    g: exactScale(g, rows, G_BITS),
    h: exactScale(h, rows, H_BITS),
    loss: exactScale(loss, rows, LOSS_BITS),
  };
}

/** What {@link DerivativeBounds} has to know of the data. */
export interface BoundedRows {
  readonly rows: number;
  readonly maxW: number;
  readonly maxAbsY: number;
  readonly baseline: number;
}

/** Bounds of derivatives and losses at the next margins, known before the margins are: from the last ones and the tree. */
export class DerivativeBounds {
  readonly #loss: BoundedLossCode;
  readonly #rows: BoundedRows;
  /** Of |m|. */
  #margin: number;
  /** Of |m − y| (squared) or e^m (Poisson). */
  #most: number;

  /** @param known of the bounds to go on from */
  constructor(loss: BoundedLossCode, rows: BoundedRows, known?: Float64Array) {
    this.#loss = loss;
    this.#rows = rows;
    this.#margin = known?.[0] ?? Math.abs(rows.baseline);
    this.#most =
      known?.[1] ?? (loss === boostLoss.squared ? Math.abs(rows.baseline) + rows.maxAbsY : Math.exp(rows.baseline));
  }

  /** What it knows, to go on from later. */
  get known(): Float64Array {
    return Float64Array.of(this.#margin, this.#most);
  }

  /** Takes what the gradient kernel found. */
  measured(most: number): void {
    if (this.#loss === boostLoss.logistic) this.#margin = most;
    else this.#most = most;
  }

  /** The margins are about to move by a tree. */
  moved(tree: GrownTree): void {
    const step = tree.value.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.#margin += step;
    if (this.#loss === boostLoss.squared) this.#most += step;
    else this.#most *= Math.exp(step);
  }

  /** Scales for the next derivatives. */
  scales(): RoundScales {
    // A little room for the rounding of the margins themselves.
    const most = this.#most * 1.001;
    const margin = this.#margin * 1.001;
    const { rows, maxW: w, maxAbsY } = this.#rows;
    if (this.#loss === boostLoss.squared) return scalesFor(rows, w * most, w, w * 0.5 * most * most);
    if (this.#loss === boostLoss.logistic) return scalesFor(rows, w, w * 0.25, w * (margin + 1));
    return scalesFor(rows, w * (most + maxAbsY), w * most, w * (most + maxAbsY * margin));
  }
}
