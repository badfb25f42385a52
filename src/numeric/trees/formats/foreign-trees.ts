import { DataError, show } from "../../../base/errors.js";
import { categorySets, type TreeEnsemble } from "../tree-ensemble.js";

/** What becomes of the sum of the trees in a prediction. */
export const foreignLinks = ["identity", "logistic", "exp", "softmax", "oneVsAll", "square", "softplus"] as const;

/** See {@link foreignLinks}; `logistic` and `oneVsAll` multiply the sum by `sigmoid` first. */
export type ForeignLink = (typeof foreignLinks)[number];

/** A model of another library, as trees of this one. */
export interface ForeignTrees {
  readonly library: "XGBoost" | "LightGBM";
  /** Its objective, as the file names it. */
  readonly objective: string;
  readonly task: "classifier" | "regressor";
  readonly link: ForeignLink;
  /** What margins are multiplied by before the sigmoid. */
  readonly sigmoid: number;
  readonly nFeatures: number;
  readonly featureNames?: readonly string[];
  readonly trees: TreeEnsemble;
  readonly baselines: Float64Array;
  /** Columns of which zeros are missing values, as 1. */
  readonly zeroMissing?: Uint8Array;
}

/** A node of a foreign tree. */
export interface ForeignNode {
  /** −1 for a leaf. */
  readonly feature: number;
  /** Values up to it go left. */
  readonly threshold: number;
  readonly missingLeft: boolean;
  readonly left: number;
  readonly right: number;
  readonly value: number;
  readonly gain: number;
  readonly count: number;
  readonly cover: number;
  /** Codes that go left. */
  readonly set?: readonly number[];
}

/** A tree of a file: its nodes by any numbers from 0 to `size` − 1. */
export interface ForeignTree {
  readonly root: number;
  readonly size: number;
  node(k: number): ForeignNode;
}

/** The error of a file that is not what it should be. */
export function damaged(owner: string, what: string): DataError {
  return new DataError(`${owner}: the file is damaged or of an unknown version: ${what}. Write it again.`);
}

// Codes beyond that are no categories of a model that anybody trained.
const MAX_CODE = 2 ** 24;

/**
 * Foreign trees as an ensemble: nodes level by level, siblings side by side. Codes that no set has go right.
 * @throws DataError for a column or child that is not there, a node with two parents, and values that are no numbers
 */
export function ensembleOf(
  owner: string,
  list: readonly ForeignTree[],
  outputs: number,
  nFeatures: number,
): TreeEnsemble {
  const offsets = [0];
  const nodes: ForeignNode[] = [];
  const left: number[] = [];
  list.forEach((tree, t) => {
    const start = nodes.length;
    const seen = new Uint8Array(tree.size);
    const order = [tree.root];
    const visit = (k: number, parent: number): void => {
      if (!(Number.isInteger(k) && k >= 0 && k < tree.size))
        throw damaged(owner, `node ${parent} of tree ${t} has the child ${show(k)} of ${tree.size} nodes`);
      if (seen[k] === 1) throw damaged(owner, `node ${k} of tree ${t} has two parents`);
      seen[k] = 1;
    };
    visit(tree.root, -1);
    for (const k of order) {
      const node = tree.node(k);
      const { feature, threshold, value, set } = node;
      if (!(Number.isInteger(feature) && feature >= -1 && feature < nFeatures))
        throw damaged(owner, `node ${k} of tree ${t} reads column ${show(feature)} of ${nFeatures}`);
      const numbers = [node.gain, node.count, node.cover, ...(feature < 0 ? [value] : set ? [] : [threshold + 0])];
      if (numbers.some((x) => typeof x !== "number" || Number.isNaN(x)) || (feature < 0 && !Number.isFinite(value)))
        throw damaged(owner, `node ${k} of tree ${t} holds something that is not a number`);
      if (set?.some((code) => !(Number.isInteger(code) && code >= 0 && code < MAX_CODE)))
        throw damaged(owner, `node ${k} of tree ${t} has a category that is no code from 0 to ${MAX_CODE - 1}`);
      left.push(feature < 0 ? 0 : order.length);
      nodes.push(node);
      if (feature >= 0) {
        visit(node.left, k);
        visit(node.right, k);
        order.push(node.left, node.right);
      }
    }
    offsets.push(start + order.length);
  });
  const sets = categorySets(nodes.map(({ feature, set }) => (feature >= 0 ? set : undefined)));
  return {
    ...(outputs === 1 ? {} : { outputs }),
    offsets: Int32Array.from(offsets),
    feature: Int32Array.from(nodes, ({ feature }) => feature),
    threshold: Float64Array.from(nodes, ({ feature, threshold, set }) => (feature < 0 || set ? 0 : threshold)),
    missingLeft: Uint8Array.from(nodes, ({ feature, missingLeft }) => Number(feature >= 0 && missingLeft)),
    left: Int32Array.from(left),
    value: Float64Array.from(nodes, ({ feature, value }) => (feature < 0 ? value : 0)),
    gain: Float64Array.from(nodes, ({ feature, gain }) => (feature < 0 ? 0 : gain)),
    count: Float64Array.from(nodes, ({ count }) => count),
    cover: Float64Array.from(nodes, ({ cover }) => cover),
    ...sets,
    ...(sets.categoryOffsets ? { otherLeft: new Uint8Array(nodes.length) } : {}),
  };
}
