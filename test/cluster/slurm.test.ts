import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { testPython } from "./test-python.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

// Slurm's two commands, as far as dask-jobqueue uses them: a job is a script in a process group of its own.
const SBATCH = `#!/bin/bash
id=$RANDOM
# The caller removes its script at once.
cp "$1" "$JOBS_FOLDER/$id.sh"
setsid bash "$JOBS_FOLDER/$id.sh" >"$JOBS_FOLDER/$id.log" 2>&1 &
echo $! >"$JOBS_FOLDER/$id"
echo "Submitted batch job $id"
`;
const SCANCEL = `#!/bin/bash
for id in "$@"; do kill -TERM -- "-$(cat "$JOBS_FOLDER/$id")" && mv "$JOBS_FOLDER/$id" "$JOBS_FOLDER/$id.cancelled"; done
`;

// What a user's program does first: look at the cluster from here.
const PROGRAM = `
import { spawnSync } from "node:child_process";
const { DASK_ADDRESS, DASK_CA, DASK_CERT, DASK_KEY, MAIN, PYTHON } = process.env;
const tls = ["--tls-ca-file", DASK_CA, "--tls-cert", DASK_CERT, "--tls-key", DASK_KEY];
for (let tries = 0; tries < 20; tries++) {
  const args = [MAIN, "doctor", "--json", "--python", PYTHON, "--scheduler", DASK_ADDRESS, ...tls];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const workers = JSON.parse(stdout).checks.filter((check) => /^Worker .*Node$/.test(check.name));
  if (workers.length === 2) {
    console.log(JSON.stringify({ address: DASK_ADDRESS, status, nodes: workers.map((check) => check.state) }));
    process.exit(0);
  }
}
process.exit(9);
`;

it("runs a program beside a scheduler with TLS and workers in jobs of their own, and cancels the jobs at its end", () => {
  const folder = mkdtempSync(join(tmpdir(), "partwise-test-"));
  const [bin, jobs] = [join(folder, "bin"), join(folder, "jobs")];
  for (const made of [bin, jobs]) mkdirSync(made);
  writeFileSync(join(bin, "sbatch"), SBATCH, { mode: 0o755 });
  writeFileSync(join(bin, "scancel"), SCANCEL, { mode: 0o755 });
  const program = join(folder, "fit.mjs");
  writeFileSync(program, PROGRAM);
  const { status, stdout, stderr } = spawnSync("bash", [join(root, "deploy/slurm/fit.sbatch"), program], {
    encoding: "utf8",
    cwd: root,
    timeout: 100_000,
    env: {
      ...process.env,
      PATH: `${bin}:${dirname(testPython)}:${process.env["PATH"]}`,
      JOBS_FOLDER: jobs,
      PARTWISE_RUNS: join(folder, "runs"),
      CLUSTER_OPTIONS: `--cores 1 --memory 1GB --scratch ${folder}`,
      MAIN: join(root, "dist/src/cli/main.js"),
      PYTHON: testPython,
    },
  });
  const complaint = `${stdout}\n${stderr}\n${readdirSync(jobs)
    .filter((name) => name.endsWith(".log"))
    .map((name) => readFileSync(join(jobs, name), "utf8"))
    .join("\n")}`;
  expect(status, complaint).toBe(0);
  const answer = JSON.parse(stdout.trim().split("\n").at(-1) as string) as { address: string };
  expect(answer).toMatchObject({ status: 0, nodes: ["ok", "ok"] });
  expect(answer.address).toMatch(/^tls:/);
  expect(readdirSync(jobs).filter((name) => name.endsWith(".cancelled"))).toHaveLength(2);
  expect(existsSync(join(folder, "runs")) ? readdirSync(join(folder, "runs")) : []).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});
