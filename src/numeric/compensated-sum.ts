/**
 * A running sum with Neumaier's compensation ("Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen",
 * 1974): the error stays near one rounding of the result plus n · 2^-106 · Σ|x|, however many terms there are.
 */
export class CompensatedSum {
  #sum = 0;
  #low = 0;

  add(x: number): void {
    const total = this.#sum + x;
    this.#low += Math.abs(this.#sum) >= Math.abs(x) ? this.#sum - total + x : x - total + this.#sum;
    this.#sum = total;
  }

  /** The sum so far. */
  get value(): number {
    return this.#sum + this.#low;
  }
}

/** Sum of `values` with compensation. */
export function compensatedSum(values: ArrayLike<number>): number {
  const sum = new CompensatedSum();
  for (let i = 0; i < values.length; i++) sum.add(values[i] as number);
  return sum.value;
}
