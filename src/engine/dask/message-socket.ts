import type { Socket } from "node:net";
import { decode, encode } from "@msgpack/msgpack";

const PREFIX = 12;

/** The part of a message that both sides understand: a msgpack map. */
export type Header = Record<string, unknown>;

/** One message: a header, and bytes that belong to it. */
export interface Message {
  readonly header: Header;
  readonly payload: Uint8Array;
}

/**
 * Length-prefixed msgpack over a stream: `[u32 header length][u64 payload length][header][payload]`, little endian. The
 * payload is raw, so that values pass without being packed and unpacked.
 */
export class MessageSocket {
  readonly #socket: Socket;
  readonly #reader: MessageReader;

  constructor(socket: Socket, onMessage: (message: Message) => void) {
    this.#socket = socket;
    this.#reader = new MessageReader(onMessage);
    socket.on("data", (chunk: Buffer) => this.#reader.push(chunk));
  }

  /** Sends a header and its payload, given in pieces. */
  send(header: Header, payload: readonly Uint8Array[] = []): void {
    if (this.#socket.destroyed) return;
    const head = encode(header, { ignoreUndefined: true });
    const prefix = Buffer.alloc(PREFIX);
    prefix.writeUInt32LE(head.byteLength, 0);
    prefix.writeBigUInt64LE(BigInt(payload.reduce((sum, piece) => sum + piece.byteLength, 0)), 4);
    this.#socket.cork();
    this.#socket.write(prefix);
    this.#socket.write(head);
    for (const piece of payload) if (piece.byteLength > 0) this.#socket.write(piece);
    this.#socket.uncork();
  }
}

/** Puts messages together from the chunks of a stream. */
export class MessageReader {
  readonly #onMessage: (message: Message) => void;
  #target: Uint8Array = new Uint8Array(PREFIX);
  #filled = 0;
  #stage: "prefix" | "header" | "payload" = "prefix";
  #payloadLength = 0;
  #header: Header = {};

  constructor(onMessage: (message: Message) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    for (;;) {
      const take = Math.min(chunk.byteLength - at, this.#target.byteLength - this.#filled);
      this.#target.set(chunk.subarray(at, at + take), this.#filled);
      at += take;
      this.#filled += take;
      if (this.#filled < this.#target.byteLength) return;
      this.#advance();
    }
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
      else this.#expect("payload", this.#payloadLength);
    } else this.#deliver(bytes);
  }

  #deliver(payload: Uint8Array): void {
    const header = this.#header;
    this.#expect("prefix", PREFIX);
    this.#onMessage({ header, payload });
  }

  #expect(stage: "prefix" | "header" | "payload", length: number): void {
    this.#stage = stage;
    // A memory of its own, from its first byte on, so that arrays in it are aligned; not filled with zeros first.
    this.#target = Buffer.allocUnsafeSlow(length);
    this.#filled = 0;
  }
}
