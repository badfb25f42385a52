import { accessSync, constants } from "node:fs";
import type { ClusterScaler } from "./scaling.js";
import { ParameterError, show } from "../../base/errors.js";

/** Certificates of one side, as paths of PEM files. */
export interface TlsFiles {
  /** The authority that signed both sides' certificates. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** How to reach a cluster. */
export interface DaskOptions {
  /** The Python that runs the gateway; `PARTWISE_PYTHON`, else `python3`. Not used with a `partwise://` address. */
  readonly python?: string;
  /** What a running gateway at a `partwise://` address was started with; `PARTWISE_TOKEN` unless given. */
  readonly token?: string;
  /** Certificates (paths of PEM files), for a cluster or a gateway that uses TLS. */
  readonly tls?: TlsFiles;
  /** Seconds to wait for the scheduler and the gateway: 10 unless given. */
  readonly timeout?: number;
  /** What can start and stop workers, for `scale` and `adapt`. */
  readonly scaler?: ClusterScaler;
  /** Resources that every task needs, as workers were started with them (`--resources GPU=1`): `{ GPU: 1 }`. */
  readonly resources?: Readonly<Record<string, number>>;
}

/** An address in parts. */
export interface DaskAddress {
  /** Speak to a running gateway, or start one for a scheduler. */
  readonly kind: "gateway" | "scheduler";
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `tcp://host:8786`, `tls://host:8786`, `dask://host:8786` (a scheduler) or `partwise://host:port` (a gateway).
 * @throws ParameterError on anything else
 */
export function parseAddress(address: string): DaskAddress {
  const match = /^(tcp|tls|dask|partwise):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(address);
  const [, scheme, host, portText] = match ?? [];
  const port = portText === undefined && scheme !== "partwise" ? 8786 : Number(portText);
  if (scheme === undefined || host === undefined || !(port >= 1 && port <= 65535)) {
    throw new ParameterError(
      `connect: the address must look like tcp://scheduler:8786 or partwise://host:port; got ${show(address)}.`,
    );
  }
  const url = `${scheme === "dask" ? "tcp" : scheme}://${host}:${port}`;
  return { kind: scheme === "partwise" ? "gateway" : "scheduler", url, host: host.replace(/^\[|\]$/g, ""), port };
}

/** Seconds as given. @throws ParameterError when they make no sense */
export function timeoutOf(options: DaskOptions): number {
  const timeout = options.timeout ?? 10;
  if (Number.isFinite(timeout) && timeout > 0) return timeout;
  throw new ParameterError(`connect: timeout must be a number of seconds > 0; got ${show(options.timeout)}.`);
}

/** @throws ParameterError when one of the files is not named or cannot be read */
export function checkTls(owner: string, tls: TlsFiles | undefined): void {
  if (tls === undefined) return;
  for (const part of ["ca", "cert", "key"] as const) {
    const path: unknown = tls[part];
    if (typeof path !== "string") {
      throw new ParameterError(`${owner}: tls.${part} must be the path of a PEM file; got ${show(path)}.`);
    }
    try {
      accessSync(path, constants.R_OK);
    } catch (cause) {
      const why = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : "it cannot be read";
      throw new ParameterError(`${owner}: tls.${part} is ${show(path)}: ${why}. Give the path of a PEM file.`, {
        cause,
      });
    }
  }
}
