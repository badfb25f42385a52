import { TeamBrokenError } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import { holdTeam, seatTeam } from "../../src/collections/hold-team.js";
import type { HeldPlan } from "../../src/collections/plan.js";
import type { RunOptions } from "../../src/collections/plan-run.js";
import type { FnRef, TeamSeats } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { TeamArgs, TeamTree } from "./team-tasks.js";

const together = (name: string): FnRef => fnRef(new URL("./team-tasks.js", import.meta.url).href, name);
const SPLIT = fnRef(new URL("./round-tasks.js", import.meta.url).href, "splitStep");

// Most trees that are grown by rounds after a team has come to nothing.
const LONGEST_REST = 64;
// The rest after so many failures in a row that it is told: three.
const TELL_FROM = 8;

/** What a team has made: the chunks after its trees, and the trees. */
export interface Grown {
  readonly held: HeldPlan;
  readonly trees: readonly TeamTree[];
}

/** Teams over the chunks of a fit: each is tried, and when it comes to nothing, the next ones rest for a while. */
export class GrowingTeams {
  readonly #owner: string;
  readonly #options: RunOptions;
  /** Trees to grow by rounds before the next try, and after it, should it fail, too. */
  #rest = 0;
  #nextRest = 1;

  constructor(owner: string, options: RunOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  /** How a team for the next tree is made up; undefined when the tree is to be grown by rounds. */
  async seats(held: HeldPlan): Promise<TeamSeats | undefined> {
    return this.#rest > 0 ? undefined : seatTeam(held);
  }

  /** A tree is grown by rounds. */
  pause(): void {
    this.#rest = Math.max(0, this.#rest - 1);
  }

  /** Grows the tree that has begun on the chunks, and some after it; undefined when the team has come to nothing. */
  async grow(held: HeldPlan, seats: TeamSeats, args: TeamArgs): Promise<Grown | undefined> {
    const work = {
      label: this.#owner,
      step: together("teamStep"),
      args: args as unknown as { readonly [name: string]: Plain },
      partition: together("teamChunkStep"),
      value: together("teamTreesStep"),
      source: (value: Plain) => sourceOf(value as unknown as readonly TeamTree[]),
    };
    try {
      const done = await holdTeam(held, seats, work, this.#options);
      this.#nextRest = 1;
      return { held: done.held, trees: done.value as unknown as readonly TeamTree[] };
    } catch (error) {
      if (!(error instanceof TeamBrokenError)) throw error;
      // The tree that it was for is the first of them.
      this.#rest = this.#nextRest + 1;
      this.#nextRest = Math.min(LONGEST_REST, 2 * this.#nextRest);
      if (seats.meeting && this.#nextRest === TELL_FROM) this.#tell(error);
      return undefined;
    }
  }

  // Workers that never find each other are worth a word: it may be a firewall.
  #tell({ message }: TeamBrokenError): void {
    process.emitWarning(
      `${this.#owner}: the workers could not work together on a tree, three times in a row (${message}). Trees are grown by rounds of tasks now, which gives the same model and takes longer. Let the workers reach each other on all ports, see docs/cluster.md.`,
      "TeamWarning",
    );
  }
}

/** How a chunk is made alone that a team has made. */
function sourceOf(trees: readonly TeamTree[]): { readonly fn: FnRef; readonly args: Plain } {
  const begins = trees.flatMap(({ begun }) => (begun ? [begun.args] : []));
  if (begins.length > 0) return { fn: together("followTreesStep"), args: { begins } as unknown as Plain };
  return { fn: SPLIT, args: { expansions: trees[0]?.expansions ?? [] } as unknown as Plain };
}
