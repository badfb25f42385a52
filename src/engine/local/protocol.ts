import type { PlainError } from "../../base/errors.js";
import type { Plain } from "../../base/plain.js";
import type { SharedMemory } from "../../memory/memory.js";
import type { FusedTask } from "../fuse.js";

/** What every worker thread gets when it starts. */
export interface WorkerStart {
  readonly shared: SharedMemory;
  readonly slots: SharedArrayBuffer;
  readonly memoryLimit: number;
}

/** One task on its way to a worker. */
export interface RunMessage {
  readonly task: FusedTask;
  readonly deps: readonly Plain[];
  readonly slot: number;
}

/** What comes back: a value, or the task's own error. A thread that dies sends neither. */
export type RunResult =
  | { readonly ok: true; readonly value: Plain }
  | { readonly ok: false; readonly error: PlainError };

/** A worker asks the driver to spill before it allocates, and sleeps on its slot until the answer. */
export interface RoomRequest {
  readonly kind: "partwise-room";
  readonly slot: number;
  readonly bytes: number;
}

/** True for a {@link RoomRequest}. */
export function isRoomRequest(message: unknown): message is RoomRequest {
  return typeof message === "object" && message !== null && (message as { kind?: unknown }).kind === "partwise-room";
}
