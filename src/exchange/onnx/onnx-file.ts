import { DataError, show } from "../../base/errors.js";
import { ProtoWriter, readMessage, textOf, varintsOf, type ProtoField } from "../protobuf.js";

// Field numbers of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
const MODEL = { irVersion: 1, producer: 2, graph: 7, metadata: 14 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const;
const NODE = { input: 1, output: 2, opType: 4, attribute: 5 } as const;
const ATTRIBUTE = { name: 1, ints: 8, strings: 9 } as const;
const VALUE = { name: 1, type: 2 } as const;

/** Element types of tensors by their numbers in the format. */
const ELEMENT_TYPES: Readonly<Record<number, TensorType>> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  5: "int16",
  6: "int32",
  7: "int64",
  8: "string",
  9: "bool",
  11: "float64",
};

/** Element types that are read and written. */
export type TensorType = "float32" | "float64" | "int64" | "int32" | "int16" | "int8" | "uint8" | "bool" | "string";

/** An input of a graph. */
export interface OnnxInput {
  readonly name: string;
  readonly type: TensorType;
  /** Sizes; -1 for one that is open. */
  readonly shape: readonly number[];
}

/** What partwise reads of an ONNX file. */
export interface OnnxFile {
  readonly producer: string;
  readonly inputs: readonly OnnxInput[];
  readonly outputs: readonly string[];
  /** Class labels of outputs whose maps (ZipMap) became plain matrices. */
  readonly classes: Readonly<Record<string, readonly (string | number)[]>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The file for the runtime: the same, without ZipMap nodes. */
  readonly bytes: Uint8Array;
}

/**
 * Reads an ONNX file's inputs and outputs. Nodes ZipMap at its end, which turn a matrix of probabilities into a list of
 * maps, are taken out: the JavaScript runtimes return tensors only, and columns are what is wanted.
 *
 * @throws DataError for bytes that are no ONNX model, and for inputs of a type that columns cannot be
 */
export function readOnnx(owner: string, bytes: Uint8Array): OnnxFile {
  const model = readMessage(owner, bytes);
  const graphField = model.find(({ field, wire }) => field === MODEL.graph && wire === 2);
  if (!graphField || !model.some(({ field, wire }) => field === MODEL.irVersion && wire === 0))
    throw new DataError(`${owner}: this is no ONNX model: it has no graph. Check the path.`);
  const graph = readMessage(owner, graphField.bytes);
  const constants = new Set(all(graph, GRAPH.initializer).map((one) => nameOf(owner, one, 8)));
  const inputs = all(graph, GRAPH.input)
    .filter((one) => !constants.has(nameOf(owner, one, VALUE.name)))
    .map((one) => inputOf(owner, one));
  if (inputs.length === 0) throw new DataError(`${owner}: the graph has no input. Check the file.`);
  const outputs = all(graph, GRAPH.output).map((one) => nameOf(owner, one, VALUE.name));
  if (outputs.length === 0) throw new DataError(`${owner}: the graph has no output. Check the file.`);
  const zipped = zipMaps(owner, graph, outputs);
  const metadata = Object.fromEntries(
    all(model, MODEL.metadata).map((one) => {
      const entry = readMessage(owner, one.bytes);
      return [text(entry, 1), text(entry, 2)];
    }),
  );
  return {
    producer: text(model, MODEL.producer),
    inputs,
    outputs,
    classes: Object.fromEntries([...zipped].map(([name, { classes }]) => [name, classes])),
    metadata,
    bytes: zipped.size === 0 ? bytes : withoutMaps(model, graph, zipped),
  };
}

interface ZipMap {
  readonly node: ProtoField;
  /** The matrix that it reads. */
  readonly source: string;
  readonly classes: readonly (string | number)[];
}

/** Nodes ZipMap by the output that they make. */
function zipMaps(owner: string, graph: readonly ProtoField[], outputs: readonly string[]): Map<string, ZipMap> {
  const found = new Map<string, ZipMap>();
  for (const node of all(graph, GRAPH.node)) {
    const fields = readMessage(owner, node.bytes);
    if (text(fields, NODE.opType) !== "ZipMap") continue;
    const name = text(fields, NODE.output);
    if (!outputs.includes(name)) continue;
    const classes = all(fields, NODE.attribute).flatMap((attribute): (string | number)[] => {
      const own = readMessage(owner, attribute.bytes);
      const label = text(own, ATTRIBUTE.name);
      if (label === "classlabels_int64s") return varintsOf(owner, own, ATTRIBUTE.ints).map(Number);
      return label === "classlabels_strings" ? all(own, ATTRIBUTE.strings).map(textOf) : [];
    });
    found.set(name, { node, source: text(fields, NODE.input), classes });
  }
  return found;
}

/** The model with an Identity, whose result is a matrix, in the place of each ZipMap. */
function withoutMaps(
  model: readonly ProtoField[],
  graph: readonly ProtoField[],
  zipped: ReadonlyMap<string, ZipMap>,
): Uint8Array {
  const nodes = new Map([...zipped].map(([name, { node, source }]) => [node, { name, source }]));
  const plain = new ProtoWriter();
  for (const field of graph) {
    const identity = nodes.get(field);
    if (identity)
      plain.message(
        GRAPH.node,
        new ProtoWriter()
          .text(NODE.input, identity.source)
          .text(NODE.output, identity.name)
          .text(NODE.opType, "Identity"),
      );
    else if (field.field === GRAPH.output && field.wire === 2) {
      const name = text(readMessage("", field.bytes), VALUE.name);
      // Type: a tensor of float32 of any shape.
      const type = new ProtoWriter().message(1, new ProtoWriter().int(1, 1));
      if (zipped.has(name))
        plain.message(GRAPH.output, new ProtoWriter().text(VALUE.name, name).message(VALUE.type, type));
      else plain.copy(field);
    } else plain.copy(field);
  }
  const whole = new ProtoWriter();
  for (const field of model) {
    if (field.field === MODEL.graph) whole.message(MODEL.graph, plain);
    else whole.copy(field);
  }
  return whole.finish();
}

function inputOf(owner: string, field: ProtoField): OnnxInput {
  const own = readMessage(owner, field.bytes);
  const name = text(own, VALUE.name);
  const type = all(own, VALUE.type)[0];
  const tensor = type && all(readMessage(owner, type.bytes), 1)[0];
  if (!tensor)
    throw new DataError(`${owner}: the input ${show(name)} is no tensor. Only tensors can be made of columns.`);
  const parts = readMessage(owner, tensor.bytes);
  const code = Number(parts.find((part) => part.field === 1)?.number ?? 0n);
  const element = ELEMENT_TYPES[code];
  if (element === undefined)
    throw new DataError(
      `${owner}: the input ${show(name)} has element type ${code}, which columns cannot be. Known are ${Object.values(ELEMENT_TYPES).join(", ")}.`,
    );
  const shape = all(parts, 2).flatMap((one) =>
    all(readMessage(owner, one.bytes), 1).map((dimension) => {
      const size = readMessage(owner, dimension.bytes).find((part) => part.field === 1 && part.wire === 0);
      return size ? Number(size.number) : -1;
    }),
  );
  return { name, type: element, shape };
}

const all = (fields: readonly ProtoField[], number: number): ProtoField[] =>
  fields.filter(({ field, wire }) => field === number && wire === 2);

function text(fields: readonly ProtoField[], number: number): string {
  const field = all(fields, number)[0];
  return field ? textOf(field) : "";
}

function nameOf(owner: string, field: ProtoField, number: number): string {
  return text(readMessage(owner, field.bytes), number);
}
