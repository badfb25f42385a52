import type { Server, Socket } from "node:net";
import { listen, type PeerAddress } from "./peer-channel.js";
import { PeerSocket } from "./peer-socket.js";

// A team that does not come together has given up long before.
const MOST_WAITING_MS = 60_000;

/** Where the members of a team find each other. */
export interface Meeting extends PeerAddress {
  /** Sockets are encrypted with it, in hexadecimal; they are open unless given. */
  readonly key?: string;
}

/** What a member says when it comes. */
export interface Arrival {
  /** The secret of its team, which names it too. */
  readonly team: string;
  readonly member: number;
  readonly members: number;
  /** Where it listens for the other members. */
  readonly at: PeerAddress;
}

interface Waiting {
  readonly socket: PeerSocket;
  readonly at: PeerAddress;
}

/** Kinds of frames: what a member says, and what it is answered. */
const ARRIVAL = 1;
const PEERS = 2;

/**
 * Tells the members of teams where the others are: each says where it listens, and is answered once all have come. One that
 * leaves before, or comes twice, ends the wait of all.
 */
export class MeetingPoint {
  readonly #teams = new Map<string, Map<number, Waiting>>();
  #server: Server | undefined;

  /** Opens a meeting point on a port that the system chooses. */
  static async open(host: string, key?: string): Promise<{ readonly point: MeetingPoint; readonly meeting: Meeting }> {
    const point = new MeetingPoint();
    const { server, port } = await listen(host, key, (socket) => point.#serve(socket));
    point.#server = server;
    return { point, meeting: { host, port, ...(key === undefined ? {} : { key }) } };
  }

  close(): void {
    this.#server?.close();
    for (const team of this.#teams.keys()) this.#disband(team);
  }

  #serve(socket: Socket): void {
    socket.setTimeout(MOST_WAITING_MS, () => socket.destroy());
    let arrived: Arrival | undefined;
    const own = new PeerSocket(
      socket,
      ({ kind, payload }) => {
        // One message is all that there is to say.
        arrived = kind === ARRIVAL && !arrived ? arrivalIn(payload) : undefined;
        if (arrived) this.#arrive(arrived, own);
        else socket.destroy();
      },
      () => {
        if (arrived && this.#teams.get(arrived.team)?.get(arrived.member)?.socket === own) this.#disband(arrived.team);
      },
    );
  }

  #arrive({ team, member, members, at }: Arrival, socket: PeerSocket): void {
    const present = this.#teams.get(team) ?? new Map<number, Waiting>();
    this.#teams.set(team, present);
    if (present.has(member)) {
      this.#disband(team);
      socket.destroy();
      return;
    }
    present.set(member, { socket, at });
    if (present.size < members) return;
    this.#teams.delete(team);
    const peers = Array.from({ length: members }, (_, k) => present.get(k)?.at ?? null);
    const answer = Buffer.from(JSON.stringify(peers));
    for (const one of present.values()) {
      one.socket.send(PEERS, members, [answer]);
      one.socket.end();
    }
  }

  #disband(team: string): void {
    const present = this.#teams.get(team);
    this.#teams.delete(team);
    for (const { socket } of present?.values() ?? []) socket.destroy();
  }
}

/** Says where a member is; where all are, it is told by `onPeers`. */
export function arrive(
  socket: Socket,
  arrival: Arrival,
  onPeers: (peers: readonly PeerAddress[]) => void,
  onEnd: () => void,
): void {
  const own = new PeerSocket(
    socket,
    ({ kind, payload }) => {
      if (kind === PEERS) onPeers(JSON.parse(Buffer.from(payload).toString()) as PeerAddress[]);
    },
    onEnd,
  );
  // As long as the list of a large team.
  own.trust();
  own.send(ARRIVAL, arrival.member, [Buffer.from(JSON.stringify(arrival))]);
}

function arrivalIn(payload: Uint8Array): Arrival | undefined {
  let said: unknown;
  try {
    said = JSON.parse(Buffer.from(payload).toString());
  } catch {
    return undefined; // a stranger
  }
  const { team, member, members, at } = (said ?? {}) as Partial<Arrival>;
  const known = Number.isInteger(member) && Number.isInteger(members) && (member as number) < (members as number);
  return typeof team === "string" && known && typeof at === "object" ? (said as Arrival) : undefined;
}
