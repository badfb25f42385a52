import { partwiseVersion } from "../../base/version.js";
import type { AnyEstimator } from "../../estimator/registry.js";
import type { ExportGraph, GraphOutput } from "../graph/graph.js";
import { recordGraph, type ExportOptions } from "../graph/record-graph.js";
import { ROW_OPS } from "../graph/row-ops.js";
import { writeExport } from "../write-export.js";

/**
 * Writes a fitted estimator or pipeline as one JavaScript module without dependencies, for browsers and servers: it exports
 * `columns`, `classes` where there are some, and for each output a function of one row, `predict(row)`,
 * `predictProba(row)`, `decisionFunction(row)` or `transform(row)`. A row is an array in the order of `columns`, or an object
 * with their names; what is missing is `null` or NaN.
 *
 * Numbers are written with all their digits and the arithmetic is the kernels': labels and trees agree with `predict` bit for
 * bit, sums up to the order of their terms, probabilities to a few units in the last place.
 *
 * @returns the text of the file
 * @throws NotFittedError; DataError naming the step that has no export (docs/exchange.md lists them); FileError
 *
 * @example
 * ```ts
 * await exportJavaScript(pipeline, "late.js");
 * // elsewhere: import { predict } from "./late.js"; predict({ distance: 600, hour: 17 });
 * ```
 */
export async function exportJavaScript(
  model: AnyEstimator,
  path: string,
  options: ExportOptions = {},
): Promise<string> {
  const text = javaScriptText(recordGraph("exportJavaScript", model, options));
  await writeExport("exportJavaScript", path, text);
  return text;
}

function javaScriptText({ kind, columns, nodes, outputs }: ExportGraph): string {
  const used = [...new Set(nodes.map(({ op }) => op))].sort();
  const labels = outputs.find(({ name }) => name === "predict")?.classes;
  return `// ${kind}, written by partwise ${partwiseVersion()}. Data and arithmetic alone: it imports nothing.

/** The columns of a row, in their order. */
export const columns = ${literal(columns.map(({ name }) => name))};
${labels ? `\n/** The classes, in the order of their probabilities. */\nexport const classes = ${literal(labels)};\n` : ""}
const kinds = ${literal(columns.map((column) => column.kind))};

const ops = {
${used.map((op) => `  ${op}: ${ROW_OPS[op].toString()},`).join("\n")}
};

// Each node: operation, the nodes that it reads, its parameters.
const nodes = [
${nodes.map(({ op, inputs, params }) => `  [${literal(op)}, ${literal(inputs)}, ${literal(params)}],`).join("\n")}
];

const fromRow = new Set(["numbers", "text"]);

function cells(row) {
  const values = Array.isArray(row) || ArrayBuffer.isView(row) ? row : named(row);
  if (values.length !== columns.length)
    throw new Error("The row has " + values.length + " values; the model takes " + columns.length + ": " + columns.join(", ") + ".");
  for (let j = 0; j < columns.length; j++) {
    const value = values[j];
    if (value === null || value === undefined) continue;
    if (kinds[j] === "text" ? typeof value !== "string" : typeof value !== "number" && typeof value !== "boolean")
      throw new Error("Column " + JSON.stringify(columns[j]) + " is " + JSON.stringify(value) + "; the model takes " + (kinds[j] === "text" ? "text" : "a number") + ".");
  }
  return values;
}

function named(row) {
  if (typeof row !== "object" || row === null) throw new Error("A row is an array of values, or an object with the columns' names.");
  return columns.map((name) => {
    if (!Object.hasOwn(row, name)) throw new Error("The row has no " + JSON.stringify(name) + ". It needs " + columns.join(", ") + ".");
    return row[name];
  });
}

function run(row, wanted) {
  const input = cells(row);
  const results = new Array(nodes.length);
  const compute = (k) => {
    if (results[k]) return results[k];
    const [op, inputs, params] = nodes[k];
    results[k] = fromRow.has(op) ? ops[op](params, input) : ops[op](params, ...inputs.map(compute));
    return results[k];
  };
  return compute(wanted);
}

${outputs.map(outputText).join("\n")}`;
}

const SAYS = {
  predict: "What the model predicts for a row.",
  predictProba: "The probability of each class for a row.",
  decisionFunction: "The scores of a row.",
  transform: "The transformed row.",
} as const;

function outputText({ name, node, columns, classes }: GraphOutput): string {
  const many = columns.length > 1 || name === "predictProba" || name === "transform";
  const result = classes ? `classes[run(row, ${node})[0]]` : many ? `run(row, ${node})` : `run(row, ${node})[0]`;
  return `/** ${SAYS[name]} */\nexport function ${name}(row) {\n  return ${result};\n}\n`;
}

/** A value as JavaScript with every digit; JSON has no NaN, infinities or negative zero. */
function literal(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, one]) => `${JSON.stringify(key)}: ${literal(one)}`)
      .join(", ")} }`;
  return JSON.stringify(value);
}
