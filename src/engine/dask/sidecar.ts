import { createInterface } from "node:readline";
import type { LocalEngineOptions } from "../local/local-engine.js";
import { SidecarServer } from "./sidecar-server.js";

// Started by the worker plugin: `node sidecar.js`, with one line of JSON on the standard input that says where the worker
// listens and what may be used, and a line for each connection that the worker wants. The input stays open as long as the
// worker lives, so its end is the worker's end.
interface SidecarStart extends LocalEngineOptions {
  /** The path of a Unix socket. */
  readonly socket: string;
}

const lines = createInterface({ input: process.stdin });
lines.once("line", (line) => {
  const { socket, ...options } = JSON.parse(line) as SidecarStart;
  const sidecar = new SidecarServer(options);
  // This side connects, because Node reads without copies only on connections that it makes.
  lines.on("line", () => sidecar.serve(socket));
  process.stdout.write(`${JSON.stringify({ ready: process.pid, node: process.version })}\n`);
});
// SIGKILL, because threads in native code must not be terminated one by one: the process goes as a whole.
lines.once("close", () => process.kill(process.pid, "SIGKILL"));
