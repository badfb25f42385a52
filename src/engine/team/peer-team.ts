import { timingSafeEqual } from "node:crypto";
import type { Server, Socket } from "node:net";
import { TeamBrokenError } from "../../base/errors.js";
import type { Column } from "../../memory/column.js";
import { DTYPE_CODE, ELEMENT_BYTES, type DType } from "../../memory/dtype.js";
import type { Memory } from "../../memory/memory.js";
import type { Exchange, Reads, Span } from "./exchange.js";
import { arrive, type Meeting } from "./meeting-point.js";
import { dial, listen, type PeerAddress } from "./peer-channel.js";
import { PeerSocket, type Frame } from "./peer-socket.js";

// Milliseconds after which one who waits looks whether its task is aborted.
const NAP_MS = 20;
// Milliseconds of silence after which a member must be gone, though its socket did not end: the network is cut.
const LOST_MS = 60_000;

const DTYPES = Object.keys(DTYPE_CODE) as DType[];
// Kinds of frames beside those that are columns.
const HELLO = 0x1000;
const MEET = 0x1001;

/** Where and with whom a {@link PeerTeam} comes together. */
export interface PeerPlace {
  readonly member: number;
  readonly members: number;
  readonly meeting: Meeting;
  /** 32 random bytes in hexadecimal, which nobody else knows. */
  readonly team: string;
}

interface Peer {
  readonly socket: PeerSocket;
  /** What it has shown and this member has not taken; at most two turns. */
  readonly inbox: Frame[];
  /** Room for what it shows. */
  column?: Column;
}

/**
 * Members in different processes, on one machine or on several, each in a task of its own: every two have a socket between
 * them, and send each other what the other reads. To come together they need a meeting point that all can reach, and each
 * other; members that are not there in time, or end, make all of them throw a {@link TeamBrokenError}.
 *
 * @example
 * ```ts
 * const team = await PeerTeam.join(memory, { member: 1, members: 2, meeting, team: secret }, 1000, () => context.throwIfAborted());
 * try {
 *   const all = await team.exchange(partial);
 *   await team.meet();
 * } finally {
 *   team.leave();
 * }
 * ```
 */
export class PeerTeam implements Exchange {
  readonly member: number;
  readonly members: number;
  readonly #memory: Memory;
  readonly #check: () => void;
  readonly #peers: (Peer | undefined)[];
  readonly #naps: NodeJS.Timeout;
  /** Sockets of those who have not said who they are, or came when this member was gone. */
  readonly #strangers = new Set<Socket>();
  #left = false;
  #wake: () => void = () => undefined;

  private constructor(memory: Memory, { member, members }: PeerPlace, check: () => void) {
    this.member = member;
    this.members = members;
    this.#memory = memory;
    this.#check = check;
    this.#peers = Array.from({ length: members }, () => undefined);
    this.#naps = setInterval(() => this.#wake(), NAP_MS);
  }

  /**
   * Waits up to `ms` for all members to come.
   * @param check throws when the member's task is aborted
   * @throws TeamBrokenError when they do not
   */
  static async join(memory: Memory, place: PeerPlace, ms: number, check: () => void): Promise<PeerTeam> {
    const team = new PeerTeam(memory, place, check);
    try {
      await team.#assemble(place, performance.now() + ms);
      return team;
    } catch (error) {
      team.leave();
      check();
      if (!isLackOfWay(error)) throw error;
      const { host, port } = place.meeting;
      const why = (error as Error).message;
      throw new TeamBrokenError(
        `A worker has not reached the others of its team, who meet at ${host}:${port} (${why}).`,
        {
          cause: error,
        },
      );
    }
  }

  async #assemble({ member, members, meeting, team }: PeerPlace, end: number): Promise<void> {
    const left = (): number => end - performance.now();
    const desk = await dial(meeting, meeting.key, left());
    let server: Server | undefined;
    try {
      // By the address that leads from here to the meeting point the others find the way back.
      const host = desk.localAddress as string;
      const key = meeting.key === undefined ? undefined : team;
      const open = await listen(host, key, (socket) => this.#greet(socket, team));
      server = open.server;
      let addresses: readonly PeerAddress[] | undefined;
      const arrival = { team, member, members, at: { host, port: open.port } };
      const told = (peers: readonly PeerAddress[]): void => {
        addresses = peers;
        this.#wake();
      };
      arrive(desk, arrival, told, () => this.#wake());
      await this.#until(
        () => addresses !== undefined,
        () => desk.destroyed,
        end,
      );
      const before = (addresses ?? []).slice(0, member);
      await Promise.all(
        before.map(async (address, k) => {
          const peer = this.#meet(k, await dial(address, key, left()));
          peer.socket.send(HELLO, member, [Buffer.from(team)]);
        }),
      );
      const there = (): boolean => this.#peers.every((peer, k) => peer !== undefined || k === member);
      const gone = (): boolean => this.#peers.some((peer) => peer?.socket.ended);
      await this.#until(there, gone, end);
    } finally {
      desk.destroy();
      server?.close();
      for (const socket of this.#strangers) socket.destroy();
    }
  }

  /** A socket to the member `k`. */
  #meet(k: number, socket: Socket): Peer {
    const take = (frame: Frame): void => {
      peer.inbox.push(frame);
      this.#wake();
    };
    const peer: Peer = { socket: new PeerSocket(socket, take, () => this.#wake()), inbox: [] };
    peer.socket.trust();
    if (this.#left) socket.destroy();
    this.#peers[k] = peer;
    this.#wake();
    return peer;
  }

  /** Takes a socket of a member that comes after this one, once it has said who it is. */
  #greet(socket: Socket, team: string): void {
    let peer: Peer | undefined;
    this.#strangers.add(socket);
    const take = (frame: Frame): void => {
      const { kind, count: member, payload } = frame;
      if (peer) peer.inbox.push(frame);
      else if (kind === HELLO && isSame(payload, team) && member > this.member && this.#peers[member] === undefined)
        this.#peers[member] = peer = { socket: own, inbox: [] };
      else socket.destroy();
      if (peer && this.#strangers.delete(socket)) own.trust();
      this.#wake();
    };
    const own = new PeerSocket(socket, take, () => this.#wake());
  }

  /** Sends this member's columns, and waits for those of the others. */
  async exchange<D extends DType>(own: Column<D>, reads?: Reads): Promise<Column<D>[]> {
    const { dtype, length } = own;
    const bytes = this.#bytesOf(own);
    const size = ELEMENT_BYTES[dtype];
    const spansOf = (member: number): readonly Span[] => reads?.(member) ?? [{ from: 0, length }];
    this.#peers.forEach((peer, member) => {
      const pieces =
        peer && spansOf(member).map((span) => bytes.subarray(size * span.from, size * (span.from + span.length)));
      peer?.socket.send(DTYPE_CODE[dtype], length, pieces);
    });
    const shown = await this.#take();
    const mine = spansOf(this.member);
    return shown.map((frame, member): Column<D> => {
      if (!frame) return own;
      const column = this.#room(this.#peers[member] as Peer, frame);
      const [into, each] = [this.#bytesOf(column), ELEMENT_BYTES[column.dtype]];
      let at = 0;
      for (const span of reads ? mine : [{ from: 0, length: column.length }]) {
        into.set(frame.payload.subarray(at, at + each * span.length), each * span.from);
        at += each * span.length;
      }
      return column as unknown as Column<D>;
    });
  }

  async meet(): Promise<void> {
    for (const peer of this.#peers) peer?.socket.send(MEET, 0);
    await this.#take();
  }

  /** Ends the sockets: members that still wait for this one learn that it is gone. To be called at the end in any case. */
  leave(): void {
    this.#left = true;
    for (const peer of this.#peers) {
      // What is on its way still arrives.
      peer?.socket.end();
      if (peer?.column) this.#memory.free(peer.column);
    }
    this.#peers.fill(undefined);
    clearInterval(this.#naps);
  }

  /** What all others say next; none for this member. */
  async #take(): Promise<(Frame | undefined)[]> {
    const waits = (peer: Peer | undefined): peer is Peer => peer !== undefined && peer.inbox.length === 0;
    await this.#until(
      () => !this.#peers.some(waits),
      () => this.#peers.some((peer) => waits(peer) && peer.socket.ended),
      performance.now() + LOST_MS,
    );
    return this.#peers.map((peer) => peer?.inbox.shift());
  }

  async #until(ready: () => boolean, lost: () => boolean, end: number): Promise<void> {
    for (;;) {
      this.#check();
      if (ready()) return;
      if (lost()) throw new TeamBrokenError("Another member has left the team.");
      if (performance.now() > end) throw new TeamBrokenError("No word of another member of the team.");
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #room(peer: Peer, { kind, count: length }: Frame): Column {
    const { column } = peer;
    const dtype = DTYPES[kind] as DType;
    if (column?.dtype === dtype && column.length >= length) return { ...column, length } as Column;
    if (column) this.#memory.free(column);
    peer.column = this.#memory.column(dtype, length);
    return peer.column;
  }

  #bytesOf(column: Column): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.#memory.view(column);
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
}

// What the system or TLS says of a connection, or that nothing was heard in time.
function isLackOfWay(error: unknown): boolean {
  const { name, code = "" } = error as NodeJS.ErrnoException;
  return name === "AbortError" || name === "TimeoutError" || /^E[A-Z]+$|^ERR_SSL|^ERR_TLS/.test(code);
}

function isSame(said: Uint8Array, secret: string): boolean {
  const own = Buffer.from(secret);
  return said.byteLength === own.byteLength && timingSafeEqual(said, own);
}
