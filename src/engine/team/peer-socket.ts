import type { Socket } from "node:net";

// Bytes of the payload, the kind, a number.
const PREFIX = 12;
// What those say who they are may send at most.
const STRANGERS_BYTES = 4096;

/** What members send each other: bytes of a kind, and a number that goes with them. */
export interface Frame {
  readonly kind: number;
  readonly count: number;
  readonly payload: Uint8Array;
}

/**
 * Frames over a socket: `[u32 bytes][u32 kind][u32 count][payload]`, little endian. Each goes out in one write, and hardly
 * anything is allocated: thousands of them are sent in a second.
 */
export class PeerSocket {
  readonly #socket: Socket;
  readonly #onFrame: (frame: Frame) => void;
  readonly #prefix = Buffer.alloc(PREFIX);
  #filled = 0;
  #payload: Buffer | undefined;
  #ended = false;
  #most = STRANGERS_BYTES;

  /** @param onEnd called once, when no more frames come */
  constructor(socket: Socket, onFrame: (frame: Frame) => void, onEnd: () => void) {
    this.#socket = socket;
    this.#onFrame = onFrame;
    socket.on("data", (chunk: Buffer) => this.#push(chunk));
    const end = (): void => {
      if (this.#ended) return;
      this.#ended = true;
      onEnd();
    };
    socket.on("end", end);
    socket.on("close", end);
  }

  /** Whether the other side is gone. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The other side has said who it is: it may send more than that. */
  trust(): void {
    this.#most = Infinity;
  }

  /** Sends copies of these pieces, one after another. */
  send(kind: number, count: number, pieces: readonly Uint8Array[] = []): void {
    const bytes = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const frame = Buffer.allocUnsafe(PREFIX + bytes);
    frame.writeUInt32LE(bytes, 0);
    frame.writeUInt32LE(kind, 4);
    frame.writeUInt32LE(count, 8);
    let at = PREFIX;
    for (const piece of pieces) {
      frame.set(piece, at);
      at += piece.byteLength;
    }
    if (!this.#socket.destroyed) this.#socket.write(frame);
  }

  /** No more is sent; what is on its way still arrives. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.byteLength) {
      const target = this.#payload ?? this.#prefix;
      const took = chunk.copy(target, this.#filled, at);
      at += took;
      this.#filled += took;
      if (this.#filled < target.byteLength) return;
      this.#filled = 0;
      if (this.#payload) this.#deliver(this.#payload);
      else {
        const bytes = this.#prefix.readUInt32LE(0);
        if (bytes > this.#most) {
          this.destroy();
          return;
        }
        if (bytes > 0) this.#payload = Buffer.allocUnsafe(bytes);
        else this.#deliver(new Uint8Array(0));
      }
    }
  }

  #deliver(payload: Uint8Array): void {
    const [kind, count] = [this.#prefix.readUInt32LE(4), this.#prefix.readUInt32LE(8)];
    this.#payload = undefined;
    this.#onFrame({ kind, count, payload });
  }
}
