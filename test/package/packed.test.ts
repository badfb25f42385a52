import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const project = mkdtempSync(join(tmpdir(), "partwise-packed-"));
afterAll(() => rmSync(project, { recursive: true, force: true }));
const modules = join(project, "node_modules");

/** What the package says it needs, and nothing else: a dependency that is not declared is missed here. */
beforeAll(() => {
  const made = execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", project], {
    cwd: root,
    encoding: "utf8",
  });
  const tarball = join(project, made.trim().split("\n").at(-1) as string);
  mkdirSync(join(modules, "partwise"), { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", join(modules, "partwise"), "--strip-components", "1"]);
  const manifest = JSON.parse(readFileSync(join(modules, "partwise", "package.json"), "utf8")) as {
    readonly dependencies: Record<string, string>;
    readonly bin: Record<string, string>;
  };
  for (const name of [...Object.keys(manifest.dependencies), "@types/node"]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  mkdirSync(join(modules, ".bin"));
  const bin = join(modules, "partwise", manifest.bin["partwise"] as string);
  chmodSync(bin, 0o755);
  symlinkSync(bin, join(modules, ".bin", "partwise"));
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module" }));
});

const run = (command: string, args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, encoding: "utf8", timeout: 120_000 });
  return { status, stdout, stderr };
};

const PROGRAM = `
import { loadModel, LocalEngine, makePipeline, rowScorer, saveModel } from "partwise";
import { LogisticRegression } from "partwise/models";
import { StandardScaler } from "partwise/preprocessing";
import { makeClassification } from "partwise/datasets";

const { X, y } = makeClassification({ nSamples: 2000, nFeatures: 4, randomState: 1, partitions: 4 });
const engine = new LocalEngine({ threads: 1 });
const model = makePipeline(new StandardScaler(), new LogisticRegression());
await model.fit(X, y, { engine });
await saveModel(model, "model.partwise");
const score = await rowScorer(await loadModel("model.partwise"), { output: "predictProba" });
const answer = score([0, 0, 0, 0]);
console.log(answer instanceof Float64Array ? answer.length : typeof answer);
await engine.close();
`;

describe("the packed package in an empty project", () => {
  it("runs from JavaScript, worker threads included", () => {
    writeFileSync(join(project, "program.mjs"), PROGRAM);
    expect(run(process.execPath, ["program.mjs"])).toEqual({ status: 0, stdout: "2\n", stderr: "" });
  });

  it("has types for TypeScript, and they catch what is wrong", () => {
    const options = { module: "nodenext", target: "es2023", strict: true, noEmit: true, skipLibCheck: true };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["program.ts"] }));
    const tsc = join(root, "node_modules", ".bin", "tsc");
    writeFileSync(join(project, "program.ts"), PROGRAM);
    expect(run(tsc, ["-p", "."])).toMatchObject({ status: 0, stdout: "" });
    writeFileSync(join(project, "program.ts"), PROGRAM.replace("threads: 1", "threads: 'one'"));
    expect(run(tsc, ["-p", "."]).stdout).toContain("Type 'string' is not assignable to type 'number'");
  });

  it("has the command", () => {
    const help = run("npx", ["--no-install", "partwise", "--help"]);
    expect(help.status).toBe(0);
    for (const command of ["fit", "predict", "score", "doctor"]) expect(help.stdout).toContain(command);
    expect(run("npx", ["--no-install", "partwise", "inspect", "--model", "none.partwise"]).status).not.toBe(0);
  });

  it("leaves tests, benchmarks and examples out", () => {
    const dist = readdirSync(join(modules, "partwise", "dist"));
    expect(dist).not.toContain("bench");
    expect(dist).not.toContain("examples");
    expect(readdirSync(join(modules, "partwise"))).not.toContain("test");
  });
});
