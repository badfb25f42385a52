#!/usr/bin/env node
/**
 * Mutates the JSON of fitted estimators of every kind and uses what loads: no crash, no hang, no memory bomb.
 *
 *   node scripts/fuzz-states.mjs [runs] [first]
 *
 * The work is done by a child process, which tells of each run before it begins; a child that dies, grows beyond 2 GB or
 * says nothing for 20 seconds is a finding, named by its run, and the next child goes on behind it.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const [runs = "100000", first = "0", child] = process.argv.slice(2);
const QUIET_MS = 20_000;

if (child) {
  const { fuzzState, fuzzSubjects } = await import("../dist/src/testing/fuzz-state.js");
  const subjects = await fuzzSubjects();
  for (let run = Number(first); run < Number(runs); run++) {
    process.stdout.write(`${run}\n`);
    await fuzzState(subjects, run);
  }
  process.stdout.write("done\n");
  process.exit(0);
}

const findings = [];
let next = Number(first);
while (next < Number(runs)) {
  const worker = spawn(
    process.execPath,
    ["--max-old-space-size=1024", fileURLToPath(import.meta.url), runs, String(next), "child"],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let last = next - 1;
  let why = "";
  let errors = "";
  let timer;
  const quiet = () => {
    clearTimeout(timer);
    // The first word takes longer: every kind is fitted before it.
    timer = setTimeout(
      () => ((why = "silent for 20 s"), worker.kill("SIGKILL")),
      last < next ? 10 * QUIET_MS : QUIET_MS,
    );
  };
  quiet();
  let done = false;
  worker.stderr.on("data", (chunk) => (errors = (errors + chunk).slice(-2000)));
  worker.stdout.on("data", (chunk) => {
    const words = String(chunk).trim().split("\n");
    done ||= words.includes("done");
    const numbers = words.map(Number).filter(Number.isInteger);
    if (numbers.length > 0) last = numbers.at(-1);
    quiet();
  });
  await new Promise((resolve) => worker.on("close", resolve));
  clearTimeout(timer);
  if (done) break;
  findings.push(last);
  console.log(`run ${last}: ${why || "the process died"}\n${errors}`);
  if (last < next) process.exit(2);
  next = last + 1;
}
console.log(`${runs} runs, ${findings.length} findings${findings.length ? `: ${findings.join(", ")}` : ""}`);
process.exit(findings.length ? 1 : 0);
