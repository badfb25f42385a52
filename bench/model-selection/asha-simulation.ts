/**
 * ASHA and workers that straggle or are lost: the experiment of Li et al. (MLSys 2020, section 4.4) around the policies of
 * our searches, in simulated time. A unit takes `1 + |z|` times its share of the resource, z normal; a job is lost with a
 * chance a unit of time.
 *
 *     node dist/bench/model-selection/asha-simulation.js
 *
 * Prints the tables of docs/model-selection.md: trials trained to the end (R = 256, aggressiveness 4), means of 5 seeds.
 */
import { AshaPolicy } from "../../src/model-selection/asha-policy.js";
import { BracketPolicy } from "../../src/model-selection/bracket-policy.js";
import type { TrialPolicy, TrialUnit } from "../../src/model-selection/trial-policy.js";
import { simulate, type SimulatedWorkers } from "../../src/testing/simulate-search.js";

const R = 256;
const SEEDS = [1, 2, 3, 4, 5];
// Scores that are the same trial's at every amount: halving is right to drop the worse ones.
const score = ({ trial, amount }: TrialUnit): number => ((trial * 7919) % 1009) / 1009 + Math.log(amount) / 1000;

const asha = (): TrialPolicy => new AshaPolicy({ minimum: 1, maximum: R, eta: 4, trials: 1e6 }, (x) => ({ x }));

/** Brackets one after the other, as many as any of the simulations can use. */
function halving(): TrialPolicy {
  const rungs = [256, 64, 16, 4, 1].map((models, k) => ({ models, resource: 4 ** k }));
  const brackets = Array.from({ length: 12 }, (_, bracket) => ({ bracket, rungs }));
  return new BracketPolicy(
    brackets,
    brackets.map(() => Array.from({ length: 256 }, (_, x) => ({ x }))),
  );
}

function toEnd(make: () => TrialPolicy, options: Omit<SimulatedWorkers, "seed" | "score">): number {
  const counts = SEEDS.map((seed) => {
    const { finished } = simulate(make(), { ...options, seed, score });
    return finished.filter(({ amount }) => amount === R).length;
  });
  return counts.reduce((sum, count) => sum + count, 0) / SEEDS.length;
}

/** Trials trained to the end per R of time; few workers are watched for longer, because they end few. */
const rate = (workers: number, straggle: number): number => {
  const length = workers < 9 ? 100 : 20;
  return toEnd(asha, { workers, straggle, until: length * R }) / length;
};

console.log(`ASHA, trials trained to the end per R of time\n\n| workers | no stragglers | | std 0.56 | | std 1.33 | |`);
console.log("|---:|---:|---:|---:|---:|---:|---:|");
const spreads = [0, 0.56, 1.33];
const alone = spreads.map((straggle) => rate(1, straggle));
for (const workers of [1, 4, 9, 16, 25]) {
  const cells = spreads.map((straggle, k) => {
    const count = rate(workers, straggle);
    return `${count.toFixed(2)} | ${(count / (alone[k] as number)).toFixed(1)}x`;
  });
  console.log(`| ${workers} | ${cells.join(" | ")} |`);
}

console.log(`\n25 workers, trials trained to the end in 2 R: ASHA / halving that waits\n`);
console.log(`| std | ${[0, 0.001, 0.005].map((drop) => `drop ${drop}`).join(" | ")} |\n|---:|---:|---:|---:|`);
for (const straggle of [0, 0.33, 0.67, 1.33]) {
  const cells = [0, 0.001, 0.005].map((drop) => {
    const options = { workers: 25, straggle, drop, until: 2 * R };
    return `${toEnd(asha, options).toFixed(1)} / ${toEnd(halving, options).toFixed(1)}`;
  });
  console.log(`| ${straggle} | ${cells.join(" | ")} |`);
}
