// Makes a Python virtual environment in the repository root from a requirements file, once per content of that file.
// Shared by bench-setup.mjs (.venv, the peers of the benchmarks) and test-cluster.mjs (.venv-cluster).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The interpreter's version as "3.11.7", or undefined when it cannot be started. */
export function versionOf(python) {
  const probe = spawnSync(python, ["-c", "import sys; print('.'.join(map(str, sys.version_info[:3])))"], {
    encoding: "utf8",
  });
  return probe.status === 0 ? probe.stdout.trim() : undefined;
}

/** Whether version "3.11.7" is at least [3, 10]. */
export function isAtLeast(version, oldest) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/**
 * Makes or keeps the environment `folder` with what `requirements` names, and returns its interpreter.
 * `fail(message)` is called when a step cannot be done, and does not return.
 */
export function ensureVenv({ who, folder, requirements, python, version, fail }) {
  const venv = join(root, folder);
  const venvPython = process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
  const stamp = join(venv, ".partwise-requirements");
  const file = join(root, requirements);
  const wanted = createHash("sha256").update(readFileSync(file)).update(`python ${version}`).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8").trim() === wanted && versionOf(venvPython) === version) {
    console.log(`${who}: ${folder} already holds ${requirements} (Python ${version}).`);
    return venvPython;
  }

  const step = (label, command, args) => {
    console.log(`${who}: ${label}`);
    const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
    if (error) fail(`${label} could not start: ${error.message}`);
    if (status !== 0) fail(`${label} failed with exit code ${status}; its output is above. Fix that and run again.`);
  };
  // The stamp goes first: an install that stops half-way must not look finished.
  rmSync(stamp, { force: true });
  if (versionOf(venvPython) !== version) {
    step(`making ${folder} with Python ${version}`, python, ["-m", "venv", "--clear", venv]);
  }
  const install = ["-m", "pip", "install", "--disable-pip-version-check", "--quiet", "-r", file];
  step(`installing ${requirements}`, venvPython, install);
  writeFileSync(stamp, `${wanted}\n`);
  return venvPython;
}
