import { DataError } from "../../src/base/errors.js";
import type { LocalTable, TableInput } from "../../src/estimator/table.js";
import type { Plain, PlainRecord } from "../../src/base/plain.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyToRows } from "../../src/estimator/apply.js";
import { Estimator, type FittedInput } from "../../src/estimator/estimator.js";
import type { DistributedInput, MatrixInput } from "../../src/estimator/inputs.js";
import { dumpText, type TreeWords } from "../../src/numeric/trees/dump-text.js";
import { areFew, packTrees, unpackedTrees, type PackedTrees } from "../../src/numeric/trees/packed-trees.js";
import { addRow } from "../../src/numeric/trees/row-walk.js";
import {
  expectedOutputs,
  leafPaths,
  packPaths,
  type LeafPath,
  type NodeWeight,
  type ShapPaths,
} from "../../src/numeric/trees/shap-paths.js";
import { assertSoundTrees, columnImportances, type TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";
import type { TreesArgs } from "./tree-tasks.js";

const TASKS = new URL("./explain-tasks.js", import.meta.url).href;

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
  #paths: { readonly of: TreeEnsemble; readonly paths: ShapPaths; readonly expected: Float64Array } | undefined;
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

  /**
   * What each column contributes to the margin of each row: SHAP values along the paths of the trees (Lundberg et al., 2018),
   * `(nRows, nFeatures + 1)`, or `(nRows, outputs, nFeatures + 1)` where there are several outputs. The last column is the
   * mean margin of the training rows, and a row sums to its margin. Lazy for distributed X.
   *
   * Expectations weigh children by their second derivatives, as XGBoost does (models of LightGBM's by their rows, as it does).
   * Cost: about (leaves) x (columns of a path)² a tree and row.
   */
  shapValues(X: DistributedInput): DistributedArray;
  shapValues(X: LocalTable): Promise<LocalMatrix>;
  shapValues(X: TableInput): DistributedArray | Promise<LocalMatrix>;
  shapValues(X: TableInput): DistributedArray | Promise<LocalMatrix> {
    const { nFeatures, trees } = this.state;
    const owner = `${this.kind}.shapValues`;
    if (this.#paths?.of !== trees) {
      const paths = leafPaths(trees, this.nodeWeight);
      this.#paths = { of: trees, paths: packPaths(paths), expected: this.#expected(paths) };
    }
    const { paths, expected } = this.#paths;
    return this.#explained(owner, X, "contributionsStep", { paths, expected }, this.#inner([nFeatures + 1]));
  }

  /**
   * What pairs of columns contribute together to the margin of each row: SHAP interaction values, `(nRows, nFeatures + 1,
   * nFeatures + 1)`, after the outputs where there are several. A row of the square sums to the column's SHAP value; the last
   * element is the mean margin. Lazy for distributed X. Cost: about the columns of a path times that of {@link shapValues}.
   */
  shapInteractions(X: DistributedInput): DistributedArray;
  shapInteractions(X: LocalTable): Promise<LocalMatrix>;
  shapInteractions(X: TableInput): DistributedArray | Promise<LocalMatrix>;
  shapInteractions(X: TableInput): DistributedArray | Promise<LocalMatrix> {
    const { nFeatures, trees } = this.state;
    const expected = this.#expected(leafPaths(trees, this.nodeWeight));
    const args = { trees: trees as unknown as Plain, weight: this.nodeWeight, expected };
    const inner = this.#inner([nFeatures + 1, nFeatures + 1]);
    return this.#explained(`${this.kind}.shapInteractions`, X, "interactionsStep", args, inner);
  }

  /** The leaf of each row in each tree, `(nRows, trees)`, i32: its number among the nodes of the tree. Lazy for distributed X. */
  applyLeaves(X: DistributedInput): DistributedArray;
  applyLeaves(X: LocalTable): Promise<LocalMatrix>;
  applyLeaves(X: TableInput): DistributedArray | Promise<LocalMatrix>;
  applyLeaves(X: TableInput): DistributedArray | Promise<LocalMatrix> {
    const { trees } = this.state;
    const inner = [trees.offsets.length - 1];
    const args = { trees: trees as unknown as Plain };
    return this.#explained(`${this.kind}.applyLeaves`, X, "leavesStep", args, inner, "i32");
  }

  /** The trees as text, a node a line; `only` names the trees, all unless given. */
  dumpText(only?: readonly number[]): string {
    return dumpText(this.state.trees, this.words, only);
  }

  /** What columns and codes are called in texts and pictures. */
  get words(): TreeWords {
    return { names: this.state.featureNames };
  }

  /** X of a call, with its columns of text as the codes of the fit. */
  protected coded(_owner: string, X: TableInput): MatrixInput {
    return X as MatrixInput;
  }

  /** What children weigh in the expectations of SHAP values. */
  protected get nodeWeight(): NodeWeight {
    return "cover";
  }

  /** Columns of which zeros are missing values. */
  protected get zeroMissing(): Uint8Array | undefined {
    return undefined;
  }

  #expected(paths: readonly LeafPath[]): Float64Array {
    const { baselines } = this.state;
    return expectedOutputs(paths, baselines.length).map((mean, k) => mean + (baselines[k] as number));
  }

  #inner(shape: readonly number[]): readonly number[] {
    const outputs = this.state.baselines.length;
    return outputs === 1 ? shape : [outputs, ...shape];
  }

  #explained(
    owner: string,
    X: TableInput,
    step: string,
    args: Record<string, Plain>,
    innerShape: readonly number[],
    dtype: "f64" | "i32" = "f64",
  ): DistributedArray | Promise<LocalMatrix> {
    const { nFeatures, featureNames } = this.state;
    return applyToRows(
      owner,
      this.coded(owner, X),
      this.state,
      (x) => {
        if (!this.takesSparse || step !== "contributionsStep") assertDense(owner, x);
        const whole = { ...args, owner, names: featureNames ?? x.names, nFeatures, zeroMissing: this.zeroMissing };
        return x.mapChunks(owner, fnRef(TASKS, step), whole, { innerShape, dtype });
      },
      (result) => result,
    );
  }

  #start(row: ArrayLike<number>): Float64Array {
    const { nFeatures, baselines } = this.state;
    if (row.length !== nFeatures)
      throw new DataError(`${this.kind}: the row has ${row.length} values, and the model ${nFeatures} columns.`);
    return baselines.slice();
  }

  /** Whether sparse X is taken. */
  protected get takesSparse(): boolean {
    return false;
  }

  /** Arguments of the prediction tasks for these rows. @throws DataError for sparse X, unless it is taken */
  protected treeArgs(owner: string, x: DistributedArray): TreesArgs {
    if (!this.takesSparse) assertDense(owner, x);
    const { trees, featureNames } = this.state;
    const names = featureNames ?? x.names;
    const used = x.layout === "csr" ? usedColumns(trees) : undefined;
    const baselines = this.state.baselines;
    if (used) return { owner, names, baselines, used, ...packTrees(trees) };
    if (this.#packed?.of !== trees) {
      if (areFew(x.rows)) return { owner, names, baselines, ...unpackedTrees(trees) };
      this.#packed = { of: trees, trees: packTrees(trees) };
    }
    return { owner, names, baselines, ...this.#packed.trees };
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

/** The columns that trees ask for, ascending. */
export function usedColumns({ feature }: TreeEnsemble): Int32Array {
  return Int32Array.from(new Set(feature.filter((column) => column >= 0))).sort();
}

/** @throws DataError for sparse X */
function assertDense(owner: string, x: DistributedArray): void {
  if (x.layout === "csr")
    throw new DataError(`${owner}: X is sparse, but its trees take columns of values. Pass a dense array or a frame.`);
}
