// `npm run test:cluster`: the tests that need Dask. Makes .venv-cluster, builds, runs test/cluster and the Python
// package's own tests and checks. With CI=true a missing Python is a failure; elsewhere it is said aloud and skipped.
// Arguments go to vitest: `npm run test:cluster -- test/cluster/local-cluster.test.ts` (the Python checks are left out).
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureVenv, isAtLeast, root, versionOf } from "./python-venv.mjs";

const oldest = [3, 10];
const pythonPackage = join(root, "src", "engine", "dask", "python");
const python = process.env["PYTHON"] ?? "python3";
const only = process.argv.slice(2);

function fail(message) {
  console.error(`test:cluster: ${message}`);
  process.exit(1);
}

function pythonOrEnd() {
  const version = versionOf(python);
  const missing =
    version === undefined
      ? `${python} could not be started`
      : isAtLeast(version, oldest)
        ? undefined
        : `${python} is Python ${version}, and ${oldest.join(".")} or newer is needed`;
  if (missing === undefined) return version;
  const mend = `Install Python ${oldest.join(".")} or newer, or name one: PYTHON=/path/to/python3 npm run test:cluster.`;
  if (process.env["CI"] === "true") fail(`${missing}, and in CI these tests must run. ${mend}`);
  console.log(`test:cluster: NOT RUN: ${missing}. ${mend}`);
  process.exit(0);
}

const version = pythonOrEnd();
const venvPython = ensureVenv({
  who: "test:cluster",
  folder: ".venv-cluster",
  requirements: "src/engine/dask/python/requirements-test.txt",
  python,
  version,
  fail,
});
const env = {
  ...process.env,
  PARTWISE_TEST_PYTHON: venvPython,
  // Commands that the tests start by name (`dask`, `python3`) are the environment's.
  PATH: `${dirname(venvPython)}${process.platform === "win32" ? ";" : ":"}${process.env["PATH"] ?? ""}`,
};

/** Runs one step to its end and tells whether it passed. */
function step(label, command, args, cwd = root) {
  console.log(`\ntest:cluster: ${label}`);
  const { status, signal, error } = spawnSync(command, args, { cwd, env, stdio: "inherit" });
  if (error) fail(`${label} could not start: ${error.message}`);
  if (status !== 0) console.error(`test:cluster: ${label}: ended with ${signal ?? `exit code ${status}`}`);
  return status === 0;
}

if (!step("build", "npm", ["run", "--silent", "build"])) process.exit(1);

const steps = [];
if (only.length === 0 && existsSync(join(pythonPackage, "pyproject.toml"))) {
  steps.push(["ruff check", venvPython, ["-m", "ruff", "check", "."], pythonPackage]);
  steps.push(["ruff format", venvPython, ["-m", "ruff", "format", "--check", "."], pythonPackage]);
  steps.push(["mypy", venvPython, ["-m", "mypy", "."], pythonPackage]);
  steps.push(["pytest", venvPython, ["-m", "pytest", "-q"], pythonPackage]);
}
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
steps.push([
  "vitest",
  process.execPath,
  [vitest, "run", "--config", join(root, "vitest.cluster.config.ts"), ...only],
  root,
]);

// All of them run, so that one session shows all that is wrong; the runners' own closing lines come last.
const results = steps.map(([label, command, args, cwd]) => ({ label, passed: step(label, command, args, cwd) }));
console.log(`\ntest:cluster: ${results.map((r) => `${r.label} ${r.passed ? "passed" : "FAILED"}`).join(", ")}`);
process.exit(results.every((r) => r.passed) ? 0 : 1);
