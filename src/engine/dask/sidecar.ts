import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import type { LocalEngineOptions } from "../local/local-engine.js";
import { MeetingPoint, type Meeting } from "../team/meeting-point.js";
import { SidecarServer } from "./sidecar-server.js";

// Started by the worker plugin: `node sidecar.js`, with one line of JSON on the standard input that says where the worker
// listens and what may be used, and a line for each connection that the worker wants. The input stays open as long as the
// worker lives, so its end is the worker's end.
interface SidecarStart extends LocalEngineOptions {
  /** The path of a Unix socket. */
  readonly socket: string;
  /** The address at which other workers reach this machine. */
  readonly host?: string;
  /** Whether what sidecars send each other is encrypted. */
  readonly secure?: boolean;
}

const lines = createInterface({ input: process.stdin });
lines.once("line", async (line) => {
  const { socket, host, secure, ...options } = JSON.parse(line) as SidecarStart;
  const sidecar = new SidecarServer(options, await openMeeting(host, secure));
  // This side connects, because Node reads without copies only on connections that it makes.
  lines.on("line", () => sidecar.serve(socket));
  process.stdout.write(`${JSON.stringify({ ready: process.pid, node: process.version })}\n`);
});
// SIGKILL, because threads in native code must not be terminated one by one: the process goes as a whole.
lines.once("close", () => process.kill(process.pid, "SIGKILL"));

/** Where tasks on this and other workers find each other; without an address, or a port on it, they work one by one. */
async function openMeeting(host: string | undefined, secure = false): Promise<Meeting | undefined> {
  if (host === undefined) return undefined;
  try {
    const key = secure ? randomBytes(32).toString("hex") : undefined;
    return (await MeetingPoint.open(host, key)).meeting;
  } catch (error) {
    process.stderr.write(`partwise: no port on ${host} for tasks that work as a team: ${String(error)}\n`);
    return undefined;
  }
}
