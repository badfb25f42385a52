import { progressBar, type ProgressBar } from "../observe/progress-bar.js";
import type { CliContext } from "./cli-command.js";

/** Progress on standard error: one moving line on a terminal, plain lines in a log. */
export function terminalBar(context: CliContext): ProgressBar {
  return progressBar({
    stream: { write: (text) => context.err(text), isTTY: process.stderr.isTTY, columns: process.stderr.columns },
  });
}
