import { dirname, join, resolve, sep } from "node:path";
import { DataError, show } from "../../base/errors.js";
import { contentHash, readForeign } from "../foreign-model.js";

/** A tfjs model as it lies in a folder. */
export interface TfjsFolder {
  readonly format: "layers" | "graph";
  readonly hash: string;
  /** What tfjs is given: topology, weight specs and weights. */
  readonly artifacts: object;
}

interface ModelJson {
  readonly format?: unknown;
  readonly modelTopology?: unknown;
  readonly weightsManifest?: unknown;
  readonly signature?: unknown;
  readonly userDefinedMetadata?: unknown;
}

interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly WeightSpec[];
}

interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype?: string };
}

const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  uint8: 1,
  uint16: 2,
  float16: 2,
  complex64: 8,
};

/**
 * Reads `model.json` (or a folder that has it) and its shards, without tfjs-node. Sizes are checked before anything is
 * believed, and shards have to lie in the folder.
 *
 * @throws FileError when a file cannot be read, DataError when it is no tfjs model or a shard has another size
 */
export async function readTfjsFolder(owner: string, path: string): Promise<TfjsFolder> {
  const file = path.endsWith(".json") ? path : join(path, "model.json");
  const bytes = await readForeign(owner, file);
  const json = parse(owner, file, bytes);
  const { modelTopology } = json;
  if (typeof modelTopology !== "object" || modelTopology === null)
    throw new DataError(`${owner}: ${show(file)} has no modelTopology: it is no tfjs model. Check the path.`);
  const groups = groupsOf(owner, file, json.weightsManifest);
  const folder = resolve(dirname(file));
  const shards: Uint8Array[] = [];
  for (const name of groups.flatMap(({ paths }) => paths)) {
    const shard = resolve(folder, name);
    if (!shard.startsWith(folder + sep))
      throw new DataError(
        `${owner}: ${show(file)} names the shard ${show(name)} outside of its folder. It is not read.`,
      );
    shards.push(await readForeign(owner, shard));
  }
  const specs = groups.flatMap(({ weights }) => weights);
  const expected = specs.reduce((sum, spec) => sum + bytesOf(owner, spec), 0);
  const found = shards.reduce((sum, shard) => sum + shard.length, 0);
  if (!specs.some(({ dtype }) => dtype === "string") && expected !== found)
    throw new DataError(
      `${owner}: the shards of ${show(file)} have ${found} bytes; its weights need ${expected}. A file is cut short or changed.`,
    );
  const weightData = new Uint8Array(found);
  let at = 0;
  for (const shard of shards) {
    weightData.set(shard, at);
    at += shard.length;
  }
  const format =
    json.format === "graph-model" || ("node" in modelTopology && !("model_config" in modelTopology))
      ? "graph"
      : "layers";
  return {
    format,
    hash: contentHash(bytes, ...shards),
    artifacts: {
      modelTopology,
      weightSpecs: specs,
      weightData: weightData.buffer,
      ...(json.signature ? { signature: json.signature } : {}),
      ...(json.userDefinedMetadata ? { userDefinedMetadata: json.userDefinedMetadata } : {}),
    },
  };
}

function parse(owner: string, file: string, bytes: Uint8Array): ModelJson {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof json === "object" && json !== null) return json;
  } catch (cause) {
    throw new DataError(`${owner}: ${show(file)} is not JSON: ${(cause as Error).message}`, { cause });
  }
  throw new DataError(`${owner}: ${show(file)} holds no object: it is no tfjs model.`);
}

function groupsOf(owner: string, file: string, manifest: unknown): WeightGroup[] {
  const sound =
    Array.isArray(manifest) &&
    manifest.every(
      (group: Partial<WeightGroup> | null) =>
        Array.isArray(group?.paths) &&
        group.paths.every((path) => typeof path === "string") &&
        Array.isArray(group.weights) &&
        group.weights.every(
          (one: Partial<WeightSpec> | null) => Array.isArray(one?.shape) && typeof one.name === "string",
        ),
    );
  if (!sound)
    throw new DataError(`${owner}: ${show(file)} has no weightsManifest of paths and weights. Save the model again.`);
  return manifest as WeightGroup[];
}

function bytesOf(owner: string, { name, shape, dtype, quantization }: WeightSpec): number {
  if (dtype === "string") return 0;
  const size = BYTES[quantization?.dtype ?? dtype];
  const count = shape.reduce((product, n) => product * n, 1);
  if (size === undefined || !(Number.isInteger(count) && count >= 0))
    throw new DataError(
      `${owner}: the weight ${show(name)} has type ${show(dtype)} and shape ${show(shape)}, which is not known.`,
    );
  return size * count;
}
