import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderBenchmarks } from "./docs.js";
import { root } from "./places.js";
import type { Results } from "./types.js";

const folder = join(root, "bench", "results");

/** The results of earlier runs of a suite, or undefined when there are none. */
export function readResults(name: string): Results | undefined {
  const path = join(folder, `${name}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Results) : undefined;
}

/** Writes `bench/results/NAME.json` and makes `docs/benchmarks.md` anew from all results. */
export function writeResults(results: Results): void {
  mkdirSync(folder, { recursive: true });
  writeWhole(join(folder, `${results.name}.json`), `${JSON.stringify(results, null, 2)}\n`);
  const all = readdirSync(folder).filter((file) => file.endsWith(".json"));
  const parsed = all.flatMap((file) => readResults(file.slice(0, -".json".length)) ?? []);
  writeWhole(join(root, "docs", "benchmarks.md"), renderBenchmarks(parsed));
}

/** Under another name first, so that an interrupted run never leaves half a file. */
function writeWhole(path: string, text: string): void {
  const partial = `${path}.partial`;
  writeFileSync(partial, text);
  renameSync(partial, path);
}
