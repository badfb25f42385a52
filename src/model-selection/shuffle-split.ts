import { ParamTable } from "../base/params.js";
import { CounterRng, DEFAULT_SEED } from "../base/rng.js";
import { RowSet } from "../collections/row-set.js";
import { stratifiedSets } from "./aligned-rows.js";
import type { Split } from "./row-selection.js";
import { checkSizes, splitSizes, type SplitSizes } from "./split-sizes.js";
import { Splitter, type SplitInput } from "./splitter.js";

/** Parameters of {@link ShuffleSplit} and {@link StratifiedShuffleSplit}. */
export interface ShuffleSplitParams {
  nSplits: number;
  testSize?: number | undefined;
  trainSize?: number | undefined;
  randomState?: number | undefined;
}

const table = (owner: string): ParamTable<ShuffleSplitParams> =>
  new ParamTable<ShuffleSplitParams>(owner, (z) =>
    z.object({
      nSplits: z.int().min(1).default(10).describe("number of splits"),
      testSize: z
        .number()
        .positive()
        .optional()
        .describe("share in (0, 1) or number of rows that are tested; 0.1 unless trainSize is given"),
      trainSize: z
        .number()
        .positive()
        .optional()
        .describe("share in (0, 1) or number of rows that are trained on; the rest unless given"),
      randomState: z.int().optional().describe("the seed"),
    }),
  );
const TABLE = table("ShuffleSplit");
const STRATIFIED = table("StratifiedShuffleSplit");

/**
 * Independent draws of test and train rows, all choices equally likely, by a counter-based generator from the seed
 * and the
 * global row. Sizes as in `trainTestSplit`: fractions are rounded to the nearest row.
 */
export class ShuffleSplit extends Splitter<ShuffleSplitParams> {
  constructor(params: Partial<ShuffleSplitParams> = {}) {
    super(TABLE, params);
    checkSizes(this.owner, this.params, false);
  }

  get nSplits(): number {
    return this.params.nSplits;
  }

  protected splits(input: SplitInput): Split[] {
    const sizes = sizesOf(this.owner, this.params, input.n);
    return drawn(this.params, this.owner, (rng) => RowSet.draw(rng, input.n, sizes.train, sizes.test)).map((sets) => ({
      train: this.side(input, sizes.train, () => ({ kind: "set", set: sets().train })),
      test: this.side(input, sizes.test, () => ({ kind: "set", set: sets().test })),
    }));
  }
}

/** {@link ShuffleSplit} with each label of y in proportion on both sides, exactly. One pass over y. */
export class StratifiedShuffleSplit extends Splitter<ShuffleSplitParams> {
  constructor(params: Partial<ShuffleSplitParams> = {}) {
    super(STRATIFIED, params);
    checkSizes(this.owner, this.params, false);
  }

  get nSplits(): number {
    return this.params.nSplits;
  }

  protected async splits(input: SplitInput): Promise<Split[]> {
    const sizes = sizesOf(this.owner, this.params, input.n);
    const strata = await this.codesOf("y", input);
    const draws = drawn(this.params, this.owner, (rng) => stratifiedSets(this.owner, "y", rng, input.n, sizes, strata));
    // Labels that cannot be stratified are refused at once, not at the first use.
    draws[0]?.();
    return draws.map((sets) => ({
      train: this.side(input, sizes.train, () => ({ kind: "set", set: sets().train })),
      test: this.side(input, sizes.test, () => ({ kind: "set", set: sets().test })),
    }));
  }
}

function sizesOf(owner: string, params: Readonly<ShuffleSplitParams>, n: number): SplitSizes {
  const { testSize, trainSize } = params;
  return splitSizes(
    owner,
    n,
    testSize === undefined && trainSize === undefined ? { testSize: 0.1 } : { testSize, trainSize },
  );
}

interface Sets {
  readonly train: RowSet;
  readonly test: RowSet;
}

function drawn(params: Readonly<ShuffleSplitParams>, owner: string, draw: (rng: CounterRng) => Sets): (() => Sets)[] {
  return Array.from({ length: params.nSplits }, (_, k) => {
    let sets: Sets | undefined;
    return () => (sets ??= draw(new CounterRng(params.randomState ?? DEFAULT_SEED, `${owner}/${k}`)));
  });
}
