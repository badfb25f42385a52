import { DataError, show } from "../../../base/errors.js";
import { damaged, ensembleOf, type ForeignLink, type ForeignTree, type ForeignTrees } from "./foreign-trees.js";

const LINKS: Readonly<Record<string, { link: ForeignLink; task: "classifier" | "regressor" }>> = {
  binary: { link: "logistic", task: "classifier" },
  multiclass: { link: "softmax", task: "classifier" },
  softmax: { link: "softmax", task: "classifier" },
  multiclassova: { link: "oneVsAll", task: "classifier" },
  cross_entropy: { link: "logistic", task: "regressor" },
  xentropy: { link: "logistic", task: "regressor" },
  cross_entropy_lambda: { link: "softplus", task: "regressor" },
  regression: { link: "identity", task: "regressor" },
  regression_l1: { link: "identity", task: "regressor" },
  huber: { link: "identity", task: "regressor" },
  fair: { link: "identity", task: "regressor" },
  quantile: { link: "identity", task: "regressor" },
  mape: { link: "identity", task: "regressor" },
  poisson: { link: "exp", task: "regressor" },
  gamma: { link: "exp", task: "regressor" },
  tweedie: { link: "exp", task: "regressor" },
  lambdarank: { link: "identity", task: "regressor" },
  rank_xendcg: { link: "identity", task: "regressor" },
};

type Fields = ReadonlyMap<string, string>;

/**
 * A model of LightGBM (3 to 4) from its text file: gbdt, dart, goss and rf, with categories and its three kinds of missing
 * values. All rounds of the file count.
 *
 * @throws DataError for damaged files, linear trees, objectives that are not known, and columns whose splits do not agree
 * whether zeros are missing
 */
export function readLightGBM(owner: string, text: string): ForeignTrees {
  const cut = text.split(/^(?=Tree=)/m);
  const head = fieldsOf(cut[0] as string);
  if (!/^tree\s*$/m.test(cut[0] as string) || !head.has("max_feature_idx"))
    throw damaged(owner, "it does not begin as a text file of LightGBM's");
  if (!/^end of trees/m.test(cut.at(-1) as string)) throw damaged(owner, "it has no end of trees");
  const whole = (key: string, least: number, most: number): number => {
    const value = Number(head.get(key) ?? NaN);
    if (!(Number.isInteger(value) && value >= least && value <= most))
      throw damaged(owner, `${key} is ${show(head.get(key))}`);
    return value;
  };
  const nFeatures = whole("max_feature_idx", 0, 0x1ffffffe) + 1;
  const outputs = whole("num_tree_per_iteration", 1, 1e6);
  const [name = "regression", ...options] = (head.get("objective") ?? "regression").split(/\s+/);
  const kind = Object.hasOwn(LINKS, name) ? LINKS[name] : undefined;
  if (!kind)
    throw new DataError(
      `${owner}: the objective ${show(name)} is not one whose predictions are known. Known are ${Object.keys(LINKS).join(", ")}.`,
    );
  const option = (key: string): string | undefined =>
    options.find((own) => own.startsWith(`${key}:`))?.slice(key.length + 1);
  const sigmoid = Number(option("sigmoid") ?? 1);
  if (!(sigmoid > 0 && Number.isFinite(sigmoid))) throw damaged(owner, `sigmoid is ${show(option("sigmoid"))}`);
  const blocks = cut.slice(1).map((block) => fieldsOf(block.split(/^end of trees/m)[0] as string));
  if (blocks.length === 0 || blocks.length % outputs !== 0)
    throw damaged(owner, `it has ${blocks.length} trees for ${outputs} outputs`);
  // A random forest's prediction is the mean.
  const scale = /^average_output\s*$/m.test(cut[0] as string) ? outputs / blocks.length : 1;
  const zeros = new Map<number, boolean>();
  const trees = blocks.map((fields, t) => treeOf(owner, fields, t, scale, zeros));
  const names = head.get("feature_names")?.split(" ");
  return {
    library: "LightGBM",
    objective: [name, ...options].join(" "),
    task: kind.task,
    link: name === "regression" && options.includes("sqrt") ? "square" : kind.link,
    sigmoid,
    nFeatures,
    ...(names?.length === nFeatures && names.some((own, k) => own !== `Column_${k}`) ? { featureNames: names } : {}),
    trees: ensembleOf(owner, trees, outputs, nFeatures),
    baselines: new Float64Array(outputs),
    ...([...zeros.values()].includes(true)
      ? { zeroMissing: Uint8Array.from({ length: nFeatures }, (_, j) => Number(zeros.get(j) ?? false)) }
      : {}),
  };
}

function fieldsOf(block: string): Fields {
  return new Map(
    block.split(/\r?\n/).flatMap((line) => {
      const at = line.indexOf("=");
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
    }),
  );
}

function treeOf(owner: string, fields: Fields, t: number, scale: number, zeros: Map<number, boolean>): ForeignTree {
  const fail = (what: string): DataError => damaged(owner, `tree ${t} ${what}`);
  if (fields.get("is_linear") === "1")
    throw new DataError(`${owner}: tree ${t} has linear models in its leaves. Train with linear_tree=false.`);
  const leaves = Number(fields.get("num_leaves"));
  if (!(Number.isInteger(leaves) && leaves >= 1 && leaves < 2 ** 28))
    throw fail(`has ${show(fields.get("num_leaves"))} leaves`);
  const numbers = (key: string, length: number, needed = true): readonly number[] => {
    const text = fields.get(key)?.trim() ?? "";
    // Before it is cut, because a length from the file is no bound.
    const own = text === "" ? [] : text.split(/\s+/).map(numberOf);
    if (own.length === length) return own;
    if (!needed && own.length === 0) return [];
    throw fail(`has ${own.length} ${key} for ${length}`);
  };
  const inner = leaves - 1;
  const values = numbers("leaf_value", leaves);
  const columns = numbers("split_feature", inner);
  const gains = numbers("split_gain", inner);
  const thresholds = numbers("threshold", inner);
  const types = numbers("decision_type", inner);
  const left = numbers("left_child", inner);
  const right = numbers("right_child", inner);
  const leafWeights = numbers("leaf_weight", leaves, inner > 0);
  const leafCounts = numbers("leaf_count", leaves, inner > 0);
  const weights = numbers("internal_weight", inner, false);
  const counts = numbers("internal_count", inner, false);
  const nSets = Number(fields.get("num_cat") ?? 0);
  if (!(Number.isInteger(nSets) && nSets >= 0 && nSets <= inner)) throw fail(`has ${show(fields.get("num_cat"))} sets`);
  const ends = nSets > 0 ? numbers("cat_boundaries", nSets + 1) : [0];
  const words = nSets > 0 ? numbers("cat_threshold", ends[nSets] as number) : [];
  const child = (k: number): number => (k >= 0 ? k : inner + (-1 - k));
  return {
    root: 0,
    size: inner + leaves,
    node: (k) => {
      if (k >= inner) {
        const leaf = k - inner;
        return {
          feature: -1,
          threshold: 0,
          missingLeft: false,
          left: 0,
          right: 0,
          gain: 0,
          value: (values[leaf] as number) * scale,
          count: leafCounts[leaf] ?? 0,
          cover: leafWeights[leaf] ?? 0,
        };
      }
      const feature = columns[k] as number;
      const type = types[k] as number;
      const missing = (type >> 2) & 3;
      const threshold = thresholds[k] as number;
      const common = {
        feature,
        left: child(left[k] as number),
        right: child(right[k] as number),
        value: 0,
        gain: gains[k] as number,
        count: counts[k] ?? 0,
        cover: weights[k] ?? 0,
      };
      if ((type & 1) === 1)
        return { ...common, threshold: 0, missingLeft: false, set: codesOf(threshold, ends, words, fail) };
      if (zeros.has(feature) && zeros.get(feature) !== (missing === 1))
        throw new DataError(
          `${owner}: in some splits of column ${feature} zeros are missing values, in others (tree ${t}) they are not. Train all trees with one zero_as_missing.`,
        );
      zeros.set(feature, missing === 1);
      // Without missing values in training NaN is taken for zero.
      return { ...common, threshold, missingLeft: missing === 0 ? 0 <= threshold : (type & 2) === 2 };
    },
  };
}

function numberOf(text: string): number {
  return /^[+-]?inf/i.test(text) ? (text.startsWith("-") ? -Infinity : Infinity) : Number(text);
}

function codesOf(
  set: number,
  ends: readonly number[],
  words: readonly number[],
  fail: (what: string) => DataError,
): number[] {
  const from = ends[set];
  const end = ends[set + 1];
  if (from === undefined || end === undefined || !(from >= 0 && end >= from && end <= words.length))
    throw fail(`has no set ${show(set)} of categories`);
  const codes: number[] = [];
  words.slice(from, end).forEach((word, k) => {
    for (let bit = 0; bit < 32; bit++) if ((word >>> bit) & 1) codes.push(32 * k + bit);
  });
  return codes;
}
