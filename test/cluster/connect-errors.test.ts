import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EngineClosedError, ParameterError, PartwiseError } from "#src/base/errors.js";
import { connect } from "#src/engine/dask/connect.js";
import { DaskEngine } from "#src/engine/dask/dask-engine.js";
import { parseAddress } from "#src/engine/dask/dask-options.js";
import { GatewayLink } from "#src/engine/dask/gateway-link.js";
import { PYTHON_FOLDER } from "#src/engine/dask/gateway-process.js";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { inTempFolder, rejection, runGraph, task } from "../engine/engine-under-test.js";
import { testPython as python } from "./test-python.js";

let cluster: LocalCluster;

beforeAll(async () => {
  cluster = await startCluster({ workers: 1, python });
});

afterAll(() => cluster.close());

/** A program that runs the test Python with other options or another path. */
function wrapper(folder: string, line: string): string {
  const file = join(folder, "python");
  writeFileSync(file, `#!/bin/sh\n${line}\n`);
  chmodSync(file, 0o755);
  return file;
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A gateway that runs by itself, for clients that know its token. */
async function gatewayWithToken(token: string): Promise<{ address: string; end(): void }> {
  const gateway = spawn(python, ["-m", "partwise_dask", cluster.address, "--until-stdin-ends"], {
    env: { ...process.env, PYTHONPATH: PYTHON_FOLDER, PARTWISE_TOKEN: token },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const port = await new Promise<number>((resolve) =>
    createInterface({ input: gateway.stdout }).once("line", (line) =>
      resolve((JSON.parse(line) as { port: number }).port),
    ),
  );
  return { address: `partwise://127.0.0.1:${port}`, end: () => gateway.stdin.end() };
}

describe("connect() says what is wrong and what mends it", () => {
  it("an address that is none", () => {
    for (const address of ["scheduler", "http://scheduler:8786", "tcp://", "tcp://a:0", "partwise://host"])
      expect(() => new DaskEngine(address)).toThrow(ParameterError);
    expect(() => new DaskEngine("tcp://a:1", { timeout: 0 })).toThrow(
      "timeout must be a number of seconds > 0; got 0.",
    );
  });

  it("no Python", async () => {
    const error = await rejection(connect(cluster.address, { python: "/no/such/python" }));
    expect(error).toBeInstanceOf(PartwiseError);
    expect(error.message).toMatch(/cannot run the Python "\/no\/such\/python".*Install Python 3\.10.*PARTWISE_PYTHON/);
  });

  it("a Python without Dask", async () =>
    inTempFolder(async (folder) => {
      // -S: without the environment's packages.
      const error = await rejection(connect(cluster.address, { python: wrapper(folder, `exec "${python}" -S "$@"`) }));
      expect(error.message).toMatch(/has no dask.*-m pip install "dask\[distributed\]/);
    }));

  it("a Dask that is too old", async () =>
    inTempFolder(async (folder) => {
      const info = join(folder, "distributed-2023.1.0.dist-info");
      mkdirSync(info);
      writeFileSync(join(info, "METADATA"), "Metadata-Version: 2.1\nName: distributed\nVersion: 2023.1.0\n");
      const line = `PYTHONPATH="${folder}:$PYTHONPATH" exec "${python}" "$@"`;
      const error = await rejection(connect(cluster.address, { python: wrapper(folder, line) }));
      expect(error.message).toMatch(/has distributed 2023\.1\.0; 2025\.4 or newer is needed.*pip install/);
    }));

  it("nothing at the address", async () => {
    const server = createServer();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    for (const scheme of ["tcp", "partwise"]) {
      const error = await rejection(connect(`${scheme}://127.0.0.1:${port}`, { python, timeout: 2 }));
      expect(error).toBeInstanceOf(EngineClosedError);
      expect(error.message).toContain(String(port));
      expect(error.message).toMatch(/dask scheduler|python -m partwise_dask/);
    }
  });

  it("something else at the address, which never answers", async () => {
    const server = createServer(() => undefined);
    const port = await listening(server);
    const gateway = await rejection(connect(`partwise://127.0.0.1:${port}`, { timeout: 1 }));
    expect(gateway.message).toMatch(/does not answer within 1 s; is it a partwise gateway\?/);
    const scheduler = await rejection(connect(`tcp://127.0.0.1:${port}`, { python, timeout: 1 }));
    expect(scheduler.message).toMatch(
      new RegExp(`no Dask scheduler answers.*within 1 s.*firewall closes port ${port}`),
    );
    server.close();
  });

  it("a gateway of another version", async () => {
    const gateway = await gatewayWithToken("s3cret");
    try {
      const address = parseAddress(gateway.address);
      const options = { token: "s3cret" };
      const link = GatewayLink.open(address, options, "99.1.2", { onMessage: () => {}, onLost: () => {} });
      expect((await rejection(link)).message).toMatch(
        /the gateway is partwise-dask .*, this is partwise 99\.1\.2\. Run `pip install partwise-dask==99\.1\.2`/,
      );
    } finally {
      gateway.end();
    }
  });

  it("a wrong token, and the right one gets in", async () => {
    const gateway = await gatewayWithToken("s3cret");
    try {
      const { address } = gateway;
      expect((await rejection(connect(address, { token: "guess" }))).message).toMatch(
        /does not know this token.*`token`/,
      );
      const engine = await connect(address, { token: "s3cret" });
      expect(await runGraph(engine, [task("a", "constant", [], 4)], ["a"])).toEqual([4]);
      await engine.close();
    } finally {
      gateway.end();
    }
  });
});

describe("a worker that cannot work says so", () => {
  const broken: Record<string, { env: (folder: string) => Record<string, string>; says: RegExp }> = {
    "with a Node that is too old": {
      env: (folder) => {
        const old = join(folder, "node");
        const script = `[ "$1" = --version ] && echo v16.20.2 && exit 0\necho "SyntaxError: Unexpected token" >&2; exit 1`;
        writeFileSync(old, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
        return { PARTWISE_NODE: old };
      },
      says: /`\/.*node` is Node\.js 16\.20\.2; 20\.19 or newer is needed\. Install it on every worker.*PARTWISE_NODE/,
    },

    "without node": {
      env: () => ({ PARTWISE_NODE: "no-such-node" }),
      says: /worker worker-0 at tcp:.*no `no-such-node` on the PATH.*Install Node\.js 20\.19.*PARTWISE_NODE/,
    },
    "with another version of partwise": {
      env: (folder) => {
        writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "partwise", version: "0.0.9" }));
        return { PARTWISE_HOME: folder };
      },
      says: /partwise 0\.0\.9 is in .*, the driver has .*npm install partwise@.*unset PARTWISE_HOME/,
    },
    "with a PARTWISE_HOME where nothing is": {
      env: (folder) => ({ PARTWISE_HOME: folder }),
      says: /PARTWISE_HOME is .*there is no partwise/,
    },
  };
  for (const [what, { env, says }] of Object.entries(broken)) {
    it(`${what}: when it is there from the start, and when it joins later`, async () =>
      inTempFolder(async (folder) => {
        const own = await startCluster({ workers: 0, python });
        const early = await connect(own.address, { python });
        await own.addWorker({ env: env(folder) });
        const error = await rejection(runGraph(early, [task("a", "constant", [], 1, 2)], ["a"]));
        expect(error.message).toContain("partition 2 of demo");
        expect(error.message).toMatch(says);
        await early.close();
        expect((await rejection(connect(own.address, { python }))).message).toMatch(says);
        await own.close();
      }));
  }

  it("that has loaded another version of partwise-dask; one that is only installed does no harm", async () =>
    inTempFolder(async (folder) => {
      const installed = join(folder, "partwise_dask");
      mkdirSync(installed);
      writeFileSync(join(installed, "__init__.py"), '__version__ = "0.0.9"\n');
      const own = await startCluster({ workers: 1, python, env: { PYTHONPATH: folder } });
      const engine = await connect(own.address, { python });
      expect(await runGraph(engine, [task("a", "constant", [], 1)], ["a"])).toEqual([1]);
      await engine.close();
      // As an earlier driver of that version leaves it.
      writeFileSync(join(folder, "sitecustomize.py"), "import partwise_dask\n");
      await own.restart(0);
      expect((await rejection(connect(own.address, { python }))).message).toMatch(
        /^connect: worker .* has loaded another partwise_dask than the driver's.*Restart it/,
      );
      await own.close();
      const old = await startCluster({ workers: 1, python, env: { PYTHONPATH: folder } });
      expect((await rejection(connect(old.address, { python }))).message).toMatch(
        /^connect: partwise_dask 0\.0\.9 is on .*, the driver has .*pip install partwise-dask==.*restart the workers/,
      );
      await old.close();
    }));

  it("a function module that workers do not see", async () => {
    const engine = await connect(cluster.address, { python });
    const fn = { module: "file:///only/on/my/laptop/steps.mjs", export: "step" };
    const error = await rejection(runGraph(engine, [{ key: "m", fn, deps: [] }], ["m"]));
    expect(error.message).toMatch(/Cannot load the module "file:\/\/\/only\/on\/my\/laptop\/steps\.mjs" in a worker/);
    await engine.close();
  });
});
