import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { PartwiseError } from "../../base/errors.js";
import type { DaskProcess } from "./dask-process.js";

/** Names the file that {@link WORKER_PRELOAD} writes. */
export const READY_FILE = "PARTWISE_WORKER_READY";

/** On this signal a worker without a nanny hands what it holds to others and ends. */
export const LEAVE_SIGNAL = "SIGUSR1";

/**
 * A module that Dask workers load at their start: it writes the worker's address once the scheduler has taken it in (the
 * scheduler's own web page of workers fails while one of them has just measured something), and heeds
 * {@link LEAVE_SIGNAL}.
 */
export const WORKER_PRELOAD = `
import asyncio, json, os, signal

async def tell(worker):
    while worker.status.name != "running":
        await asyncio.sleep(0.02)
    path = os.environ["${READY_FILE}"]
    with open(path + ".part", "w") as file:
        json.dump({"address": worker.address}, file)
    os.replace(path + ".part", path)

async def dask_setup(worker):
    worker.partwise_tells = asyncio.ensure_future(tell(worker))
    def leave():
        worker.partwise_leaves = asyncio.ensure_future(worker.close_gracefully(restart=False))
    if worker.nanny is None:
        asyncio.get_running_loop().add_signal_handler(signal.${LEAVE_SIGNAL}, leave)
`;

/** What a scheduler writes about itself, and what {@link WORKER_PRELOAD} writes about a worker. */
export interface ProcessFile {
  readonly address: string;
  readonly services?: { readonly dashboard: number };
}

/**
 * Waits for the file in which a process tells where it listens.
 * @throws PartwiseError when one of `processes` ends first, or after `limit` milliseconds
 */
export async function untilListening(
  file: string,
  label: string,
  processes: readonly DaskProcess[],
  limit: number,
): Promise<ProcessFile> {
  const late = Date.now() + limit;
  while (Date.now() < late) {
    for (const each of processes) each.throwIfEnded();
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    // Dask writes in two steps: half a file is not there yet.
    if (text.trimEnd().endsWith("}")) return JSON.parse(text) as ProcessFile;
    await sleep(25);
  }
  const tail = processes[0]?.log().trim().split("\n").slice(-3).join(" | ");
  throw new PartwiseError(`startCluster: ${label} was not up within ${limit} ms. Its log ends: ${tail}`);
}
