// npm run bench -- NAME [--check] [--repeat N] [--only TEXT] [--large] [--scale X]
import { existsSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine } from "./harness/machine.js";
import { measureAgainstPeer, measureSolo } from "./harness/measure.js";
import { dist, python } from "./harness/places.js";
import { readResults, writeResults } from "./harness/results.js";
import { mergeRows, missedTarget } from "./harness/rows.js";
import type { Row, Suite } from "./harness/types.js";

const USAGE = "npm run bench -- NAME [--check] [--repeat 7] [--only TEXT] [--large] [--scale 0.01]";

function stop(message: string, code: number): never {
  console.error(`bench: ${message}`);
  process.exit(code);
}

function readArguments(): {
  name: string;
  check: boolean;
  repeat: number;
  only: string;
  large: boolean;
  scale: number;
} {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        check: { type: "boolean", default: false },
        repeat: { type: "string", default: "7" },
        only: { type: "string", default: "" },
        large: { type: "boolean", default: false },
        scale: { type: "string", default: "1" },
      },
    });
    const [name, ...rest] = positionals;
    const repeat = Number(values.repeat);
    if (name === undefined || rest.length > 0) throw new Error(`name one suite; got ${JSON.stringify(positionals)}`);
    if (!/^[a-z0-9-]+$/.test(name)) throw new Error(`a suite's name is lower-case words with dashes; got "${name}"`);
    if (!Number.isInteger(repeat) || repeat < 1) throw new Error(`--repeat must be >= 1; got ${values.repeat}`);
    const scale = Number(values.scale);
    if (!(scale > 0 && scale <= 1)) throw new Error(`--scale must be above 0 and at most 1; got ${values.scale}`);
    return { name, check: values.check, repeat, only: values.only, large: values.large, scale };
  } catch (error) {
    stop(`${error instanceof Error ? error.message : String(error)}. Usage: ${USAGE}`, 1);
  }
}

const { name, check, repeat, only, large, scale } = readArguments();
// Suites name their recipes by their rows, and the processes of both sides inherit it.
process.env["BENCH_SCALE"] = String(scale);
const module = join(dist, "bench", name, "suite.js");
if (!existsSync(module)) stop(`there is no suite "${name}": bench/${name}/suite.ts does not exist.`, 1);
const { suite } = (await import(pathToFileURL(module).href)) as { suite: Suite };
const chosen = suite.works.filter((w) => (large || w.large !== true) && `${w.work} ${w.peer ?? ""}`.includes(only));
if (chosen.length === 0) {
  stop(`--only ${only} matches none of ${suite.works.map((w) => w.work).join(", ")}.`, 1);
}
if (chosen.some((w) => w.peer !== null || w.data !== undefined) && !existsSync(python)) {
  stop("the Python peers are not installed (.venv is missing). Run `npm run bench:setup` once, then this again.", 2);
}
const load = loadavg()[0] ?? 0;
if (load > 0.5) console.error(`bench: the machine is not quiet (load ${load.toFixed(2)}): timings will be noisy.`);

const rows: Row[] = [];
const failures: string[] = [];
for (const work of chosen) {
  try {
    const row =
      work.peer === null
        ? await measureSolo(suite.name, work, repeat, console.error)
        : await measureAgainstPeer(suite.name, work, repeat, console.error);
    rows.push(row);
    const theirs = row.theirsMs === null ? "" : `, ${row.peer} ${row.theirsMs} ms, ratio ${row.ratio}`;
    const unit = typeof row.target === "object" && "maxPercent" in row.target ? "%" : "ms";
    console.log(`${row.work}: ours ${row.oursMs} ${unit} (${row.oursMb ?? "?"} MB)${theirs}`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    console.error(message);
    failures.push(`${work.work}: no row (see above).`);
  }
}

// A smaller size says whether a suite works, not how fast it is.
if (rows.length > 0 && scale === 1) {
  const merged = mergeRows(readResults(name)?.rows ?? [], rows, suite.works);
  writeResults({ name, about: suite.about, machine: describeMachine(), rows: merged });
  console.log(`Wrote bench/results/${name}.json and docs/benchmarks.md.`);
}
const missed = rows.flatMap((row) => missedTarget(row) ?? []);
for (const line of missed) console.log(`Missed: ${line}`);
for (const line of failures) console.log(`Failed: ${line}`);
if (failures.length > 0 || (check && missed.length > 0)) process.exitCode = 1;
