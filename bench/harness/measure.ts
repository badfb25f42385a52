import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureData } from "./data.js";
import { dist, python, root } from "./places.js";
import { disagreements, makePeerRow, makeSoloRow, type Measured } from "./rows.js";
import { Side, type RunAnswer } from "./side.js";
import type { PeerWork, Row, SoloWork, Values } from "./types.js";

/** What to do with a work's progress lines. */
export type Log = (line: string) => void;

/**
 * Ours and the peer's, in turn: a warm-up each, whose values must agree before anything is timed, then `repeat` runs each,
 * whose values must agree too.
 * @throws Error naming the values that differ.
 */
export async function measureAgainstPeer(suite: string, work: PeerWork, repeat: number, log: Log): Promise<Row> {
  const data = ensureData(suite, work.data);
  const ours = new Side("ours", process.execPath, ["--expose-gc", join(dist, "bench", suite, "ours.js")], root);
  const theirs = new Side(work.peer, python, ["-W", "ignore", join(root, "bench", suite, "peer.py")], root);
  try {
    const versions = {
      ...(await ours.setup(work.work, data)),
      ...(await theirs.setup(work.peerWork ?? work.work, data)),
    };
    const judged = (values: Values): Values => ({ ...values, ...work.judge?.(values, data) });
    const collected = { ours: collect(), theirs: collect() };
    for (let turn = 0; turn <= repeat; turn++) {
      await pause();
      const a = await ours.run();
      await pause();
      const b = await theirs.run();
      const differences = disagreements(work.checks, judged(a.values), judged(b.values));
      if (differences.length > 0) {
        throw new Error(
          `bench: ${work.work}: ours and ${work.peer} disagree, so no time counts.\n  ${differences.join("\n  ")}`,
        );
      }
      const label = turn === 0 ? "warm-up" : `${turn}/${repeat}`;
      log(`${work.work} ${label}: ours ${a.ms.toFixed(1)} ms, ${work.peer} ${b.ms.toFixed(1)} ms`);
      if (turn > 0) {
        collected.ours.add(a);
        collected.theirs.add(b);
      }
    }
    return makePeerRow(work, collected.ours, collected.theirs, versions, new Date().toISOString());
  } finally {
    await Promise.all([ours.close(), theirs.close()]);
  }
}

// Threads of the other side's BLAS spin for a while after their last call and would share the cores with this side.
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}

/** A script in fresh processes, one after another. */
export async function measureSolo(suite: string, work: SoloWork, repeat: number, log: Log): Promise<Row> {
  const args = work.data === undefined ? [] : [ensureData(suite, work.data).directory];
  const ms: number[] = [];
  const mb: number[] = [];
  const times = work.repeat ?? repeat;
  // The first process pays for reading the files from disk: it does not count, unless it is the only one.
  for (let turn = times > 1 ? 0 : 1; turn <= times; turn++) {
    const answer = await runFresh(work, args);
    log(
      `${work.work} ${turn === 0 ? "warm-up" : `${turn}/${times}`}: ${answer.ms.toFixed(1)}${"maxPercent" in work.target ? " %" : " ms"}`,
    );
    if (turn > 0) {
      ms.push(answer.ms);
      if (answer.peakMb !== null) mb.push(answer.peakMb);
    }
  }
  return makeSoloRow(work, { ms, mb }, { node: process.versions.node }, new Date().toISOString());
}

function collect(): Measured & { add(answer: RunAnswer): void } {
  const ms: number[] = [];
  const mb: number[] = [];
  return {
    ms,
    mb,
    add(answer) {
      ms.push(answer.ms);
      if (answer.peakMb !== null) mb.push(answer.peakMb);
    },
  };
}

function runFresh(work: SoloWork, args: readonly string[]): Promise<{ ms: number; peakMb: number | null }> {
  const reporter = pathToFileURL(join(dist, "bench", "harness", "report-peak.js")).href;
  const start = performance.now();
  const child = spawn(process.execPath, ["--import", reporter, join(dist, work.script), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const text = ["", "", "", ""];
  for (const fd of [1, 2, 3]) {
    child.stdio[fd]?.on("data", (chunk: Buffer) => {
      text[fd] = ((text[fd] ?? "") + chunk.toString("utf8")).slice(-4000);
    });
  }
  return new Promise((resolve, reject) => {
    let wall = 0;
    child.on("error", (error) => reject(new Error(`bench: ${work.work} could not start: ${error.message}`)));
    child.on("exit", () => {
      wall = performance.now() - start;
    });
    child.on("close", (code, signal) => {
      if (code !== 0) {
        reject(
          new Error(`bench: ${work.work}: ${work.script} stopped with ${signal ?? `exit code ${code}`}. ${text[2]}`),
        );
        return;
      }
      const printed = Number(text[1]?.trim().split("\n").at(-1));
      const ms = work.measure === "wall" ? wall : printed;
      if (Number.isNaN(ms)) {
        reject(new Error(`bench: ${work.work}: the last line of ${work.script} is not a number of ms: ${text[1]}`));
        return;
      }
      resolve({ ms, peakMb: text[3] === "" ? null : Number(text[3]) });
    });
  });
}
