import { describe, it } from "vitest";
import { failureCases } from "./cases/failure-cases.js";
import { lifetimeCases } from "./cases/lifetime-cases.js";
import { recoveryCases } from "./cases/recovery-cases.js";
import { valueCases } from "./cases/value-cases.js";
import type { EngineUnderTest, MakeEngine } from "./engine-under-test.js";

/** What a case gets: engines that are closed when it ends. */
export interface CaseContext {
  readonly make: (...limits: Parameters<MakeEngine>) => Promise<EngineUnderTest>;
  /** Arguments by which the scripts in fixtures/ make the same engine in a process of their own. */
  readonly scriptArguments: readonly string[];
  /** Milliseconds in which such a script has to be done. */
  readonly scriptTimeout: number;
}

/** One promise of every engine, named by a sentence. */
export type CaseTable = Record<string, (context: CaseContext) => Promise<void>>;

/** A case that an engine does not have to pass, and why. */
export interface SkippedCase {
  readonly case: string;
  readonly reason: string;
}

/** How the suite runs for one engine. */
export interface EngineCasesOptions {
  readonly skip?: readonly SkippedCase[];
  readonly scriptArguments: readonly string[];
  /** Milliseconds in which a script that uses the engine has to be done; 5,000 unless given. */
  readonly scriptTimeout?: number;
}

/** The promises of `Engine`, one suite for all engines. */
export function engineCases(name: string, makeEngine: MakeEngine, options: EngineCasesOptions): void {
  const tables: Record<string, CaseTable> = {
    values: valueCases,
    failures: failureCases,
    recovery: recoveryCases,
    lifetime: lifetimeCases,
  };
  const known = new Set(Object.values(tables).flatMap((table) => Object.keys(table)));
  const skipped = new Map((options.skip ?? []).map((skip) => [skip.case, skip.reason]));
  for (const unknown of skipped.keys())
    if (!known.has(unknown)) throw new Error(`engineCases: there is no case "${unknown}" to skip.`);
  describe(`${name} engine`, () => {
    for (const [group, table] of Object.entries(tables)) {
      describe(group, () => {
        for (const [title, run] of Object.entries(table)) {
          const reason = skipped.get(title);
          if (reason !== undefined) it.skip(`${title} (not here: ${reason})`, () => undefined);
          else it(title, () => withEngines(makeEngine, options, run));
        }
      });
    }
  });
}

async function withEngines(
  makeEngine: MakeEngine,
  { scriptArguments, scriptTimeout = 5000 }: EngineCasesOptions,
  run: CaseTable[string],
): Promise<void> {
  const made: EngineUnderTest[] = [];
  try {
    await run({
      scriptArguments,
      scriptTimeout,
      make: async (limits) => {
        const one = await makeEngine(limits);
        made.push(one);
        return one;
      },
    });
  } finally {
    for (const { engine } of made) await engine.close();
  }
}
