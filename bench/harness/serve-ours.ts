import { createInterface } from "node:readline";
import { peakMb, resetPeak } from "./peak.js";
import type { DataSet, Values } from "./types.js";

/** Our side of one work; only `run` is timed. */
export interface OurWork<T> {
  setup(data: DataSet): Promise<void>;
  run(): Promise<T>;
  /** What was computed, for the comparison with the peer; frees what `run` left. */
  values(result: T): Promise<Values> | Values;
}

/** A work with its result's type hidden, so that works of different results stand in one record. */
export interface ServedWork {
  setup(data: DataSet): Promise<void>;
  measure(): Promise<{ ms: number; peakMb: number; values: Values }>;
}

/** Wraps a work for `serveOurs`. */
export function serveWork<T>(work: OurWork<T>): ServedWork {
  return {
    setup: (data) => work.setup(data),
    measure: async () => {
      // The peers collect their garbage before a run as well; `--expose-gc` is set by the harness.
      globalThis.gc?.();
      resetPeak();
      const start = performance.now();
      const result = await work.run();
      const ms = performance.now() - start;
      const peak = peakMb();
      return { ms, peakMb: peak, values: await work.values(result) };
    },
  };
}

interface Request {
  id: number;
  op: "setup" | "run";
  work: string;
  data: DataSet;
}

/** Answers requests, JSON lines on stdin and stdout, until stdin closes. Diagnostics belong on stderr. */
export async function serveOurs(works: Record<string, ServedWork>, versions: Record<string, string>): Promise<void> {
  let current: ServedWork | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    let answer: object;
    try {
      if (request.op === "setup") {
        current = works[request.work];
        if (current === undefined) throw new Error(`ours.ts has no work "${request.work}".`);
        await current.setup(request.data);
        answer = { versions };
      } else {
        if (current === undefined) throw new Error("run before setup.");
        answer = await current.measure();
      }
    } catch (error) {
      answer = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    process.stdout.write(`${JSON.stringify({ id: request.id, ...answer })}\n`);
  }
}
