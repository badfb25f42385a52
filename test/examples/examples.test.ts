import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
// The main job has its own place in the gate: npm start.
const examples = readdirSync(new URL("examples/", root)).filter(
  (name) => name.endsWith(".ts") && name !== "flights.ts",
);

describe("examples", () => {
  it.each(examples)("%s runs and ends by itself", (name) => {
    const script = new URL(`dist/examples/${name.replace(/\.ts$/, ".js")}`, root);
    const { status, stderr, stdout } = spawnSync(process.execPath, [script.pathname], {
      encoding: "utf8",
      timeout: 120_000,
      cwd: root,
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).not.toBe("");
  });

  it("the README shows the quickstart as it is", () => {
    const readme = readFileSync(new URL("README.md", root), "utf8");
    const [, block] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(block).toBe(readFileSync(new URL("examples/quickstart.ts", root), "utf8"));
  });
});
