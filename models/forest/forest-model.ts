import { DataError } from "../../src/base/errors.js";
import type { PlainRecord } from "../../src/base/plain.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { Design } from "../../src/estimator/design.js";
import { Estimator, type FittedInput } from "../../src/estimator/estimator.js";
import type { Label } from "../../src/estimator/labels.js";
import {
  areFew,
  packTrees,
  packWalk,
  unpackedTrees,
  withSource,
  type PackedTrees,
} from "../../src/numeric/trees/packed-trees.js";
import { assertSoundTrees, type TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";
import type { ForestFit } from "./fit-forest.js";
import type { TreeParams } from "./forest-params.js";
import type { ForestArgs } from "./predict-tasks.js";

/** Fitted state of a tree or a forest. */
export interface ForestState extends FittedInput, ForestFit {
  /** Of a classifier. */
  readonly classes?: readonly Label[];
  /** Accuracy or R² of the rows by the trees that did not draw them. */
  readonly oobScore?: number;
}

/** What trees and forests have in common: what they tell about their trees, and the arguments of predictions. */
export abstract class ForestModel<P extends TreeParams> extends Estimator<P, ForestState> {
  #packed: { readonly of: TreeEnsemble; readonly outputs: readonly PackedTrees[] } | undefined;

  /**
   * The trees as flat arrays: for inspection, not to be changed. `value` is the mean target of a node; of a classifier the
   * frequency of its last class.
   */
  get trees(): TreeEnsemble {
    return this.state.trees;
  }

  /** Trees. */
  get nEstimators(): number {
    return this.state.trees.offsets.length - 1;
  }

  /** Share of each column in the decrease of the impurity, `(nFeatures)`; mean of the trees, sum 1 (0 without splits). */
  get featureImportances(): Float64Array {
    return this.state.importances;
  }

  /** Edges from the root to the farthest leaf, of each tree. */
  get depths(): Int32Array {
    const { offsets, feature, left } = this.state.trees;
    return Int32Array.from({ length: this.nEstimators }, (_, t) => {
      const root = offsets[t] as number;
      const depth = new Int32Array((offsets[t + 1] as number) - root);
      for (let k = 0; k < depth.length; k++) {
        if ((feature[root + k] as number) < 0) continue;
        for (const side of [0, 1]) depth[(left[root + k] as number) + side] = (depth[k] as number) + 1;
      }
      return depth.reduce((most, own) => Math.max(most, own), 0);
    });
  }

  /** Leaves of each tree. */
  get leafCounts(): Int32Array {
    const { offsets, feature } = this.state.trees;
    return Int32Array.from(
      { length: this.nEstimators },
      (_, t) => feature.subarray(offsets[t], offsets[t + 1]).filter((column) => column < 0).length,
    );
  }

  /** Arguments of the prediction tasks for these rows. @throws DataError for sparse X */
  protected forestArgs(owner: string, x: DistributedArray): ForestArgs {
    if (x.layout === "csr")
      throw new DataError(
        `${owner}: X is sparse, but its trees take columns of values. Pass a dense array or a frame.`,
      );
    const { trees, frequencies, classes, featureNames } = this.state;
    const common = { owner, names: featureNames ?? x.names, trees: this.nEstimators };
    if (this.#packed?.of !== trees) {
      const values = frequencies && classValues(trees, frequencies, classes?.length ?? 0);
      if (areFew(x.rows))
        return { ...common, outputs: (values ?? [trees.value]).map((value) => unpackedTrees({ ...trees, value })) };
      this.#packed = { of: trees, outputs: values ? packClasses(trees, values) : [packTrees(trees)] };
    }
    return { ...common, outputs: this.#packed.outputs };
  }

  /** The same for the spread of the trees: besides their values, the squares of how far these are from where all start. */
  protected spreadArgs(owner: string, x: DistributedArray): ForestArgs {
    const { trees } = this.state;
    // Near the values, so that squares do not cancel: the values of the roots are means of y.
    const center = trees.value[0] as number;
    const value = trees.value.map((own) => own - center);
    const moments = [value, value.map((own) => own * own)];
    return {
      ...this.forestArgs(owner, x),
      outputs: moments.map((own) => packTrees({ ...trees, value: own })),
    };
  }

  protected keep(design: Design, fit: Omit<ForestState, keyof FittedInput>): void {
    this.setState({ ...design.columns, ...fit });
  }

  protected override decodeFitted(plain: PlainRecord): ForestState {
    const state = plain as unknown as ForestState;
    if (
      typeof state.trees !== "object" ||
      state.trees === null ||
      !(state.importances instanceof Float64Array) ||
      !(state.nFeatures >= 1)
    ) {
      throw new DataError(`${this.kind}: the JSON has no trees. Load a file that toJSON() wrote.`);
    }
    assertSoundTrees(this.kind, state.trees, state.nFeatures);
    const { frequencies, classes } = state;
    if (frequencies && frequencies.length !== state.trees.feature.length * (classes?.length ?? 0))
      throw new DataError(
        `${this.kind}: the model's class frequencies differ in length from its nodes. Load a file that toJSON() wrote.`,
      );
    return state;
  }
}

/** The nodes' values for each class, as views. */
function classValues({ feature }: TreeEnsemble, frequencies: Float64Array, classes: number): Float64Array[] {
  return Array.from({ length: classes }, (_, c) => frequencies.subarray(c * feature.length, (c + 1) * feature.length));
}

// The classes share the nodes.
function packClasses(trees: TreeEnsemble, values: readonly Float64Array[]): PackedTrees[] {
  const end = trees.offsets.length - 1;
  const walk = packWalk(trees, 0, end);
  return values.map((view) => {
    const value = view.slice();
    return withSource({ ...trees, value }, [{ first: 0, end, walk: { ...walk, values: value } }]);
  });
}
