/** How splines go on beyond the outer knots. */
export type Extrapolation = "error" | "constant" | "linear" | "continue" | "periodic";

/** A basis of B-splines over one column. */
export interface SplineBasis {
  readonly degree: number;
  readonly extrapolation: Extrapolation;
  /** All knots, `degree` added on either side of the given ones. */
  readonly knots: Float64Array;
  /** Number of basis functions: knots given + degree − 1, for periodic ones knots given − 1. */
  readonly splines: number;
}

/** The basis over given knots, ascending; those added continue the outer distances (Eilers and Marx 1996). */
export function splineBasis(given: Float64Array, degree: number, extrapolation: Extrapolation): SplineBasis {
  const n = given.length;
  const at = (i: number): number => given[i] as number;
  let [before, after]: [number[], number[]] = [[], []];
  if (extrapolation === "periodic") {
    const period = at(n - 1) - at(0);
    before = Array.from(given.subarray(n - 1 - degree, n - 1), (knot) => knot - period);
    after = Array.from(given.subarray(1, 1 + degree), (knot) => knot + period);
  } else {
    const [first, last] = [at(1) - at(0), at(n - 1) - at(n - 2)];
    before = spaced(at(0) - degree * first, at(0) - first, degree);
    after = spaced(at(n - 1) + last, at(n - 1) + degree * last, degree);
  }
  const splines = extrapolation === "periodic" ? n - 1 : n + degree - 1;
  return { degree, extrapolation, knots: Float64Array.from([...before, ...given, ...after]), splines };
}

/** `count` numbers at equal distances, both ends among them: numpy's `linspace`. */
export function spaced(from: number, to: number, count: number): number[] {
  const step = count > 1 ? (to - from) / (count - 1) : 0;
  return Array.from({ length: count }, (_, i) => (i > 0 && i === count - 1 ? to : i * step + from));
}

/** Evaluates a basis value by value; holds scratch, so that no value allocates. */
export class SplineEvaluator {
  /** Value of each basis function at the last point. */
  readonly row: Float64Array;
  /** The outer given knots. */
  readonly low: number;
  readonly high: number;
  readonly #basis: SplineBasis;
  readonly #h: Float64Array;
  readonly #last: Float64Array;
  readonly #ends: Readonly<Record<"low" | "high", { value: Float64Array; slope: Float64Array }>>;

  constructor(basis: SplineBasis) {
    const { degree, knots, splines } = basis;
    this.#basis = basis;
    this.row = new Float64Array(splines);
    this.#h = new Float64Array(degree + 1);
    this.#last = new Float64Array(degree + 1);
    this.low = knots[degree] as number;
    this.high = knots[knots.length - degree - 1] as number;
    const end = (x: number): { value: Float64Array; slope: Float64Array } => ({
      value: this.#polynomial(x, 0).slice(),
      slope: degree > 0 ? this.#polynomial(x, 1).slice() : new Float64Array(splines),
    });
    this.#ends = { low: end(this.low), high: end(this.high) };
  }

  /** Fills {@link row}; false where x is beyond the outer knots and that is an error. */
  at(x: number): boolean {
    const { extrapolation } = this.#basis;
    const { low, high } = this;
    if (extrapolation === "periodic") {
      const period = high - low;
      const rest = (x - low) % period;
      this.#polynomial(low + (rest < 0 ? rest + period : rest), 0);
      return true;
    }
    if (extrapolation === "continue" || (x >= low && x <= high)) {
      this.#polynomial(x, 0);
      return true;
    }
    if (extrapolation === "error") return false;
    this.#beyond(x < low ? "low" : "high", x - (x < low ? low : high));
    return true;
  }

  /** Values of the basis functions at an outer knot and their slopes, of those that reach beyond it. */
  beyond(side: "low" | "high"): { readonly value: Float64Array; readonly slope: Float64Array } {
    this.#beyond(side, 0);
    const value = this.row.slice();
    const linear = this.#basis.extrapolation === "linear";
    const slope = value.map((_, k) => (linear && this.#reaches(side, k) ? (this.#ends[side].slope[k] as number) : 0));
    return { value, slope };
  }

  // Only the splines that reach over the end are not zero there.
  #beyond(side: "low" | "high", distance: number): void {
    const { extrapolation, splines } = this.#basis;
    const { value, slope } = this.#ends[side];
    const { row } = this;
    row.fill(0);
    const linear = extrapolation === "linear";
    for (let k = 0; k < splines; k++) {
      if (!this.#reaches(side, k)) continue;
      row[k] = (value[k] as number) + (linear ? distance * (slope[k] as number) : 0);
    }
  }

  #reaches(side: "low" | "high", k: number): boolean {
    const { degree, extrapolation, splines } = this.#basis;
    const count = extrapolation === "linear" && degree === 1 ? 2 : Math.max(1, degree);
    return side === "low" ? k < count : k >= splines - count;
  }

  /** Values or first derivatives by the recursion of de Boor, with the polynomial of the nearest interval beyond the ends. */
  #polynomial(x: number, derivative: 0 | 1): Float64Array {
    const { degree, knots, splines } = this.#basis;
    const h = this.#h;
    const last = this.#last;
    const interval = this.#interval(x);
    h[0] = 1;
    for (let j = 1; j <= degree; j++) {
      for (let n = 0; n < j; n++) last[n] = h[n] as number;
      h[0] = 0;
      for (let n = 1; n <= j; n++) {
        const above = knots[interval + n] as number;
        const below = knots[interval + n - j] as number;
        if (above === below) {
          h[n] = 0;
          continue;
        }
        const w = (last[n - 1] as number) / (above - below);
        if (j > degree - derivative) {
          h[n - 1] = (h[n - 1] as number) - j * w;
          h[n] = j * w;
        } else {
          h[n - 1] = (h[n - 1] as number) + w * (above - x);
          h[n] = w * (x - below);
        }
      }
    }
    const { row } = this;
    row.fill(0);
    for (let a = 0; a <= degree; a++) {
      // Periodic splines wrap: the last ones are the first ones again.
      const k = (interval - degree + a) % splines;
      row[k] = (row[k] as number) + (h[a] as number);
    }
    return row;
  }

  // The last interval between given knots that begins at x or below; the outer ones go on beyond their ends.
  #interval(x: number): number {
    const { degree, knots } = this.#basis;
    let from = degree;
    let to = knots.length - degree - 1;
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if ((knots[middle] as number) <= x) from = middle;
      else to = middle;
    }
    return from;
  }
}
