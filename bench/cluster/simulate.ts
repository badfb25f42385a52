import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../harness/places.js";
import { MOST_MEMBERS } from "../../src/engine/dask/holder-groups.js";
import { type Costs, type Fit, type Outcome, simulateFit } from "./simulation.js";
import { simulateTeamFit, type TeamFit } from "./team-simulation.js";

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
];
const HISTOGRAM = 28 * 256 * 3;
// 30 histograms a tree of 31 leaves, six a level. Chunks have 2^20 rows, about what a partition has here. A level passes
// over the bins of half of the rows, about twice as quick as over numbers.
const rounds: Fit = {
  ...base,
  name: "boosting by rounds of tasks, 100 trees x 5 levels",
  bytes: 10 * TB,
  passes: 500,
  scan: 2 * base.scan,
  partial: HISTOGRAM * 6,
  broadcast: 200,
};
const teams: TeamFit = {
  name: "boosting by teams, 100 trees of 31 leaves",
  bytes: 10 * TB,
  partitionBytes: base.partitionBytes,
  trees: 100,
  splits: 30,
  passes: 5,
  scan: 2 * scan,
  threads: THREADS,
  most: MOST_MEMBERS,
  histogram: 8 * HISTOGRAM,
};
const SIZES = [10, 25, 50, 100, 200];
const shape = { read: 1e9, spread: 0.1, seed: 1 };

function row(outcome: Outcome): string {
  const { workers } = outcome;
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

function table(title: string, unit: string, outcomes: readonly Outcome[]): void {
  console.log(`\n### ${title}\n`);
  console.log(`| Workers | Load s | ${unit} s | Fit min | Workers computing | Most of the time |`);
  console.log("|---:|---:|---:|---:|---:|---|");
  for (const outcome of outcomes) console.log(row(outcome));
}

for (const fit of fits) {
  for (const combine of ["driver", "worker"] as const) {
    const where = combine === "driver" ? "a partial for each partition (today)" : "combined on the worker";
    const outcomes = [...SIZES, 400].map((workers) => simulateFit({ ...fit, combine }, { ...shape, workers }, costs));
    table(`${fit.name}; ${where}`, "Pass", outcomes);
  }
}
table(
  teams.name,
  "Tree",
  SIZES.map((workers) => simulateTeamFit(teams, { ...shape, workers }, costs)),
);
table(
  rounds.name,
  "Level",
  SIZES.map((workers) => simulateFit(rounds, { ...shape, workers }, costs)),
);
