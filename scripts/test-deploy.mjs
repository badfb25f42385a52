// `npm run test:deploy`: holds deploy/ against the tools and schemas it is written for (Docker Compose, hadolint,
// shellcheck, Kubernetes, the Dask operator). Makes .venv-deploy with them; no daemon and no cluster is needed.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { ensureVenv, root, versionOf } from "./python-venv.mjs";

function fail(message) {
  console.error(`test:deploy: ${message}`);
  process.exit(1);
}

const python = process.env["PYTHON"] ?? "python3";
const version = versionOf(python);
if (version === undefined) fail(`${python} could not be started. Install Python 3.10 or newer, or set PYTHON.`);
const venvPython = ensureVenv({
  who: "test:deploy",
  folder: ".venv-deploy",
  requirements: "test/deploy/requirements.txt",
  python,
  version,
  fail,
});
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const { status } = spawnSync(process.execPath, [vitest, "run", "test/deploy"], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, PARTWISE_DEPLOY_TOOLS: dirname(venvPython) },
});
process.exit(status ?? 1);
