import type { Command } from "commander";

/** What a command has of the world: tests give their own. */
export interface CliContext {
  /** Writes to standard output: the answer, and nothing else. */
  out(text: string): void;
  /** Writes to standard error: progress, notes, complaints. */
  err(text: string): void;
  /** Fires at Ctrl-C; a command hands it to whatever takes a `signal`. */
  readonly signal: AbortSignal;
  /** Makes the program end with this code although the command itself ran through. */
  setExitCode(code: number): void;
}

/** What the module of a command exports: options, help and action are put on the given Commander command. */
export interface CommandModule {
  configure(command: Command, context: CliContext): void;
}

/** A row of the table of commands: the module is loaded only when its command is used. */
export interface CommandEntry {
  readonly name: string;
  /** One line for `partwise --help`. */
  readonly summary: string;
  load(): Promise<CommandModule>;
}
