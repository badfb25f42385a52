import { DataError, ParameterError, show } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import type { RowChoice } from "../collections/row-choice.js";
import { ascending } from "./group-splitters.js";
import type { Split } from "./row-selection.js";
import { Splitter, type SplitInput } from "./splitter.js";
import type { Splittable } from "./splittable.js";
import { stratumCodes } from "./stratum-codes.js";

/** Parameters of {@link TimeSeriesSplit}. */
export interface TimeSeriesSplitParams {
  nSplits: number;
  maxTrainSize?: number | undefined;
  testSize?: number | undefined;
  gap: number;
}

/** Parameters of {@link PredefinedSplit}. */
export interface PredefinedSplitParams {
  testFold: Splittable;
}

const SERIES_TABLE = new ParamTable<TimeSeriesSplitParams>("TimeSeriesSplit", (z) =>
  z.object({
    nSplits: z.int().min(1).default(5).describe("number of splits"),
    maxTrainSize: z.int().min(1).optional().describe("most rows that are trained on, the latest; all unless given"),
    testSize: z.int().min(1).optional().describe("rows that are tested; rows / (nSplits + 1) unless given"),
    gap: z.int().min(0).default(0).describe("rows left out between train and test"),
  }),
);

const PREDEFINED_TABLE = new ParamTable<PredefinedSplitParams>("PredefinedSplit", (z) =>
  z.object({
    testFold: z
      .custom((value) => typeof value === "object" && value !== null, "must be one fold a row")
      .describe("the split in which each row is tested; -1 for never"),
  }),
);

/**
 * Splits of rows in order of time: each test is the block after what is trained on, and later tests train on all before
 * them (or the last `maxTrainSize` rows). Ranges of rows, as scikit-learn's; nothing is read.
 */
export class TimeSeriesSplit extends Splitter<TimeSeriesSplitParams> {
  constructor(params: Partial<TimeSeriesSplitParams> = {}) {
    super(SERIES_TABLE, params);
  }

  get nSplits(): number {
    return this.params.nSplits;
  }

  protected splits(input: SplitInput): Split[] {
    const { nSplits, maxTrainSize, gap } = this.params;
    const { n } = input;
    this.requireRows(n, nSplits + 1);
    const testSize = this.params.testSize ?? Math.floor(n / (nSplits + 1));
    if (n - gap - testSize * nSplits <= 0) {
      throw new DataError(
        `${this.owner}: ${nSplits} tests of ${testSize} rows and a gap of ${gap} leave nothing of ${n} rows to train on. Lower nSplits, testSize or gap.`,
      );
    }
    const range =
      (from: number, to: number): (() => RowChoice) =>
      () => ({ kind: "range", from, to });
    return Array.from({ length: nSplits }, (_, k) => {
      const start = n - (nSplits - k) * testSize;
      const end = start - gap;
      const from = maxTrainSize === undefined ? 0 : Math.max(0, end - maxTrainSize);
      return {
        train: this.side(input, end - from, range(from, end)),
        test: this.side(input, testSize, range(start, start + testSize)),
      };
    });
  }
}

/**
 * Splits that are given: `testFold` has, for each row, the number of the split in which it is tested, or -1 where it is
 * always trained on. One split a number, in ascending order. One pass over a distributed `testFold`.
 */
export class PredefinedSplit extends Splitter<PredefinedSplitParams> {
  constructor(params: PredefinedSplitParams) {
    super(PREDEFINED_TABLE, params);
  }

  get nSplits(): undefined {
    return undefined;
  }

  protected async splits(input: SplitInput): Promise<Split[]> {
    const folds = await stratumCodes(this.owner, "testFold", this.params.testFold, input.options);
    if (folds.codes.length !== input.n) {
      throw new DataError(
        `${this.owner}: testFold has ${folds.codes.length} rows, but X has ${input.n}. Name a fold for each row.`,
      );
    }
    const odd = folds.labels.find((label) => !Number.isInteger(label) || (label as number) < -1);
    if (odd !== undefined)
      throw new ParameterError(`${this.owner}: testFold must hold integers >= -1; got ${show(odd)}.`);
    const tested = ascending(folds).filter((code) => folds.labels[code] !== -1);
    if (tested.length === 0)
      throw new DataError(`${this.owner}: testFold has -1 only, so nothing is tested. Number the rows to test.`);
    const place = folds.labels.map((_, code) => tested.indexOf(code));
    return this.foldSplits(
      input,
      Int32Array.from(folds.codes, (code) => place[code] as number),
      tested.length,
    );
  }
}
