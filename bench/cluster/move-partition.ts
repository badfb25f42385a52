import { connect, fnRef, startCluster } from "../../src/index.js";
import { python } from "../harness/places.js";

// Prints the milliseconds that a partition of 100 MB takes from one worker to another: a task that needs two partitions
// of two workers, less the same task where both are with one worker.
const tasks = new URL("./move-tasks.js", import.meta.url).href;
const make = fnRef(tasks, "makeBytes");
const read = fnRef(tasks, "readBoth");
const BYTES = 100_000_000;

await using cluster = await startCluster({ workers: 2, python });
const engine = await connect(cluster.address, { python });
const times: number[] = [];
for (let turn = 0; turn < 5; turn++) {
  const keys = [`a${turn}`, `b${turn}`];
  await engine.submit(
    keys.map((key, i) => ({ key, fn: make, args: { bytes: BYTES, value: i + 1 }, deps: [] })),
    { keep: keys },
  );
  await engine.wait(keys);
  const places = await engine.locate(keys);
  const apart = new Set([...places.values()].flat()).size > 1;
  const start = performance.now();
  const key = `sum${turn}`;
  await engine.submit([{ key, fn: read, deps: keys }], { keep: [key] });
  const [sum] = await engine.get([key]);
  const ms = performance.now() - start;
  if (sum !== 3) throw new Error(`move-partition: the task read ${String(sum)}, not 3.`);
  // The first turn starts threads and modules.
  if (apart && turn > 0) times.push(ms);
  engine.release([...keys, key]);
}
if (times.length === 0) throw new Error("move-partition: Dask put both partitions on one worker every time.");
times.sort((a, b) => a - b);
await engine.close();
process.stdout.write(`${times[times.length >> 1]}\n`);
