import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { connect } from "#src/engine/dask/connect.js";
import { PYTHON_FOLDER } from "#src/engine/dask/gateway-process.js";
import { startCluster } from "#src/engine/dask/local-cluster.js";
import { inTempFolder, rejection, runGraph, task } from "../engine/engine-under-test.js";
import { certificate } from "./certificate.js";
import { testPython as python } from "./test-python.js";

describe("a cluster that speaks TLS", () => {
  it("is reached with its certificates, and not without", async () =>
    inTempFolder(async (folder) => {
      const tls = certificate(folder);
      const cluster = await startCluster({
        workers: 1,
        python,
        tls,
      });
      expect(cluster.address).toMatch(/^tls:/);
      // A gateway for other machines speaks TLS itself, and wants to see a certificate. It finds the build by itself.
      const gateway = spawn(
        python,
        [
          "-m",
          "partwise_dask",
          cluster.address,
          "--host=0.0.0.0",
          "--until-stdin-ends",
          `--tls-ca=${tls.ca}`,
          `--tls-cert=${tls.cert}`,
          `--tls-key=${tls.key}`,
        ],
        {
          env: { ...process.env, PYTHONPATH: PYTHON_FOLDER, PARTWISE_TOKEN: "s3cret" },
          stdio: ["pipe", "pipe", "inherit"],
        },
      );
      try {
        const port = await new Promise<number>((resolve) =>
          createInterface({ input: gateway.stdout }).once("line", (line) =>
            resolve((JSON.parse(line) as { port: number }).port),
          ),
        );
        const remote = await connect(`partwise://127.0.0.1:${port}`, { token: "s3cret", tls });
        expect(await runGraph(remote, [task("b", "constant", [], 5)], ["b"])).toEqual([5]);
        await remote.close();
        const naked = await rejection(connect(`partwise://127.0.0.1:${port}`, { token: "s3cret", timeout: 2 }));
        expect(naked.message).toMatch(/is it a partwise gateway\? One that was started with --tls-cert wants `tls: \{/);
        // The name that is asked for has to be in the certificate.
        const elsewhere = await rejection(connect(`partwise://localhost:${port}`, { token: "s3cret", tls }));
        expect(elsewhere.message).toMatch(/is not for localhost\. Make it with subjectAltName=DNS:localhost, or use/);
      } finally {
        gateway.stdin.end();
      }
      const engine = await connect(cluster.address, { python, tls });
      expect(await runGraph(engine, [task("a", "constant", [], 4)], ["a"])).toEqual([4]);
      await engine.close();
      const without = await rejection(connect(cluster.address, { python, timeout: 2 }));
      expect(without.message).toMatch(/speaks TLS, and there are no certificates: pass `tls:/);
      const plain = await rejection(connect(cluster.address.replace("tls:", "tcp:"), { python, timeout: 2 }));
      expect(plain.message).toMatch(/A scheduler that speaks TLS wants a tls:\/\/ address/);
      await cluster.close();
    }));

  it("says which certificate is missing", async () =>
    inTempFolder(async (folder) => {
      const tls = certificate(folder);
      const { key: _, ...two } = tls;
      const missing = await rejection(connect("tls://127.0.0.1:1", { python, tls: two as typeof tls }));
      expect(missing.message).toBe("connect: tls.key must be the path of a PEM file; got undefined.");
      const nowhere = await rejection(startCluster({ python, tls: { ...tls, ca: "/nowhere/ca.pem" } }));
      expect(nowhere.message).toBe(
        'startCluster: tls.ca is "/nowhere/ca.pem": there is no such file. Give the path of a PEM file.',
      );
    }));
});
