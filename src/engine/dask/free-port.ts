import { createServer } from "node:net";
import { ParameterError, PartwiseError } from "../../base/errors.js";

/**
 * Sees to it that a port can be listened on; any can that is 0. Asked first, because Dask takes another port for its
 * dashboard without a word and ends in a chain of Python errors over the scheduler's.
 * @throws PartwiseError when something listens there, ParameterError when the port or the host cannot be had here
 */
export async function requireFreePort(
  name: string,
  host: string,
  port: number,
  prefix: readonly string[],
): Promise<void> {
  if (port > 65_535) throw new ParameterError(`startCluster: ${name} must be at most 65535; got ${port}.`);
  // Under a prefix the processes may live in a network of their own.
  if (port === 0 || prefix.length > 0) return;
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      const text = `startCluster: ${name} ${port} of ${host} is taken. Stop what listens there, or take another one; without ${name} a free one is found.`;
      throw new PartwiseError(text, { cause });
    }
    throw new ParameterError(`startCluster: ${name} ${port} of ${host} cannot be listened on: ${message}.`, { cause });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
