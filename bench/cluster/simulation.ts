import { CounterRng } from "../../src/base/rng.js";
import { EventQueue, Server } from "./event-queue.js";

/** What single steps cost, in seconds, bytes per second and bytes: measured by `measure-costs.ts`. */
export interface Costs {
  /** Gateway: taking a graph apart and handing it to Dask, a graph and a task of it. */
  readonly gatewayGraph: number;
  readonly gatewayTask: number;
  /** Scheduler: everything it does for one task, from its arrival to its release. */
  readonly schedulerTask: number;
  /** Worker: from Dask's thread to the sidecar and back, without the step itself. */
  readonly workerTask: number;
  /** Gateway and driver: taking in the result of one task, and a byte of it. */
  readonly resultTask: number;
  readonly resultByte: number;
  /** Member of a team: a message to another member, and taking one in. */
  readonly peerMessage: number;
  /** Driver: combining two partials, a double. */
  readonly combineDouble: number;
  /** One way through the network. */
  readonly latency: number;
  /** Bytes per second of one network card. */
  readonly bandwidth: number;
}

/** An iterative fit: the same pass over resident partitions again and again. */
export interface Fit {
  readonly name: string;
  /** Bytes of the data in the workers' memory. */
  readonly bytes: number;
  readonly partitionBytes: number;
  readonly passes: number;
  /** Bytes per second that one worker's threads pass over. */
  readonly scan: number;
  /** Doubles of a partial. */
  readonly partial: number;
  /** Doubles that go out with every task. */
  readonly broadcast: number;
  /** A partial leaves a worker for each partition (today), or one for each group: combined before it travels. */
  readonly combine: "driver" | "worker";
  /** Tasks a worker gets of one pass. */
  readonly groups: number;
}

/** The cluster. */
export interface Shape {
  readonly workers: number;
  /** Bytes per second that a worker reads its partitions with, from the storage. */
  readonly read: number;
  /** Standard deviation of the logarithm of a step's time: machines are not alike, and share. */
  readonly spread: number;
  readonly seed: number;
}

/** What a simulated fit took. */
export interface Outcome {
  readonly workers: number;
  readonly partitions: number;
  readonly loadSeconds: number;
  readonly passSeconds: number;
  readonly fitSeconds: number;
  /** Share of the passes' time that workers computed. */
  readonly efficiency: number;
  /** The server that was busiest during the passes, and its share of their time. */
  readonly limit: string;
  readonly limitShare: number;
}

/** Simulates a fit event by event. The same arguments give the same outcome. */
export function simulateFit(fit: Fit, shape: Shape, costs: Costs): Outcome {
  const partitions = Math.ceil(fit.bytes / fit.partitionBytes);
  const rng = new CounterRng(shape.seed, "cluster-simulation");
  const queue = new EventQueue();
  const gateway = new Server("gateway and driver", queue);
  const scheduler = new Server("scheduler", queue);
  const network = new Server("driver's network card", queue);
  const workers = Array.from({ length: shape.workers }, (_, i) => new Server(`worker ${i}`, queue));
  let draws = 0;
  const spread = (): number => Math.exp(shape.spread * rng.normal(draws++));
  const owned = (worker: number): number =>
    Math.floor(((worker + 1) * partitions) / shape.workers) - Math.floor((worker * partitions) / shape.workers);

  const loadSeconds = load();
  const begun = queue.now;
  const before = { gateway: gateway.busy, scheduler: scheduler.busy, network: network.busy };
  let computed = 0;
  for (let pass = 0; pass < fit.passes; pass++) onePass();
  const seconds = queue.now - begun;
  const shares = [
    { name: gateway.name, share: (gateway.busy - before.gateway) / seconds },
    { name: scheduler.name, share: (scheduler.busy - before.scheduler) / seconds },
    { name: network.name, share: (network.busy - before.network) / seconds },
    { name: "workers' threads", share: computed / shape.workers / seconds },
  ].sort((a, b) => b.share - a.share);
  const [first] = shares as [{ name: string; share: number }];
  return {
    workers: shape.workers,
    partitions,
    loadSeconds,
    passSeconds: seconds / fit.passes,
    fitSeconds: loadSeconds + seconds,
    efficiency: computed / shape.workers / seconds,
    limit: first.name,
    limitShare: first.share,
  };

  /** One graph with a task for each partition; workers read what is theirs. */
  function load(): number {
    gateway.serve(costs.gatewayGraph, () => {});
    for (let worker = 0; worker < shape.workers; worker++) {
      for (let k = 0; k < owned(worker); k++) {
        gateway.serve(costs.gatewayTask, () =>
          scheduler.serve(costs.schedulerTask, () =>
            workers[worker]?.serve(costs.workerTask + (fit.partitionBytes / shape.read) * spread(), () => {}),
          ),
        );
      }
    }
    queue.drain();
    return queue.now;
  }

  function onePass(): void {
    const out = 8 * fit.broadcast;
    gateway.serve(costs.gatewayGraph, () => {});
    for (let worker = 0; worker < shape.workers; worker++) {
      const groups = Math.min(fit.groups, owned(worker));
      for (let group = 0; group < groups; group++) {
        const inGroup =
          Math.floor(((group + 1) * owned(worker)) / groups) - Math.floor((group * owned(worker)) / groups);
        gateway.serve(costs.gatewayTask, () =>
          network.serve(out / costs.bandwidth, () => scheduler.serve(costs.schedulerTask, () => step(worker, inGroup))),
        );
      }
    }
    queue.drain();
  }

  function step(worker: number, inGroup: number): void {
    const compute = ((inGroup * fit.partitionBytes) / fit.scan) * spread();
    computed += compute;
    const partials = fit.combine === "worker" ? 1 : inGroup;
    const bytes = 8 * fit.partial * partials;
    queue.after(costs.latency, () =>
      workers[worker]?.serve(costs.workerTask + compute, () =>
        queue.after(costs.latency, () =>
          network.serve(bytes / costs.bandwidth, () =>
            gateway.serve(
              costs.resultTask + bytes * costs.resultByte + partials * fit.partial * costs.combineDouble,
              () => {},
            ),
          ),
        ),
      ),
    );
  }
}
