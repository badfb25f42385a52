import { TeamBrokenError } from "../../base/errors.js";
import type { Column } from "../../memory/column.js";
import type { TaskContext } from "../engine.js";
import { ALONE, type Exchange } from "./exchange.js";
import type { Meeting } from "./meeting-point.js";
import { PeerTeam } from "./peer-team.js";
import { ThreadTeam } from "./thread-team.js";

/** A member's place in its team. */
export interface TeamPlace {
  readonly member: number;
  readonly members: number;
  /** Milliseconds to wait for the others to come. */
  readonly patience: number;
  /** Where members find each other that share no memory, and the secret that they know each other by. */
  readonly meeting?: Meeting & { readonly team: string };
}

/**
 * Does a member's work together with the other members of its team.
 * @param place none for a team of one
 * @param control of members that share memory, see `ThreadTeam`
 * @throws TeamBrokenError when the team does not come together, or loses a member; what `work` throws breaks it too
 */
export async function withTeam<T>(
  context: TaskContext,
  place: TeamPlace | undefined,
  control: Column<"i32"> | undefined,
  work: (team: Exchange) => Promise<T>,
): Promise<T> {
  const { memory } = context;
  if (!place) return work(ALONE);
  const check = (): void => context.throwIfAborted();
  if (place.meeting) {
    const { team: secret, ...meeting } = place.meeting;
    const team = await PeerTeam.join(memory, { ...place, meeting, team: secret }, place.patience, check);
    try {
      return await work(team);
    } finally {
      team.leave();
    }
  }
  if (!control) throw new TypeError("A team of threads needs its control block.");
  const team = new ThreadTeam(memory, control, place, check);
  if (!team.join(place.patience)) throw new TeamBrokenError("Not all members of the team have come.");
  return team.work(() => work(team));
}
