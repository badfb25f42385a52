import { connect } from "node:net";
import { ParameterError, show } from "../../base/errors.js";

/** Where a Dask scheduler listens. */
export interface SchedulerAddress {
  readonly protocol: "tcp" | "tls";
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 8786;

/**
 * Reads `tcp://host:8786`, `tls://host:8786`, `host:8786` or `host`.
 *
 * @throws ParameterError for anything else
 */
export function parseSchedulerAddress(owner: string, text: string): SchedulerAddress {
  const match = /^(?:(tcp|tls):\/\/)?(\[[0-9a-f:.]+\]|[^\s:/[\]]+)(?::(\d{1,5}))?\/?$/i.exec(text.trim());
  const port = Number(match?.[3] ?? DEFAULT_PORT);
  if (match?.[2] === undefined || port < 1 || port > 65_535) {
    throw new ParameterError(
      `${owner}: the scheduler's address must be like tcp://host:8786 or tls://host:8786; got ${show(text)}.`,
    );
  }
  const protocol = match[1]?.toLowerCase() === "tls" ? "tls" : "tcp";
  return { protocol, host: match[2].replace(/^\[|\]$/g, ""), port };
}

/** Why a port cannot be reached, and what to do about it; undefined when something listens there. */
export function connectionProblem(
  { host, port }: Pick<SchedulerAddress, "host" | "port">,
  timeoutMs: number,
): Promise<{ readonly what: string; readonly mend: string } | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (result?: { what: string; mend: string }): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () =>
      end({
        what: `no answer from ${host} port ${port} within ${timeoutMs} ms: a firewall drops it, or the host is down`,
        mend: `let TCP port ${port} of ${host} through from this machine`,
      }),
    );
    socket.once("connect", () => end());
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") {
        const what = `${host} refuses port ${port}: nothing listens there`;
        return end({ what, mend: `start it there: dask scheduler --port ${port}; or give its right address` });
      }
      if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") {
        return end({
          what: `the name ${host} is not known here`,
          mend: "give the scheduler's right name, or its IP address",
        });
      }
      end({ what: `${host} port ${port}: ${error.message}`, mend: `check the network between here and ${host}` });
    });
  });
}
