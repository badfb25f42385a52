import type { Plain } from "../../base/plain.js";
import type { VerbCall } from "../../collections/frame/verbs.js";
import { onlyColumns } from "../../collections/frame/verbs.js";
import type { PackedTrees } from "../../numeric/trees/packed-trees.js";
import type { GraphValue } from "./graph.js";
import type { Builder, Lowering, Symbolic } from "./record-graph.js";
import { stacked } from "./stacked.js";
import { TRANSFORM_LOWERINGS } from "./transform-lowerings.js";
import { treeParams } from "./tree-params.js";

type Args = Record<string, Plain>;

/** Numbers of an argument as a list. */
const list = (value: Plain): number[] => Array.from(value as unknown as ArrayLike<number>);

/** A step from one matrix to another of the same width. */
const each = (
  args: readonly string[],
  lower: (build: Builder, args: Args, x: Symbolic & { kind: "matrix" }) => Symbolic,
): Lowering => ({ args, lower: (build, own, [x]) => lower(build, own, build.matrix(x as Symbolic)) });

const same =
  (op: "centerScale" | "scaleShift") =>
  (build: Builder, args: Args, x: Symbolic & { kind: "matrix" }): Symbolic & { kind: "matrix" } =>
    build.node(op, [x.node], x.width, { shift: list(args["shift"]), scale: list(args["scale"]) });

const clipped = (build: Builder, x: Symbolic & { kind: "matrix" }, low: number, high: number): Symbolic =>
  build.node("clip", [x.node], x.width, { low, high });

const labelled = ["owner", "names"] as const;
const linearArgs = [...labelled, "coef", "intercept"] as const;
const scoreArgs = [...labelled, "coef", "intercepts"] as const;

/** `x·coef + intercept`, of one predictor or of several. */
function scores(build: Builder, args: Args, input: Symbolic): Symbolic & { kind: "matrix" } {
  const intercepts = "intercept" in args ? [args["intercept"] as number] : list(args["intercepts"]);
  return build.node("linear", [build.matrix(input).node], intercepts.length, { coef: list(args["coef"]), intercepts });
}

/** A binary model's probabilities: each side by its own sigmoid. */
function probabilities(build: Builder, margin: Symbolic & { kind: "matrix" }, by: "sigmoid" | "ramp"): Symbolic {
  const both = build.node("bothSides", [margin.node], 2);
  return build.node(by, [both.node], 2);
}

const margins = ["baselines", "runs", "outputs", "categories"] as const;

function trees(build: Builder, args: Args, input: Symbolic): Symbolic & { kind: "matrix" } {
  const baselines = list(args["baselines"]);
  const params = treeParams(build, args as unknown as PackedTrees, baselines);
  return build.node("trees", [build.matrix(input).node], baselines.length, params);
}

/** The means of a forest's trees, an output after the other. */
function means(build: Builder, args: Args, input: Symbolic): Symbolic & { kind: "matrix" } {
  const x = build.matrix(input);
  const parts = (args["outputs"] as unknown as readonly PackedTrees[]).map((packed) => {
    const sum = build.node("trees", [x.node], 1, treeParams(build, packed, [0]));
    return build.node("divide", [sum.node], 1, { by: args["trees"] as number });
  });
  return stacked(build, parts);
}

const both = (build: Builder, x: Symbolic & { kind: "matrix" }): Symbolic & { kind: "matrix" } =>
  x.width > 1 ? x : build.node("complement", [x.node], 2);

const bestLabel = (build: Builder, x: Symbolic & { kind: "matrix" }, args: Args): Symbolic =>
  build.node("bestLabel", [x.node], 1, { labels: list(args["labels"]) });

const modelled = (
  args: readonly string[],
  score: (build: Builder, args: Args, input: Symbolic) => Symbolic & { kind: "matrix" },
  finish: (build: Builder, scored: Symbolic & { kind: "matrix" }, args: Args) => Symbolic,
): Lowering => ({ args, lower: (build, own, [x]) => finish(build, score(build, own, x as Symbolic), own) });

const pickLabel = (build: Builder, x: Symbolic & { kind: "matrix" }, args: Args): Symbolic =>
  build.node("pickLabel", [x.node], 1, { labels: list(args["labels"]) });

/** What a partition's encoder matches: each column's codes. */
function codes(build: Builder, args: Args, input: Symbolic): number[] {
  const columns = args["columns"] as unknown as readonly { readonly name: string }[];
  const categories = args["categories"] as unknown as readonly (readonly (string | number | boolean | null)[])[];
  return build.split(input).map((column, j) => {
    const keys = (categories[j] ?? []).map((key) => (typeof key === "boolean" ? Number(key) : key));
    const params: Record<string, GraphValue> = {
      keys,
      refuse: typeof args["refuse"] === "string",
      owner: build.step,
      name: columns[j]?.name ?? `x${j}`,
    };
    return build.node("code", [column], 1, params).node;
  });
}

const coded = [...labelled, "columns", "categories", "refuse", "dtype"] as const;

const oneHot: Lowering = {
  args: [...coded, "slots", "unknown", "widths"],
  lower: (build, args, [input]) => {
    const slots = args["slots"] as unknown as readonly Int32Array[];
    const unknown = list(args["unknown"]);
    const widths = list(args["widths"]);
    const parts = codes(build, args, input as Symbolic).map((code, j) => {
      const width = widths[j] as number;
      return build.node("spread", [code], width, { width, slots: [...(slots[j] as Int32Array), unknown[j] as number] });
    });
    return stacked(build, parts);
  },
};

const stack: Lowering = {
  args: ["owner", "parts", "weights", "dtype"],
  lower: (build, args, inputs) =>
    stacked(
      build,
      inputs.map((input) => build.matrix(input)),
      list(args["weights"]),
    ),
};

const matrixOf: Lowering = { args: [], lower: (build, _args, [x]) => build.matrix(x as Symbolic) };

/**
 * Steps of recorded predictions, by the task functions that do them (module and export): how each is said in operations
 * on columns. One entry brings a step, and with it every estimator that uses it, to all export formats.
 */
export const LOWERINGS: Readonly<Record<string, Lowering>> = {
  ...TRANSFORM_LOWERINGS,
  "src/collections/array/tasks#selectColumns": each(["columns"], (build, args, x) =>
    build.node("choose", [x.node], list(args["columns"]).length, { columns: list(args["columns"]) }),
  ),
  "src/collections/frame/frame-task#frameTask": {
    args: ["verbs", "columns"],
    lower: (build, args, [input]) => {
      if (input?.kind !== "frame") return build.refuse("it works on a frame in the middle of the model");
      const columns = onlyColumns(args["verbs"] as unknown as readonly VerbCall[], input.columns);
      return columns ? { ...input, columns } : build.refuse("it computes with frame expressions");
    },
  },
  "src/collections/frame/to-array-task#denseTask": {
    args: ["columns", "dtype"],
    lower: (build, args, [input]) => {
      if (input?.kind !== "frame") return build.refuse("it works on a frame in the middle of the model");
      return build.matrix({ ...input, columns: args["columns"] as readonly string[] });
    },
  },
  "src/collections/frame/array-to-frame#chunkToFrame": {
    args: ["names"],
    lower: (build, args, [input]) => {
      const { node } = build.matrix(input as Symbolic);
      const names = args["names"] as readonly string[];
      return { kind: "frame", columns: names, of: { node, names } };
    },
  },
  "src/compose/stack-parts#stackDense": stack,
  "src/compose/stack-parts#stackSparse": stack,
  "src/estimator/frame-transformer#denseStep": matrixOf,
  "preprocessing/standard-scaler#scaleStep": each(["shift", "scale"], same("centerScale")),
  "preprocessing/standard-scaler#inverseStep": each(["shift", "scale"], same("scaleShift")),
  "preprocessing/min-max-scaler#scaleAndClip": each(["shift", "scale", "low", "high"], (build, args, x) =>
    clipped(build, same("scaleShift")(build, args, x), args["low"] as number, args["high"] as number),
  ),
  "preprocessing/max-abs-scaler#scaleAndClipToOne": each(["shift", "scale"], (build, args, x) =>
    clipped(build, same("centerScale")(build, args, x), -1, 1),
  ),
  "preprocessing/normalizer#normalizeStep": each([...labelled, "norm"], (build, args, x) =>
    // The norm that counts as zero is the kernel's.
    build.node("normalize", [x.node], x.width, { norm: args["norm"] as string, smallest: 10 * Number.EPSILON }),
  ),
  "preprocessing/binarizer#binarizeStep": each([...labelled, "threshold"], (build, args, x) =>
    build.node("above", [x.node], x.width, { threshold: args["threshold"] as number }),
  ),
  "preprocessing/simple-imputer#imputeStep": each(["fill", "keep", "indicators"], (build, args, x) => {
    const keep = list(args["keep"]);
    const fill = list(args["fill"]);
    const indicators = list(args["indicators"]);
    const kept = build.node("choose", [x.node], keep.length, { columns: keep });
    const filled = build.node("fill", [kept.node], keep.length, { fill: keep.map((j) => fill[j] as number) });
    if (indicators.length === 0) return filled;
    const watched = build.node("choose", [x.node], indicators.length, { columns: indicators });
    return stacked(build, [filled, build.node("missing", [watched.node], indicators.length)]);
  }),
  "preprocessing/polynomial-features#productsStep": each(
    [...labelled, "prefix", "variable", "emitted"],
    (build, args, x) =>
      build.node("products", [x.node], list(args["emitted"]).length, {
        prefix: list(args["prefix"]),
        variable: list(args["variable"]),
        emitted: list(args["emitted"]),
      }),
  ),
  "preprocessing/one-hot-tasks#oneHotDense": oneHot,
  "preprocessing/one-hot-tasks#oneHotCsr": oneHot,
  "preprocessing/map-categories#mapStep": {
    args: [...coded, "values", "unknown"],
    lower: (build, args, [input]) => {
      const values = args["values"] as unknown as readonly Float64Array[];
      const unknown = list(args["unknown"]);
      const parts = codes(build, args, input as Symbolic).map((code, j) =>
        build.node("gather", [code], 1, { table: [...(values[j] as Float64Array), unknown[j] ?? Number.NaN] }),
      );
      return stacked(build, parts);
    },
  },
  "models/linear/predict-tasks#linearStep": modelled(linearArgs, scores, (_build, x) => x),
  "models/linear/predict-tasks#labelStep": modelled([...linearArgs, "labels"], scores, pickLabel),
  "models/linear/predict-tasks#probabilityStep": modelled(linearArgs, scores, (build, x) =>
    probabilities(build, x, "sigmoid"),
  ),
  "models/linear/softmax-predict-tasks#scoresStep": modelled(scoreArgs, scores, (_build, x) => x),
  "models/linear/softmax-predict-tasks#sharesStep": modelled(scoreArgs, scores, (build, x) =>
    build.node("softmax", [x.node], x.width),
  ),
  "models/linear/softmax-predict-tasks#bestLabelStep": modelled([...scoreArgs, "labels"], scores, bestLabel),
  "models/linear/one-vs-rest-tasks#probabilitiesStep": modelled(
    [...scoreArgs, "logistic"],
    scores,
    (build, x, args) => {
      const by = args["logistic"] === true ? "sigmoid" : "ramp";
      if (x.width === 1) return probabilities(build, x, by);
      const own = build.node(by, [x.node], x.width);
      return build.node("shares", [own.node], x.width);
    },
  ),
  "models/linear/glm-predict-tasks#glmMeanStep": modelled(
    [...linearArgs, "composition", "vectors"],
    scores,
    (build, x, args) => {
      const { link } = args["composition"] as unknown as {
        readonly link: { readonly name: string; readonly power?: number };
      };
      if ((args["vectors"] as readonly string[]).length > 0)
        return build.refuse("offsets and exposures come beside the rows");
      if (link.name === "identity") return x;
      if (link.name === "log") return build.node("exp", [x.node], 1);
      if (link.name === "logit") return build.node("sigmoid", [x.node], 1);
      if (link.name === "probit")
        return build.refuse("the normal distribution of its link probit has no exact form in these formats; use logit");
      if (link.name !== "power") return build.node("inverseLink", [x.node], 1, { link: link.name, power: 1 });
      if (link.power === 0) return build.node("exp", [x.node], 1);
      return (link.power ?? 1) === 1
        ? x
        : build.node("inverseLink", [x.node], 1, { link: "power", power: 1 / (link.power as number) });
    },
  ),
  "models/boosting/category-tasks#codedStep": {
    args: ["columns", "texts"],
    lower: (build, args, [input]) => {
      const texts = args["texts"] as unknown as readonly (readonly string[] | null)[];
      const parts = build.split(input as Symbolic).map((column, j) => {
        const keys = texts[j];
        if (!keys) return build.node("choose", [column], 1, { columns: [0] });
        const code = build.node("code", [column], 1, { keys, refuse: false, owner: build.step, name: `x${j}` });
        return build.node("gather", [code.node], 1, { table: [...keys.keys(), Number.NaN] });
      });
      return stacked(build, parts);
    },
  },
  "models/boosting/tree-tasks#marginStep": modelled([...labelled, ...margins], trees, (_build, x) => x),
  "models/boosting/tree-tasks#expStep": modelled([...labelled, ...margins], trees, (build, x) =>
    build.node("exp", [x.node], x.width),
  ),
  "models/boosting/tree-tasks#probabilityStep": modelled([...labelled, ...margins], trees, (build, x) =>
    x.width > 1 ? build.node("softmax", [x.node], x.width) : probabilities(build, x, "sigmoid"),
  ),
  "models/boosting/tree-tasks#labelStep": modelled([...labelled, ...margins, "labels"], trees, (build, x, args) =>
    x.width > 1 ? bestLabel(build, x, args) : pickLabel(build, x, args),
  ),
  "models/forest/predict-tasks#meanStep": modelled([...labelled, "outputs", "trees"], means, (_build, x) => x),
  "models/forest/predict-tasks#probabilityStep": modelled([...labelled, "outputs", "trees"], means, both),
  "models/forest/predict-tasks#labelStep": modelled(
    [...labelled, "outputs", "trees", "labels"],
    means,
    (build, x, args) => bestLabel(build, both(build, x), args),
  ),
};
