import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { PartwiseError } from "../../base/errors.js";
import type { DaskProcess } from "./dask-process.js";

/** The workers that a scheduler knows: name to address. Empty while its web server cannot be reached. */
export async function knownWorkers(dashboardLink: string): Promise<Map<string, string>> {
  const url = new URL("/json/identity.json", dashboardLink);
  let reply: Response;
  try {
    reply = await fetch(url, { signal: AbortSignal.timeout(5000) });
  } catch {
    // Not up yet or busy: the caller asks again until its own time is over.
    return new Map();
  }
  const identity = (await reply.json()) as { workers: Record<string, { name: string }> };
  return new Map(Object.entries(identity.workers).map(([address, worker]) => [worker.name, address]));
}

/** What a scheduler writes about itself. */
export interface SchedulerFile {
  readonly address: string;
  readonly services: { readonly dashboard: number };
}

/** Waits for the file in which the scheduler tells where it listens. */
export async function untilListening(file: string, scheduler: DaskProcess, limit: number): Promise<SchedulerFile> {
  const late = Date.now() + limit;
  while (Date.now() < late) {
    scheduler.throwIfEnded();
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    // Written in two steps: half a file is not there yet.
    if (text.trimEnd().endsWith("}")) return JSON.parse(text) as SchedulerFile;
    await sleep(25);
  }
  throw new PartwiseError(`startCluster: the scheduler was not up within ${limit} ms. Its log: ${scheduler.log()}`);
}
