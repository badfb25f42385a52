// Runs the cluster tests. The Dask engine is not part of this version (docs/adr/0004), so there are none yet; this says so
// aloud instead of passing in silence. When test/cluster exists, this installs Dask into .venv and runs it.
import { existsSync } from "node:fs";
import { spawnSync } from "node:child_process";

if (!existsSync(new URL("../test/cluster", import.meta.url))) {
  console.log("cluster tests: NONE YET. The Dask engine is not part of this version; see docs/adr/0004-dask-as-the-cluster-engine.md.");
  process.exit(0);
}
const run = (command, args) => {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};
run("node", ["scripts/bench-setup.mjs"]);
run("npx", ["vitest", "run", "test/cluster"]);
