import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { connect as connectSecurely, createServer as createSecureServer } from "node:tls";

// TLS 1.3 has no keys that both sides have beforehand, as far as Node knows.
const SECURE = {
  ciphers: "ECDHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES256-GCM-SHA384:PSK-AES256-GCM-SHA384:PSK-AES128-GCM-SHA256",
  maxVersion: "TLSv1.2",
} as const;
const IDENTITY = "partwise";

/** A place that sockets can be opened to. */
export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Listens for sockets on a port that the system chooses.
 * @param key in hexadecimal: sockets are encrypted, and only those who have it come through
 */
export async function listen(
  host: string,
  key: string | undefined,
  onSocket: (socket: Socket) => void,
): Promise<{ readonly server: Server; readonly port: number }> {
  const psk = key === undefined ? undefined : Buffer.from(key, "hex");
  const taken = (socket: Socket): void => {
    socket.setNoDelay(true);
    // Who is lost is seen by the end of its socket.
    socket.on("error", () => socket.destroy());
    onSocket(socket);
  };
  const server: Server = psk
    ? createSecureServer({ ...SECURE, pskCallback: () => psk, pskIdentityHint: IDENTITY }, taken)
    : createServer(taken);
  server.listen(0, host);
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** Opens a socket. @throws when there is no way, or after `ms` milliseconds */
export async function dial({ host, port }: PeerAddress, key: string | undefined, ms: number): Promise<Socket> {
  const psk = key === undefined ? undefined : Buffer.from(key, "hex");
  const socket = psk
    ? connectSecurely({
        ...SECURE,
        host,
        port,
        pskCallback: () => ({ psk, identity: IDENTITY }),
        // The key tells who it is; there is no certificate.
        checkServerIdentity: () => undefined,
      })
    : connect(port, host);
  socket.on("error", () => socket.destroy());
  try {
    await once(socket, psk ? "secureConnect" : "connect", { signal: AbortSignal.timeout(Math.max(1, Math.ceil(ms))) });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.setNoDelay(true);
  return socket;
}
