import type { Server, Socket } from "node:net";
import { MessageSocket } from "../dask/message-socket.js";
import { listen, type PeerAddress } from "./peer-channel.js";

// What a member says is a few hundred bytes, and a team that does not come together has given up long before.
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
  readonly socket: Socket;
  readonly messages: MessageSocket;
  readonly at: PeerAddress;
}

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
    for (const team of this.#teams.values()) for (const { socket } of team.values()) socket.destroy();
  }

  #serve(socket: Socket): void {
    socket.setTimeout(MOST_WAITING_MS, () => socket.destroy());
    let came = false;
    const messages = new MessageSocket(socket, ({ header }) => {
      // One message is all that there is to say.
      if (came || !isArrival(header)) socket.destroy();
      else this.#arrive(header, socket, messages);
      came = true;
    });
  }

  #arrive({ team, member, members, at }: Arrival, socket: Socket, messages: MessageSocket): void {
    const present = this.#teams.get(team) ?? new Map<number, Waiting>();
    this.#teams.set(team, present);
    if (present.has(member)) {
      this.#disband(team);
      socket.destroy();
      return;
    }
    present.set(member, { socket, messages, at });
    socket.on("close", () => {
      if (present.get(member)?.socket === socket && this.#teams.get(team) === present) this.#disband(team);
    });
    if (present.size < members) return;
    this.#teams.delete(team);
    const peers = Array.from({ length: members }, (_, k) => present.get(k)?.at ?? null);
    for (const one of present.values()) {
      one.messages.send({ peers });
      one.socket.end();
    }
  }

  #disband(team: string): void {
    const present = this.#teams.get(team);
    this.#teams.delete(team);
    for (const { socket } of present?.values() ?? []) socket.destroy();
  }
}

function isArrival(header: Readonly<Record<string, unknown>>): header is Readonly<Record<string, unknown>> & Arrival {
  const { team, member, members, at } = header;
  return (
    typeof team === "string" &&
    Number.isInteger(member) &&
    Number.isInteger(members) &&
    (member as number) < (members as number) &&
    typeof at === "object" &&
    at !== null
  );
}
