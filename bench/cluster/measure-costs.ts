import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type Engine, fnRef, LocalEngine, setEngine, startCluster } from "../../src/index.js";
import { LogisticRegression } from "../../models/index.js";
import { describeMachine } from "../harness/machine.js";
import { python, root } from "../harness/places.js";
import { problem } from "./problem.js";
import type { Costs } from "./simulation.js";

// Measures what `simulate.ts` needs on a cluster of this machine and writes bench/cluster/costs.json.
const tasks = new URL("./cost-tasks.js", import.meta.url).href;
const TASKS = 400;
const TICK = 100;

/** Seconds of processor time that a process has used. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICK;
}

function childrenOf(pid: number, what: RegExp): number[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  return lines
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .flatMap((match) => (match && Number(match[2]) === pid && what.test(match[3] as string) ? [Number(match[1])] : []));
}

let runs = 0;
async function run(engine: Engine, count: number, name: string, args: object): Promise<number> {
  const id = runs++;
  const keys = Array.from({ length: count }, (_, i) => `cost-${id}-${i}`);
  const start = performance.now();
  const fn = fnRef(tasks, name);
  await engine.submit(
    keys.map((key) => ({ key, fn, args: args as never, deps: [] })),
    { keep: keys },
  );
  await engine.get(keys);
  const ms = performance.now() - start;
  engine.release(keys);
  return ms / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}

async function measure(): Promise<Costs> {
  await using cluster = await startCluster({ workers: 2, python });
  const engine = await connect(cluster.address, { python });
  await run(engine, 20, "nothing", {});
  const [gateway] = childrenOf(process.pid, /partwise_dask\.gateway/);
  if (gateway === undefined) throw new Error("measure-costs: the gateway's process was not found.");
  const own = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
  const before = [processorTime(gateway), processorTime(cluster.pids.scheduler), own()] as const;
  await run(engine, TASKS, "nothing", {});
  const used = [processorTime(gateway), processorTime(cluster.pids.scheduler), own()].map(
    (time, i) => (time - (before[i] as number)) / TASKS,
  ) as [number, number, number];
  const single: number[] = [];
  for (let turn = 0; turn < 9; turn++) single.push(await run(engine, 1, "nothing", {}));
  const bytes = 16_000_000;
  await run(engine, 1, "bytes", { bytes });
  const fetched: number[] = [];
  for (let turn = 0; turn < 5; turn++) fetched.push(await run(engine, 1, "bytes", { bytes }));
  await engine.close();
  // Half of what gateway and driver do for a task is before it runs, half after.
  const [gatewayTask, schedulerTask] = [(used[0] + used[2]) / 2, used[1]];
  const one = median(single);
  return {
    gatewayGraph: 0.001,
    gatewayTask,
    schedulerTask,
    workerTask: Math.max(0, one - 2 * gatewayTask - schedulerTask - 0.001),
    resultTask: gatewayTask,
    resultByte: Math.max(0, median(fetched) - one) / bytes,
    combineDouble: combineDouble(),
    // Not measurable here: a data centre's network.
    latency: 0.0002,
    bandwidth: 1.25e9,
  };
}

function combineDouble(): number {
  const [a, b] = [new Float64Array(1e6).fill(1), new Float64Array(1e6).fill(2)];
  const turn = (): number => {
    const start = performance.now();
    for (let i = 0; i < a.length; i++) a[i] = (a[i] as number) + (b[i] as number);
    return performance.now() - start;
  };
  return median(Array.from({ length: 15 }, turn)) / 1000 / a.length;
}

/** Bytes per second that one thread passes over in an L-BFGS fit. */
async function scanRate(): Promise<number> {
  const engine = new LocalEngine({ threads: 1 });
  setEngine(engine);
  const { X, y } = problem();
  const [held, labels] = [await X.persist(), await y.persist()];
  const fit = async (maxIter: number): Promise<{ ms: number; passes: number }> => {
    let passes = 0;
    const start = performance.now();
    const model = new LogisticRegression({ solver: "lbfgs", tol: 1e-12, maxIter });
    await model.fit(held, labels, { onProgress: () => passes++ });
    return { ms: performance.now() - start, passes };
  };
  await fit(3);
  const [short, long] = [await fit(5), await fit(25)];
  await engine.close();
  const seconds = (long.ms - short.ms) / 1000 / (long.passes - short.passes);
  return (2_000_000 * 21 * 8) / seconds;
}

const costs = await measure();
const scan = await scanRate();
const file = join(root, "bench", "cluster", "costs.json");
const written = { machine: describeMachine(), date: new Date().toISOString(), scan, costs };
writeFileSync(file, `${JSON.stringify(written, undefined, 2)}\n`);
console.log(`Wrote ${file}:`, costs, { scan });
