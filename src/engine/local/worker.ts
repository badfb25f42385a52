import { parentPort, threadId, workerData } from "node:worker_threads";
import { AbortedError, encodeError, MemoryLimitError } from "../../base/errors.js";
import { executeTask } from "../execute.js";
import { TaskMemory } from "../task-memory.js";
import type { RoomRequest, RunMessage, RunResult, WorkerStart } from "./protocol.js";
import { WorkerSlots } from "./worker-slots.js";

// Piscina passes its own data first and ours second.
const start = (Array.isArray(workerData) ? workerData[1] : workerData) as WorkerStart;
const slots = new WorkerSlots(start.slots);
const owner = threadId + 1;

/** Does nothing: the thread is up when it answers. */
export function ready(): void {}

/** The one function that worker threads run: a fused task over values in the shared arenas. */
export async function run({ task, deps, slot }: RunMessage): Promise<RunResult> {
  slots.begin(slot, owner);
  const memory: TaskMemory = new TaskMemory(start.shared, owner, (bytes) => {
    if (memory.held + bytes <= start.memoryLimit) return;
    // The driver spills while this thread sleeps; it may grant without having found room, see LocalEngine.
    const request: RoomRequest = { kind: "partwise-room", slot, bytes };
    slots.waitForGrant(slot, () => parentPort?.postMessage(request));
    throwIfAborted();
    // The driver knows the reason and reports it in place of this.
    if (slots.isRefused(slot))
      throw new MemoryLimitError(`Memory: no room for ${bytes} bytes, because values could not be spilled.`);
  });
  const throwIfAborted = (): void => {
    if (slots.isAborted(slot)) throw new AbortedError(`${task.partition?.of ?? task.key}: stopped by its signal.`);
  };
  try {
    return { ok: true, value: await executeTask(task, deps, memory, throwIfAborted) };
  } catch (error) {
    return { ok: false, error: encodeError(error) };
  }
}
