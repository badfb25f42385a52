/**
 * Hyperband beside a passive search, as in "Better and faster hyperparameter optimization with Dask" (Sievert, Augspurger
 * and Rocklin, SciPy 2019): the best validation accuracy so far by `partialFit` calls, over seeds.
 *
 *     node dist/bench/model-selection/hyperband-experiment.js [--seeds 50] [--rows 10000] [--max-iter 81] [--eta 3]
 *       [--curves FILE] [--from 0] [--write]
 *
 * As in the paper: two pairs of circles with noise 0.04, the second shifted by 0.6, labels 0 to 3, with four columns of
 * noise; a network of 24 neurons with its seven parameters (small-network.ts); both searches on the same rows; the passive
 * one trains to the end as many draws of its own as make the same number of calls. Not as in the paper: 10,000 rows and not
 * 60,000, of which a call sees a fifth of the train rows, so that a model sees 16 passes over them and not 50; for which
 * steps are ten times as long (1e-3 to 1e-1). `--write` writes docs/hyperband.svg and the numbers of it, docs/hyperband.json. With `--curves`
 * each seed's curves are kept in that file, and seeds that it has are not run again: a stopped run goes on.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeCircles } from "../../datasets/index.js";
import { CounterRng } from "../../src/base/rng.js";
import { DistributedArray, lineChart, saveChart } from "../../src/index.js";
import {
  HyperbandSearchCV,
  IncrementalSearchCV,
  logUniform,
  uniform,
  type HistoryEntry,
} from "../../src/model-selection/index.js";
import { root } from "../harness/places.js";
import { SmallNetwork } from "./small-network.js";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "50" },
    from: { type: "string", default: "0" },
    curves: { type: "string" },
    rows: { type: "string", default: "10000" },
    "max-iter": { type: "string", default: "81" },
    eta: { type: "string", default: "3" },
    write: { type: "boolean", default: false },
  },
});
const [seeds, rows, maxIter, eta] = [values.seeds, values.rows, values["max-iter"], values.eta].map(Number) as [
  number,
  number,
  number,
  number,
];
/** Blocks of rows; a call sees one of them. */
const BLOCKS = 5;

const space = {
  hiddenLayerSizes: [[24], [12, 12], [8, 8, 8], [6, 6, 6, 6], [12, 6, 3, 3]],
  alpha: logUniform(1e-6, 1e-3),
  batchSize: [32, 64, 128, 256, 512],
  learningRate: ["constant", "invscaling"],
  learningRateInit: logUniform(1e-3, 1e-1),
  powerT: uniform(0.1, 0.9),
  momentum: uniform(0, 1),
};

/** Best validation score so far after each number of calls. */
function curveOf(history: readonly HistoryEntry[], total: number): Float64Array {
  const best = new Float64Array(total + 1);
  const had = new Map<number, number>();
  let calls = 0;
  for (const { modelId, resource, score } of history.toSorted((a, b) => a.elapsed - b.elapsed)) {
    const from = calls;
    calls += resource - (had.get(modelId) ?? 0);
    had.set(modelId, resource);
    best.fill(best[from] as number, from, calls);
    best.fill(Math.max(best[from] as number, Number.isNaN(score) ? 0 : score), calls);
  }
  return best;
}

async function circles(seed: number): Promise<{ X: DistributedArray; y: DistributedArray }> {
  const half = Math.round(rows / 2);
  const columns = Array.from({ length: 6 }, () => new Float64Array(2 * half));
  const y = new Float64Array(2 * half);
  const rng = new CounterRng(seed, "noise columns");
  // Rows of both pairs in turn, so that every block has all labels.
  for (const pair of [0, 1]) {
    const made = makeCircles({ nSamples: half, noise: 0.04, randomState: 2 * seed + pair });
    const [points, labels] = [await made.X.compute(), (await made.y.compute()).toVector()];
    for (let i = 0; i < half; i++) {
      const row = 2 * i + pair;
      (columns[0] as Float64Array)[row] = Number(points.columns[0]?.[i]) + 0.6 * pair;
      (columns[1] as Float64Array)[row] = Number(points.columns[1]?.[i]);
      for (let j = 2; j < 6; j++) (columns[j] as Float64Array)[row] = 4 * rng.uniform(row, j) - 2;
      y[row] = 2 * pair + Number(labels[i]);
    }
  }
  return {
    X: DistributedArray.fromColumns(columns, { partitions: BLOCKS }),
    y: DistributedArray.fromVector(y, { partitions: BLOCKS }),
  };
}

/** Value below which a share of the numbers lies (linear between them). */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const [a, b] = [sorted[low] as number, sorted[Math.min(low + 1, sorted.length - 1)] as number];
  return a + (at - low) * (b - a);
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
const at = (curves: readonly Float64Array[], calls: number): number[] => curves.map((curve) => curve[calls] as number);
const firstCall = (total: number, there: (calls: number) => boolean): number => {
  let calls = 0;
  while (calls < total && !there(calls)) calls += 1;
  return calls;
};

interface Curves {
  readonly seed: number;
  readonly hyperband: Float64Array;
  readonly passive: Float64Array;
}

/** Both searches on the data of a seed. */
async function searched(seed: number): Promise<Curves> {
  const { X, y } = await circles(seed);
  const shared = {
    estimator: new SmallNetwork({ randomState: seed }),
    paramDistributions: space,
    randomState: seed,
    parallelTrials: 1,
  };
  const hyperband = new HyperbandSearchCV({ ...shared, maxIter, aggressiveness: eta });
  await hyperband.fit(X, y);
  const passive = new IncrementalSearchCV({
    ...shared,
    // Other draws than Hyperband's first bracket: both searches are to be independent.
    randomState: seed + 1_000_000,
    nInitialParameters: trained,
    maxIter,
    fitsPerScore: Math.ceil(maxIter / 9),
  });
  await passive.fit(X, y);
  return { seed, hyperband: curveOf(hyperband.history, total), passive: curveOf(passive.history, total) };
}

/** The curves of a run before, by seed. */
function kept(path: string): Map<number, Curves> {
  if (!existsSync(path)) return new Map();
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const parsed = lines.map((line) => JSON.parse(line) as { seed: number; hyperband: number[]; passive: number[] });
  return new Map(
    parsed.map(({ seed, hyperband, passive }) => [
      seed,
      { seed, hyperband: Float64Array.from(hyperband), passive: Float64Array.from(passive) },
    ]),
  );
}

const { totalResource: total, nModels: models } = new HyperbandSearchCV({
  estimator: new SmallNetwork(),
  paramDistributions: space,
  maxIter,
  aggressiveness: eta,
}).metadata;
const trained = Math.ceil(total / maxIter);
const before = values.curves === undefined ? new Map<number, Curves>() : kept(values.curves);
const hyperbands: Float64Array[] = [];
const passives: Float64Array[] = [];
for (let seed = Number(values.from); seed < Number(values.from) + seeds; seed++) {
  const curves = before.get(seed) ?? (await searched(seed));
  hyperbands.push(curves.hyperband);
  passives.push(curves.passive);
  if (values.curves !== undefined && !before.has(seed)) {
    const line = { seed, hyperband: [...curves.hyperband], passive: [...curves.passive] };
    appendFileSync(values.curves, `${JSON.stringify(line)}\n`);
  }
  const ends = [curves.hyperband, curves.passive].map((curve) => (curve[total] as number).toFixed(4));
  console.log(`seed ${seed}: hyperband ${ends[0]}, passive ${ends[1]}`);
}

const [own, other] = [at(hyperbands, total), at(passives, total)];
const final = mean(other);
const reached = firstCall(total, (calls) => mean(at(hyperbands, calls)) >= final);
const median = quantile(other, 0.5);
const reachedMedian = firstCall(total, (calls) => quantile(at(hyperbands, calls), 0.5) >= median);
const worst = Math.min(...own);
const share = (calls: number): string => `${((100 * calls) / total).toFixed(0)} % of the work`;
const described = (numbers: readonly number[]): string =>
  `mean ${mean(numbers).toFixed(3)}, quartiles ${[0.25, 0.5, 0.75].map((q) => quantile(numbers, q).toFixed(3)).join(" ")}, worst ${Math.min(...numbers).toFixed(3)}`;
console.log(`\n${seeds} seeds, ${rows} rows, R = ${maxIter}, eta = ${eta}: ${models} models, ${total} calls`);
console.log(`final accuracy of hyperband: ${described(own)}`);
console.log(`final accuracy of ${trained} models trained to the end: ${described(other)}`);
console.log(`hyperband has the mean of the passive search after ${reached} calls, ${share(reached)}`);
console.log(`its median has that of the passive search after ${reachedMedian} calls, ${share(reachedMedian)}`);
console.log(
  `the worst run of hyperband beats ${other.filter((score) => score < worst).length} of ${seeds} passive runs`,
);
if (values.write) {
  const x = Array.from({ length: Math.ceil(total / 8) }, (_, k) => Math.min(total, 1 + 8 * k));
  const series = (
    [
      ["Hyperband", hyperbands, 1],
      // Before its first score the passive search has none.
      ["passive search", passives, Math.ceil(maxIter / 9)],
    ] as const
  ).map(([name, curves, from]) => {
    const calls = x.filter((value) => value >= from);
    const of = (value: (numbers: readonly number[]) => number): number[] =>
      calls.map((k) => Number(value(at(curves, k)).toFixed(4)));
    return {
      name,
      x: calls,
      y: of(mean),
      band: { low: of((numbers) => quantile(numbers, 0.25)), high: of((numbers) => quantile(numbers, 0.75)) },
    };
  });
  const svg = await lineChart({
    title: `Best validation accuracy so far: mean and quartiles of ${seeds} seeds`,
    series,
    xLabel: "partialFit calls",
    yLabel: "accuracy",
  });
  await saveChart(svg, join(root, "docs", "hyperband.svg"));
  const results = {
    seeds,
    rows,
    maxIter,
    eta,
    models,
    calls: total,
    final: { hyperband: own, passive: other },
    series,
  };
  await writeFile(join(root, "docs", "hyperband.json"), `${JSON.stringify(results)}\n`);
}
