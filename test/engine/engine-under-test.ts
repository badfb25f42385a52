import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine, FnRef, TaskSpec } from "#src/engine/engine.js";

/** An engine as the suite sees it. */
export interface EngineUnderTest {
  readonly engine: Engine;
  /** Bytes that the engine holds, headers and all; undefined when it cannot say. */
  heldBytes?(): number;
  /** Ends an idle worker as if it had crashed; undefined when the engine has no workers of its own. */
  killIdleWorker?(): Promise<void>;
}

/** Options the suite needs to force spilling. */
export interface EngineLimits {
  readonly memoryLimit?: number;
  readonly tempDirectory?: string;
}

/** Makes a fresh engine for one case. */
export type MakeEngine = (limits?: EngineLimits) => EngineUnderTest | Promise<EngineUnderTest>;

/** A function of the fixture module. */
export function fixture(name: string): FnRef {
  return { module: new URL("./fixtures/tasks.mjs", import.meta.url).href, export: name };
}

/** A task that calls a fixture function. */
export function task(
  key: string,
  fn: string,
  deps: readonly string[] = [],
  args?: TaskSpec["args"],
  partition?: number,
): TaskSpec {
  return {
    key,
    fn: fixture(fn),
    deps,
    ...(args === undefined ? {} : { args }),
    ...(partition === undefined ? {} : { partition: { index: partition, of: "demo" } }),
  };
}

/** Runs `work` with a temporary folder that is removed afterwards. */
export async function inTempFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "partwise-test-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs one graph and gives back the kept values. */
export async function runGraph(
  engine: Engine,
  tasks: readonly TaskSpec[],
  keep: readonly string[],
): Promise<unknown[]> {
  await engine.submit(tasks, { keep });
  return engine.get(keep);
}

/** The error that a promise rejects with. @throws when it resolves */
export async function rejection(promise: Promise<unknown>): Promise<Error & { details?: Record<string, unknown> }> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`rejected with something that is not an Error: ${String(error)}`, { cause: error });
  }
  throw new Error(`resolved to ${JSON.stringify(value)}`);
}
