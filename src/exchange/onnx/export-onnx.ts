import type { AnyEstimator } from "../../estimator/registry.js";
import { partwiseVersion } from "../../base/version.js";
import type { ExportGraph, GraphOutput } from "../graph/graph.js";
import { recordGraph, type ExportOptions } from "../graph/record-graph.js";
import { writeExport } from "../write-export.js";
import { COLUMNS_KEY, OUTPUTS_KEY } from "./onnx-model.js";
import { OnnxGraph } from "./onnx-graph.js";
import { ONNX_OPS, type OnnxContext, type OnnxRows } from "./onnx-ops.js";

/** Options of {@link exportOnnx}. */
export interface OnnxExportOptions extends ExportOptions {
  /** What numbers come in as: "float64" (the model's own precision) unless given; it computes in doubles either way. */
  readonly inputType?: "float64" | "float32";
}

const OUTPUT_NAMES = {
  predict: "prediction",
  predictProba: "probability",
  decisionFunction: "decision",
  transform: "output",
} as const;

/**
 * Writes a fitted estimator or pipeline as an ONNX file (opset 18, ai.onnx.ml 5, IR 10: ONNX 1.16, onnxruntime 1.20).
 *
 * The graph is that of the lazy prediction, in doubles: its answers differ from `predict` by the order of sums and the last
 * digits of exponentials. A model of numbers alone has one input `X`, a row a row; with columns of text each column is an
 * input of shape `[N, 1]` under its name. Outputs are `prediction` (labels are int64 or text), `probability`, `decision` or
 * `output`. Where `predict` refuses a row (a NaN, a category that fit has not seen), ONNX cannot: NaN then come out, or
 * zeros in the columns of a category. `onnxModel` reads the file with its columns' names.
 *
 * @returns the bytes of the file
 * @throws NotFittedError; DataError naming the step that has no form in ONNX (docs/exchange.md lists them); FileError
 *
 * @example
 * ```ts
 * await exportOnnx(makePipeline(new StandardScaler(), model), "late.onnx");
 * ```
 */
export async function exportOnnx(
  model: AnyEstimator,
  path: string,
  options: OnnxExportOptions = {},
): Promise<Uint8Array> {
  const owner = "exportOnnx";
  const bytes = onnxBytes(owner, recordGraph(owner, model, options), options.inputType ?? "float64");
  await writeExport(owner, path, bytes);
  return bytes;
}

function onnxBytes(owner: string, source: ExportGraph, inputType: "float64" | "float32"): Uint8Array {
  const graph = new OnnxGraph();
  const widths = new Map<string, number>();
  const context: OnnxContext = {
    owner,
    graph,
    rows: inputsOf(graph, source, inputType),
    widthOf: (value) => widths.get(value) ?? 1,
  };
  const values: string[] = [];
  for (const { op, params, inputs, width } of source.nodes) {
    const value = ONNX_OPS[op](
      context,
      params,
      inputs.map((input) => values[input] as string),
    );
    widths.set(value, width);
    values.push(value);
  }
  for (const output of source.outputs) writeOutput(graph, output, values[output.node] as string);
  return graph.finish(source.kind, partwiseVersion(), {
    [COLUMNS_KEY]: JSON.stringify(source.columns.map(({ name }) => name)),
    [OUTPUTS_KEY]: JSON.stringify(
      Object.fromEntries(source.outputs.map(({ name, columns }) => [OUTPUT_NAMES[name], columns])),
    ),
  });
}

function inputsOf(graph: OnnxGraph, { columns }: ExportGraph, type: "float64" | "float32"): OnnxRows {
  const asDoubles = (value: string): string => (type === "float64" ? value : graph.cast(value, "float64"));
  if (columns.every(({ kind }) => kind === "number")) {
    const whole = asDoubles(graph.input("X", type, [-1, columns.length]));
    return {
      numbers: (places) =>
        places.length === columns.length && places.every((place, j) => place === j)
          ? whole
          : graph.node("Gather", [whole, graph.integers(places, [places.length])], { axis: { int: 1 } }),
      text: () => whole,
    };
  }
  const values = columns.map(({ name, kind }) => {
    const value = graph.input(name, kind === "text" ? "string" : type, [-1, 1]);
    return kind === "text" ? value : asDoubles(value);
  });
  return {
    numbers: (places) => {
      const parts = places.map((place) => values[place] as string);
      return parts.length === 1 ? (parts[0] as string) : graph.node("Concat", parts, { axis: { int: 1 } });
    },
    text: (column) => values[column] as string,
  };
}

function writeOutput(graph: OnnxGraph, { name, columns, classes, integer }: GraphOutput, value: string): void {
  const own = OUTPUT_NAMES[name];
  if (name !== "predict") {
    graph.output(own, value, "float64", [-1, columns.length]);
    return;
  }
  const flat = columns.length === 1 ? graph.node("Reshape", [value, graph.integers([-1], [1])]) : value;
  if (typeof classes?.[0] === "string") {
    const labels = graph.texts(classes as readonly string[]);
    const text = graph.node("Gather", [labels, graph.cast(flat, "int64")], { axis: { int: 0 } });
    graph.output(own, text, "string", [-1]);
  } else if (classes) graph.output(own, graph.cast(flat, "bool"), "bool", [-1]);
  else if (integer) graph.output(own, graph.cast(flat, "int64"), "int64", [-1]);
  else graph.output(own, flat, "float64", columns.length === 1 ? [-1] : [-1, columns.length]);
}
