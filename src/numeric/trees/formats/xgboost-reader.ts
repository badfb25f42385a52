import { DataError, show } from "../../../base/errors.js";
import { isPlainObject } from "../../../base/plain.js";
import { damaged, ensembleOf, type ForeignLink, type ForeignTree, type ForeignTrees } from "./foreign-trees.js";
import { leftLimit } from "./float-limits.js";

const LINKS: Readonly<Record<string, { link: ForeignLink; raw?: true; start: "identity" | "logit" | "log" }>> = {
  "binary:logistic": { link: "logistic", start: "logit" },
  "binary:logitraw": { link: "identity", start: "identity" },
  "reg:logistic": { link: "logistic", raw: true, start: "logit" },
  "multi:softprob": { link: "softmax", start: "identity" },
  "multi:softmax": { link: "softmax", start: "identity" },
  "reg:squarederror": { link: "identity", start: "identity" },
  "reg:linear": { link: "identity", start: "identity" },
  "reg:squaredlogerror": { link: "identity", start: "identity" },
  "reg:absoluteerror": { link: "identity", start: "identity" },
  "reg:pseudohubererror": { link: "identity", start: "identity" },
  "reg:quantileerror": { link: "identity", start: "identity" },
  "count:poisson": { link: "exp", start: "log" },
  "reg:gamma": { link: "exp", start: "log" },
  "reg:tweedie": { link: "exp", start: "log" },
  "rank:ndcg": { link: "identity", start: "identity" },
  "rank:map": { link: "identity", start: "identity" },
  "rank:pairwise": { link: "identity", start: "identity" },
};

/**
 * A model of XGBoost (1.6 to 3) from the object that its JSON or UBJ file holds: `gbtree` and `dart`, with categories.
 * All rounds count, as in `Booster.predict`.
 *
 * @throws DataError for damaged files, linear boosters, trees with vector leaves, and objectives of survival or users
 */
export function readXGBoost(owner: string, model: unknown): ForeignTrees {
  const at = (from: unknown, ...path: readonly string[]): unknown =>
    path.reduce<unknown>((object, key) => {
      if (!isPlainObject(object) || object[key] === undefined)
        throw damaged(owner, `there is no ${path.join(".")} in it`);
      return object[key];
    }, from);
  const list = (from: unknown, key: string): readonly unknown[] => {
    const found = at(from, key);
    if (!Array.isArray(found)) throw damaged(owner, `${key} is no list`);
    return found as unknown[];
  };
  const learner = at(model, "learner");
  const booster = at(learner, "gradient_booster");
  const name = at(booster, "name");
  if (name !== "gbtree" && name !== "dart")
    throw new DataError(
      `${owner}: the booster is ${show(name)}; trees are in "gbtree" and "dart" only. Train with one of them.`,
    );
  const forest = at(name === "dart" ? at(booster, "gbtree") : booster, "model");
  const params = at(learner, "learner_model_param");
  const nFeatures = wholeNumber(owner, "num_feature", at(params, "num_feature"), 1, 0x1fffffff);
  const classes = wholeNumber(owner, "num_class", at(params, "num_class"), 0, 1e6);
  const targets = wholeNumber(owner, "num_target", (params as Record<string, unknown>)["num_target"] ?? "1", 1, 1e6);
  const outputs = Math.max(classes, targets, 1);
  const objective = String(at(learner, "objective", "name"));
  const kind = Object.hasOwn(LINKS, objective) ? LINKS[objective] : undefined;
  if (!kind)
    throw new DataError(
      `${owner}: the objective ${show(objective)} is not one whose predictions are known. Known are ${Object.keys(LINKS).join(", ")}.`,
    );
  if (kind.link === "softmax" && classes < 2) throw damaged(owner, `${objective} has ${classes} classes`);
  const drops = name === "dart" ? list(booster, "weight_drop") : undefined;
  const groups = list(forest, "tree_info");
  const perOutput: ForeignTree[][] = Array.from({ length: outputs }, () => []);
  list(forest, "trees").forEach((tree, t) => {
    const group = perOutput[groups[t] as number];
    if (!group) throw damaged(owner, `tree ${t} belongs to output ${show(groups[t])} of ${outputs}`);
    const drop = drops ? drops[t] : 1;
    if (typeof drop !== "number") throw damaged(owner, `tree ${t} has no weight`);
    group.push(treeOf(owner, tree, t, drop, at, list));
  });
  const rounds = perOutput[0]?.length ?? 0;
  if (rounds === 0) throw damaged(owner, "it has no trees");
  if (perOutput.some((own) => own.length !== rounds))
    throw damaged(owner, "its outputs have different numbers of trees");
  const inTurn = Array.from({ length: rounds * outputs }, (_, k) => {
    return (perOutput[k % outputs] as ForeignTree[])[Math.floor(k / outputs)] as ForeignTree;
  });
  const names = (learner as Record<string, unknown>)["feature_names"];
  return {
    library: "XGBoost",
    objective,
    task: (kind.link === "logistic" && !kind.raw) || kind.link === "softmax" ? "classifier" : "regressor",
    link: kind.link,
    sigmoid: 1,
    nFeatures,
    ...(Array.isArray(names) && names.length === nFeatures && names.every((own) => typeof own === "string")
      ? { featureNames: names as string[] }
      : {}),
    trees: ensembleOf(owner, inTurn, outputs, nFeatures),
    baselines: startsOf(owner, at(params, "base_score"), outputs, kind.start),
  };
}

function startsOf(owner: string, written: unknown, outputs: number, start: "identity" | "logit" | "log"): Float64Array {
  const parts = String(written)
    .replace(/^\[|\]$/g, "")
    .split(",")
    .map((part) => Math.fround(Number(part)));
  if (parts.length !== 1 && parts.length !== outputs)
    throw damaged(owner, `base_score ${show(written)} has ${parts.length} numbers for ${outputs} outputs`);
  const margins = parts.map((p) => (start === "logit" ? -Math.log(1 / p - 1) : start === "log" ? Math.log(p) : p));
  if (!margins.every(Number.isFinite)) throw damaged(owner, `base_score is ${show(written)}`);
  return Float64Array.from({ length: outputs }, (_, k) => margins[k % margins.length] as number);
}

function treeOf(
  owner: string,
  tree: unknown,
  t: number,
  weight: number,
  at: (from: unknown, ...path: readonly string[]) => unknown,
  list: (from: unknown, key: string) => readonly unknown[],
): ForeignTree {
  const fail = (what: string): DataError => damaged(owner, `tree ${t} ${what}`);
  const left = list(tree, "left_children") as readonly number[];
  const size = left.length;
  const same = (key: string): readonly number[] => {
    const found = list(tree, key) as readonly number[];
    if (found.length !== size) throw fail(`has ${found.length} ${key} for ${size} nodes`);
    return found;
  };
  const vector = at(tree, "tree_param", "size_leaf_vector");
  if (Number(vector) > 1)
    throw new DataError(
      `${owner}: tree ${t} has leaves of ${show(vector)} values. Train with multi_strategy "one_output_per_tree".`,
    );
  const right = same("right_children");
  const columns = same("split_indices");
  const conditions = same("split_conditions");
  const defaults = same("default_left");
  const gains = same("loss_changes");
  const covers = same("sum_hessian");
  const sets = new Map<number, readonly number[]>();
  const types = (tree as Record<string, unknown>)["split_type"];
  if (Array.isArray(types) && types.some((own) => own === 1)) {
    const codes = list(tree, "categories") as readonly number[];
    const nodes = list(tree, "categories_nodes") as readonly number[];
    const starts = list(tree, "categories_segments") as readonly number[];
    const sizes = list(tree, "categories_sizes") as readonly number[];
    nodes.forEach((node, k) => {
      const from = starts[k] as number;
      const end = from + (sizes[k] as number);
      if (!(from >= 0 && end >= from && end <= codes.length)) throw fail(`has categories beyond their list`);
      sets.set(node, codes.slice(from, end));
    });
    if (types.some((own, k) => own === 1 && (left[k] as number) >= 0 && !sets.has(k)))
      throw fail("has a split by category without categories");
  }
  return {
    root: 0,
    size,
    node: (k) => {
      const leaf = left[k] === -1;
      const set = leaf ? undefined : sets.get(k);
      const missingLeft = Boolean(defaults[k]);
      const common = { gain: gains[k] as number, count: 0, cover: covers[k] as number };
      const value = leaf ? Math.fround(conditions[k] as number) * weight : 0;
      const feature = leaf ? -1 : (columns[k] as number);
      // Codes of the set go to XGBoost's right, all others to its left: sides change places.
      if (set)
        return {
          ...common,
          feature,
          value,
          threshold: 0,
          set,
          missingLeft: !missingLeft,
          left: right[k] as number,
          right: left[k] as number,
        };
      return {
        ...common,
        feature,
        value,
        missingLeft,
        threshold: leaf ? 0 : leftLimit(Math.fround(conditions[k] as number)),
        left: left[k] as number,
        right: right[k] as number,
      };
    },
  };
}

function wholeNumber(owner: string, what: string, written: unknown, least: number, most: number): number {
  const value = Number(written);
  if (!(Number.isInteger(value) && value >= least && value <= most))
    throw damaged(owner, `${what} is ${show(written)}`);
  return value;
}
