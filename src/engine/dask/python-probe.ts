import { execFile } from "node:child_process";
import { PartwiseError } from "../../base/errors.js";
import { compareVersions, installCommand, supportedVersions } from "./versions.js";

/** What a Python interpreter is and has. */
export interface PythonReport {
  /** The interpreter's own path. */
  readonly executable: string;
  readonly version: string;
  /** The versions of the packages that the cluster engine needs; a missing one is absent. */
  readonly packages: { readonly dask?: string; readonly distributed?: string; readonly msgpack?: string };
}

// importlib.metadata reads versions without importing the packages: importing distributed takes most of a second.
const PROBE = `
import json, sys
from importlib import metadata
def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
packages = {name: version(name) for name in ("dask", "distributed", "msgpack")}
print(json.dumps({
    "executable": sys.executable,
    "version": ".".join(map(str, sys.version_info[:3])),
    "packages": {name: found for name, found in packages.items() if found},
}))
`;

/**
 * Asks an interpreter for its version and for Dask's.
 *
 * @throws PartwiseError when it cannot be started
 */
export async function probePython(owner: string, python: string): Promise<PythonReport> {
  const output = await new Promise<string>((resolve, reject) => {
    execFile(python, ["-c", PROBE], { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const reason = error.code === "ENOENT" ? "there is no such program" : stderr.trim() || error.message;
      reject(
        new PartwiseError(
          `${owner}: ${python} could not be started: ${reason}. ` +
            `Install Python ${supportedVersions.python.oldest} or newer, or name an interpreter by its path.`,
          { cause: error },
        ),
      );
    });
  });
  return JSON.parse(output) as PythonReport;
}

/** The interpreter that is used when none is named: `PARTWISE_PYTHON`, else `python3`. */
export function defaultPython(): string {
  return process.env["PARTWISE_PYTHON"] ?? "python3";
}

/** One thing that keeps an interpreter from running Dask for partwise. */
export interface PythonProblem {
  readonly what: string;
  /** The command, or the step, that mends it. */
  readonly mend: string;
}

/** What is missing or too old in an interpreter; empty when it will do. */
export function pythonProblems(report: PythonReport): PythonProblem[] {
  const { python, dask: range } = supportedVersions;
  const install = installCommand(report.executable);
  if (compareVersions(report.version, python.oldest) < 0) {
    const what = `${report.executable} is Python ${report.version}; ${python.oldest} or newer is needed`;
    return [{ what, mend: `install Python ${python.oldest} or newer and name it` }];
  }
  const { dask, distributed, msgpack } = report.packages;
  const problems: PythonProblem[] = [];
  const packages = Object.entries({ dask, distributed, msgpack });
  const missing = packages.filter(([, version]) => version === undefined).map(([name]) => name);
  if (missing.length > 0) {
    const what = `${report.executable} (Python ${report.version}) has no ${missing.join(", no ")}`;
    problems.push({ what, mend: install });
  }
  for (const [name, version] of Object.entries({ dask, distributed })) {
    if (version !== undefined && compareVersions(version, range.oldest) < 0) {
      problems.push({ what: `${name} ${version} is too old; ${range.oldest} or newer is needed`, mend: install });
    }
  }
  if (dask !== undefined && distributed !== undefined && dask !== distributed) {
    const what = `dask ${dask} and distributed ${distributed} are not of one version`;
    problems.push({ what, mend: `${report.executable} -m pip install "dask==${distributed}"` });
  }
  return problems;
}

/**
 * An interpreter that can run Dask for partwise.
 *
 * @throws PartwiseError that names what is missing or too old and the command that mends it
 */
export async function requirePython(owner: string, python: string): Promise<PythonReport> {
  const report = await probePython(owner, python);
  const problems = pythonProblems(report);
  if (problems.length === 0) return report;
  const mends = [...new Set(problems.map((problem) => problem.mend))];
  throw new PartwiseError(
    `${owner}: ${problems.map((problem) => problem.what).join("; ")}. To mend it: ${mends.join("; ")}.`,
  );
}
