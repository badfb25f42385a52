import type { GraphNode, GraphOp } from "../graph/graph.js";
import type { OnnxGraph } from "./onnx-graph.js";
import { treeAttributes } from "./onnx-trees.js";
import { ONNX_TRANSFORMS } from "./onnx-transforms.js";

/** Where the rows come in. */
export interface OnnxRows {
  /** Columns of numbers by place in the model's columns, as one matrix of doubles. */
  numbers(columns: readonly number[]): string;
  /** A column of text, one a row. */
  text(column: number): string;
}

/** What operations are written with. */
export interface OnnxContext {
  readonly owner: string;
  readonly graph: OnnxGraph;
  readonly rows: OnnxRows;
  /** Columns of a value that was written. */
  widthOf(value: string): number;
}

type Params = GraphNode["params"];
/** Writes the nodes of an operation; the value that they make. */
export type OnnxOp = (context: OnnxContext, params: Params, inputs: readonly string[]) => string;

const nums = (params: Params, name: string): readonly number[] => params[name] as readonly number[];

/** A list of one number a column, to meet a matrix of rows. */
const perColumn = ({ graph }: OnnxContext, values: readonly number[]): string =>
  graph.doubles(values, [1, values.length]);

const constant = ({ graph }: OnnxContext, value: number): string => graph.doubles([value], [1, 1]);

const one = (inputs: readonly string[]): string => inputs[0] as string;

function choose({ graph }: OnnxContext, value: string, columns: readonly number[]): string {
  return graph.node("Gather", [value, graph.integers(columns, [columns.length])], { axis: { int: 1 } });
}

function concat({ graph }: OnnxContext, parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] as string) : graph.node("Concat", parts, { axis: { int: 1 } });
}

function rowSum(
  { graph }: OnnxContext,
  op: "ReduceSum" | "ReduceMax" | "ReduceL1" | "ReduceL2",
  value: string,
): string {
  return graph.node(op, [value, graph.integers([1], [1])], { keepdims: { int: 1 } });
}

/** Values beyond a bound brought to it; the Clip of some runtimes loses NaN. */
function bounded(context: OnnxContext, value: string, op: "Less" | "Greater", bound: number): string {
  const limit = constant(context, bound);
  const { graph } = context;
  return graph.node("Where", [graph.node(op, [value, limit]), limit, value]);
}

/**
 * Each operation in ONNX, on matrices of doubles. Sums may be taken in another order than in our kernels; else the
 * arithmetic is the same.
 */
export const ONNX_OPS: Readonly<Record<GraphOp, OnnxOp>> = {
  ...ONNX_TRANSFORMS,
  numbers: ({ rows }, params) => rows.numbers(nums(params, "columns")),
  text: ({ rows }, params) => rows.text(params["column"] as number),
  choose: (context, params, inputs) => choose(context, one(inputs), nums(params, "columns")),
  stack: (context, params, inputs) => {
    const weights = nums(params, "weights");
    const parts = inputs.map((input, k) =>
      weights[k] === 1 ? input : context.graph.node("Mul", [input, constant(context, weights[k] as number)]),
    );
    return concat(context, parts);
  },
  centerScale: (context, params, inputs) => {
    const centred = context.graph.node("Sub", [one(inputs), perColumn(context, nums(params, "shift"))]);
    return context.graph.node("Mul", [centred, perColumn(context, nums(params, "scale"))]);
  },
  scaleShift: (context, params, inputs) => {
    const scaled = context.graph.node("Mul", [one(inputs), perColumn(context, nums(params, "scale"))]);
    return context.graph.node("Add", [scaled, perColumn(context, nums(params, "shift"))]);
  },
  clip: (context, params, inputs) => {
    const low = bounded(context, one(inputs), "Less", params["low"] as number);
    return bounded(context, low, "Greater", params["high"] as number);
  },
  fill: (context, params, inputs) =>
    context.graph.node("Where", [
      context.graph.node("IsNaN", [one(inputs)]),
      perColumn(context, nums(params, "fill")),
      one(inputs),
    ]),
  missing: ({ graph }, _params, inputs) => graph.cast(graph.node("IsNaN", [one(inputs)]), "float64"),
  normalize: (context, params, inputs) => {
    const { graph } = context;
    const size =
      params["norm"] === "max"
        ? rowSum(context, "ReduceMax", graph.node("Abs", [one(inputs)]))
        : rowSum(context, params["norm"] === "l1" ? "ReduceL1" : "ReduceL2", one(inputs));
    const none = graph.node("Less", [size, constant(context, params["smallest"] as number)]);
    return graph.node("Div", [one(inputs), graph.node("Where", [none, constant(context, 1), size])]);
  },
  above: (context, params, inputs) =>
    context.graph.cast(
      context.graph.node("Greater", [one(inputs), constant(context, params["threshold"] as number)]),
      "float64",
    ),
  products: (context, params, inputs) => {
    const { graph } = context;
    const [prefix, variable] = [nums(params, "prefix"), nums(params, "variable")];
    const columns = new Map<number, string>();
    const column = (j: number): string => {
      const known = columns.get(j) ?? choose(context, one(inputs), [j]);
      columns.set(j, known);
      return known;
    };
    const terms: string[] = [""];
    for (let t = 1; t < prefix.length; t++) {
      const own = column(variable[t] as number);
      terms.push(prefix[t] === 0 ? own : graph.node("Mul", [terms[prefix[t] as number] as string, own]));
    }
    // A column of ones: what is not NaN in one that is there, and what is, alike.
    const ones = (): string => {
      const nan = graph.node("IsNaN", [column(0)]);
      return graph.node("Where", [nan, constant(context, 1), constant(context, 1)]);
    };
    return concat(
      context,
      nums(params, "emitted").map((t) => (t === 0 ? ones() : (terms[t] as string))),
    );
  },
  code: (context, params, inputs) => {
    const { graph } = context;
    const keys = params["keys"] as readonly (string | number | null)[];
    if (keys.some((key) => typeof key === "string")) {
      // Text in ONNX is never missing, so that a category of missing values is never met.
      const known = keys.flatMap((key, at) => (typeof key === "string" ? [[key, at] as const] : []));
      return graph.ml("LabelEncoder", [one(inputs)], {
        keys_strings: { strings: known.map(([key]) => key) },
        values_int64s: { ints: known.map(([, at]) => at) },
        default_int64: { int: keys.length },
      });
    }
    const missing = keys.findIndex((key) => key === null || Number.isNaN(key));
    const numbers = keys.map((key) => (typeof key === "number" ? key : Number.NaN));
    const equal = graph.cast(graph.node("Equal", [one(inputs), perColumn(context, numbers)]), "float64");
    const at = graph.node("ArgMax", [equal], { axis: { int: 1 }, keepdims: { int: 1 } });
    const known = graph.node("Greater", [rowSum(context, "ReduceMax", equal), constant(context, 0)]);
    const found = graph.node("Where", [known, at, graph.integers([keys.length], [1, 1])]);
    if (missing < 0) return found;
    return graph.node("Where", [graph.node("IsNaN", [one(inputs)]), graph.integers([missing], [1, 1]), found]);
  },
  gather: ({ graph }, params, inputs) => {
    const table = nums(params, "table");
    return graph.node("Gather", [graph.doubles(table, [table.length]), one(inputs)], { axis: { int: 0 } });
  },
  spread: (context, params, inputs) => {
    const { graph } = context;
    const slots = nums(params, "slots");
    const width = params["width"] as number;
    const slot = graph.node("Gather", [graph.integers(slots, [slots.length]), one(inputs)], { axis: { int: 0 } });
    const places = graph.integers(
      Array.from({ length: width }, (_, j) => j),
      [1, width],
    );
    return graph.cast(graph.node("Equal", [slot, places]), "float64");
  },
  linear: (context, params, inputs) => {
    const { graph } = context;
    const intercepts = nums(params, "intercepts");
    const coef = nums(params, "coef");
    const [k, p] = [intercepts.length, coef.length / intercepts.length];
    const turned = Array.from({ length: p * k }, (_, i) => coef[(i % k) * p + Math.floor(i / k)] as number);
    const product = graph.node("MatMul", [one(inputs), graph.doubles(turned, [p, k])]);
    return graph.node("Add", [product, perColumn(context, intercepts)]);
  },
  exp: ({ graph }, _params, inputs) => graph.node("Exp", [one(inputs)]),
  bothSides: (context, _params, inputs) => concat(context, [context.graph.node("Neg", [one(inputs)]), one(inputs)]),
  sigmoid: (context, _params, inputs) => {
    // The Sigmoid of the runtime is cut off where a probability is small, and loses its digits before.
    const { graph } = context;
    const small = graph.node("Exp", [graph.node("Neg", [graph.node("Abs", [one(inputs)])])]);
    const positive = graph.node("GreaterOrEqual", [one(inputs), constant(context, 0)]);
    const above = graph.node("Where", [positive, constant(context, 1), small]);
    return graph.node("Div", [above, graph.node("Add", [constant(context, 1), small])]);
  },
  ramp: (context, _params, inputs) => {
    const { graph } = context;
    const inside = bounded(context, bounded(context, one(inputs), "Less", -1), "Greater", 1);
    return graph.node("Div", [graph.node("Add", [inside, constant(context, 1)]), constant(context, 2)]);
  },
  shares: (context, _params, inputs) => {
    const { graph } = context;
    const sum = rowSum(context, "ReduceSum", one(inputs));
    const none = graph.node("Equal", [sum, constant(context, 0)]);
    const even = constant(context, 1 / context.widthOf(one(inputs)));
    return graph.node("Where", [none, even, graph.node("Div", [one(inputs), sum])]);
  },
  divide: (context, params, inputs) =>
    context.graph.node("Div", [one(inputs), constant(context, params["by"] as number)]),
  complement: (context, _params, inputs) => {
    const rest = context.graph.node("Sub", [constant(context, 1), one(inputs)]);
    return concat(context, [bounded(context, rest, "Less", 0), one(inputs)]);
  },
  softmax: ({ graph }, _params, inputs) => graph.node("Softmax", [one(inputs)], { axis: { int: 1 } }),
  trees: (context, params, inputs) => {
    const { graph } = context;
    const sums = graph.ml("TreeEnsemble", [one(inputs)], treeAttributes(params));
    return graph.node("Add", [sums, perColumn(context, nums(params, "baselines"))]);
  },
  pickLabel: (context, params, inputs) => {
    const [no, yes] = nums(params, "labels") as readonly [number, number];
    const { graph } = context;
    const above = graph.node("Greater", [one(inputs), constant(context, 0)]);
    return graph.node("Where", [above, constant(context, yes), constant(context, no)]);
  },
  bestLabel: ({ graph }, params, inputs) => {
    const labels = nums(params, "labels");
    const best = graph.node("ArgMax", [one(inputs)], { axis: { int: 1 }, keepdims: { int: 1 } });
    return graph.node("Gather", [graph.doubles(labels, [labels.length]), best], { axis: { int: 0 } });
  },
};
