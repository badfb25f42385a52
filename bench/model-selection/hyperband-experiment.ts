/**
 * Hyperband beside a passive search (SciPy 2019, "Better and faster hyperparameter optimization with Dask"): accuracy by
 * `partialFit` calls, over seeds, with the SGD classifier in place of the paper's neural network.
 *
 *     node dist/bench/model-selection/hyperband-experiment.js [--seeds 50] [--rows 60000] [--max-iter 81] [--eta 3] [--write]
 *
 * Data: two pairs of circles with noise 0.04, the second shifted by 0.6, labels 0 to 3, and four columns of uniform noise;
 * polynomials of degree 4, scaled. The passive search trains as many draws to the end as make the same number of calls.
 * `--write` writes docs/hyperband.svg.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeCircles } from "../../datasets/index.js";
import { SGDClassifier } from "../../models/index.js";
import { PolynomialFeatures, StandardScaler } from "../../preprocessing/index.js";
import { DistributedArray, lineChart, makePipeline, saveChart } from "../../src/index.js";
import {
  HyperbandSearchCV,
  IncrementalSearchCV,
  logUniform,
  uniform,
  when,
  type HistoryEntry,
} from "../../src/model-selection/index.js";
import { CounterRng } from "../../src/base/rng.js";
import { root } from "../harness/places.js";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "50" },
    rows: { type: "string", default: "60000" },
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
const BLOCKS = 12;

const space = {
  loss: ["hinge", "log_loss", "modified_huber"],
  penalty: ["l2", "l1", "elasticnet"],
  alpha: logUniform(1e-7, 1e-1),
  l1Ratio: when({ penalty: "elasticnet" }, uniform(0, 1)),
  learningRate: ["constant", "invscaling", "optimal"],
  eta0: when({ learningRate: ["constant", "invscaling"] }, logUniform(1e-5, 1e-1)),
  powerT: when({ learningRate: "invscaling" }, uniform(0.1, 0.9)),
  average: [false, true],
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

async function circles(seed: number): Promise<{ X: DistributedArray; y: Float64Array }> {
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
      for (let j = 2; j < 6; j++) (columns[j] as Float64Array)[row] = 2 * rng.uniform(row, j) - 1;
      y[row] = 2 * pair + Number(labels[i]);
    }
  }
  const features = makePipeline(new PolynomialFeatures({ degree: 4, includeBias: false }), new StandardScaler());
  const raw = DistributedArray.fromColumns(columns, { partitions: BLOCKS });
  await features.fit(raw);
  return { X: await (features.transform(raw) as DistributedArray).persist(), y };
}

const mean = (curves: readonly Float64Array[], at: number): number =>
  curves.reduce((sum, curve) => sum + (curve[at] as number), 0) / curves.length;

const hyperbands: Float64Array[] = [];
const passives: Float64Array[] = [];
let total = 0;
let models = 0;
for (let seed = 0; seed < seeds; seed++) {
  const { X, y } = await circles(seed);
  const shared = { estimator: new SGDClassifier({ randomState: seed }), paramDistributions: space, randomState: seed };
  const hyperband = new HyperbandSearchCV({ ...shared, maxIter, aggressiveness: eta, parallelTrials: 1 });
  ({ totalResource: total, nModels: models } = hyperband.metadata);
  await hyperband.fit(X, y);
  const trained = Math.ceil(total / maxIter);
  const passive = new IncrementalSearchCV({
    ...shared,
    // Other draws than Hyperband's first bracket: both searches are to be independent.
    randomState: seed + 1_000_000,
    nInitialParameters: trained,
    maxIter,
    fitsPerScore: maxIter,
    parallelTrials: 1,
  });
  await passive.fit(X, y);
  const ended = curveOf(passive.history, total);
  hyperbands.push(curveOf(hyperband.history, total));
  passives.push(ended);
  console.log(
    `seed ${seed}: hyperband ${hyperband.bestScore.toFixed(4)}, passive ${(ended[total] as number).toFixed(4)}`,
  );
  X.release();
}

const final = mean(passives, total);
let reached = 0;
while (reached < total && mean(hyperbands, reached) < final) reached += 1;
const last = (curves: readonly Float64Array[]): number[] =>
  curves.map((curve) => curve[total] as number).sort((a, b) => a - b);
const [own, other] = [last(hyperbands), last(passives)];
console.log(`\n${seeds} seeds, ${rows} rows, R = ${maxIter}, eta = ${eta}: ${models} models, ${total} calls`);
console.log(`final accuracy: hyperband ${mean(hyperbands, total).toFixed(4)}, passive ${final.toFixed(4)}`);
console.log(
  `hyperband has the passive search's final accuracy after ${reached} calls, ${((100 * reached) / total).toFixed(0)} % of the work`,
);
console.log(
  `the worst run of hyperband (${own[0]?.toFixed(4)}) beats ${other.filter((score) => score < (own[0] as number)).length} of ${seeds} passive runs`,
);
if (values.write) {
  const x = Float64Array.from({ length: total }, (_, k) => k + 1);
  const y = (curves: readonly Float64Array[]): Float64Array => x.map((calls) => mean(curves, calls));
  // Before its first model is trained to the end the passive search has no score.
  const from = maxIter;
  const svg = await lineChart({
    title: `Best validation accuracy so far, mean of ${seeds} seeds`,
    series: [
      { name: "Hyperband", x, y: y(hyperbands) },
      { name: "passive search", x: x.slice(from), y: y(passives).slice(from) },
    ],
    xLabel: "partialFit calls",
    yLabel: "accuracy",
  });
  await saveChart(svg, join(root, "docs", "hyperband.svg"));
}
