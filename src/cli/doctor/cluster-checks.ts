import { type ClusterMember, type ClusterProbeOptions, probeCluster } from "../../engine/dask/cluster-probe.js";
import { probePython, pythonProblems, type PythonReport } from "../../engine/dask/python-probe.js";
import { connectionProblem } from "../../engine/dask/connection-problem.js";
import { parseAddress } from "../../engine/dask/dask-options.js";
import { compareVersions, installCommand, supportedVersions } from "../../engine/dask/versions.js";
import { type Check, messageOf, ok, problem } from "./check.js";

/** What `doctor` was asked to look at beyond this machine. */
export interface ClusterQuestion {
  readonly python: string;
  readonly scheduler?: string;
  readonly timeoutMs: number;
  readonly tls?: NonNullable<ClusterProbeOptions["tls"]>;
}

/** Python and Dask on this machine, and with an address the scheduler and its workers. */
export async function clusterChecks(question: ClusterQuestion): Promise<Check[]> {
  // A wrong address is a wrong usage, whatever else is missing.
  const address = question.scheduler === undefined ? undefined : parseAddress(question.scheduler);
  const { checks, report } = await pythonChecks(question.python, address !== undefined);
  if (!address) return checks;

  const unreachable = await connectionProblem(address, question.timeoutMs);
  const name = address.kind === "gateway" ? "Gateway" : "Scheduler";
  if (unreachable) return [...checks, problem(name, unreachable.what, unreachable.mend)];
  checks.push(ok(name, `${address.host} port ${address.port} answers`));
  if (!report || address.kind === "gateway") return checks;
  return [...checks, ...(await memberChecks(report, question, address.url))];
}

async function pythonChecks(python: string, needed: boolean): Promise<{ checks: Check[]; report?: PythonReport }> {
  const { python: pythons, dask: range } = supportedVersions;
  const state = needed ? "problem" : "absent";
  let report: PythonReport;
  try {
    report = await probePython("doctor", python);
  } catch (error) {
    const mend = `install Python ${pythons.oldest} or newer, or pass --python (only clusters need it)`;
    return { checks: [{ name: "Python", state, found: messageOf(error), mend }] };
  }
  const problems = pythonProblems(report);
  const { dask, distributed, msgpack } = report.packages;
  const mends = [...new Set(problems.map((each) => each.mend))];
  if (compareVersions(report.version, pythons.oldest) < 0) {
    return { checks: problems.map(({ what, mend }) => ({ name: "Python", state, found: what, mend })) };
  }
  const checks = [ok("Python", `${report.version} at ${report.executable}`)];
  if (problems.length > 0) {
    const found = problems.map((each) => each.what).join("; ");
    checks.push({ name: "Dask", state, found, mend: `${mends.join("; ")} (only clusters need it)` });
    return { checks };
  }
  const versions = `dask ${dask}, distributed ${distributed}, msgpack ${msgpack}`;
  checks.push(ok("Dask", `${versions} (works with ${range.oldest} and newer; tried up to ${range.newest})`));
  return { checks, report };
}

async function memberChecks(report: PythonReport, question: ClusterQuestion, address: string): Promise<Check[]> {
  let members: ClusterMember[];
  try {
    members = await probeCluster(report.executable, address, {
      timeoutMs: question.timeoutMs,
      ...(question.tls ? { tls: question.tls } : {}),
    });
  } catch (error) {
    const mend =
      "look into the scheduler's log; a cluster with TLS needs tls:// and --tls-ca-file, --tls-cert, --tls-key";
    return [problem("Cluster", messageOf(error), mend)];
  }
  const checks = members.flatMap((member) => versionChecks(member, report));
  if (members.length === 1) {
    checks.push(problem("Workers", "the scheduler has none", `start one: dask worker ${address}`));
  }
  return checks;
}

function versionChecks(member: ClusterMember, report: PythonReport): Check[] {
  const name = member.name === "scheduler" ? "Scheduler" : `Worker ${member.name}`;
  const found = `Python ${member.python}, dask ${member.dask}, distributed ${member.distributed} at ${member.address}`;
  const checks: Check[] = [];
  const minor = (version: string): string => version.split(".").slice(0, 2).join(".");
  if (compareVersions(member.distributed, supportedVersions.dask.oldest) < 0) {
    checks.push(problem(name, `${found}: too old`, `there: ${installCommand("python3")}`));
  } else if (member.distributed !== report.packages.distributed) {
    const mend = `${report.executable} -m pip install "dask==${member.dask}" "distributed==${member.distributed}"`;
    checks.push(problem(name, `${found}; here is distributed ${report.packages.distributed}`, mend));
  } else if (minor(member.python) !== minor(report.version)) {
    const mend = `pass --python an interpreter of Python ${minor(member.python)}`;
    checks.push(
      problem(name, `${found}; here is Python ${report.version}, and Dask needs the same minor version`, mend),
    );
  } else checks.push(ok(name, found));
  if (member.node) checks.push(nodeOn(name, member.node));
  return checks;
}

function nodeOn(name: string, node: NonNullable<ClusterMember["node"]>): Check {
  const title = `${name}, Node`;
  if (node.version === null) {
    return problem(
      title,
      node.path,
      "install Node 20.19 or newer on the worker, or set PARTWISE_NODE to its path there",
    );
  }
  if (compareVersions(node.version, "20.19.0") < 0) {
    return problem(title, `${node.version} at ${node.path} is too old`, "install Node 20.19 or newer on the worker");
  }
  return ok(title, `${node.version} at ${node.path}`);
}
