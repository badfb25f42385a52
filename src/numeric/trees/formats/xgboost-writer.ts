import { isPlainObject } from "../../../base/plain.js";
import { isCategorical, type TreeEnsemble } from "../tree-ensemble.js";
import { leftFloat } from "./float-limits.js";
import { writeUbjson } from "./ubjson-writer.js";

/** What {@link writeXGBoost} writes. */
export interface XGBoostSource {
  readonly trees: TreeEnsemble;
  readonly baselines: Float64Array;
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  /** One of XGBoost's. */
  readonly objective: string;
}

const NO_PARENT = 2147483647;
const MOST = 3.4028234663852886e38;
const LOG_LINKS: ReadonlySet<string> = new Set(["count:poisson", "reg:gamma", "reg:tweedie"]);
const LOGIT_LINKS: ReadonlySet<string> = new Set(["binary:logistic", "reg:logistic"]);

/**
 * Trees as the text of a JSON file of XGBoost's (of its version 2, which later ones read). Numbers become float32, as
 * XGBoost's are; baselines are added to the leaves of the first trees, because XGBoost keeps one number for all outputs.
 */
export function writeXGBoost(source: XGBoostSource): string {
  return textOf(modelOf(source));
}

/** The same as the bytes of a UBJ file: a third of the text's size, and read without parsing numbers. */
export function writeXGBoostBinary(source: XGBoostSource): Uint8Array {
  return writeUbjson(modelOf(source));
}

function modelOf({ trees, baselines, nFeatures, featureNames, objective }: XGBoostSource): object {
  const outputs = baselines.length;
  const nTrees = trees.offsets.length - 1;
  const rounds = nTrees / outputs;
  const types = Array.from({ length: nFeatures }, () => "q");
  trees.feature.forEach((column, k) => {
    if (column >= 0 && isCategorical(trees, k)) types[column] = "c";
  });
  const classes = objective === "multi:softprob" ? outputs : 0;
  const start = LOGIT_LINKS.has(objective) ? "5E-1" : LOG_LINKS.has(objective) ? "1E0" : "0E0";
  return {
    learner: {
      attributes: {},
      feature_names: featureNames ?? [],
      feature_types: types.includes("c") || featureNames ? types : [],
      gradient_booster: {
        model: {
          gbtree_model_param: { num_parallel_tree: "1", num_trees: String(nTrees) },
          iteration_indptr: Array.from({ length: rounds + 1 }, (_, k) => k * outputs),
          tree_info: Array.from({ length: nTrees }, (_, t) => t % outputs),
          trees: Array.from({ length: nTrees }, (_, t) =>
            treeOf(trees, t, nFeatures, t < outputs ? (baselines[t] as number) : 0),
          ),
        },
        name: "gbtree",
      },
      learner_model_param: {
        base_score: start,
        boost_from_average: "1",
        num_class: String(classes),
        num_feature: String(nFeatures),
        num_target: String(classes > 0 ? 1 : outputs),
      },
      objective: { name: objective, ...parametersOf(objective, classes) },
    },
    version: [2, 1, 0],
  };
}

// XGBoost tells real numbers from whole ones by how they are written; here by the lists that hold them.
function textOf(value: unknown): string {
  if (value instanceof Float32Array) {
    const real = (x: number): string => (/[.e]/.test(String(x)) ? String(x) : `${x}.0`);
    return `[${Array.from(value, real).join(",")}]`;
  }
  if (value instanceof Int32Array || value instanceof Uint8Array || value instanceof BigInt64Array)
    return `[${value.join(",")}]`;
  if (Array.isArray(value)) return `[${value.map(textOf).join(",")}]`;
  if (!isPlainObject(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, own]) => `${JSON.stringify(key)}:${textOf(own)}`)
    .join(",")}}`;
}

function parametersOf(objective: string, classes: number): object {
  if (objective === "multi:softprob") return { softmax_multiclass_param: { num_class: String(classes) } };
  if (objective === "count:poisson") return { poisson_regression_param: { max_delta_step: "0.7" } };
  if (objective === "reg:tweedie") return { tweedie_regression_param: { tweedie_variance_power: "1.5" } };
  if (objective.startsWith("rank:")) return { lambdarank_param: {} };
  return { reg_loss_param: { scale_pos_weight: "1" } };
}

function treeOf(trees: TreeEnsemble, t: number, nFeatures: number, added: number): object {
  const { offsets, left, missingLeft, gain, cover, count } = trees;
  const root = offsets[t] as number;
  const size = (offsets[t + 1] as number) - root;
  const feature = trees.feature.subarray(root, root + size);
  const made = Array.from(feature, (column, k) => {
    if (column < 0) return { leaf: true, value: Math.fround((trees.value[root + k] as number) + added) } as const;
    const first = left[root + k] as number;
    const set = isCategorical(trees, root + k) ? rightCodes(trees, root + k) : undefined;
    // Codes of the set go to the right there, all others to the left.
    const [toLeft, toRight] = set?.swapped ? [first + 1, first] : [first, first + 1];
    const limit = Math.max(-MOST, Math.min(MOST, leftFloat(trees.threshold[root + k] as number)));
    return {
      leaf: false,
      toLeft,
      toRight,
      set: set?.codes,
      value: set ? 0 : limit,
      missingLeft: (missingLeft[root + k] === 1) !== (set?.swapped ?? false),
    } as const;
  });
  // Its right children follow the left ones, which its SHAP values rely on: sides that changed places change numbers, too.
  const order = [0];
  const place = new Int32Array(size);
  for (const k of order) {
    const node = made[k];
    if (!node || node.leaf) continue;
    place[node.toLeft] = order.push(node.toLeft) - 1;
    place[node.toRight] = order.push(node.toRight) - 1;
  }
  const nodes = order.map((k) => {
    const node = made[k] as (typeof made)[number];
    return node.leaf ? node : { ...node, toLeft: place[node.toLeft] as number, toRight: place[node.toRight] as number };
  });
  const numbers = (list: Float64Array): Float32Array => Float32Array.from(order, (k) => list[root + k] as number);
  const parents = new Int32Array(size).fill(NO_PARENT);
  nodes.forEach((node, k) => {
    if (!node.leaf) parents[node.toLeft] = parents[node.toRight] = k;
  });
  const sets = nodes.flatMap((node, k) => (node.leaf || !node.set ? [] : [{ node: k, codes: node.set }]));
  let at = 0;
  return {
    base_weights: Float32Array.from(nodes, (node) => (node.leaf ? node.value : 0)),
    categories: Int32Array.from(sets.flatMap(({ codes }) => codes)),
    categories_nodes: Int32Array.from(sets, ({ node }) => node),
    categories_segments: BigInt64Array.from(sets, ({ codes }) => BigInt((at += codes.length) - codes.length)),
    categories_sizes: BigInt64Array.from(sets, ({ codes }) => BigInt(codes.length)),
    default_left: Uint8Array.from(nodes, (node) => Number(!node.leaf && node.missingLeft)),
    id: t,
    left_children: Int32Array.from(nodes, (node) => (node.leaf ? -1 : node.toLeft)),
    loss_changes: numbers(gain),
    parents,
    right_children: Int32Array.from(nodes, (node) => (node.leaf ? -1 : node.toRight)),
    split_conditions: Float32Array.from(nodes, (node) => node.value),
    split_indices: Int32Array.from(order, (k) => Math.max(0, feature[k] as number)),
    split_type: Uint8Array.from(nodes, (node) => Number(!node.leaf && node.set !== undefined)),
    sum_hessian: numbers(cover ?? count),
    tree_param: {
      num_deleted: "0",
      num_feature: String(nFeatures),
      num_nodes: String(size),
      size_leaf_vector: "1",
    },
  };
}

/** The codes that XGBoost sends right: those of the set with its sides swapped, or those that the set does not have. */
function rightCodes(trees: TreeEnsemble, k: number): { readonly codes: number[]; readonly swapped: boolean } {
  const { categoryOffsets, categoryBits, otherLeft, missingLeft } = trees as Required<TreeEnsemble>;
  const first = categoryOffsets[k] as number;
  const words = (categoryOffsets[k + 1] as number) - first;
  const inSet = (code: number): boolean => (((categoryBits[first + (code >>> 5)] as number) >>> (code & 31)) & 1) === 1;
  const all = Array.from({ length: 32 * words }, (_, code) => code);
  const others = ((otherLeft as Uint8Array | undefined) ?? missingLeft)[k] === 1;
  return { codes: all.filter((code) => inSet(code) !== others), swapped: !others };
}
