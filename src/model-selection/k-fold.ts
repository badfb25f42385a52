import { ParamTable } from "../base/params.js";
import { CounterRng, DEFAULT_SEED } from "../base/rng.js";
import type { Split } from "./row-selection.js";
import { seedOf, Splitter, type SplitInput } from "./splitter.js";

/** Parameters of {@link KFold} and {@link StratifiedKFold}. */
export interface KFoldParams {
  nSplits: number;
  shuffle: boolean;
  randomState?: number | undefined;
}

/** Parameters of {@link RepeatedKFold} and {@link RepeatedStratifiedKFold}. */
export interface RepeatedKFoldParams {
  nSplits: number;
  nRepeats: number;
  randomState?: number | undefined;
}

/** The table of a splitter into folds. */
export function foldTable(owner: string): ParamTable<KFoldParams> {
  return new ParamTable<KFoldParams>(owner, (z) =>
    z.object({
      nSplits: z.int().min(2).default(5).describe("number of folds"),
      shuffle: z.boolean().default(false).describe("rows at random instead of in their order"),
      randomState: z.int().optional().describe("the seed, with shuffle"),
    }),
  );
}

/** The table of a splitter into folds, several times. */
export function repeatedTable(owner: string): ParamTable<RepeatedKFoldParams> {
  return new ParamTable<RepeatedKFoldParams>(owner, (z) =>
    z.object({
      nSplits: z.int().min(2).default(5).describe("number of folds"),
      nRepeats: z.int().min(1).default(10).describe("how often the rows are split anew"),
      randomState: z.int().optional().describe("the seed"),
    }),
  );
}

/** A splitter into folds that are drawn, or in the rows' order. */
export abstract class FoldSplitter extends Splitter<KFoldParams> {
  protected readonly seed: number;

  protected constructor(table: ParamTable<KFoldParams>, params: Partial<KFoldParams>) {
    super(table, params);
    this.seed = seedOf(this.owner, this.params.shuffle, this.params.randomState);
  }

  get nSplits(): number {
    return this.params.nSplits;
  }
}

/** A splitter into folds that are drawn several times: nSplits · nRepeats splits. */
export abstract class RepeatedFoldSplitter extends Splitter<RepeatedKFoldParams> {
  protected constructor(table: ParamTable<RepeatedKFoldParams>, params: Partial<RepeatedKFoldParams>) {
    super(table, params);
  }

  get nSplits(): number {
    return this.params.nSplits * this.params.nRepeats;
  }

  /** The splits of all repeats; `draw` gives a fold to every row. */
  protected repeated(input: SplitInput, purpose: string, draw: (rng: CounterRng) => Int32Array): Split[] {
    const { nSplits, nRepeats, randomState } = this.params;
    return Array.from({ length: nRepeats }, (_, repeat) => {
      const rng = new CounterRng(randomState ?? DEFAULT_SEED, `${purpose}/${repeat}`);
      return this.foldSplits(input, draw(rng), nSplits);
    }).flat();
  }
}

const TABLE = foldTable("KFold");
const REPEATED = repeatedTable("RepeatedKFold");

/**
 * k folds, each tested once and trained on k - 1 times. In the rows' order the folds are scikit-learn's: the first n
 * mod k
 * have one row more. With `shuffle` the same sizes are drawn, all choices equally likely, by a counter-based generator.
 *
 * @example
 * ```ts
 * for (const { train, test } of await new KFold({ nSplits: 5 }).split(X)) {
 *   const model = await new Ridge().fit(train.take(X), train.take(y));
 *   console.log(await model.score(test.take(X), test.take(y)));
 * }
 * ```
 */
export class KFold extends FoldSplitter {
  constructor(params: Partial<KFoldParams> = {}) {
    super(TABLE, params);
  }

  protected splits(input: SplitInput): Split[] {
    const { nSplits, shuffle } = this.params;
    this.requireRows(input.n, nSplits);
    if (shuffle)
      return this.foldSplits(input, drawFolds(new CounterRng(this.seed, "KFold/0"), input.n, nSplits), nSplits);
    const sizes = foldSizes(input.n, nSplits);
    let from = 0;
    const foldOf = new Int32Array(input.n);
    sizes.forEach((size, fold) => {
      foldOf.fill(fold, from, from + size);
      from += size;
    });
    return this.foldSplits(input, foldOf, nSplits);
  }
}

/** {@link KFold} with `shuffle`, `nRepeats` times: nSplits · nRepeats splits. The first repeat is KFold's own. */
export class RepeatedKFold extends RepeatedFoldSplitter {
  constructor(params: Partial<RepeatedKFoldParams> = {}) {
    super(REPEATED, params);
  }

  protected splits(input: SplitInput): Split[] {
    const { nSplits } = this.params;
    this.requireRows(input.n, nSplits);
    return this.repeated(input, "KFold", (rng) => drawFolds(rng, input.n, nSplits));
  }
}

/** n rows over k folds: the first n mod k have one more. */
export function foldSizes(n: number, k: number): number[] {
  return Array.from({ length: k }, (_, fold) => Math.floor(n / k) + (fold < n % k ? 1 : 0));
}

function drawFolds(rng: CounterRng, n: number, k: number): Int32Array {
  return drawWithin(rng, n, undefined, [foldSizes(n, k)]);
}

/** A fold for every row: `left[g][fold]` rows of group g go to each fold, all such choices equally likely. */
export function drawWithin(
  rng: CounterRng,
  n: number,
  groupOf: ArrayLike<number> | undefined,
  left: readonly number[][],
): Int32Array {
  const totals = left.map((sizes) => sizes.reduce((sum, size) => sum + size, 0));
  const foldOf = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const g = groupOf?.[i] ?? 0;
    const sizes = left[g] as number[];
    let u = rng.integer(i, totals[g] as number);
    let fold = 0;
    while (u >= (sizes[fold] as number)) u -= sizes[fold++] as number;
    foldOf[i] = fold;
    sizes[fold] = (sizes[fold] as number) - 1;
    totals[g] = (totals[g] as number) - 1;
  }
  return foldOf;
}
