import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { composeFile, daskCluster, job, networkPolicy } from "./kubernetes-schemas.js";

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../deploy/${file}`, import.meta.url));
}

function textOf(file: string): string {
  return readFileSync(pathOf(file), "utf8");
}

function yamlOf(file: string): unknown {
  return parse(textOf(file), { strict: true, merge: true });
}

/** Why a program is not here, or undefined. */
function isMissing(program: string): boolean {
  const missing = spawnSync(program, ["--version"]).error !== undefined;
  if (missing) console.log(`SKIPPED: the check of deploy/ by ${program}, which is not installed`);
  return missing;
}

const cluster = daskCluster.parse(yamlOf("kubernetes/cluster.yaml"));
const policy = networkPolicy.parse(yamlOf("kubernetes/network-policy.yaml"));
const driver = job.parse(yamlOf("kubernetes/driver.yaml"));
const compose = composeFile.parse(yamlOf("docker/docker-compose.yml"));
const dockerfile = textOf("docker/Dockerfile");
const pinned = /^dask==(\S+)$/m.exec(
  readFileSync(new URL("../../src/engine/dask/python/requirements-test.txt", import.meta.url), "utf8"),
)?.[1];

describe("deploy/kubernetes", () => {
  it("refuses a misspelt field, so that these checks mean something", () => {
    const wrong = yamlOf("kubernetes/cluster.yaml") as { spec: Record<string, unknown> };
    wrong.spec["idleTimeOut"] = 5;
    expect(() => daskCluster.parse(wrong)).toThrow("idleTimeOut");
  });

  it("names the same cluster everywhere", () => {
    const { name } = cluster.metadata;
    const labels = { "dask.org/cluster-name": name };
    expect(cluster.spec.scheduler.service.selector).toEqual({ ...labels, "dask.org/component": "scheduler" });
    expect(policy.spec.podSelector.matchLabels).toEqual(labels);
    // The operator names the scheduler's service after the cluster.
    const env = driver.spec.template.spec.containers[0]?.env;
    expect(env?.find((entry) => entry.name === "PARTWISE_ENGINE")?.value).toBe(`dask://${name}-scheduler:8786`);
    expect(policy.spec.ingress[0]?.from).toContainEqual({
      podSelector: { matchLabels: driver.spec.template.metadata.labels },
    });
  });

  it("points ports, mounts and memory at what exists", () => {
    const { scheduler, worker } = cluster.spec;
    const named = scheduler.spec.containers[0]?.ports?.map((port) => port.name);
    expect(scheduler.service.ports.map((port) => port.targetPort)).toEqual(named);
    const [container] = worker.spec.containers;
    const volumes = worker.spec.volumes?.map((volume) => volume.name);
    for (const mount of container?.volumeMounts ?? []) expect(volumes).toContain(mount.name);
    const args = container?.args ?? [];
    const limit = Number.parseInt(args[args.indexOf("--memory-limit") + 1] as string, 10);
    const allowed = Number.parseInt(String(container?.resources.limits.memory), 10);
    expect(limit).toBeLessThan(allowed);
    expect(args).toContain("$(DASK_WORKER_NAME)");
  });

  it("exposes the scheduler to nobody outside", () => {
    expect(cluster.spec.scheduler.service.type).toBe("ClusterIP");
    expect(policy.spec.policyTypes).toEqual(["Ingress"]);
    expect(policy.spec.ingress.flatMap((rule) => rule.from).every((from) => Object.keys(from).length === 1)).toBe(true);
  });
});

describe("deploy/docker", () => {
  it("publishes no port beyond this machine, and never Dask's own", () => {
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) {
      expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
      expect(port).not.toContain("8786");
    }
  });

  it("connects services that exist, on a network that exists", () => {
    for (const service of Object.values(compose.services)) {
      for (const name of Object.keys(service.depends_on ?? {})) {
        expect(compose.services[name]?.healthcheck).toBeDefined();
      }
      for (const network of service.networks) expect(Object.keys(compose.networks)).toContain(network);
    }
    const address = /tcp:\/\/([a-z]+):/.exec(compose.services["worker"]?.command.join(" ") ?? "")?.[1];
    expect(Object.keys(compose.services)).toContain(address);
    expect(compose.services["driver"]?.environment?.["PARTWISE_ENGINE"]).toBe(`dask://${address}:8786`);
  });

  it("spills to a disk that its user may write to", () => {
    const { command, volumes, tmpfs, environment } = compose.services["worker"] ?? {};
    const spill = command?.[command.indexOf("--local-directory") + 1] as string;
    expect(volumes).toContain(spill);
    expect(environment).toEqual({ PARTWISE_TEMP: spill, TMPDIR: spill });
    // Docker gives a new volume the owner that the image's folder has.
    expect(dockerfile).toMatch(new RegExp(`install --directory --owner=worker .*${spill}\\b`));
    expect(tmpfs?.every((mount) => /size=\d+m/.test(mount))).toBe(true);
  });

  it("has a Dockerfile that keeps the usual rules", () => {
    const instructions = dockerfile
      .replace(/\\\n/g, " ")
      .split("\n")
      .filter((line) => line.trim() !== "" && !line.startsWith("#"));
    const known = /^(ARG|FROM|SHELL|COPY|RUN|USER|WORKDIR|ENTRYPOINT|CMD|ENV|LABEL|EXPOSE|HEALTHCHECK) /;
    for (const line of instructions) expect(line).toMatch(known);
    const bases = instructions.filter((line) => line.startsWith("FROM "));
    for (const base of bases) {
      expect(base).toMatch(/^FROM \S+:\S+/);
      expect(base).not.toMatch(/:latest\b/);
    }
    for (const name of dockerfile.matchAll(/\$\{(\w+)\}/g))
      expect(dockerfile).toMatch(new RegExp(`^ARG ${name[1]}=`, "m"));
    const stages = bases.flatMap((base) => / AS (\w+)$/.exec(base)?.[1] ?? []);
    for (const copy of dockerfile.matchAll(/--from=(\w+)/g)) expect(stages).toContain(copy[1]);
    const last = (word: string): string => instructions.findLast((line) => line.startsWith(`${word} `)) ?? "";
    expect(last("USER")).toMatch(/^USER [1-9]\d*$/);
    for (const word of ["ENTRYPOINT", "CMD"]) expect(JSON.parse(last(word).slice(word.length))).toBeInstanceOf(Array);
    expect(dockerfile).not.toMatch(/^(ADD|MAINTAINER) |\bsudo\b|curl .*\| *(ba)?sh/m);
    expect(dockerfile).toContain("pipefail");
  });

  it("runs the Dask that the tests run, and Node that partwise supports", () => {
    expect(dockerfile).toContain(`ARG DASK_VERSION=${pinned}\n`);
    const images = [
      ...Object.values(compose.services).map((service) => service.image),
      ...[cluster.spec.worker, cluster.spec.scheduler].map((part) => part.spec.containers[0]?.image),
    ];
    expect(new Set(images)).toEqual(new Set([`partwise-dask:${pinned}`]));
    expect(Number(/ARG NODE_VERSION=(\d+)/.exec(dockerfile)?.[1])).toBeGreaterThanOrEqual(20);
  });
});

describe("deploy/slurm", () => {
  it.skipIf(isMissing("bash"))("has a script that bash can read", () => {
    const { status, stderr } = spawnSync("bash", ["-n", pathOf("slurm/fit.sbatch")], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    expect(textOf("slurm/fit.sbatch")).toMatch(/^#!\/bin\/bash\n(#.*\n)+set -euo pipefail\n/);
  });

  it.skipIf(isMissing("shellcheck"))("has a script that shellcheck accepts", () => {
    const { status, stdout } = spawnSync("shellcheck", ["--exclude=SC2086", pathOf("slurm/fit.sbatch")], {
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([0, ""]);
  });

  it.skipIf(isMissing("python3"))("passes dask-jobqueue options that it knows", () => {
    const program = `
import ast, json, sys
tree = ast.parse(open(sys.argv[1]).read())
calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "SLURMCluster"]
print(json.dumps([k.arg for call in calls for k in call.keywords]))`;
    const { stdout } = spawnSync("python3", ["-c", program, pathOf("slurm/cluster.py")], { encoding: "utf8" });
    // Of dask-jobqueue 0.9.0: JobQueueCluster, Job and SLURMJob.
    const known = new Set(
      (
        "n_workers security shared_temp_directory silence_logs name dashboard_address host scheduler_options interface " +
        "protocol config_name cores memory processes nanny death_timeout local_directory worker_command " +
        "worker_extra_args job_extra_directives job_script_prologue header_skip job_directives_skip log_directory " +
        "shebang python job_name queue account walltime job_cpu job_mem"
      ).split(" "),
    );
    const used = JSON.parse(stdout) as string[];
    expect(used.length).toBeGreaterThan(8);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });
});
