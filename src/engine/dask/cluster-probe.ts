import { execFile } from "node:child_process";
import type { TlsFiles } from "./dask-options.js";
import { PartwiseError } from "../../base/errors.js";

/** One process of a cluster as the probe sees it. */
export interface ClusterMember {
  /** `scheduler`, or the worker's name. */
  readonly name: string;
  readonly address: string;
  readonly python: string;
  readonly dask: string;
  readonly distributed: string;
  /** The worker's Node: version, and path or why there is none. Absent for the scheduler. */
  readonly node?: { readonly version: string | null; readonly path: string };
}

/** What {@link probeCluster} needs beside the address. */
export interface ClusterProbeOptions {
  readonly timeoutMs?: number;
  readonly tls?: TlsFiles;
}

// Asks for versions through Dask's own handler first: a function sent to a worker of another Python may crash it.
const PROBE = `
import json, os, sys, threading
from distributed import Client
from distributed.security import Security

address, timeout, tls = json.loads(sys.argv[1])

def look_for_node():
    import os, shutil, subprocess
    name = os.environ.get("PARTWISE_NODE", "node")
    path = shutil.which(name)
    if path is None:
        return {"version": None, "path": name + " is not on PATH " + os.environ.get("PATH", "")}
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20)
    except Exception as error:
        return {"version": None, "path": path + ": " + str(error)}
    if done.returncode != 0:
        return {"version": None, "path": path + ": exit code " + str(done.returncode) + " " + done.stderr.strip()}
    return {"version": done.stdout.strip().lstrip("v"), "path": path}

def give_up():
    print("what listens there did not answer as a Dask scheduler within " + str(timeout) + " s", file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)

# Client's own timeout does not cover a listener that takes the greeting and stays silent.
watchdog = threading.Timer(timeout + 0.5, give_up)
watchdog.daemon = True
watchdog.start()
security = None
if tls:
    security = Security(
        tls_ca_file=tls["ca"], tls_client_cert=tls["cert"], tls_client_key=tls["key"], require_encryption=True
    )
with Client(address, timeout=timeout, security=security, set_as_default=False) as client:
    watchdog.cancel()
    found = client.get_versions()
    names = {worker: info["name"] for worker, info in client.scheduler_info(n_workers=-1)["workers"].items()}

    def member(name, where, versions):
        host, packages = versions["host"], versions["packages"]
        python = host["python"] if isinstance(host, dict) else dict(host)["python"]
        return {
            "name": name,
            "address": where,
            "python": python.split(".final")[0],
            "dask": packages["dask"],
            "distributed": packages["distributed"],
        }

    members = [member("scheduler", address, found["scheduler"])]
    own = tuple(sys.version_info[:2])
    alike = [w for w, v in found["workers"].items()
             if tuple(int(n) for n in member("", "", v)["python"].split(".")[:2]) == own]
    nodes = client.run(look_for_node, workers=alike, on_error="return") if alike else {}
    for worker, versions in found["workers"].items():
        entry = member(str(names.get(worker, worker)), worker, versions)
        node = nodes.get(worker)
        if node is None:
            node = {"version": None, "path": "not asked: its Python differs from this one"}
        elif isinstance(node, BaseException):
            node = {"version": None, "path": repr(node)}
        members.append({**entry, "node": node})
print(json.dumps(members))
`;

/**
 * Connects an interpreter to a scheduler and asks what the scheduler and each worker run.
 *
 * @throws PartwiseError with Dask's own last line when it cannot connect
 */
export async function probeCluster(
  python: string,
  address: string,
  options: ClusterProbeOptions = {},
): Promise<ClusterMember[]> {
  const seconds = (options.timeoutMs ?? 10_000) / 1000;
  const question = JSON.stringify([address, seconds, options.tls ?? null]);
  const output = await new Promise<string>((resolve, reject) => {
    execFile(python, ["-c", PROBE, question], { timeout: 60_000 + seconds * 1000 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const last = stderr.trim().split("\n").at(-1);
      reject(
        new PartwiseError(`${address}: ${last === undefined || last === "" ? error.message : last}`, { cause: error }),
      );
    });
  });
  return JSON.parse(output.trim().split("\n").at(-1) as string) as ClusterMember[];
}
