import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../harness/places.js";
import { type Costs, type Fit, simulateFit } from "./simulation.js";

// Prints the tables of docs/scaling.md from bench/cluster/costs.json: node dist/bench/cluster/simulate.js
const { costs, scan } = JSON.parse(readFileSync(join(root, "bench", "cluster", "costs.json"), "utf8")) as {
  costs: Costs;
  scan: number;
};

const TB = 1e12;
const THREADS = 16;
const base = { partitionBytes: 256e6, scan: THREADS * scan, combine: "driver", groups: 1 } as const;
const fits: readonly Fit[] = [
  { ...base, name: "L-BFGS, 28 columns, 50 passes", bytes: 10 * TB, passes: 50, partial: 30, broadcast: 29 },
  { ...base, name: "L-BFGS, 1,000 columns, 50 passes", bytes: 10 * TB, passes: 50, partial: 1002, broadcast: 1001 },
  // 30 histograms a tree of 31 leaves, six a level: 28 features x 256 bins x 3 sums each. Chunks have 2^20 rows, about
  // what a partition has here. A level passes over the bins of half of the rows, about twice as quick as over numbers.
  {
    ...base,
    name: "boosting, 100 trees x 5 levels",
    bytes: 10 * TB,
    passes: 500,
    scan: 2 * base.scan,
    partial: 28 * 256 * 3 * 6,
    broadcast: 200,
  },
];
const shape = { read: 1e9, spread: 0.1, seed: 1 };

function row(fit: Fit, workers: number): string {
  const outcome = simulateFit(fit, { ...shape, workers }, costs);
  const cells = [
    String(workers),
    outcome.loadSeconds.toFixed(0),
    outcome.passSeconds.toPrecision(3),
    (outcome.fitSeconds / 60).toFixed(1),
    `${Math.round(100 * outcome.efficiency)} %`,
    `${outcome.limit} (${Math.round(100 * outcome.limitShare)} %)`,
  ];
  return `| ${cells.join(" | ")} |`;
}

for (const fit of fits) {
  for (const combine of ["driver", "worker"] as const) {
    const where = combine === "driver" ? "a partial for each partition (today)" : "combined on the worker";
    console.log(`\n### ${fit.name}; ${where}\n`);
    console.log(
      "| Workers | Load s | Pass s | Fit min | Workers computing | Busiest |\n|---:|---:|---:|---:|---:|---|",
    );
    for (const workers of [10, 25, 50, 100, 200, 400]) console.log(row({ ...fit, combine }, workers));
  }
}
