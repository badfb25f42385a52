// Makes .venv in the repository root and installs bench/requirements.txt into it: the Python peers of `npm run bench`.
// Does nothing when the same requirements are already installed there.
import { ensureVenv, isAtLeast, versionOf } from "./python-venv.mjs";

const oldest = [3, 11];

function fail(message) {
  console.error(`bench:setup: ${message}`);
  process.exit(1);
}

const python = process.env["PYTHON"] ?? "python3";
const version = versionOf(python);
if (version === undefined) {
  fail(
    `${python} could not be started. Install Python ${oldest.join(".")} or newer (with its venv module), or name ` +
      "another interpreter: PYTHON=/path/to/python3 npm run bench:setup. Only the benchmarks need Python.",
  );
}
if (!isAtLeast(version, oldest)) {
  fail(
    `${python} is Python ${version}; the pinned peers need ${oldest.join(".")} or newer. Set PYTHON to a newer one.`,
  );
}
ensureVenv({ who: "bench:setup", folder: ".venv", requirements: "bench/requirements.txt", python, version, fail });
console.log("bench:setup: done; `npm run bench -- NAME` has its peers.");
