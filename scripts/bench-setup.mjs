// Makes .venv in the repository root and installs bench/requirements.txt into it: the Python peers of `npm run bench`.
// Does nothing when the same requirements are already installed there.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const requirements = join(root, "bench", "requirements.txt");
const venv = join(root, ".venv");
const venvPython = process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
const stamp = join(venv, ".partwise-requirements");
const oldest = [3, 11];

function fail(message) {
  console.error(`bench:setup: ${message}`);
  process.exit(1);
}

/** The interpreter's version as "3.11.7", or undefined when it cannot be started. */
function versionOf(python) {
  const probe = spawnSync(python, ["-c", "import sys; print('.'.join(map(str, sys.version_info[:3])))"], {
    encoding: "utf8",
  });
  return probe.status === 0 ? probe.stdout.trim() : undefined;
}

function step(label, command, args) {
  console.log(`bench:setup: ${label}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) fail(`${label} could not start: ${error.message}`);
  if (status !== 0) fail(`${label} failed with exit code ${status}; its output is above. Fix that and run again.`);
}

const python = process.env["PYTHON"] ?? "python3";
const version = versionOf(python);
if (version === undefined) {
  fail(
    `${python} could not be started. Install Python ${oldest.join(".")} or newer (with its venv module), or name ` +
      "another interpreter: PYTHON=/path/to/python3 npm run bench:setup. Only the benchmarks need Python.",
  );
}
const [major = 0, minor = 0] = version.split(".").map(Number);
if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  fail(
    `${python} is Python ${version}; the pinned peers need ${oldest.join(".")} or newer. Set PYTHON to a newer one.`,
  );
}

const wanted = createHash("sha256").update(readFileSync(requirements)).update(`python ${version}`).digest("hex");
if (existsSync(stamp) && readFileSync(stamp, "utf8").trim() === wanted && versionOf(venvPython) === version) {
  console.log(`bench:setup: .venv already holds bench/requirements.txt (Python ${version}); nothing to do.`);
  process.exit(0);
}

// The stamp goes first: an install that stops half-way must not look finished.
rmSync(stamp, { force: true });
if (versionOf(venvPython) !== version) {
  step(`making .venv with Python ${version}`, python, ["-m", "venv", "--clear", venv]);
}
step("installing bench/requirements.txt", venvPython, [
  "-m",
  "pip",
  "install",
  "--disable-pip-version-check",
  "--quiet",
  "-r",
  requirements,
]);
writeFileSync(stamp, `${wanted}\n`);
console.log("bench:setup: done; `npm run bench -- NAME` now has its peers.");
