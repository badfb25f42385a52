import { resolve as absolute, sep } from "node:path";
import type { Command } from "commander";
import { PartwiseError } from "../../base/errors.js";
import { type LocalCluster, type LocalClusterOptions, startCluster } from "../../engine/dask/local-cluster.js";
import type { CliContext } from "../cli-command.js";
import { defaultPython } from "../../engine/dask/python-probe.js";
import { memorySize, resourceTags, wholeNumber } from "../option-values.js";

const EXAMPLES = `
Examples:
  partwise cluster start                              two workers with one thread each
  partwise cluster start --workers 4 --memory-limit 2GB
  partwise cluster start --python ~/venv/bin/python   an interpreter that has dask
  partwise cluster start --port 8786 --dashboard-port 8787

The cluster listens on 127.0.0.1 only, because whoever reaches Dask's ports can run any program here.
docs/cluster.md shows clusters of several machines.`;

interface StartFlags {
  readonly workers: number;
  readonly threads: number;
  readonly memoryLimit?: string;
  readonly resources?: Record<string, number>;
  readonly python: string;
  readonly port: number;
  readonly dashboardPort: number;
  readonly json?: true;
}

/** `partwise cluster start`: a Dask scheduler and workers on this machine until Ctrl-C. */
export function configure(command: Command, context: CliContext): void {
  command
    .command("start")
    .summary("start a scheduler and workers, and stop them at Ctrl-C")
    .description(
      "Starts a Dask scheduler and workers on this machine, prints how a program uses them, and stops them all at Ctrl-C.",
    )
    .option("-w, --workers <n>", "worker processes", wholeNumber(1), 2)
    .option("-t, --threads <n>", "threads of each worker", wholeNumber(1), 1)
    .option("-m, --memory-limit <size>", "memory of each worker, such as 2GB (default: its share)", memorySize)
    .option(
      "-r, --resources <name=amount>",
      "a resource tag of each worker, such as GPU=1; may be repeated",
      resourceTags,
    )
    .option("--python <path>", "the Python interpreter that has dask", defaultPython())
    .option("--port <n>", "port of the scheduler (0: a free one)", wholeNumber(0), 0)
    .option("--dashboard-port <n>", "port of its dashboard (0: a free one)", wholeNumber(0), 0)
    .option("--json", "print the addresses as one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action((flags: StartFlags) => start(flags, context));
}

async function start(flags: StartFlags, context: CliContext): Promise<void> {
  const options: LocalClusterOptions = {
    workers: flags.workers,
    threadsPerWorker: flags.threads,
    python: flags.python,
    port: flags.port,
    dashboardPort: flags.dashboardPort,
    // People expect a worker that dies to come back.
    nanny: true,
    ...(flags.memoryLimit === undefined ? {} : { memoryLimit: flags.memoryLimit }),
    ...(flags.resources === undefined ? {} : { resources: flags.resources }),
  };
  await using cluster = await startCluster(options);
  context.out(flags.json ? `${JSON.stringify(describe(cluster))}\n` : instructions(cluster, flags));
  const end = await Promise.race([cluster.schedulerEnded(), aborted(context.signal)]);
  if (end !== undefined) throw new PartwiseError(`the scheduler ended (${end}); start the cluster again.`);
  if (!flags.json) context.err("stopping the cluster\n");
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

function describe(cluster: LocalCluster): object {
  const { address, dashboardLink, workers, pids } = cluster;
  return { address, dashboardLink, workers, pid: pids.scheduler };
}

function instructions({ address, dashboardLink }: LocalCluster, { workers, threads, python }: StartFlags): string {
  const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
  // The program needs a Python with Dask too, wherever it is started.
  const own = python === defaultPython() ? undefined : python.includes(sep) ? absolute(python) : python;
  const options = own === undefined ? "" : `, { python: ${JSON.stringify(own)} }`;
  const variables = own === undefined ? "" : ` PARTWISE_PYTHON=${own}`;
  return [
    `Scheduler     ${address}  (${count(workers, "worker")}, ${count(threads, "thread")} each)`,
    `Dashboard     ${dashboardLink}  (its pages need: pip install bokeh)`,
    `In a program  const engine = await connect("${address}"${options});`,
    `Or around it  PARTWISE_ENGINE=dask://${address.slice(address.indexOf("//") + 2)}${variables} node program.js`,
    "Ctrl-C stops it.",
    "",
  ].join("\n");
}
