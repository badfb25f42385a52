import type { Command } from "commander";
import { ParameterError } from "../../base/errors.js";
import type { CliContext } from "../cli-command.js";
import type { Check } from "../doctor/check.js";
import { clusterChecks, type ClusterQuestion } from "../doctor/cluster-checks.js";
import { machineChecks } from "../doctor/machine-checks.js";
import { defaultPython } from "../../engine/dask/python-probe.js";
import { wholeNumber } from "../option-values.js";

const EXAMPLES = `
Examples:
  partwise doctor                                     this machine
  partwise doctor --scheduler tcp://10.0.0.5:8786     and a cluster: versions on both sides, Node on every worker
  partwise doctor --json | jq '.checks[] | select(.state != "ok")'

Exit code 1 when there is a problem. Python and Dask are needed only for clusters: without --scheduler their absence is
told and is no problem.`;

interface DoctorFlags {
  readonly scheduler?: string;
  readonly python: string;
  readonly timeout: number;
  readonly tlsCaFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly json?: true;
}

const MARKS: Record<Check["state"], string> = { ok: "OK     ", absent: "absent ", problem: "PROBLEM" };

/** `partwise doctor`: what is missing on this machine or in a cluster, and the command that mends it. */
export function configure(command: Command, context: CliContext): void {
  command
    .description("Checks this machine, and a cluster, for all that partwise needs: one line each, with what mends it.")
    .option("-s, --scheduler <address>", "look at this cluster too, such as tcp://host:8786")
    .option("--python <path>", "the Python interpreter that connects to clusters", defaultPython())
    .option("--timeout <ms>", "how long to wait for the scheduler", wholeNumber(1), 5000)
    .option("--tls-ca-file <file>", "certificate authority of a cluster with TLS (PEM)")
    .option("--tls-cert <file>", "certificate of this client (PEM)")
    .option("--tls-key <file>", "private key of this client (PEM)")
    .option("--json", "print {ok, checks: [{name, state, found, mend}]} as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: DoctorFlags) => {
      const question = questionOf(flags);
      const checks = [...(await machineChecks()), ...(await clusterChecks(question))];
      const fine = checks.every((check) => check.state !== "problem");
      context.out(flags.json ? `${JSON.stringify({ ok: fine, checks }, undefined, 2)}\n` : table(checks));
      context.setExitCode(fine ? 0 : 1);
    });
}

function questionOf(flags: DoctorFlags): ClusterQuestion {
  const { scheduler, python, timeout, tlsCaFile: ca, tlsCert: cert, tlsKey: key } = flags;
  const files = [ca, cert, key].filter((file) => file !== undefined);
  if (files.length !== 0 && files.length !== 3) {
    throw new ParameterError("doctor: --tls-ca-file, --tls-cert and --tls-key belong together; give all three.");
  }
  return {
    python,
    timeoutMs: timeout,
    ...(scheduler === undefined ? {} : { scheduler }),
    ...(ca && cert && key ? { tls: { ca, cert, key } } : {}),
  };
}

function table(checks: readonly Check[]): string {
  const width = Math.max(...checks.map((check) => check.name.length));
  const lines = checks.flatMap(({ name, state, found, mend }) => [
    `${MARKS[state]}  ${name.padEnd(width)}  ${found}`,
    ...(mend === undefined ? [] : [`${" ".repeat(MARKS.ok.length + width + 4)}to mend it: ${mend}`]),
  ]);
  const problems = checks.filter((check) => check.state === "problem").length;
  const verdict = problems === 0 ? "No problems." : `${problems} problem${problems === 1 ? "" : "s"}.`;
  return `${[...lines, verdict].join("\n")}\n`;
}
