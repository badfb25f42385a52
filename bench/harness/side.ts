import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { DataSet, Values } from "./types.js";

/** What a run answered. */
export interface RunAnswer {
  ms: number;
  peakMb: number | null;
  values: Values;
}

interface Waiting {
  resolve(answer: Record<string, unknown>): void;
  reject(error: Error): void;
}

/** One side of a comparison: a long-lived process that sets a work up once and runs it when asked. */
export class Side {
  readonly #name: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #errors = "";
  #ended: Error | undefined;

  constructor(name: string, command: string, args: readonly string[], cwd: string) {
    this.#name = name;
    this.#child = spawn(command, args, { cwd, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    // A write to a process that has just gone raises EPIPE here; "exit" reports it with more to say.
    this.#child.stdin.on("error", () => undefined);
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#answered(line));
    this.#child.on("error", (error) => this.#end(new Error(`bench: ${name} could not start: ${error.message}`)));
    this.#child.on("exit", (code, signal) =>
      this.#end(new Error(`bench: ${name} stopped with ${signal ?? `exit code ${code}`}. ${this.#errors}`)),
    );
  }

  /** Loads a work's data. Answers with the versions of what the side runs on. */
  async setup(work: string, data: DataSet): Promise<Record<string, string>> {
    const answer = await this.#ask({ op: "setup", work, data });
    return answer["versions"] as Record<string, string>;
  }

  /** Does the work once. */
  async run(): Promise<RunAnswer> {
    const { ms, peakMb, values } = await this.#ask({ op: "run" });
    return { ms: ms as number, peakMb: (peakMb as number | undefined) ?? null, values: values as Values };
  }

  /** Lets the process go: its input closes, and a process that does not heed that is stopped after two seconds. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return;
    const gone = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 2000);
    await gone;
    clearTimeout(timer);
  }

  #ask(request: object): Promise<Record<string, unknown>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(`${JSON.stringify({ id, ...request })}\n`);
    });
  }

  #answered(line: string): void {
    let answer: Record<string, unknown> & { id: number };
    try {
      answer = JSON.parse(line) as typeof answer;
    } catch {
      this.#end(
        new Error(`bench: ${this.#name} printed "${line.slice(0, 200)}" where only answers may go: use stderr.`),
      );
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (typeof answer["error"] === "string") waiting?.reject(new Error(`bench: ${this.#name}: ${answer["error"]}`));
    else waiting?.resolve(answer);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
