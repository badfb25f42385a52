import { DataError } from "../../src/base/errors.js";
import type { PlainRecord } from "../../src/base/plain.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { Design } from "../../src/estimator/design.js";
import { Estimator } from "../../src/estimator/estimator.js";
import type { Label } from "../../src/estimator/labels.js";
import { assertSoundTrees, columnImportances, type TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";
import { packTrees, type PackedTrees } from "../../src/numeric/trees/packed-trees.js";
import type { BoostingParams } from "./boosting-params.js";
import type { BoostFit } from "./fit-boosting.js";
import type { TreesArgs } from "./tree-tasks.js";

/** Fitted state of boosted trees. */
export interface BoostedState extends BoostFit {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  /** Of a classifier. */
  readonly classes?: readonly Label[];
}

/** What models of boosted trees have in common: what they tell about their trees, and the arguments of predictions. */
export abstract class BoostedModel<P extends BoostingParams> extends Estimator<P, BoostedState> {
  #packed: { readonly of: TreeEnsemble; readonly trees: PackedTrees } | undefined;

  /** Rounds: `maxIter`, or fewer when it stopped early; with rows held out, up to the best score. A tree an output each. */
  get nIter(): number {
    return (this.state.trees.offsets.length - 1) / this.state.baselines.length;
  }

  /** The margin that every row starts at (of the first output, where there are several). */
  get baseline(): number {
    return this.state.baselines[0] as number;
  }

  /** The margin that every row starts at, one a output of the trees. */
  get baselines(): Float64Array {
    return this.state.baselines;
  }

  /** Mean loss of the training rows, negated: before the first tree, and after each that was grown. */
  get trainScore(): Float64Array {
    return this.state.trainScore;
  }

  /** The same of the rows held out; empty where there are none. */
  get validationScore(): Float64Array {
    return this.state.validationScore;
  }

  /** The trees as flat arrays: for inspection, not to be changed. */
  get trees(): TreeEnsemble {
    return this.state.trees;
  }

  /** Weight of each column in the trees, `(nFeatures)`: the sum of its splits' gains, or their number. Not normalised. */
  featureImportances(kind: "gain" | "split" = "gain"): Float64Array {
    return columnImportances(this.state.trees, this.state.nFeatures, kind);
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

  protected keep(design: Design, fit: BoostFit, classes?: readonly Label[]): void {
    this.setState({
      nFeatures: design.nFeatures,
      ...(design.names ? { featureNames: design.names } : {}),
      ...(classes ? { classes } : {}),
      ...fit,
    });
  }

  protected override decodeFitted(plain: PlainRecord): BoostedState {
    const { baseline, ...rest } = plain;
    // Files of the first version have one number in the place of the list.
    const state = (baseline === undefined
      ? plain
      : { ...rest, baselines: Float64Array.of(Number(baseline)) }) as unknown as BoostedState;
    const { baselines } = state;
    if (
      typeof state.trees !== "object" ||
      state.trees === null ||
      !(baselines instanceof Float64Array && baselines.length === (state.trees.outputs ?? 1)) ||
      !baselines.every(Number.isFinite) ||
      !(state.nFeatures >= 1)
    ) {
      throw new DataError(`${this.kind}: the JSON has no trees. Load a file that toJSON() wrote.`);
    }
    assertSoundTrees(this.kind, state.trees, state.nFeatures);
    return state;
  }
}
