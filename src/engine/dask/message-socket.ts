import type { OnReadOpts, Socket } from "node:net";
import { decode, encode } from "@msgpack/msgpack";

const PREFIX = 12;
/** Payloads with more than this to come are read to their place; everything else by way of a buffer of this size. */
const SCRATCH = 64 * 1024;

/** The part of a message that both sides understand: a msgpack map. */
export type Header = Record<string, unknown>;

/** One message: a header, and bytes that belong to it. */
export interface Message {
  readonly header: Header;
  readonly payload: Uint8Array;
}

/** Memory for the payload of a message whose header is known; undefined leaves it to the reader. */
export type Room = (header: Header, bytes: number) => Uint8Array | undefined;

/**
 * Length-prefixed msgpack over a stream: `[u32 header length][u64 payload length][header][payload]`, little endian. The
 * payload is raw, so that values pass without being packed and unpacked.
 */
export class MessageSocket {
  readonly #socket: Socket;

  /** Sockets that were made with the reader's `onread` copy less than others. */
  constructor(socket: Socket, reader: MessageReader) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => reader.push(chunk));
  }

  /** Sends a header and its payload, given in pieces; `written` is called once when they are no longer needed. */
  send(header: Header, payload: readonly Uint8Array[] = [], written?: () => void): void {
    if (this.#socket.destroyed) {
      written?.();
      return;
    }
    const head = encode(header, { ignoreUndefined: true });
    const prefix = Buffer.alloc(PREFIX);
    prefix.writeUInt32LE(head.byteLength, 0);
    prefix.writeBigUInt64LE(BigInt(payload.reduce((sum, piece) => sum + piece.byteLength, 0)), 4);
    const pieces = [prefix, head, ...payload.filter((piece) => piece.byteLength > 0)];
    this.#socket.cork();
    pieces.forEach((piece, i) => this.#socket.write(piece, i === pieces.length - 1 ? () => written?.() : undefined));
    this.#socket.uncork();
  }
}

/** Puts messages together from the chunks of a stream. */
export class MessageReader {
  readonly #onMessage: (message: Message) => void;
  readonly #room: Room | undefined;
  #scratch: Uint8Array | undefined;
  #target: Uint8Array = new Uint8Array(PREFIX);
  #filled = 0;
  #stage: "prefix" | "header" | "payload" = "prefix";
  #payloadLength = 0;
  #header: Header = {};

  constructor(onMessage: (message: Message) => void, room?: Room) {
    this.#onMessage = onMessage;
    this.#room = room;
  }

  /** For the options of a socket: what is received goes from the operating system straight to its place. */
  readonly onread: OnReadOpts = {
    buffer: () => this.#wanted(),
    callback: (bytes, buffer) => {
      if (buffer === this.#scratch) this.push(buffer.subarray(0, bytes));
      else this.#received(bytes);
      return true;
    },
  };

  push(chunk: Uint8Array): void {
    let at = 0;
    for (;;) {
      const take = Math.min(chunk.byteLength - at, this.#target.byteLength - this.#filled);
      this.#target.set(chunk.subarray(at, at + take), this.#filled);
      at += take;
      if (!this.#received(take)) return;
    }
  }

  #wanted(): Uint8Array {
    if (this.#stage === "payload" && this.#target.byteLength - this.#filled > SCRATCH)
      return this.#target.subarray(this.#filled);
    return (this.#scratch ??= Buffer.allocUnsafeSlow(SCRATCH));
  }

  // True when the part that is being read is complete.
  #received(bytes: number): boolean {
    this.#filled += bytes;
    if (this.#filled < this.#target.byteLength) return false;
    this.#advance();
    return true;
  }

  #advance(): void {
    const bytes = this.#target;
    if (this.#stage === "prefix") {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      this.#payloadLength = Number(view.getBigUint64(4, true));
      this.#expect("header", view.getUint32(0, true));
    } else if (this.#stage === "header") {
      this.#header = decode(bytes) as Header;
      if (this.#payloadLength === 0) this.#deliver(new Uint8Array(0));
      else this.#expect("payload", this.#payloadLength, this.#room?.(this.#header, this.#payloadLength));
    } else this.#deliver(bytes);
  }

  #deliver(payload: Uint8Array): void {
    const header = this.#header;
    this.#expect("prefix", PREFIX);
    this.#onMessage({ header, payload });
  }

  #expect(stage: "prefix" | "header" | "payload", length: number, target?: Uint8Array): void {
    this.#stage = stage;
    // A memory of its own, from its first byte on, so that arrays in it are aligned; not filled with zeros first.
    this.#target = target ?? Buffer.allocUnsafeSlow(length);
    this.#filled = 0;
  }
}
