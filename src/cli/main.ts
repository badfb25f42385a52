#!/usr/bin/env node
import { commandTable } from "./command-table.js";
import { exitCodes, runCli } from "./run-cli.js";

const abort = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // The second time the user means it.
    if (abort.signal.aborted) process.exit(exitCodes.interrupted);
    abort.abort();
  });
}
// A reader that has seen enough (`partwise ... | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await runCli(process.argv.slice(2), commandTable, {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  signal: abort.signal,
});
