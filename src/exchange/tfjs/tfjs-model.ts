import { resolve } from "node:path";
import { DataError, ParameterError, show } from "../../base/errors.js";
import { polars } from "../../collections/frame/polars.js";
import { fnRef } from "../../engine/fn-ref.js";
import { ForeignModel, type ForeignParts } from "../foreign-model.js";
import { COLUMN_TYPES, inputWidth, type BoundInput, type BoundOutput } from "../tensor-columns.js";
import { loadTfjs, type TfInput, type TfjsBackend } from "./tfjs-runtime.js";
import { readTfjsFolder } from "./tfjs-folder.js";
import { openTfModel, runTensors, type TfjsArgs } from "./tfjs-tasks.js";

const TASKS = new URL("./tfjs-tasks.js", import.meta.url).href;

/** Options of {@link tfjsModel}. */
export interface TfjsModelOptions {
  /** The columns of the one input, or of each input by its name; all columns of the rows unless given. */
  readonly columns?: readonly string[] | Readonly<Record<string, readonly string[]>>;
  /** Names for the columns of the outputs, in order; `output_0`, `output_1`, ... unless given (`output` for one). */
  readonly names?: readonly string[];
  /** Which backend; "auto" (tfjs-node where it can be loaded, else WebAssembly, else plain JavaScript) unless given. */
  readonly backend?: TfjsBackend | "auto";
}

/** A tfjs model, ready to score. Made by {@link tfjsModel}. */
export class TfjsModel extends ForeignModel {
  constructor(
    parts: ForeignParts,
    /** What runs it. */
    readonly backend: TfjsBackend,
    readonly format: "layers" | "graph",
  ) {
    super(parts);
  }
}

/**
 * A tfjs layers or graph model (`model.json` with its shards) as a model for `scoreDataset`, or to predict with lazily.
 *
 * It runs in the engine's workers through `@tensorflow/tfjs-node` where that can be loaded, else through `@tensorflow/tfjs`
 * with `@tensorflow/tfjs-backend-wasm` (a warning says so), else in plain JavaScript. A worker opens the model once and
 * keeps it by its content's hash; nothing of a batch stays in tfjs' memory. Numbers become float32 (or int32, bool where
 * the model declares these); inputs of more than two axes are filled from columns in row-major order.
 *
 * @throws FileError when a file cannot be read; DataError when it is no tfjs model; ParameterError for options that do not
 * fit it; PartwiseError when tfjs is not installed
 *
 * @example
 * ```ts
 * const model = await tfjsModel("late-model", { columns: ["distance", "hour"], names: ["late"] });
 * await scoreDataset({ model, input: "flights/*.parquet", output: "scored" });
 * ```
 */
export async function tfjsModel(path: string, options: TfjsModelOptions = {}): Promise<TfjsModel> {
  if (typeof path !== "string" || path === "")
    throw new ParameterError(`tfjsModel: path must be the name of a folder or of model.json; got ${show(path)}.`);
  const owner = `tfjsModel(${show(path)})`;
  const folder = await readTfjsFolder(owner, path);
  const { tf, backend, reasons } = await loadTfjs(owner, options.backend ?? "auto");
  const instead = Object.entries(reasons).map(([name, reason]) => `${name}: ${reason}`);
  if (instead.length > 0)
    process.emitWarning(
      `${owner}: runs on the ${backend} backend of tfjs, because ${instead.join("; ")}. ` +
        `\`npm install @tensorflow/tfjs-node\`, or pass { backend: ${show(backend)} } to be content.`,
      "FallbackWarning",
    );
  const model = await openTfModel(owner, path, tf, folder);
  let inputs: BoundInput[];
  try {
    inputs = bindInputs(owner, model.inputs, options.columns);
  } finally {
    model.dispose();
  }
  const args: TfjsArgs = { owner, path: resolve(path), hash: folder.hash, backend, inputs, outputs: [] };
  const outputs = await probeOutputs(args, options.names);
  const columns = inputs.some((input) => input.columns === undefined)
    ? undefined
    : [...new Set(inputs.flatMap((input) => input.columns as readonly string[]))];
  const schema = outputs.flatMap(({ names, type }) => names.map((name) => [name, COLUMN_TYPES[type]] as const));
  return new TfjsModel(
    {
      module: fnRef(TASKS, "predict").module,
      args: { ...args, outputs } as never,
      columns,
      outputs: Object.fromEntries(schema),
    },
    backend,
    folder.format,
  );
}

function bindInputs(owner: string, inputs: readonly TfInput[], columns: TfjsModelOptions["columns"]): BoundInput[] {
  const named = Array.isArray(columns)
    ? undefined
    : (columns as Readonly<Record<string, readonly string[]>> | undefined);
  if (inputs.length > 1 && !named)
    throw new ParameterError(
      `${owner}: it has ${inputs.length} inputs. Name the columns of each: { columns: { ${inputs.map(({ name }) => `${show(name)}: [...]`).join(", ")} } }.`,
    );
  const unknown = Object.keys(named ?? {}).find((name) => !inputs.some((input) => input.name === name));
  if (unknown !== undefined)
    throw new ParameterError(
      `${owner}: it has no input ${show(unknown)}. It has ${inputs.map(({ name }) => name).join(", ")}.`,
    );
  return inputs.map(({ name, shape, dtype }) => {
    const type = dtype === "int32" || dtype === "bool" ? dtype : "float32";
    const own = named ? named[name] : (columns as readonly string[] | undefined);
    if (named && !own) throw new ParameterError(`${owner}: columns does not name those of the input ${show(name)}.`);
    const declared = (shape ?? [null, null]).map((size) => size ?? -1);
    // An open width is that of the columns.
    const sizes = declared.length === 2 && declared[1] === -1 && own ? [-1, own.length] : declared;
    const input: BoundInput = { name, type, shape: sizes, columns: own };
    const width = inputWidth(input);
    if (width === undefined)
      throw new ParameterError(
        `${owner}: the model does not say how many columns ${show(name)} takes. Name them in \`columns\`.`,
      );
    if (own && own.length !== width)
      throw new ParameterError(
        `${owner}: the input ${show(name)} takes ${width} columns; \`columns\` names ${own.length}.`,
      );
    return input;
  });
}

/** One row of zeros tells what the outputs are like. */
async function probeOutputs(args: TfjsArgs, names: readonly string[] | undefined): Promise<BoundOutput[]> {
  const { owner } = args;
  const pl = polars();
  const inputs = args.inputs.map((input) => ({
    ...input,
    columns: Array.from({ length: inputWidth(input) ?? 0 }, (_, j) => `${input.name} ${j}`),
  }));
  const zeros = inputs.flatMap(({ columns }) => columns.map((name) => pl.Series(name, new Float64Array(1))));
  const tensors = await runTensors({ ...args, inputs }, pl.DataFrame(zeros), 1);
  const widths = tensors.map(({ type, dims, data }, k) => {
    if (type in COLUMN_TYPES && dims[0] === 1) return data.length;
    throw new DataError(
      `${owner}: output ${k} is ${type} of shape [${dims.join(", ")}] for 1 row: not one row for each.`,
    );
  });
  const total = widths.reduce((sum, width) => sum + width, 0);
  if (names && (names.length !== total || new Set(names).size < total))
    throw new ParameterError(
      `${owner}: names has ${names.length} names; the outputs have ${total} columns, each with its own.`,
    );
  const all = names ?? (total === 1 ? ["output"] : Array.from({ length: total }, (_, j) => `output_${j}`));
  let at = 0;
  return tensors.map(({ type }, k) => {
    const width = widths[k] as number;
    at += width;
    return { output: String(k), type, names: all.slice(at - width, at) };
  });
}
