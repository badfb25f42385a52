import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type Engine, fnRef, inlineEngine, setEngine, startCluster } from "../../src/index.js";
import { LogisticRegression } from "../../models/index.js";
import { MeetingPoint } from "../../src/engine/team/meeting-point.js";
import { PeerTeam } from "../../src/engine/team/peer-team.js";
import { Memory } from "../../src/memory/memory.js";
import { describeMachine } from "../harness/machine.js";
import { python, root } from "../harness/places.js";
import { problem } from "./problem.js";
import type { Costs } from "./simulation.js";

// Measures what `simulate.ts` needs on a cluster of this machine and writes bench/cluster/costs.json. Linux. All are
// processor times, which other work on the machine distorts less than a clock.
const tasks = new URL("./cost-tasks.js", import.meta.url).href;
const TASKS = 400;
const GRAPHS = 50;
/** Ticks of /proc a second. */
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
async function run(engine: Engine, count: number, name: string, args: object): Promise<void> {
  const id = runs++;
  const keys = Array.from({ length: count }, (_, i) => `cost-${id}-${i}`);
  const fn = fnRef(tasks, name);
  await engine.submit(
    keys.map((key) => ({ key, fn, args: args as never, deps: [] })),
    { keep: keys },
  );
  await engine.get(keys);
  engine.release(keys);
}

/** Processor time of all that a pass of tasks goes through, in seconds by place. */
interface Used {
  readonly driver: number;
  readonly gateway: number;
  readonly scheduler: number;
  readonly workers: number;
}

async function measure(): Promise<Costs> {
  await using cluster = await startCluster({ workers: 2, python });
  const engine = await connect(cluster.address, { python });
  await run(engine, 20, "nothing", {});
  const [gateway] = childrenOf(process.pid, /-m partwise_dask/);
  if (gateway === undefined) throw new Error("measure-costs: the gateway's process was not found.");
  const sidecars = cluster.pids.workers.flatMap((pid) => childrenOf(pid, /sidecar\.js/));
  const now = (): Used => ({
    driver: own(),
    gateway: processorTime(gateway),
    scheduler: processorTime(cluster.pids.scheduler),
    workers: [...cluster.pids.workers, ...sidecars].reduce((sum, pid) => sum + processorTime(pid), 0),
  });
  // Half of what driver and gateway do for a task is before it runs, half after.
  const small = await spent(now, () => run(engine, TASKS, "nothing", {}));
  const front = (small.driver + small.gateway) / TASKS / 2;
  const graphs = await spent(now, async () => {
    for (let k = 0; k < GRAPHS; k++) await run(engine, 1, "nothing", {});
  });
  const size = 16_000_000;
  const large = await spent(now, async () => {
    for (let k = 0; k < 10; k++) await run(engine, 1, "bytes", { bytes: size });
  });
  await engine.close();
  const perGraph = (graphs.driver + graphs.gateway) / GRAPHS;
  return {
    gatewayGraph: Math.max(0, perGraph - 2 * front),
    gatewayTask: front,
    schedulerTask: small.scheduler / TASKS,
    workerTask: small.workers / TASKS,
    resultTask: front,
    resultByte: Math.max(0, (large.driver + large.gateway) / 10 - perGraph) / size,
    peerMessage: await peerMessage(),
    combineDouble: combineDouble(),
    // Not measurable on one machine: a data centre's network of 10 Gbit/s.
    latency: 0.0002,
    bandwidth: 1.25e9,
  };
}

async function spent(now: () => Used, work: () => Promise<unknown>): Promise<Used> {
  const before = now();
  await work();
  const after = now();
  const difference = (place: keyof Used): number => after[place] - before[place];
  return {
    driver: difference("driver"),
    gateway: difference("gateway"),
    scheduler: difference("scheduler"),
    workers: difference("workers"),
  };
}

/** Seconds of processor time of this process. */
function own(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Seconds of a message between members of a team, sent and taken in: all members are in this process. */
async function peerMessage(): Promise<number> {
  const [members, turns] = [8, 200];
  const { point, meeting } = await MeetingPoint.open("127.0.0.1");
  const memory = Memory.create(2 ** 28);
  const team = randomBytes(32).toString("hex");
  const all = await Promise.all(
    Array.from({ length: members }, (_, member) =>
      PeerTeam.join(memory, { member, members, meeting, team }, 10_000, () => undefined),
    ),
  );
  // A share of a histogram of 28 columns.
  const shown = all.map(() => memory.column("f64", (28 * 256 * 3) / members));
  const turn = (): Promise<unknown> =>
    Promise.all(all.map((member, k) => member.exchange(shown[k] as (typeof shown)[number])));
  for (let k = 0; k < 20; k++) await turn();
  const start = own();
  for (let k = 0; k < turns; k++) await turn();
  const seconds = (own() - start) / turns / (members * (members - 1));
  for (const member of all) member.leave();
  point.close();
  return seconds;
}

function combineDouble(): number {
  const [a, b] = [new Float64Array(1e6).fill(1), new Float64Array(1e6).fill(2)];
  const turn = (): void => {
    for (let i = 0; i < a.length; i++) a[i] = (a[i] as number) + (b[i] as number);
  };
  for (let k = 0; k < 20; k++) turn();
  const start = own();
  for (let k = 0; k < 50; k++) turn();
  return (own() - start) / 50 / a.length;
}

/** Bytes per second that one thread passes over in an L-BFGS fit. */
async function scanRate(): Promise<number> {
  setEngine(inlineEngine());
  const { X, y } = problem();
  const [held, labels] = [await X.persist(), await y.persist()];
  const fit = async (maxIter: number): Promise<{ seconds: number; passes: number }> => {
    let passes = 0;
    const start = own();
    const model = new LogisticRegression({ solver: "lbfgs", tol: 1e-12, maxIter });
    await model.fit(held, labels, { onProgress: () => passes++ });
    return { seconds: own() - start, passes };
  };
  await fit(3);
  const [short, long] = [await fit(2), await fit(12)];
  return (2_000_000 * 21 * 8 * (long.passes - short.passes)) / (long.seconds - short.seconds);
}

const costs = await measure();
const scan = await scanRate();
const file = join(root, "bench", "cluster", "costs.json");
const written = { machine: describeMachine(), date: new Date().toISOString(), scan, costs };
writeFileSync(file, `${JSON.stringify(written, undefined, 2)}\n`);
console.log(`Wrote ${file}:`, costs, { scan });
