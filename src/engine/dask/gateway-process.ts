import { defaultPython } from "./python-probe.js";
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { EngineClosedError, PartwiseError } from "../../base/errors.js";
import { connectionProblem } from "./connection-problem.js";
import { timeoutOf, type DaskAddress, type DaskOptions } from "./dask-options.js";

// This file is dist/src/engine/dask/gateway-process.js.
const HOME = fileURLToPath(new URL("../../../../", import.meta.url)).replace(/\/$/, "");
/** The folder of the Python package that comes with this version. */
export const PYTHON_FOLDER = `${HOME}/src/engine/dask/python`;

/** The build that this program runs, as its first gateway found it. */
let ownBuild: string | undefined;

/** A gateway of this process's own: it ends when this process does. */
export interface GatewayProcess {
  readonly port: number;
  readonly token: string;
  readonly pid: number;
  /** What it said last about its end, for the error that follows. */
  lostScheduler(): boolean;
  close(): void;
}

/**
 * Starts `python -m partwise_dask` for a scheduler.
 * @throws PartwiseError without Python or Dask, EngineClosedError when the scheduler does not answer
 */
export async function startGateway(address: DaskAddress, options: DaskOptions): Promise<GatewayProcess> {
  const python = options.python ?? defaultPython();
  const token = randomBytes(24).toString("base64url");
  const timeout = timeoutOf(options);
  // Asked first, because Dask itself says no more than that time is over.
  const problem = await connectionProblem(address, timeout * 1000);
  if (problem)
    throw new EngineClosedError(
      `connect: no Dask scheduler at ${address.url}: ${problem.what}. To mend it: ${problem.mend}.`,
    );
  const tls = options.tls;
  const line = ["-m", "partwise_dask", address.url, "--port", "0", "--home", HOME, "--until-stdin-ends"];
  line.push("--timeout", String(timeout));
  if (tls) line.push("--tls-ca", tls.ca, "--tls-cert", tls.cert, "--tls-key", tls.key);
  const child = spawn(python, line, {
    stdio: ["pipe", "pipe", "pipe"],
    // Ctrl-C goes to the whole group of a terminal. The program decides what it means: it may stop one fit and go on.
    detached: process.platform !== "win32",
    env: {
      ...process.env,
      // In the environment, not on the command line, where every user of the machine could read it.
      PARTWISE_TOKEN: token,
      PYTHONPATH: [PYTHON_FOLDER, process.env["PYTHONPATH"]].filter(Boolean).join(":"),
      PYTHONUNBUFFERED: "1",
    },
  });
  const said: string[] = [];
  let lost = false;
  createInterface({ input: child.stderr }).on("line", (text) => {
    said.push(text);
    if (said.length > 50) said.shift();
  });
  const port = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(
      () => {
        child.kill("SIGKILL");
        reject(unreachable(address, timeout, "it does not answer"));
      },
      (timeout + 20) * 1000,
    );
    const end = (work: () => void): void => {
      clearTimeout(timer);
      work();
    };
    child.once("error", (cause) => end(() => reject(noPython(python, cause))));
    // Not `exit`: its last words may still be on their way then.
    child.once("close", (code) => end(() => reject(gatewayFailed(code, said))));
    createInterface({ input: child.stdout }).on("line", (text) => {
      const message = JSON.parse(text) as {
        port?: number;
        failed?: string;
        message?: string;
        lost?: string;
        problem?: string;
        build?: string;
      };
      if (message.lost !== undefined) lost = true;
      if (message.problem !== undefined) end(() => reject(new PartwiseError(`connect: ${message.problem}`)));
      if (message.failed !== undefined) end(() => reject(unreachable(address, timeout, message.message ?? "")));
      if (message.port === undefined) return;
      ownBuild ??= message.build;
      if (message.build === ownBuild) end(() => resolve(message.port as number));
      else {
        child.stdin.end();
        end(() => reject(buildChanged()));
      }
    });
  });
  unrefAll(child);
  return {
    port,
    token,
    pid: child.pid ?? 0,
    lostScheduler: () => lost,
    close: () => {
      child.stdin.end();
      // It goes by itself when its input ends; this is for one that hangs.
      setTimeout(() => child.kill("SIGKILL"), 3000).unref();
    },
  };
}

// Neither the process nor its pipes keep a script alive: the socket to it does, while there is work.
function unrefAll(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as { unref?(): void }).unref?.();
}

function noPython(python: string, cause: unknown): PartwiseError {
  return new PartwiseError(
    `connect: cannot run the Python ${JSON.stringify(python)}, which the gateway to Dask needs. Install Python 3.10 or newer, ` +
      "or pass its path as `python` (or PARTWISE_PYTHON).",
    { cause },
  );
}

// This process still runs what it loaded then; a new gateway would bring other code to the workers.
function buildChanged(): PartwiseError {
  return new PartwiseError(
    `connect: the partwise build in ${HOME} has changed since this program connected first (\`npm run build\`, or an update). ` +
      "Start the program again: driver and workers have to run the same code.",
  );
}

function gatewayFailed(code: number | null, said: readonly string[]): PartwiseError {
  const last = said.findLast((one) => one.trim() !== "") ?? "it said nothing";
  const cause = new Error(said.join("\n"));
  return new PartwiseError(`connect: the gateway to Dask ended with code ${code}: ${last}`, { cause });
}

function unreachable(address: DaskAddress, timeout: number, why: string): EngineClosedError {
  // What a scheduler with TLS does to one who speaks without.
  const hint = /reset by peer|CommClosedError|StreamClosed/.test(why) && address.url.startsWith("tcp:");
  const tls = hint ? " A scheduler that speaks TLS wants a tls:// address and `tls: { ca, cert, key }`." : "";
  return new EngineClosedError(
    `connect: no Dask scheduler answers at ${address.url} within ${timeout} s (${why}). Check the address, that \`dask scheduler\` ` +
      `runs there, and that no firewall closes port ${address.port}.${tls}`,
  );
}
