import { DataError, ParameterError, show } from "../base/errors.js";

/** Rows of both sides of a split. */
export interface SplitSizes {
  readonly train: number;
  readonly test: number;
}

const DEFAULT_TEST = 0.25;

/** What was asked for: a fraction in (0, 1), or a number of rows. */
export interface AskedSizes {
  readonly testSize?: number | undefined;
  readonly trainSize?: number | undefined;
}

/** @throws ParameterError for anything but a fraction in (0, 1) or a positive integer */
export function checkSizes(owner: string, asked: AskedSizes, blockwise: boolean): void {
  for (const name of ["testSize", "trainSize"] as const) {
    const value: unknown = asked[name];
    if (value === undefined) continue;
    const fraction = typeof value === "number" && value > 0 && value < 1;
    const count = typeof value === "number" && Number.isInteger(value) && value >= 1;
    if (blockwise && count) {
      throw new ParameterError(
        `${owner}: ${name} must be a fraction in (0, 1) with blockwise: true; got ${show(value)} rows. Leave blockwise out for exact numbers.`,
      );
    }
    if (!fraction && !count)
      throw new ParameterError(
        `${owner}: ${name} must be a fraction in (0, 1) or a number of rows >= 1; got ${show(value)}.`,
      );
  }
  const { testSize: test, trainSize: train } = asked;
  if (test !== undefined && train !== undefined && test < 1 && train < 1 && test + train > 1 + 1e-12) {
    throw new ParameterError(
      `${owner}: testSize + trainSize must be at most 1; got ${test} + ${train}. Lower one of them.`,
    );
  }
}

/** The shares for draws within partitions; train is null for all the rest. */
export function splitShares({ testSize, trainSize }: AskedSizes): { test: number; train: number | null } {
  if (testSize === undefined)
    return trainSize === undefined ? { test: DEFAULT_TEST, train: null } : { test: 1 - trainSize, train: null };
  const whole = trainSize === undefined || Math.abs(testSize + trainSize - 1) < 1e-12;
  return { test: testSize, train: whole ? null : trainSize };
}

/** Exact sizes for n rows: fractions are rounded to the nearest row, the side that is not given gets the rest. */
export function splitSizes(owner: string, n: number, asked: AskedSizes): SplitSizes {
  const rows = (size: number): number => (size < 1 ? Math.round(size * n) : size);
  const given = asked.trainSize === undefined ? undefined : rows(asked.trainSize);
  const test =
    asked.testSize === undefined ? (given === undefined ? rows(DEFAULT_TEST) : n - given) : rows(asked.testSize);
  let train = given ?? n - test;
  // Two fractions that sum to 1 can both round up.
  if (asked.testSize !== undefined && asked.testSize < 1 && asked.trainSize !== undefined && asked.trainSize < 1)
    train = Math.min(train, n - test);
  const text = `testSize ${show(asked.testSize ?? (asked.trainSize === undefined ? DEFAULT_TEST : "the rest"))} and trainSize ${show(asked.trainSize ?? "the rest")}`;
  if (test + train > n || test < 0 || train < 0) {
    throw new ParameterError(
      `${owner}: ${text} need ${Math.max(test, 0) + Math.max(train, 0)} rows, but there are ${n}. Lower them.`,
    );
  }
  if (test === 0 || train === 0) {
    throw new DataError(
      `${owner}: of ${n} rows, ${text} leave the ${test === 0 ? "test" : "train"} side without any. Pass more rows or other sizes.`,
    );
  }
  return { train, test };
}

/** Shares `total` among groups in proportion to their sizes: rounded down, what is left to the largest remainders. */
export function largestRemainder(groups: readonly number[], total: number): number[] {
  const rows = BigInt(groups.reduce((sum, size) => sum + size, 0));
  // Exact products, so that equal groups have equal remainders whatever their size.
  const products = groups.map((size) => BigInt(size) * BigInt(total));
  const shares = products.map((product) => Number(product / rows));
  const remainders = products.map((product) => product % rows);
  const order = groups.map((_, g) => g).sort((a, b) => Number((remainders[b] ?? 0n) - (remainders[a] ?? 0n)) || a - b);
  const left = total - shares.reduce((sum, share) => sum + share, 0);
  for (const g of order.slice(0, left)) shares[g] = (shares[g] ?? 0) + 1;
  return shares;
}
