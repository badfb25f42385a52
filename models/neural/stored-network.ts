import { DataError, show } from "../../src/base/errors.js";

/** Entries of layers' configurations that memory grows with. */
const SIZES: ReadonlySet<string> = new Set(["units", "filters", "output_dim", "input_dim"]);

interface StoredLayer {
  readonly class_name?: unknown;
  readonly config?: { readonly units?: unknown; readonly use_bias?: unknown };
}

/**
 * A network from a damaged file must not ask for more memory than its weights take: no size may be beyond their number, and
 * dense layers have to need exactly that many.
 * @throws DataError that says what is wrong
 */
export function checkStored(owner: string, topology: unknown, weights: unknown, nFeatures: number): void {
  const damaged = (what: string): DataError =>
    new DataError(`${owner}: its state is damaged: ${what}. Save the model again.`);
  if (typeof topology !== "string") throw damaged(`topology is ${show(topology)}, not text`);
  if (!(weights instanceof Float32Array)) throw damaged(`weights is ${show(weights)}, not a Float32Array`);
  let json: { readonly class_name?: unknown; readonly config?: { readonly layers?: unknown } } | null;
  try {
    json = JSON.parse(topology, (name, value: unknown) => {
      if (SIZES.has(name) && !(Number(value) <= weights.length))
        throw damaged(`${name} is ${show(value)} in a network of ${weights.length} weights`);
      return value;
    }) as typeof json;
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw damaged("topology is not JSON");
  }
  const layers = json?.config?.layers;
  if (json?.class_name !== "Sequential" || !Array.isArray(layers)) return;
  let width = nFeatures;
  let total = 0;
  for (const layer of layers as (StoredLayer | null)[]) {
    const { class_name: kind, config } = layer ?? {};
    if (kind === "Dropout") continue;
    if (kind !== "Dense") return;
    const units = Number(config?.units);
    total += width * units + (config?.use_bias === false ? 0 : units);
    width = units;
  }
  if (total !== weights.length)
    throw damaged(`weights has ${weights.length} values where its dense layers have ${total}`);
}
