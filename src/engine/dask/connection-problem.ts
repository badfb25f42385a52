import { connect } from "node:net";

/** Why a port cannot be reached, and what to do about it; undefined when something listens there. */
export function connectionProblem(
  { host, port }: { readonly host: string; readonly port: number },
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
