import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

// The folder of the tools that `npm run test:deploy` installs.
const tools = process.env["PARTWISE_DEPLOY_TOOLS"];
if (tools === undefined) console.log("SKIPPED: deploy/ read by the tools it is written for; npm run test:deploy does");

const folder = mkdtempSync(join(tmpdir(), "partwise-deploy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../deploy/${file}`, import.meta.url));
}

/** A copy of a file of deploy/ with one thing changed. */
function changed(file: string, from: string, to: string): string {
  const text = readFileSync(pathOf(file), "utf8");
  expect(text).toContain(from);
  const path = join(folder, file.replaceAll("/", "-"));
  writeFileSync(path, text.replace(from, to));
  return path;
}

function tool(
  name: string,
  args: readonly string[],
  env: Record<string, string> = {},
): { code: number | null; text: string } {
  const { status, stdout, stderr, error } = spawnSync(join(tools as string, name), args, {
    encoding: "utf8",
    cwd: folder,
    env: { ...process.env, PWD: folder, ...env },
  });
  if (error) throw error;
  return { code: status, text: `${stdout}${stderr}` };
}

interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> };
  readonly spec: {
    readonly selector?: Record<string, string>;
    readonly template?: {
      readonly metadata: { readonly labels: Record<string, string> };
      readonly spec: {
        readonly containers: readonly { readonly env?: readonly { readonly name: string; readonly value: string }[] }[];
      };
    };
    readonly podSelector?: { readonly matchLabels: Record<string, string> };
  };
}

function kubernetes(...files: string[]): { problems: string[]; objects: KubernetesObject[] } {
  const program = fileURLToPath(new URL("./check_kubernetes.py", import.meta.url));
  const { code, text } = tool("python", [program, ...files]);
  expect(code, text).toBe(0);
  return JSON.parse(text) as { problems: string[]; objects: KubernetesObject[] };
}

describe.skipIf(tools === undefined)("deploy/, read by the tools it is written for", () => {
  it("has manifests that Kubernetes and the Dask operator take, and objects the operator makes that belong together", () => {
    const files = ["cluster", "network-policy", "driver"].map((name) => pathOf(`kubernetes/${name}.yaml`));
    const { problems, objects } = kubernetes(...files);
    expect(problems).toEqual([]);
    const kinds = objects.map((made) => made.kind);
    expect(kinds).toEqual(["Deployment", "Service", "Deployment", "NetworkPolicy", "Job"]);
    const [scheduler, service, worker, policy, job] = objects as [
      KubernetesObject,
      KubernetesObject,
      KubernetesObject,
      KubernetesObject,
      KubernetesObject,
    ];
    const pods = [scheduler, worker].map((made) => made.spec.template?.metadata.labels);
    expect(pods[0]).toMatchObject(service.spec.selector as object);
    for (const labels of pods) expect(labels).toMatchObject(policy.spec.podSelector?.matchLabels as object);
    const engine = job.spec.template?.spec.containers[0]?.env?.find((entry) => entry.name === "PARTWISE_ENGINE");
    expect(engine?.value).toBe(`dask://${service.metadata.name}:8786`);
    const names = worker.spec.template?.spec.containers[0]?.env?.map((entry) => entry.name);
    expect(names).toEqual(expect.arrayContaining(["DASK_WORKER_NAME", "DASK_SCHEDULER_ADDRESS"]));
  });

  it("has manifests whose mistakes would be found", () => {
    const misspelt = changed("kubernetes/cluster.yaml", "imagePullPolicy", "imagePulPolicy");
    const wrong = changed("kubernetes/driver.yaml", "restartPolicy: Never", "restartPolicy: 5");
    const { problems } = kubernetes(misspelt, wrong);
    expect(problems[0]).toContain("'imagePulPolicy' was unexpected");
    expect(problems.at(-1)).toMatch(/Job in Kubernetes .*restartPolicy/);
  });

  it("has a Compose file that Docker Compose takes, with the folder one is in as the program's", () => {
    const file = pathOf("docker/docker-compose.yml");
    const config = ["-f", file, "--profile", "driver", "config", "--format", "json"];
    const sourceOf = (env: Record<string, string>): string => {
      const { code, text } = tool("docker-compose", config, env);
      expect(code, text).toBe(0);
      const { services } = JSON.parse(text) as { services: { driver: { volumes: { source: string }[] } } };
      return services.driver.volumes[0]?.source as string;
    };
    expect(sourceOf({})).toBe(folder);
    expect(sourceOf({ PROGRAM: "/srv/fit" })).toBe("/srv/fit");
    const wrong = changed("docker/docker-compose.yml", "cap_drop", "cap_drpo");
    expect(tool("docker-compose", ["-f", wrong, "config", "--quiet"])).toMatchObject({
      code: 1,
      text: expect.stringContaining("cap_drpo") as string,
    });
  });

  it("has a Dockerfile that hadolint accepts", () => {
    expect(tool("hadolint", [pathOf("docker/Dockerfile")])).toEqual({ code: 0, text: "" });
    const wrong = changed("docker/Dockerfile", "\nUSER 10001\n", "\nUSER root\n");
    expect(tool("hadolint", [wrong]).text).toContain("DL3002");
  });

  it("has a script that shellcheck accepts", () => {
    expect(tool("shellcheck", ["--exclude=SC2086", pathOf("slurm/fit.sbatch")])).toEqual({ code: 0, text: "" });
  });
});
