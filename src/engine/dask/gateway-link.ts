import { readFileSync } from "node:fs";
import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { decodeError, EngineClosedError, PartwiseError, type PlainError } from "../../base/errors.js";
import { checkTls, timeoutOf, type DaskAddress, type DaskOptions } from "./dask-options.js";
import { startGateway, type GatewayProcess } from "./gateway-process.js";
import { MessageReader, MessageSocket, type Header, type Message } from "./message-socket.js";
import { totalBytes } from "./value-codec.js";

const PROTOCOL = 1;

/** What the gateway says about the cluster. */
export interface ClusterFacts {
  /** Threads by worker address. */
  readonly workers: Readonly<Record<string, number>>;
  /** Bytes that each worker's sidecar may hold. */
  readonly limits: Readonly<Record<string, number>>;
  readonly dashboard: string | null;
  readonly versions: Readonly<Record<string, string>>;
}

/** What a link tells its engine without being asked. */
export interface LinkEvents {
  onMessage(message: Message): void;
  /** The gateway or the scheduler is gone; nothing that was asked will be answered. */
  onLost(error: EngineClosedError): void;
}

interface Pending {
  resolve(message: Message): void;
  reject(error: Error): void;
}

/** The connection to one gateway: requests and their answers, and what comes by itself. */
export class GatewayLink {
  readonly facts: ClusterFacts;
  readonly #socket: Socket;
  readonly #messages: MessageSocket;
  readonly #process: GatewayProcess | undefined;
  readonly #pending = new Map<number, Pending>();
  readonly #events: LinkEvents;
  #next = 0;
  #busy = 0;
  #closed = false;

  private constructor(
    socket: Socket,
    messages: MessageSocket,
    hello: ClusterFacts,
    events: LinkEvents,
    own: GatewayProcess | undefined,
  ) {
    this.#socket = socket;
    this.#messages = messages;
    this.facts = hello;
    this.#events = events;
    this.#process = own;
  }

  /**
   * Connects, and starts a gateway first when the address is a scheduler's.
   * @throws EngineClosedError when nobody answers, PartwiseError on a wrong token or version
   */
  static async open(
    address: DaskAddress,
    options: DaskOptions,
    version: string,
    events: LinkEvents,
  ): Promise<GatewayLink> {
    checkTls("connect", options.tls);
    const own = address.kind === "scheduler" ? await startGateway(address, options) : undefined;
    const token = own?.token ?? options.token ?? process.env["PARTWISE_TOKEN"] ?? "";
    try {
      let link: GatewayLink | undefined;
      let answered: ((message: Message) => void) | undefined;
      const reader = new MessageReader((message) => {
        if (link) link.#receive(message);
        else answered?.(message);
      });
      const socket = await dial(
        own ? { ...address, host: "127.0.0.1", port: own.port } : address,
        options,
        own === undefined,
        reader.onread,
      );
      const messages = new MessageSocket(socket, reader);
      const hello = await new Promise<Header>((resolve, reject) => {
        const fail = (why: string): void => {
          clearTimeout(timer);
          socket.destroy();
          // A gateway that wants TLS takes a greeting without it for noise.
          const hint =
            own || options.tls ? "" : " One that was started with --tls-cert wants `tls: { ca, cert, key }`.";
          reject(new EngineClosedError(`connect: ${address.url} ${why}; is it a partwise gateway?${hint}`));
        };
        const timeout = timeoutOf(options);
        const timer = setTimeout(
          () => fail(`accepts connections but does not answer within ${timeout} s`),
          timeout * 1000,
        );
        socket.once("close", () => fail("hung up"));
        answered = ({ header }) => {
          clearTimeout(timer);
          resolve(header);
        };
        messages.send({ op: "hello", token, protocol: PROTOCOL, version });
      });
      if (hello["ok"] !== true) {
        socket.destroy();
        throw new PartwiseError(`connect: ${String(hello["error"])}`);
      }
      link = new GatewayLink(socket, messages, hello as unknown as ClusterFacts, events, own);
      link.#watch(address);
      return link;
    } catch (error) {
      own?.close();
      throw error;
    }
  }

  /** The gateway's process, when it is this process's own. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Asks for something, and waits for the answer. @throws what the gateway says went wrong */
  ask(header: Header, payload: readonly Uint8Array[] = []): Promise<Message> {
    const id = this.#next++;
    return new Promise<Message>((resolve, reject) => {
      if (this.#closed) {
        reject(new EngineClosedError("Dask engine: the connection to its gateway is closed."));
        return;
      }
      this.#pending.set(id, { resolve, reject });
      this.busy(1);
      this.#messages.send({ ...header, id }, payload);
    });
  }

  /** Sends parts with their sizes, and waits for the answer. */
  askWith(header: Header, parts: readonly (readonly Uint8Array[])[]): Promise<Message> {
    return this.ask({ ...header, sizes: parts.map(totalBytes) }, parts.flat());
  }

  /** Says something that has no answer. */
  tell(header: Header): void {
    if (!this.#closed) this.#messages.send(header);
  }

  /** Counts what is under way: while there is something, the connection keeps the process alive. */
  busy(change: 1 | -1): void {
    this.#busy += change;
    if (this.#closed) return;
    if (this.#busy > 0) this.#socket.ref();
    else this.#socket.unref();
  }

  /** Hangs up; a gateway of this process's own ends. */
  close(): void {
    this.#closed = true;
    this.#socket.destroy();
    this.#process?.close();
  }

  #watch(address: DaskAddress): void {
    this.#socket.unref();
    this.#socket.on("error", () => this.#socket.destroy());
    this.#socket.once("close", () => {
      if (this.#closed) return;
      this.#closed = true;
      const scheduler = this.#process?.lostScheduler() === true;
      const who = scheduler ? `the Dask scheduler at ${address.url}` : `the gateway to ${address.url}`;
      const error = new EngineClosedError(
        `Dask engine: ${who} is gone, and with it every value on the cluster. Submit again once it is back; the engine connects anew.`,
      );
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
      this.#process?.close();
      this.#events.onLost(error);
    });
  }

  #receive(message: Message): void {
    const { header } = message;
    if (header["op"] !== "answer") {
      this.#events.onMessage(message);
      return;
    }
    const id = header["id"] as number;
    const pending = this.#pending.get(id);
    // What was told and not asked, such as the end of a run, is answered too; nobody waits for that.
    if (!pending) return;
    this.#pending.delete(id);
    this.busy(-1);
    if (header["ok"] === true) pending.resolve(message);
    else pending.reject(decodeError(header["error"] as PlainError));
  }
}

async function dial(
  address: DaskAddress,
  options: DaskOptions,
  mayUseTls: boolean,
  onread: OnReadOpts,
): Promise<Socket> {
  const { host, port } = address;
  const timeout = timeoutOf(options);
  const tls = mayUseTls ? options.tls : undefined;
  const socket = tls
    ? connectTls({ host, port, ca: readFileSync(tls.ca), cert: readFileSync(tls.cert), key: readFileSync(tls.key) })
    : connectPlain({ host, port, onread });
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void => {
      socket.destroy();
      reject(
        new EngineClosedError(
          `connect: no partwise gateway answers at ${address.url} (${why}). Check the address, that \`python -m partwise_dask\` ` +
            `runs there, and that no firewall closes port ${port}.`,
          { cause },
        ),
      );
    };
    const timer = setTimeout(() => fail(`nothing within ${timeout} s`), timeout * 1000);
    socket.once("error", (error) => {
      clearTimeout(timer);
      if ((error as NodeJS.ErrnoException).code === "ERR_TLS_CERT_ALTNAME_INVALID") {
        const name = isIP(host) ? `IP:${host}` : `DNS:${host}`;
        socket.destroy();
        const text = `connect: the certificate of the gateway at ${address.url} is not for ${host}. Make it with subjectAltName=${name}, or use the name it is for.`;
        return reject(new PartwiseError(text, { cause: error }));
      }
      fail(error.message, error);
    });
    socket.once(tls ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      resolve();
    });
  });
  socket.setNoDelay(true);
  return socket;
}
