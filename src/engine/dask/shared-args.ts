import { createHash } from "node:crypto";
import { isPlainObject, isTypedArray, type Plain } from "../../base/plain.js";
import type { FusedTask } from "../fuse.js";
import { encodeValue } from "./value-codec.js";

/** Arguments of more bytes than this go to the cluster once, and not with each task (as INLINE_BYTES of sidecars). */
export const SHARED_FROM = 64 * 1024;

/** So many arguments stay on the cluster after the graph that they came for. */
const MOST = 16;

/** Where arguments go. */
export interface ArgumentStore {
  /** Keeps a value at every worker. */
  put(key: string, pieces: readonly Uint8Array[]): Promise<void>;
  release(keys: readonly string[]): void;
}

/**
 * Large arguments that several tasks have in common (the trees of a model, the thresholds of bins): sent once and named by
 * their content, so that a later graph with the same ones sends nothing.
 */
export class SharedArgs {
  /** By key, the last used last. */
  readonly #kept = new Map<string, Promise<void>>();

  /** The keys under which arguments of these tasks are on the cluster, by the arguments themselves. */
  async keysOf(tasks: readonly FusedTask[], store: ArgumentStore): Promise<Map<Plain, string>> {
    const found = new Map<Plain, string>();
    for (const args of commonArgs(tasks)) {
      const pieces = encodeValue(args);
      const hash = createHash("sha256");
      for (const piece of pieces) hash.update(piece);
      const key = `args-${hash.digest("hex").slice(0, 32)}`;
      const sent = this.#kept.get(key) ?? store.put(key, pieces);
      this.#kept.delete(key);
      this.#kept.set(key, sent);
      try {
        await sent;
      } catch (error) {
        this.#kept.delete(key);
        throw error;
      }
      found.set(args, key);
    }
    const old = [...this.#kept.keys()].slice(0, -MOST).filter((key) => ![...found.values()].includes(key));
    for (const key of old) this.#kept.delete(key);
    // Tasks that still need them hold them.
    if (old.length > 0) store.release(old);
    return found;
  }

  /** The cluster has lost all values. */
  clear(): void {
    this.#kept.clear();
  }
}

function commonArgs(tasks: readonly FusedTask[]): Plain[] {
  const uses = new Map<Plain, number>();
  for (const { steps } of tasks)
    for (const { args } of steps)
      if (typeof args === "object" && args !== null) uses.set(args, (uses.get(args) ?? 0) + 1);
  return [...uses].filter(([args, count]) => count > 1 && bytesOf(args) > SHARED_FROM).map(([args]) => args);
}

/** About so many bytes is plain data. */
function bytesOf(value: unknown): number {
  if (isTypedArray(value)) return value.byteLength;
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + bytesOf(item), 0);
  if (isPlainObject(value)) return Object.values(value).reduce<number>((sum, item) => sum + bytesOf(item), 0);
  return 8;
}
