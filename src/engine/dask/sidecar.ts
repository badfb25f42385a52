import { createServer } from "node:net";
import { createInterface } from "node:readline";
import type { LocalEngineOptions } from "../local/local-engine.js";
import { SidecarServer } from "./sidecar-server.js";

// Started by the worker plugin: `node sidecar.js`, with one line of JSON on the standard input that says where to listen
// and what may be used. The input stays open as long as the worker lives, so its end is the worker's end.
interface SidecarStart extends LocalEngineOptions {
  /** A path for a Unix socket. */
  readonly socket: string;
}

const lines = createInterface({ input: process.stdin });
lines.once("line", (line) => {
  const { socket, ...options } = JSON.parse(line) as SidecarStart;
  const sidecar = new SidecarServer(options);
  const server = createServer((connection) => sidecar.serve(connection));
  server.listen(socket, () =>
    process.stdout.write(`${JSON.stringify({ ready: process.pid, node: process.version })}\n`),
  );
});
// SIGKILL, because threads in native code must not be terminated one by one: the process goes as a whole.
lines.once("close", () => process.kill(process.pid, "SIGKILL"));
