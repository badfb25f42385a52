import { Command, CommanderError } from "commander";
import { AbortedError, ParameterError, PartwiseError } from "../base/errors.js";
import { partwiseVersion } from "../base/version.js";
import type { CliContext, CommandEntry } from "./cli-command.js";

/** How `partwise` ends. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

const EPILOGUE = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
With --json, standard output is one JSON value, errors included: {"error":{"name","message"}}.`;

/**
 * Runs one command line, without the program's name, and resolves to the exit code. Only the module of the command that is
 * used is loaded. Errors of partwise are one line on standard error; others come with their stack.
 */
export async function runCli(
  args: readonly string[],
  table: readonly CommandEntry[],
  context: Omit<CliContext, "setExitCode">,
): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const full: CliContext = {
    out: context.out,
    err: context.err,
    signal: context.signal,
    setExitCode: (code) => {
      exitCode = code;
    },
  };
  const program = new Command("partwise")
    .description("Machine learning on partitioned data: every core of this machine, or a Dask cluster.")
    .version(partwiseVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help, or a command's: partwise doctor --help")
    .configureOutput({ writeOut: full.out, writeErr: full.err })
    .showHelpAfterError("(add --help for the usage)")
    .addHelpText("after", EPILOGUE)
    .exitOverride();

  // The word that names a command: its module alone is loaded; the others are known by their line of help.
  const named = args[0] === "help" ? args[1] : args.find((word) => !word.startsWith("-"));
  try {
    for (const entry of table) {
      const command = program.command(entry.name).summary(entry.summary).description(entry.summary);
      command.helpOption("-h, --help", "print this help");
      if (entry.name === named) (await entry.load()).configure(command, full);
    }
    if (args.length === 0) {
      full.err(program.helpInformation());
      return exitCodes.usage;
    }
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    return reportError(error, args.includes("--json"), full);
  }
}

function reportError(error: unknown, json: boolean, context: CliContext): number {
  if (error instanceof CommanderError) {
    // Commander has written its complaint, or the help that was asked for.
    if (error.exitCode === 0) return exitCodes.ok;
    if (json) context.out(`${JSON.stringify({ error: { name: "UsageError", message: error.message } })}\n`);
    return exitCodes.usage;
  }
  const thrown = error instanceof Error ? error : new Error(String(error));
  if (json) context.out(`${JSON.stringify({ error: { name: thrown.name, message: thrown.message } })}\n`);
  if (thrown instanceof AbortedError) {
    context.err("partwise: interrupted.\n");
    return exitCodes.interrupted;
  }
  if (thrown instanceof PartwiseError) {
    context.err(`partwise: ${thrown.message}\n`);
    return thrown instanceof ParameterError ? exitCodes.usage : exitCodes.failed;
  }
  context.err(`partwise: unexpected error; please report it with these lines.\n${thrown.stack ?? thrown.message}\n`);
  return exitCodes.failed;
}
