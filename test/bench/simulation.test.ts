import { describe, expect, it } from "vitest";
import { EventQueue, Server } from "../../dist/bench/cluster/event-queue.js";
import { simulateTeamFit, type TeamFit } from "../../dist/bench/cluster/team-simulation.js";
import { type Costs, type Fit, type Shape, simulateFit } from "../../dist/bench/cluster/simulation.js";

const free: Costs = {
  gatewayGraph: 0,
  gatewayTask: 0,
  schedulerTask: 0,
  workerTask: 0,
  resultTask: 0,
  resultByte: 0,
  peerMessage: 0,
  combineDouble: 0,
  latency: 0,
  bandwidth: 1e9,
};
const fit: Fit = {
  name: "test",
  bytes: 64e9,
  partitionBytes: 250e6,
  passes: 5,
  scan: 1e9,
  partial: 0,
  broadcast: 0,
  combine: "driver",
  groups: 1,
};
const shape: Shape = { workers: 8, read: 0.5e9, spread: 0, seed: 1 };

describe("event queue", () => {
  it("runs events in order of time, and of arrival where times are equal", () => {
    const queue = new EventQueue();
    const seen: string[] = [];
    for (const [name, at] of [
      ["c", 3],
      ["a", 1],
      ["d", 3],
      ["b", 2],
      ["e", 3],
    ] as const) {
      queue.after(at, () => {
        seen.push(`${name}${queue.now}`);
        if (name === "a") queue.after(0.5, () => seen.push(`late${queue.now}`));
      });
    }
    queue.drain();
    expect(seen).toEqual(["a1", "late1.5", "b2", "c3", "d3", "e3"]);
    expect(() => queue.after(-1, () => {})).toThrow("EventQueue: a delay must be >= 0; got -1.");
  });

  it("sorts many events", () => {
    const queue = new EventQueue();
    const times: number[] = [];
    for (let i = 0; i < 1000; i++) queue.after((i * 7919) % 1009, () => times.push(queue.now));
    queue.drain();
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times).toHaveLength(1000);
  });

  it("has a server do one thing at a time", () => {
    const queue = new EventQueue();
    const server = new Server("one", queue);
    const ends: number[] = [];
    queue.after(1, () => server.serve(2, () => ends.push(queue.now)));
    queue.after(2, () => server.serve(2, () => ends.push(queue.now)));
    queue.after(9, () => server.serve(2, () => ends.push(queue.now)));
    queue.drain();
    expect(ends).toEqual([3, 5, 11]);
    expect(server.busy).toBe(6);
  });
});

describe("simulated fit", () => {
  it("takes what workers compute when all else is free", () => {
    // 64 GB over 8 workers: 16 s of reading at 0.5 GB/s, 8 s a pass at 1 GB/s.
    const outcome = simulateFit(fit, shape, free);
    expect(outcome.partitions).toBe(256);
    expect(outcome.loadSeconds).toBeCloseTo(16, 9);
    expect(outcome.passSeconds).toBeCloseTo(8, 9);
    expect(outcome.fitSeconds).toBeCloseTo(16 + 5 * 8, 8);
    expect(outcome.efficiency).toBeCloseTo(1, 9);
    expect(outcome.limit).toBe("workers' threads");
  });

  it("takes what the scheduler needs when that is more", () => {
    const outcome = simulateFit(fit, shape, { ...free, schedulerTask: 2 });
    // Eight tasks of 2 s one after another, then the last worker's 8 s.
    expect(outcome.passSeconds).toBeCloseTo(8 * 2 + 8, 9);
    expect(outcome.limit).toBe("scheduler");
    expect(outcome.limitShare).toBeCloseTo(16 / 24, 9);
  });

  it("counts one partial a partition, or one a group when workers combine", () => {
    const wide: Fit = { ...fit, partial: 1e6, scan: 1e18 };
    const costs: Costs = { ...free, resultByte: 1e-9 };
    // 256 partials of 8 MB at 1 GB/s through the card, and as long again into the driver, overlapped.
    const apart = simulateFit(wide, shape, costs);
    const together = simulateFit({ ...wide, combine: "worker" }, shape, costs);
    expect(apart.passSeconds / together.passSeconds).toBeGreaterThan(20);
    expect(together.passSeconds).toBeCloseTo((8 + 1) * 8e-3, 5);
  });

  it("is the same every time, and slower where machines differ", () => {
    const uneven: Shape = { ...shape, spread: 0.2 };
    const once = simulateFit(fit, uneven, free);
    expect(simulateFit(fit, uneven, free)).toEqual(once);
    expect(simulateFit(fit, { ...uneven, seed: 2 }, free)).not.toEqual(once);
    expect(once.passSeconds).toBeGreaterThan(8);
    expect(once.efficiency).toBeLessThan(1);
  });

  it("gives every worker its share when partitions do not divide evenly", () => {
    const outcome = simulateFit({ ...fit, bytes: 9 * 250e6 }, shape, free);
    expect(outcome.partitions).toBe(9);
    expect(outcome.passSeconds).toBeCloseTo(0.5, 9);
  });
});

describe("simulated fits of teams", () => {
  const trees: TeamFit = {
    name: "test",
    bytes: 64e9,
    partitionBytes: 250e6,
    trees: 2,
    splits: 10,
    passes: 5,
    scan: 1e9,
    threads: 4,
    most: 256,
    histogram: 0,
  };

  it("without costs are as long as their passes over the data", () => {
    const outcome = simulateTeamFit(trees, shape, free);
    expect(outcome).toMatchObject({ workers: 8, partitions: 256, loadSeconds: 16, limit: "members' passes" });
    expect(outcome.passSeconds).toBeCloseTo((5 * 64) / 32, 9);
    expect(outcome.fitSeconds).toBeCloseTo(16 + 20, 9);
    expect(outcome.efficiency).toBeCloseTo(1, 9);
  });

  it("count two messages to each other member a split, and the histograms that go through a worker's card", () => {
    const outcome = simulateTeamFit({ ...trees, bytes: 0, histogram: 1e6 }, shape, {
      ...free,
      peerMessage: 1e-5,
      latency: 1e-3,
    });
    const card = (4 * 1e6 * 7) / 8 / 1e9;
    expect(outcome.passSeconds).toBeCloseTo(10 * (2 * 31 * 1e-5 + card + 2e-3), 9);
  });

  it("leave threads idle where they would be too many members, and wait for the slowest", () => {
    const outcome = simulateTeamFit({ ...trees, most: 8 }, shape, free);
    expect(outcome.efficiency).toBeCloseTo(1 / 4, 9);
    const uneven = simulateTeamFit(trees, { ...shape, spread: 0.2 }, free);
    expect(uneven.passSeconds).toBeGreaterThan(10);
    expect(uneven).toEqual(simulateTeamFit(trees, { ...shape, spread: 0.2 }, free));
  });
});
