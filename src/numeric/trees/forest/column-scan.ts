import { HISTOGRAM_BINS, MISSING_BIN } from "../../../kernels/kernels.js";
import { impurityScore, type Impurity } from "./impurity.js";

/** Rows that one tree is grown on, with weights and targets as integers, so that their sums have the same bits in any order. */
export interface TreeRows {
  /** Bins column by column, `rows` bytes each. */
  readonly columns: Uint8Array;
  readonly rows: number;
  readonly width: number;
  /** Weight of each row. */
  readonly weight: Float64Array;
  /** Class of each row; or its target times its weight. */
  readonly target: Float64Array;
  /** Target of each row of a regression. */
  readonly y: Float64Array;
  /** Classes; 0 for a regression. */
  readonly classes: number;
}

/** A candidate for the split of a node. */
export interface Candidate {
  /** Sum of both children's scores. */
  readonly score: number;
  readonly feature: number;
  /** The last bin of the node that goes left, and the first one that does not; 255 when only missing values do not. */
  readonly bin: number;
  readonly next: number;
  readonly missingLeft: boolean;
}

/** Sums of the rows of a node in the bins of one column at a time, and the best cut between them. */
export class ColumnScan {
  readonly #rows: TreeRows;
  readonly #impurity: Impurity;
  readonly #minSamplesLeaf: number;
  readonly #size: number;
  readonly #sums: Float64Array;
  readonly #counts = new Int32Array(HISTOGRAM_BINS);
  /** Bins that hold rows, ascending, missing values left out. */
  readonly #used = new Uint8Array(HISTOGRAM_BINS);
  #usedCount = 0;
  readonly #left: Float64Array;
  readonly #right: Float64Array;

  constructor(rows: TreeRows, impurity: Impurity, minSamplesLeaf: number) {
    this.#rows = rows;
    this.#impurity = impurity;
    this.#minSamplesLeaf = minSamplesLeaf;
    this.#size = rows.classes > 0 ? rows.classes : 2;
    this.#sums = new Float64Array(HISTOGRAM_BINS * this.#size);
    this.#left = new Float64Array(this.#size);
    this.#right = new Float64Array(this.#size);
  }

  /** Sums of some rows: the weight of each class, or Σw and Σwy. */
  nodeSums(list: Int32Array, from: number, to: number): Float64Array {
    const { weight, target, classes } = this.#rows;
    const out = new Float64Array(this.#size);
    for (let i = from; i < to; i++) {
      const row = list[i] as number;
      if (classes > 0) out[target[row] as number] = (out[target[row] as number] as number) + (weight[row] as number);
      else {
        out[0] = (out[0] as number) + (weight[row] as number);
        out[1] = (out[1] as number) + (target[row] as number);
      }
    }
    return out;
  }

  /** Puts some rows into the bins of a column. Undefined when the column is constant there. */
  fill(
    list: Int32Array,
    from: number,
    to: number,
    feature: number,
  ): { readonly low: number; readonly high: number } | undefined {
    const { columns, rows, weight, target, classes } = this.#rows;
    const [size, sums, counts, used] = [this.#size, this.#sums, this.#counts, this.#used];
    const column = columns.subarray(feature * rows, (feature + 1) * rows);
    let found = 0;
    for (let i = from; i < to; i++) {
      const row = list[i] as number;
      const bin = column[row] as number;
      const before = counts[bin] as number;
      if (before === 0) used[found++] = bin;
      counts[bin] = before + 1;
      const at = bin * size;
      if (classes > 0) {
        const own = at + (target[row] as number);
        sums[own] = (sums[own] as number) + (weight[row] as number);
      } else {
        sums[at] = (sums[at] as number) + (weight[row] as number);
        sums[at + 1] = (sums[at + 1] as number) + (target[row] as number);
      }
    }
    used.subarray(0, found).sort();
    const missing = (counts[MISSING_BIN] as number) > 0;
    this.#usedCount = missing ? found - 1 : found;
    if (found < 2) {
      this.clear();
      return undefined;
    }
    return { low: used[0] as number, high: used[this.#usedCount - 1] as number };
  }

  /** Empties the bins again. */
  clear(): void {
    const counts = this.#counts;
    const drop = (bin: number): void => {
      counts[bin] = 0;
      this.#sums.fill(0, bin * this.#size, (bin + 1) * this.#size);
    };
    for (let u = 0; u < this.#usedCount; u++) drop(this.#used[u] as number);
    drop(MISSING_BIN);
  }

  /** The best cut of the column whose bins are filled, of a better score than `floor`. */
  best(feature: number, total: Float64Array, count: number, floor: number): Candidate | undefined {
    const [counts, used, end] = [this.#counts, this.#used, this.#usedCount];
    const missing = counts[MISSING_BIN] as number;
    let most = floor;
    let found: Candidate | undefined;
    for (let direction = 0; direction < (missing > 0 ? 2 : 1); direction++) {
      const missingLeft = direction === 1;
      let inside = this.#start(missingLeft);
      // With missing values on the right, all others on the left is a split, too.
      const last = missing > 0 && !missingLeft ? end : end - 1;
      for (let u = 0; u < last; u++) {
        const bin = used[u] as number;
        this.#add(bin);
        inside += counts[bin] as number;
        if (inside < this.#minSamplesLeaf) continue;
        if (count - inside < this.#minSamplesLeaf) break;
        const score = this.#score(total);
        if (score <= most) continue;
        most = score;
        const next = u + 1 < end ? (used[u + 1] as number) : MISSING_BIN;
        found = { score, feature, bin, next, missingLeft: missing > 0 ? missingLeft : 2 * inside > count };
      }
    }
    return found;
  }

  /** The cut after a given bin; undefined when a child has too few rows. */
  at(feature: number, bin: number, missingLeft: boolean, total: Float64Array, count: number): Candidate | undefined {
    let inside = this.#start(missingLeft);
    for (let u = 0; u < this.#usedCount && (this.#used[u] as number) <= bin; u++) {
      this.#add(this.#used[u] as number);
      inside += this.#counts[this.#used[u] as number] as number;
    }
    if (Math.min(inside, count - inside) < this.#minSamplesLeaf) return undefined;
    const missing = (this.#counts[MISSING_BIN] as number) > 0;
    const score = this.#score(total);
    if (score === -Infinity) return undefined;
    return { score, feature, bin, next: bin + 1, missingLeft: missing ? missingLeft : 2 * inside > count };
  }

  #start(missingLeft: boolean): number {
    this.#left.fill(0);
    if (!missingLeft) return 0;
    this.#add(MISSING_BIN);
    return this.#counts[MISSING_BIN] as number;
  }

  #add(bin: number): void {
    const at = bin * this.#size;
    const left = this.#left;
    for (let k = 0; k < left.length; k++) left[k] = (left[k] as number) + (this.#sums[at + k] as number);
  }

  #score(total: Float64Array): number {
    const [left, right] = [this.#left, this.#right];
    for (let k = 0; k < left.length; k++) right[k] = (total[k] as number) - (left[k] as number);
    return impurityScore(this.#impurity, left) + impurityScore(this.#impurity, right);
  }
}
