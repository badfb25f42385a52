import { resolve } from "node:path";
import { closest, DataError, ParameterError, show } from "../../base/errors.js";
import { polars } from "../../collections/frame/polars.js";
import { fnRef } from "../../engine/fn-ref.js";
import { contentHash, ForeignModel, readForeign, type ForeignParts } from "../foreign-model.js";
import { COLUMN_TYPES, inputWidth, type BoundInput, type BoundOutput } from "../tensor-columns.js";
import { readOnnx, type OnnxFile, type OnnxInput } from "./onnx-file.js";
import { loadOnnxRuntime, type OnnxRuntimeName } from "./onnx-runtime.js";
import { runTensors, type OnnxArgs } from "./onnx-tasks.js";

/** Where an ONNX file of ours says which columns its one matrix is made of. */
export const COLUMNS_KEY = "partwise.columns";

/** Where it says what the columns of each output are called. */
export const OUTPUTS_KEY = "partwise.outputs";

const TASKS = new URL("./onnx-tasks.js", import.meta.url).href;

/** Options of {@link onnxModel}. */
export interface OnnxModelOptions {
  /**
   * The columns that make up the input; for a model of several inputs, the columns of each by its name. Unless given: for
   * one matrix, all columns of the rows in their order (or those that the file names, if partwise wrote it); for several
   * inputs of one column each, the columns of their names.
   */
  readonly columns?: readonly string[] | Readonly<Record<string, readonly string[]>>;
  /** Which of the graph's outputs are wanted; all unless given. */
  readonly outputs?: readonly string[];
  /** Names for the columns of an output, by the output's name: one for each column, or one text for an output of one column. */
  readonly names?: Readonly<Record<string, string | readonly string[]>>;
  /** Which runtime; "auto" (onnxruntime-node where it can be loaded, else onnxruntime-web) unless given. */
  readonly runtime?: OnnxRuntimeName | "auto";
}

/** An ONNX file, ready to score. Made by {@link onnxModel}. */
export class OnnxModel extends ForeignModel {
  constructor(
    parts: ForeignParts,
    /** The package that runs it. */
    readonly runtime: OnnxRuntimeName,
    /** The inputs of the graph with their element types and sizes (-1 for an open one). */
    readonly inputs: readonly OnnxInput[],
    /** Class labels of outputs that were maps in the file (ZipMap). */
    readonly classes: Readonly<Record<string, readonly (string | number)[]>>,
  ) {
    super(parts);
  }
}

/**
 * An ONNX file as a model for `scoreDataset`, or to predict with lazily. Whatever wrote it: skl2onnx, onnxmltools, PyTorch,
 * `exportOnnx`.
 *
 * It runs in the engine's workers through `onnxruntime-node` where that can be loaded, else through `onnxruntime-web`
 * (WebAssembly, one thread a worker; a warning says so). A worker opens the file once and keeps it by its content's hash.
 * On a cluster the path has to be readable by every worker.
 *
 * Columns become tensors of the type that the graph declares: numbers are rounded to float32 where it takes that, have to
 * be integers where it takes integers; text columns fill string inputs; null is NaN in floats and an error elsewhere.
 * Outputs become columns: an output of one column has its name; a matrix has `name_0`, `name_1`, ... or, where the file
 * ends in ZipMap (class probabilities of skl2onnx), `name_<class>`.
 *
 * Opening reads the file, and runs one row of zeros (empty texts) to learn the outputs' types and widths.
 *
 * @throws FileError when it cannot be read; DataError when it is no ONNX model, or the runtime refuses it; ParameterError for
 * options that do not fit it; PartwiseError when no runtime is installed
 *
 * @example
 * ```ts
 * const model = await onnxModel("late.onnx", { columns: ["distance", "hour"], names: { output_label: "late" } });
 * await scoreDataset({ model, input: "flights/*.parquet", output: "scored" });
 * const scored = model.predict(await readParquet("flights/*.parquet")); // lazy
 * ```
 */
export async function onnxModel(path: string, options: OnnxModelOptions = {}): Promise<OnnxModel> {
  if (typeof path !== "string" || path === "")
    throw new ParameterError(`onnxModel: path must be a file's name; got ${show(path)}.`);
  const owner = `onnxModel(${show(path)})`;
  const bytes = await readForeign(owner, path);
  const file = readOnnx(owner, bytes);
  const runtime = await loadOnnxRuntime(owner, options.runtime ?? "auto");
  if (runtime.instead !== undefined)
    process.emitWarning(
      `${owner}: runs on onnxruntime-web, because onnxruntime-node: ${runtime.instead}. ` +
        'That is WebAssembly: slower for large models. `npm install onnxruntime-node`, or pass { runtime: "onnxruntime-web" } to be content.',
      "FallbackWarning",
    );
  const inputs = bindInputs(owner, file, options.columns);
  const wanted = wantedOutputs(owner, file, options);
  const [rows] = (inputs[0] as BoundInput).shape;
  const args: OnnxArgs = {
    owner,
    path: resolve(path),
    hash: contentHash(bytes),
    runtime: runtime.name,
    inputs,
    outputs: wanted.map((output) => ({ output, names: [], type: "float32" })),
    fixedRows: rows !== undefined && rows > 0 ? rows : undefined,
  };
  const outputs = await probeOutputs(args, file, options);
  const columns = inputs.some((input) => input.columns === undefined)
    ? undefined
    : [...new Set(inputs.flatMap((input) => input.columns as readonly string[]))];
  const schema = outputs.flatMap(({ names, type }) => names.map((name) => [name, COLUMN_TYPES[type]] as const));
  const twice = schema.map(([name]) => name).find((name, i, all) => all.indexOf(name) !== i);
  if (twice !== undefined)
    throw new ParameterError(
      `${owner}: two columns of the outputs are called ${show(twice)}. Give others in \`names\`.`,
    );
  return new OnnxModel(
    {
      module: fnRef(TASKS, "predict").module,
      args: { ...args, outputs } as never,
      columns,
      outputs: Object.fromEntries(schema),
    },
    runtime.name,
    file.inputs,
    file.classes,
  );
}

function bindInputs(owner: string, file: OnnxFile, columns: OnnxModelOptions["columns"]): BoundInput[] {
  const { inputs } = file;
  const given = columns ?? namedInFile(file);
  if (isList(given)) {
    const [only, second] = inputs;
    if (second)
      throw new ParameterError(
        `${owner}: it has ${inputs.length} inputs (${inputs.map(({ name }) => name).join(", ")}). Give the columns of each: { columns: { ${show(second.name)}: [...] } }.`,
      );
    return [checkedWidth(owner, { ...(only as OnnxInput), columns: given })];
  }
  const unknown = Object.keys(given ?? {}).find((name) => !inputs.some((input) => input.name === name));
  if (unknown !== undefined) {
    const near = closest(
      unknown,
      inputs.map(({ name }) => name),
    );
    throw new ParameterError(
      `${owner}: it has no input ${show(unknown)}${near ? `; did you mean ${show(near)}` : ""}. It has ${inputs.map(({ name }) => name).join(", ")}.`,
    );
  }
  return inputs.map((input) => {
    const own = given?.[input.name];
    if (own) return checkedWidth(owner, { ...input, columns: own });
    if (inputWidth(input) === 1) return { ...input, columns: [input.name] };
    if (inputs.length === 1) return { ...input, columns: undefined };
    throw new ParameterError(
      `${owner}: the input ${show(input.name)} takes ${inputWidth(input) ?? "several"} columns. Name them: { columns: { ${show(input.name)}: [...] } }.`,
    );
  });
}

function isList(columns: OnnxModelOptions["columns"]): columns is readonly string[] {
  return Array.isArray(columns);
}

/** The columns of the one input, where partwise wrote them into the file. */
function namedInFile({ metadata, inputs }: OnnxFile): readonly string[] | undefined {
  return inputs.length === 1 ? asNames(entry(metadata, COLUMNS_KEY)) : undefined;
}

function entry(metadata: Readonly<Record<string, string>>, key: string): unknown {
  try {
    return JSON.parse(metadata[key] ?? "null");
  } catch {
    // Somebody else's entry of that name.
    return undefined;
  }
}

function asNames(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((name) => typeof name === "string") ? value : undefined;
}

function checkedWidth(owner: string, input: BoundInput & { readonly columns: readonly string[] }): BoundInput {
  const width = inputWidth(input);
  if (width !== undefined && width !== input.columns.length)
    throw new ParameterError(
      `${owner}: the input ${show(input.name)} takes ${width} columns; \`columns\` names ${input.columns.length}.`,
    );
  return input;
}

function wantedOutputs(owner: string, file: OnnxFile, options: OnnxModelOptions): readonly string[] {
  for (const name of [...(options.outputs ?? []), ...Object.keys(options.names ?? {})])
    if (!file.outputs.includes(name))
      throw new ParameterError(`${owner}: it has no output ${show(name)}. It has ${file.outputs.join(", ")}.`);
  if (options.outputs?.length === 0) throw new ParameterError(`${owner}: outputs is empty. Name one, or leave it out.`);
  return options.outputs ?? file.outputs;
}

/** One row of zeros tells what the outputs are like: files often leave their shapes open. */
async function probeOutputs(args: OnnxArgs, file: OnnxFile, options: OnnxModelOptions): Promise<BoundOutput[]> {
  const { owner } = args;
  const rows = args.fixedRows ?? 1;
  const pl = polars();
  const columns = new Map<string, ReturnType<typeof pl.Series>>();
  const inputs = args.inputs.map((input) => {
    const width = input.columns?.length ?? inputWidth(input);
    if (width === undefined)
      throw new ParameterError(
        `${owner}: the file does not say how many columns ${show(input.name)} takes. Name them in \`columns\`.`,
      );
    const names = Array.from({ length: width }, (_, j) => `${input.name} ${j}`);
    for (const name of names)
      columns.set(
        name,
        input.type === "string"
          ? pl.Series(
              name,
              Array.from({ length: rows }, () => ""),
            )
          : pl.Series(name, new Float64Array(rows)),
      );
    return { ...input, columns: names };
  });
  const written = entry(file.metadata, OUTPUTS_KEY) as Readonly<Record<string, unknown>> | null | undefined;
  const tensors = await runTensors({ ...args, inputs }, pl.DataFrame([...columns.values()]), rows);
  return args.outputs.map(({ output }) => {
    const { type, dims, data } = tensors[output] as {
      type: BoundOutput["type"];
      dims: number[];
      data: ArrayLike<unknown>;
    };
    const width = data.length / rows;
    if (!(type in COLUMN_TYPES) || dims[0] !== rows || !Number.isInteger(width))
      throw new DataError(
        `${owner}: the output ${show(output)} is ${type} of shape [${dims.join(", ")}] for ${rows} row${rows === 1 ? "" : "s"}: not one row for each. Leave it out of \`outputs\`.`,
      );
    return {
      output,
      type,
      names: columnNames(
        owner,
        output,
        width,
        file.classes[output],
        options.names?.[output] ?? fit(written?.[output], width),
      ),
    };
  });
}

/** Names from the file's own entry, where there are as many as columns. */
function fit(value: unknown, width: number): readonly string[] | undefined {
  const names = asNames(value);
  return names?.length === width ? names : undefined;
}

function columnNames(
  owner: string,
  output: string,
  width: number,
  classes: readonly (string | number)[] | undefined,
  given: string | readonly string[] | undefined,
): string[] {
  const names = typeof given === "string" ? [given] : given;
  if (names && names.length !== width)
    throw new ParameterError(
      `${owner}: names.${output} has ${names.length} names; the output has ${width} column${width === 1 ? "" : "s"}.`,
    );
  if (names) return [...names];
  if (classes?.length === width) return classes.map((label) => `${output}_${label}`);
  return width === 1 ? [output] : Array.from({ length: width }, (_, j) => `${output}_${j}`);
}
