import { CounterRng } from "../../src/base/rng.js";
import type { Costs, Outcome, Shape } from "./simulation.js";

/** Trees that teams grow: members pass over their rows, and exchange what they have counted, split by split. */
export interface TeamFit {
  readonly name: string;
  /** Bytes of the data in the workers' memory. */
  readonly bytes: number;
  readonly partitionBytes: number;
  readonly trees: number;
  /** Splits of a tree; two exchanges each. */
  readonly splits: number;
  /** How often a tree passes over the data. */
  readonly passes: number;
  /** Bytes per second that one thread passes over. */
  readonly scan: number;
  /** Threads of a worker. */
  readonly threads: number;
  /** Most members of a team. */
  readonly most: number;
  /** Bytes of a node's histogram. */
  readonly histogram: number;
}

/**
 * Simulates such a fit exchange by exchange: all wait for the slowest member, then for the messages. Starting teams is left
 * out; it is one graph for many trees. The same arguments give the same outcome.
 */
export function simulateTeamFit(fit: TeamFit, shape: Shape, costs: Costs): Outcome {
  const { workers } = shape;
  const rng = new CounterRng(shape.seed, "team-simulation");
  const each = Math.max(1, Math.min(fit.threads, Math.floor(fit.most / workers)));
  const members = each * workers;
  const loadSeconds = fit.bytes / workers / shape.read;
  const computing = (fit.bytes * fit.passes) / members / fit.scan / fit.splits;
  // To each other member a part of the histogram, and what it has found.
  const talking = 2 * (members - 1) * costs.peerMessage;
  // The members of a worker share its network card.
  const sending = (each * fit.histogram * (workers - 1)) / workers / costs.bandwidth;
  let seconds = 0;
  let waiting = 0;
  let draws = 0;
  for (let split = 0; split < fit.trees * fit.splits; split++) {
    let slowest = 0;
    for (let member = 0; member < members; member++)
      slowest = Math.max(slowest, Math.exp(shape.spread * rng.normal(draws++)));
    seconds += computing * slowest + talking + sending + 2 * costs.latency;
    waiting += computing * (slowest - 1);
  }
  const all = fit.trees * fit.splits;
  const shares = [
    { name: "members' passes", share: (all * computing) / seconds },
    { name: "the slowest member", share: waiting / seconds },
    { name: "messages of members", share: (all * talking) / seconds },
    { name: "workers' network cards", share: (all * (sending + 2 * costs.latency)) / seconds },
  ].sort((a, b) => b.share - a.share);
  const [first] = shares as [{ name: string; share: number }];
  return {
    workers,
    partitions: Math.ceil(fit.bytes / fit.partitionBytes),
    loadSeconds,
    passSeconds: seconds / fit.trees,
    fitSeconds: loadSeconds + seconds,
    efficiency: ((all * computing) / seconds) * (each / fit.threads),
    limit: first.name,
    limitShare: first.share,
  };
}
