import { DataError } from "../../src/base/errors.js";
import type { PlainRecord } from "../../src/base/plain.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { Estimator, type FittedInput } from "../../src/estimator/estimator.js";
import { packTrees, type PackedTrees } from "../../src/numeric/trees/packed-trees.js";
import { addRow } from "../../src/numeric/trees/row-walk.js";
import { assertSoundTrees, columnImportances, type TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";
import type { TreesArgs } from "./tree-tasks.js";

/** Fitted state of models that are sums of trees. */
export interface TreeState extends FittedInput {
  readonly trees: TreeEnsemble;
  /** Where every row starts, one a output of the trees. */
  readonly baselines: Float64Array;
}

/** Margins of one row, and the trees that are in them. */
export interface PartialMargins {
  readonly margins: Float64Array;
  readonly trees: number;
}

/** What models of summed trees have in common: what they tell about their trees, and the arguments of predictions. */
export abstract class TreeModel<P extends object, S extends TreeState> extends Estimator<P, S> {
  #packed: { readonly of: TreeEnsemble; readonly trees: PackedTrees } | undefined;

  /** The margin that every row starts at (of the first output, where there are several). */
  get baseline(): number {
    return this.state.baselines[0] as number;
  }

  /** The margin that every row starts at, one a output of the trees. */
  get baselines(): Float64Array {
    return this.state.baselines;
  }

  /** The trees as flat arrays: for inspection, not to be changed. */
  get trees(): TreeEnsemble {
    return this.state.trees;
  }

  /** Weight of each column in the trees, `(nFeatures)`: the sum of its splits' gains, or their number. Not normalised. */
  featureImportances(kind: "gain" | "split" = "gain"): Float64Array {
    return columnImportances(this.state.trees, this.state.nFeatures, kind);
  }

  /**
   * The margins of one row, one an output, without any engine: for servers. A row costs a few microseconds a hundred trees.
   *
   * @param row values in the order of the columns; NaN are missing
   * @throws DataError for a row of another length
   */
  marginsOfRow(row: ArrayLike<number>): Float64Array {
    const out = this.#start(row);
    addRow(this.state.trees, row, out);
    return out;
  }

  /**
   * The margins of one row by as many trees as there is time for, in their order, and how many those are: whole rounds of
   * all outputs, at least one.
   *
   * @param deadlineMs milliseconds from now
   * @throws DataError for a row of another length
   */
  marginsOfRowWithin(row: ArrayLike<number>, deadlineMs: number): PartialMargins {
    const end = performance.now() + deadlineMs;
    const margins = this.#start(row);
    const { trees } = this.state;
    const total = trees.offsets.length - 1;
    // The clock costs as much as some trees do.
    const step = (trees.outputs ?? 1) * 16;
    let done = 0;
    do {
      const next = Math.min(total, done + step);
      addRow(trees, row, margins, done, next);
      done = next;
    } while (done < total && performance.now() < end);
    return { margins, trees: done };
  }

  #start(row: ArrayLike<number>): Float64Array {
    const { nFeatures, baselines } = this.state;
    if (row.length !== nFeatures)
      throw new DataError(`${this.kind}: the row has ${row.length} values, and the model ${nFeatures} columns.`);
    return baselines.slice();
  }

  /** Arguments of the prediction tasks for these rows. @throws DataError for sparse X */
  protected treeArgs(owner: string, x: DistributedArray): TreesArgs {
    if (x.layout === "csr")
      throw new DataError(
        `${owner}: X is sparse, but its trees take columns of values. Pass a dense array or a frame.`,
      );
    const { trees, baselines, featureNames } = this.state;
    if (this.#packed?.of !== trees) this.#packed = { of: trees, trees: packTrees(trees) };
    return { owner, names: featureNames ?? x.names, baselines, ...this.#packed.trees };
  }

  protected override decodeFitted(plain: PlainRecord): S {
    const { baseline, ...rest } = plain;
    // Files of the first version have one number in the place of the list.
    const state = (baseline === undefined
      ? plain
      : { ...rest, baselines: Float64Array.of(Number(baseline)) }) as unknown as S;
    const { baselines, trees } = state;
    if (
      typeof trees !== "object" ||
      trees === null ||
      !(baselines instanceof Float64Array && baselines.length === (trees.outputs ?? 1)) ||
      !baselines.every(Number.isFinite) ||
      !(state.nFeatures >= 1)
    ) {
      throw new DataError(`${this.kind}: the JSON has no trees. Load a file that toJSON() wrote.`);
    }
    assertSoundTrees(this.kind, trees, state.nFeatures);
    return state;
  }
}
