import { ProtoWriter } from "../protobuf.js";

// Fixed so that a file of one version of partwise runs wherever these are known: ONNX 1.16, onnxruntime 1.20.
const IR_VERSION = 10;
const OPSET = 18;
const ML_OPSET = 5;
const ML_DOMAIN = "ai.onnx.ml";

/** Element types that are written, by their numbers in the format. */
const ELEMENT = { float32: 1, uint8: 2, int64: 7, string: 8, bool: 9, float64: 11 } as const;

/** Element types of written tensors. */
export type WrittenType = keyof typeof ELEMENT;

/** An attribute of a node. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly strings: readonly string[] }
  | { readonly tensor: ProtoWriter };

/** Collects the nodes of an ONNX graph and writes the file. Values are named in the order in which they are made. */
export class OnnxGraph {
  readonly #nodes: ProtoWriter[] = [];
  readonly #constants: ProtoWriter[] = [];
  readonly #known = new Map<string, string>();
  readonly #inputs: ProtoWriter[] = [];
  readonly #outputs: ProtoWriter[] = [];
  #usesMl = false;
  #next = 0;

  /** An input of the graph; -1 is a size that is open. */
  input(name: string, type: WrittenType, shape: readonly number[]): string {
    this.#inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Makes a value an output of the graph, under a name of its own. */
  output(name: string, value: string, type: WrittenType, shape: readonly number[]): void {
    this.#node("Identity", [value], name, {}, "");
    this.#outputs.push(valueInfo(name, type, shape));
  }

  /** A constant of doubles. */
  doubles(values: readonly number[], dims: readonly number[]): string {
    return this.#constant("float64", dims, values.join(), tensor("float64", dims, values));
  }

  /** A constant of whole numbers. */
  integers(values: readonly number[], dims: readonly number[]): string {
    return this.#constant("int64", dims, values.join(), tensor("int64", dims, values));
  }

  /** A constant of text. */
  texts(values: readonly string[]): string {
    return this.#constant("string", [values.length], JSON.stringify(values), textTensor(values));
  }

  /** The result of an operation. */
  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    return this.#node(op, inputs, `v${this.#next++}`, attributes, "");
  }

  /** The result of an operation of the domain for machine learning. */
  ml(op: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>>): string {
    this.#usesMl = true;
    return this.#node(op, inputs, `v${this.#next++}`, attributes, ML_DOMAIN);
  }

  /** A value as another element type. */
  cast(value: string, type: WrittenType): string {
    return this.node("Cast", [value], { to: { int: ELEMENT[type] } });
  }

  /** The bytes of the file. */
  finish(name: string, version: string, metadata: Readonly<Record<string, string>>): Uint8Array {
    const graph = new ProtoWriter();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, name);
    for (const constant of this.#constants) graph.message(5, constant);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    const model = new ProtoWriter().int(1, IR_VERSION).text(2, "partwise").text(3, version).message(7, graph);
    model.message(8, new ProtoWriter().text(1, "").int(2, OPSET));
    if (this.#usesMl) model.message(8, new ProtoWriter().text(1, ML_DOMAIN).int(2, ML_OPSET));
    for (const [key, value] of Object.entries(metadata))
      model.message(14, new ProtoWriter().text(1, key).text(2, value));
    return model.finish();
  }

  #node(
    op: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, OnnxAttribute>>,
    domain: string,
  ): string {
    const node = new ProtoWriter();
    for (const input of inputs) node.text(1, input);
    node.text(2, output).text(3, `${op}_${this.#nodes.length}`).text(4, op);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attribute(name, value));
    if (domain !== "") node.text(7, domain);
    this.#nodes.push(node);
    return output;
  }

  #constant(type: WrittenType, dims: readonly number[], content: string, value: ProtoWriter): string {
    const key = `${type} ${dims.join("x")} ${content}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = `c${this.#constants.length}`;
    this.#constants.push(value.text(8, name));
    this.#known.set(key, name);
    return name;
  }
}

/** A tensor of numbers, little-endian. */
export function tensor(
  type: "float64" | "int64" | "uint8",
  dims: readonly number[],
  values: readonly number[],
): ProtoWriter {
  const bytes = new Uint8Array(values.length * (type === "uint8" ? 1 : 8));
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (type === "float64") view.setFloat64(8 * i, value, true);
    else if (type === "int64") view.setBigInt64(8 * i, BigInt(value), true);
    else bytes[i] = value;
  });
  return new ProtoWriter().ints(1, dims).int(2, ELEMENT[type]).bytes(9, bytes);
}

function textTensor(values: readonly string[]): ProtoWriter {
  const out = new ProtoWriter().ints(1, [values.length]).int(2, ELEMENT.string);
  for (const value of values) out.text(6, value);
  return out;
}

function attribute(name: string, value: OnnxAttribute): ProtoWriter {
  const out = new ProtoWriter().text(1, name);
  if ("int" in value) return out.int(3, value.int).int(20, 2);
  if ("float" in value) return out.float(2, value.float).int(20, 1);
  if ("ints" in value) return out.ints(8, value.ints).int(20, 7);
  if ("tensor" in value) return out.message(5, value.tensor).int(20, 4);
  for (const one of value.strings) out.text(9, one);
  return out.int(20, 8);
}

function valueInfo(name: string, type: WrittenType, shape: readonly number[]): ProtoWriter {
  const dims = new ProtoWriter();
  for (const size of shape) dims.message(1, size < 0 ? new ProtoWriter().text(2, "N") : new ProtoWriter().int(1, size));
  const own = new ProtoWriter().int(1, ELEMENT[type]).message(2, dims);
  return new ProtoWriter().text(1, name).message(2, new ProtoWriter().message(1, own));
}
