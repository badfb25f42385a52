import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { testPython as python } from "./test-python.js";

const root = new URL("../../", import.meta.url);

/** Examples that are not run here, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  flights: "needs a package of 3,000,000 rows: npm start runs it",
  "cancel-and-progress": "prints how long things took; stops are in errors.test.ts",
  serve: "answers row by row, without any engine",
  search: "hundreds of small fits, which searches in whole-product.test.ts stand for",
  neural: "networks are in whole-product.test.ts",
  text: "its own rows of text are in whole-product.test.ts",
  "larger-than-memory": "its limit is that of a local engine; errors.test.ts has workers with little memory",
};

const examples = readdirSync(new URL("examples/", root))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.replace(/\.ts$/u, ""));

let cluster: LocalCluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, python });
});
afterAll(() => cluster.close());

function printed(name: string, env: Record<string, string>): unknown {
  const { status, stderr, stdout } = spawnSync(process.execPath, [new URL(`dist/examples/${name}.js`, root).pathname], {
    encoding: "utf8",
    timeout: 100_000,
    cwd: root,
    env: { ...process.env, ...env },
  });
  return { status, stderr, stdout };
}

describe("examples with PARTWISE_ENGINE=tcp://scheduler print what they print on this machine, and end by themselves", () => {
  it.each(examples.filter((name) => !(name in ELSEWHERE)))("%s", { timeout: 240_000 }, (name) => {
    expect(printed(name, { PARTWISE_ENGINE: cluster.address, PARTWISE_PYTHON: python })).toEqual(printed(name, {}));
  });

  it("are all that there are, less those with a reason", () => {
    expect(Object.keys(ELSEWHERE).filter((name) => !examples.includes(name))).toEqual([]);
  });
});
