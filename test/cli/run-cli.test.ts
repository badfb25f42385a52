import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { AbortedError, ParameterError, PartwiseError } from "#src/base/errors.js";
import type { CommandEntry } from "#src/cli/cli-command.js";
import { commandTable } from "#src/cli/command-table.js";
import { runCli } from "#src/cli/run-cli.js";

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], table: readonly CommandEntry[] = commandTable): Promise<Outcome> {
  const written = { out: "", err: "" };
  const code = await runCli(args, table, {
    out: (text) => (written.out += text),
    err: (text) => (written.err += text),
    signal: new AbortController().signal,
  });
  return { code, ...written };
}

/** A command `go` that throws what it is given. */
function throwing(error: unknown): CommandEntry[] {
  const load = async () => ({
    configure: (command: Parameters<Awaited<ReturnType<CommandEntry["load"]>>["configure"]>[0]) => {
      command.option("--json").action(() => {
        throw error;
      });
    },
  });
  return [{ name: "go", summary: "goes", load }];
}

interface DoctorReport {
  readonly ok: boolean;
  readonly checks: { readonly name: string; readonly state: string; readonly found: string; readonly mend?: string }[];
}

describe("partwise", () => {
  it("lists its commands, and without one ends as wrong usage", async () => {
    const help = await run(["--help"]);
    expect(help.code).toBe(0);
    for (const { name, summary } of commandTable) {
      expect(help.out).toContain(`  ${name}`);
      expect(help.out.replace(/\s+/g, " ")).toContain(summary);
    }
    expect(help.out).toContain("Exit codes: 0 done, 1 failed, 2 wrong usage");
    const bare = await run([]);
    expect([bare.code, bare.out]).toEqual([2, ""]);
    expect(bare.err).toContain("Usage: partwise");
  });

  it("shows a command's own help in both spellings", async () => {
    const [one, two] = [await run(["doctor", "--help"]), await run(["help", "doctor"])];
    expect(one.code).toBe(0);
    expect(one.out).toContain("--scheduler <address>");
    expect(two.out).toBe(one.out);
    expect((await run(["cluster", "start", "--help"])).out).toContain("--memory-limit <size>");
  });

  it("has the version of the package", async () => {
    const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    expect((await run(["--version"])).out.trim()).toBe((JSON.parse(text) as { version: string }).version);
  });

  it("calls a wrong command, option or value wrong usage and says what is right", async () => {
    const command = await run(["docter"]);
    expect(command.code).toBe(2);
    expect(command.err).toContain("unknown command 'docter'");
    expect(command.err).toContain("Did you mean doctor?");
    expect((await run(["doctor", "--colour"])).code).toBe(2);
    const value = await run(["cluster", "start", "--workers", "none"]);
    expect(value.code).toBe(2);
    expect(value.err).toContain("'none' is invalid. It must be a whole number >= 1.");
    expect((await run(["cluster", "start", "--memory-limit", "much"])).err).toContain("such as 2GB");
    expect((await run(["cluster", "start", "--resources", "GPU"])).err).toContain("NAME=AMOUNT");
    expect((await run(["cluster"])).code).toBe(2);
  });

  it("turns errors into exit codes and lines", async () => {
    expect(await run(["go"], throwing(new PartwiseError("go: it broke.")))).toEqual({
      code: 1,
      out: "",
      err: "partwise: go: it broke.\n",
    });
    expect((await run(["go"], throwing(new ParameterError("go: wrong.")))).code).toBe(2);
    expect((await run(["go"], throwing(new AbortedError("go: stopped.")))).code).toBe(130);
    const defect = await run(["go"], throwing(new TypeError("x is undefined")));
    expect(defect.code).toBe(1);
    expect(defect.err).toContain("please report it");
    expect(defect.err).toContain("run-cli.test.ts");
  });

  it("gives errors as JSON too", async () => {
    const json = await run(["go", "--json"], throwing(new PartwiseError("go: it broke.")));
    expect(JSON.parse(json.out)).toEqual({ error: { name: "PartwiseError", message: "go: it broke." } });
    const usage = await run(["doctor", "--json", "--colour"]);
    expect((JSON.parse(usage.out) as { error: { name: string } }).error.name).toBe("UsageError");
  });

  it("loads no module of a command that is not used", async () => {
    let loads = 0;
    const counted = commandTable.map((entry) => ({
      ...entry,
      load: () => {
        loads++;
        return entry.load();
      },
    }));
    await run(["--help"], counted);
    expect(loads).toBe(0);
    await run(["doctor", "--help"], counted);
    expect(loads).toBe(1);
  });

  it("runs as a program", () => {
    const main = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));
    expect(readFileSync(main, "utf8").startsWith("#!/usr/bin/env node\n")).toBe(true);
    const { status, stderr } = spawnSync(process.execPath, [main, "nothing"], { encoding: "utf8" });
    expect(status).toBe(2);
    expect(stderr).toContain("unknown command 'nothing'");
  });
});

describe("partwise doctor", () => {
  it("finds this machine fine, with or without a Python", async () => {
    const { code, out } = await run(["doctor", "--json", "--python", "/nowhere/python3"]);
    const report = JSON.parse(out) as DoctorReport;
    expect(report.checks.map((check) => `${check.name}: ${check.state}`)).toEqual([
      "Node: ok",
      "Polars: ok",
      "WebAssembly: ok",
      "Threads: ok",
      "Memory: ok",
      "Temporary files: ok",
      "Python: absent",
    ]);
    expect(report.ok).toBe(true);
    expect(code).toBe(0);
  });

  it("says it in lines for people", async () => {
    const { out } = await run(["doctor", "--python", "/nowhere/python3"]);
    expect(out).toMatch(/^OK {7}Node {13}20\.|^OK {7}Node {13}2\d\./);
    expect(out).toContain("absent   Python           doctor: /nowhere/python3 could not be started");
    expect(out).toMatch(/to mend it: install Python 3\.10 or newer, or pass --python/);
    expect(out.trimEnd().endsWith("No problems.")).toBe(true);
  });

  it("needs Python once a cluster is asked for", async () => {
    const { code, out } = await run(["doctor", "--scheduler", "tcp://127.0.0.1:1", "--python", "/nowhere/python3"]);
    expect(code).toBe(1);
    expect(out).toContain("PROBLEM  Python");
  });

  it("names the port where nothing listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { code, out } = await run([
      "doctor",
      "--scheduler",
      `tcp://127.0.0.1:${port}`,
      "--python",
      "/nowhere/python3",
    ]);
    expect(code).toBe(1);
    expect(out).toContain(`127.0.0.1 refuses port ${port}: nothing listens there`);
    expect(out).toContain(`dask scheduler --port ${port}`);
  });

  it("rejects an address that is none, and half of the TLS files", async () => {
    const address = await run(["doctor", "--scheduler", "http://host:8786"]);
    expect(address.code).toBe(2);
    expect(address.err).toContain(
      'the address must look like tcp://scheduler:8786 or partwise://host:port; got "http://host:8786".',
    );
    expect((await run(["doctor", "--tls-cert", "a.pem"])).err).toContain("belong together; give all three");
  });
});
